"""pydantic's findings as our field errors."""

from pydantic import ValidationError

from core.errors import FieldError


def field_errors(error: ValidationError) -> list[FieldError]:
    """One entry a finding; paths hold declared (wire) names. The offending value is left out: it may be a secret."""
    return [
        FieldError(path=tuple(found["loc"]), code=found["type"], message=found["msg"])
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]
