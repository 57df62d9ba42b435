"""The form in which a run keeps input and output: JSON that any BSON store and any JSON reader takes, secrets masked,
documents an operation returns named instead of copied.

What JSON or BSON cannot hold gets a form that pydantic reads back: NaN, infinities and whole numbers beyond 64 bits
become text, bytes that are no text ``{"@base64": "…"}``. A lone surrogate becomes U+FFFD.
"""

import base64
import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, cast

from bson import ObjectId
from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_jsonable_python

MASK = "**********"
"""What pydantic shows in place of a secret."""
REFERENCE = "@document"
"""Key under which a reference names the model of a returned document."""
_BASE64 = "@base64"
_DEEPEST = 80  # a BSON document may be 100 deep, and the run around it takes some
_INT64 = 2**63
_SHORTEST_SECRET = 4  # replacing "1" everywhere would destroy the text and hide nothing


@dataclass(kw_only=True)
class Stored:
    """``hidden`` are the paths of masked fields that were given, ``secrets`` their texts, which must stand nowhere."""

    value: Any = None
    hidden: list[str] = field(default_factory=list[str])
    secrets: set[str] = field(default_factory=set[str])
    models: Mapping[type, str] = field(default_factory=dict[type, str])
    """Names of the document classes whose documents are kept as references."""

    @property
    def text(self) -> str:
        return json.dumps(self.value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def stored(model: BaseModel, models: Mapping[type, str] | None = None) -> Stored:
    """The stored form of an input or output. Documents of the classes in ``models`` become references.

    Raises:
        ValueError: something in it has no JSON form, or it is nested too deep; the message says what.
    """
    try:
        try:
            return _kept(model, model.model_dump(by_alias=True, warnings=False), models)
        except PydanticSerializationError:
            # Only a serializer of its own makes JSON of it. That way loses NaN and refuses bytes, so it comes last.
            return _kept(model, model.model_dump(mode="json", by_alias=True, warnings=False), models)
    except RecursionError:
        raise ValueError("it is nested too deep, or contains itself") from None


def loadable(value: Any) -> Any:
    """What ``stored`` kept, for pydantic to validate: bytes are bytes again."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        if list(fields) == [_BASE64]:
            return base64.b64decode(fields[_BASE64])
        return {key: loadable(one) for key, one in fields.items()}
    if isinstance(value, list):
        return [loadable(one) for one in cast("list[Any]", value)]
    return value


def storable_text(text: str) -> str:
    """The text with U+FFFD for what UTF-8 cannot hold."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8") if _has_surrogates(text) else text


class Redaction:
    """Replaces secret texts wherever else they turn up: in messages, tracebacks and journals."""

    def __init__(self, secrets: Set[str] = frozenset()) -> None:
        self._secrets = sorted((one for one in secrets if len(one) >= _SHORTEST_SECRET), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return storable_text(text)

    def inside(self, value: Any) -> Any:
        """The same for every text in a JSON-like value."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(key): self.inside(one) for key, one in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [self.inside(one) for one in cast("list[Any]", value)]
        return value


def _kept(model: BaseModel, dumped: Any, models: Mapping[type, str] | None) -> Stored:
    found = Stored(models=models or {})
    found.value = _plain(_hidden(model, dumped, (), found), 0)
    return found


def _hidden(value: Any, dumped: Any, path: tuple[str, ...], found: Stored) -> Any:
    """``dumped`` with the sensitive fields of ``value`` masked; both are walked together."""
    if isinstance(value, (SecretStr, SecretBytes)):
        return _mask(value.get_secret_value(), dumped, path, found)
    if isinstance(value, BaseModel):
        key = getattr(value, "id", None)
        if key is not None and type(value) in found.models:
            return {REFERENCE: found.models[type(value)], "id": str(key)}
        return _hidden_fields(value, dumped, path, found)
    if isinstance(value, Mapping) and isinstance(dumped, dict):
        ones = cast("Mapping[Any, Any]", value).values()
        fields = cast("dict[Any, Any]", dumped)
        pairs = zip(ones, fields.items(), strict=False)
        return {key: _hidden(one, shown, (*path, str(key)), found) for one, (key, shown) in pairs}
    if isinstance(value, (list, tuple, Set)) and isinstance(dumped, (list, tuple, Set)):
        items = zip(cast("Sequence[Any]", value), cast("Sequence[Any]", dumped), strict=False)
        return [_hidden(one, shown, (*path, str(place)), found) for place, (one, shown) in enumerate(items)]
    return dumped


def _hidden_fields(model: BaseModel, dumped: Any, path: tuple[str, ...], found: Stored) -> Any:
    fields = type(model).model_fields
    if not isinstance(dumped, dict):  # the model writes itself as something else: then all of it is hidden, or nothing
        sensitive = [getattr(model, name) for name, info in fields.items() if _is_sensitive(info)]
        return _mask(sensitive, dumped, path, found) if sensitive else dumped
    shown = dict(cast("dict[str, Any]", dumped))
    for name, info in fields.items():
        key = info.serialization_alias or info.alias or name
        if key in shown:
            hide = _mask if _is_sensitive(info) else _hidden
            shown[key] = hide(getattr(model, name, None), shown[key], (*path, name), found)
    return shown


def _mask(value: Any, dumped: Any, path: tuple[str, ...], found: Stored) -> Any:
    if value is None or value == "":
        return dumped
    found.hidden.append(".".join(path))
    found.secrets.update(_texts(value))
    return MASK


def _texts(value: Any) -> list[str]:
    if isinstance(value, (SecretStr, SecretBytes)):
        value = value.get_secret_value()
    if isinstance(value, bytes):
        return [value.decode("utf-8", "replace")]
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        return [text for one in cast("Mapping[Any, Any]", value).values() for text in _texts(one)]
    if isinstance(value, (list, tuple, Set)):
        return [text for one in cast("Sequence[Any]", value) for text in _texts(one)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def _is_sensitive(info: FieldInfo) -> bool:
    return isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("sensitive") is True


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError(f"it is nested deeper than {_DEEPEST} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return (
            float(value) if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        )
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        return {_key(key): _plain(one, depth + 1) for key, one in fields.items()}
    if isinstance(value, (list, tuple, Set)):
        return [_plain(one, depth + 1) for one in cast("Sequence[Any]", value)]
    if isinstance(value, bytes):
        return {_BASE64: base64.b64encode(value).decode()}
    return str(value) if isinstance(value, ObjectId) else _plain(to_jsonable_python(value), depth + 1)


def _key(key: Any) -> str:
    """NUL ends a key in BSON."""
    text = key if isinstance(key, str) else to_jsonable_python({key: None}).popitem()[0]
    return storable_text(text).replace("\0", "\ufffd")


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
