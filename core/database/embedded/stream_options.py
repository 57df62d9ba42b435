"""The options of ``$changeStream``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/changeStream/"""

from dataclasses import dataclass
from typing import Any

from bson import Timestamp

from .options import BOOLEAN, OBJECT, TEXT, Fields, Option, given
from .resume_tokens import INVALIDATE, fatal, parse_token
from .semantics.errors import CommandError, bad, unsupported

_FIELDS = Fields({
    "fullDocument": TEXT, "fullDocumentBeforeChange": TEXT, "resumeAfter": OBJECT, "startAfter": OBJECT,
    "startAtOperationTime": Option(types=frozenset({Timestamp}), expected="type 'timestamp'"),
    "allChangesForCluster": given(BOOLEAN), "showExpandedEvents": given(BOOLEAN),
})  # fmt: skip
_DOCUMENTS = {
    "fullDocument": ("default", "updateLookup", "whenAvailable", "required"),
    "fullDocumentBeforeChange": ("off", "whenAvailable", "required"),
}
"""What each of the options may be; the first stands for one that is not given."""


@dataclass(frozen=True, kw_only=True)
class StreamOptions:
    after: str
    """``fullDocument``: which document an update is told with."""
    before: str
    """``fullDocumentBeforeChange``"""
    everything: bool
    """``allChangesForCluster``"""
    token: tuple[int, int] | None
    """Kind and place of the event to go on after."""
    moment: Timestamp | None
    """``startAtOperationTime``"""

    @classmethod
    def from_spec(cls, spec: Any) -> "StreamOptions":
        """Raises CommandError for the first option that is malformed or not offered."""
        if type(spec) is not dict:
            raise CommandError("Location6188500", "the $changeStream stage must be specified as an object")
        _FIELDS.check("$changeStream", spec)
        chosen = {name: _chosen(spec, name) for name in _DOCUMENTS}
        if spec.get("showExpandedEvents"):
            raise unsupported("'showExpandedEvents' of $changeStream", "option")
        token, moment = _token(spec), spec.get("startAtOperationTime")
        if token is not None and moment is not None:
            raise CommandError("Location40674", "Only one type of resume option is allowed, but multiple were found")
        return cls(
            after=chosen["fullDocument"], before=chosen["fullDocumentBeforeChange"],
            everything=spec.get("allChangesForCluster", False), token=token, moment=moment,
        )  # fmt: skip


def _chosen(spec: dict[str, Any], name: str) -> str:
    found = spec.get(name)
    if found is None:
        return _DOCUMENTS[name][0]
    if found not in _DOCUMENTS[name]:
        raise bad(f"Enumeration value '{found}' for field '$changeStream.{name}' is not a valid value.")
    return found


def _token(spec: dict[str, Any]) -> tuple[int, int] | None:
    resumed, started = spec.get("resumeAfter"), spec.get("startAfter")
    if resumed is not None and started is not None:
        raise CommandError("Location50865", "Do not specify both 'resumeAfter' and 'startAfter' in $changeStream")
    if resumed is None:
        return None if started is None else parse_token(started)
    found = parse_token(resumed)
    if found[0] == INVALIDATE:
        raise fatal("InvalidResumeToken", "'resumeAfter' is not allowed from an invalidate event; use 'startAfter'")
    return found
