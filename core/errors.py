"""Every error Core raises on purpose, in one tree.

    CoreError                     code, message, status
    ├── DeclarationError          a model or operation that cannot be served; stops start-up
    ├── InputError                BAD_USER_INPUT, with field errors
    ├── NotFound                  NOT_FOUND (also for a row the principal may not see)
    ├── Conflict                  CONFLICT
    │   └── Duplicate             DUPLICATE, naming the unique field
    ├── Unauthenticated           UNAUTHENTICATED
    ├── Forbidden                 FORBIDDEN
    ├── OperationFailed           OPERATION_FAILED, with the run's id
    │   ├── OperationTimeout      TIMEOUT
    │   └── RunCancelled          CANCELLED
    ├── InvalidDocument           INVALID_DOCUMENT, a stored document breaks its model
    ├── Unavailable               UNAVAILABLE, the database or a feature of it is missing
    └── LimitExceeded             LIMIT_EXCEEDED
        └── TooManyAttempts       LIMIT_EXCEEDED, refused credentials from one address

A surface renders ``code``, ``message`` and ``field_errors``; nothing else of an
exception leaves the process.
An exception that is not a CoreError is INTERNAL: masked, logged under an id.
An operation that wants its message shown to the person who called it raises ``UserError``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """What is wrong with one field of an input.

    ``path`` holds declared names and list positions (``("address", "lines", 0)``); a surface renders it in its
    own naming. ``code`` is pydantic's error type (https://docs.pydantic.dev/latest/errors/validation_errors/)
    or one of ours (``unknown_field``, ``unknown_operator``, ``not_unique``).
    """

    path: FieldPath
    code: str
    message: str


class CoreError(Exception):
    """Root of the tree. ``code`` is stable and part of the public interface; ``status`` is its HTTP status."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, field_errors: Iterable[FieldError] = (), task_run_id: str | None = None):
        super().__init__(message)
        self.message = message
        self.field_errors: Sequence[FieldError] = tuple(field_errors)
        self.task_run_id = task_run_id

    def extensions(self) -> dict[str, Any]:
        """The machine-readable part of the error as it leaves every surface."""
        found: dict[str, Any] = {"code": self.code}
        if self.field_errors:
            found["fieldErrors"] = [
                {"path": list(error.path), "code": error.code, "message": error.message} for error in self.field_errors
            ]
        if self.task_run_id:
            found["taskRunId"] = self.task_run_id
        return found


class DeclarationError(CoreError):
    """A declaration that cannot be served: names module, model or operation, field, and the remedy."""

    code = "DECLARATION"


class InputError(CoreError):
    """Input that does not validate. Never becomes a run."""

    code = "BAD_USER_INPUT"
    status = 422


class NotFound(CoreError):
    code = "NOT_FOUND"
    status = 404


class Conflict(CoreError):
    code = "CONFLICT"
    status = 409


class Duplicate(Conflict):
    code = "DUPLICATE"


class Unauthenticated(CoreError):
    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(CoreError):
    code = "FORBIDDEN"
    status = 403


class OperationFailed(CoreError):
    """A run ended without success. The message is the operation's own only where it raised ``UserError``."""

    code = "OPERATION_FAILED"
    status = 500


class OperationTimeout(OperationFailed):
    code = "TIMEOUT"
    status = 504


class RunCancelled(OperationFailed):
    code = "CANCELLED"
    status = 409


class InvalidDocument(CoreError):
    """A stored document that does not fit its model, at the field that shows it; its neighbours are not concerned."""

    code = "INVALID_DOCUMENT"


class Unavailable(CoreError):
    code = "UNAVAILABLE"
    status = 503


class LimitExceeded(CoreError):
    code = "LIMIT_EXCEEDED"
    status = 413


class TooManyAttempts(LimitExceeded):
    status = 429


class UserError(Exception):
    """Raised by an operation to tell its caller something; every other exception's text stays in the run."""
