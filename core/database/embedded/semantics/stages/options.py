"""The options of stages, checked as MongoDB checks them: each stage has codes of its own."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..errors import CommandError, mismatch
from ..values import type_name


def known_options(stage: str, given: Iterable[str], known: Collection[str], code: str) -> None:
    """Refuse an option that MongoDB does not know either."""
    for name in given:
        if name not in known:
            raise CommandError(code, f"Unrecognized option to {stage}: {name}")


def fields_of(
    stage: str, given: Mapping[str, Any], known: Collection[str], required: Collection[str]
) -> dict[str, Any]:
    """The options of a stage that MongoDB reads by a schema: null is as good as absent."""
    for name in given:
        if name not in known:
            raise CommandError("Location40415", f"BSON field '{stage}.{name}' is an unknown field.")
    found = {name: value for name, value in given.items() if value is not None}
    for name in required:
        if name not in found:
            raise CommandError("Location40414", f"BSON field '{stage}.{name}' is missing but a required field")
    return found


def check_type(stage: str, given: Mapping[str, Any], name: str, wanted: type) -> None:
    """Raise TypeMismatch for an option of another type than ``wanted``."""
    if name in given and type(given[name]) is not wanted:
        raise mismatch(f"BSON field '{stage}.{name}' is the wrong type '{type_name(given[name])}'")


def is_expression(spec: Any) -> bool:
    """A path or an operator: what the stages that group take to group by."""
    if type(spec) is dict:
        return next(iter(spec), "").startswith("$")
    return type(spec) is str and spec.startswith("$")
