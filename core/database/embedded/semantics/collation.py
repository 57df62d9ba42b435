"""Collations offered: ``simple`` (bytes) and strengths 1 to 3 of the root collation, which ``en`` uses.

Strength 3, the default, puts small letters before capital ones; strength 2 ignores case, strength 1 marks too
(https://www.mongodb.com/docs/manual/reference/collation/).
A text with a character whose place the tables of ``collation_order`` do not tell is refused: Tibetan letters, Chinese
ones outside U+4E00 to U+9FD5, and some rare forms of letters.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from .collation_weights import key_of
from .errors import CommandError, mismatch, unsupported
from .values import exact, is_number, type_name

_DEFAULTS: dict[str, Any] = {
    "caseLevel": False, "caseFirst": "off", "numericOrdering": False, "alternate": "non-ignorable",
    "maxVariable": "punct", "normalization": False, "backwards": False,
}  # fmt: skip
_VERSION = "57.1"
_KINDS: dict[str, type] = {
    "locale": str, "strength": float, "version": str, **{name: type(default) for name, default in _DEFAULTS.items()},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Collation:
    """How strings compare. ``None`` in its place stands for ``simple``."""

    locale: str
    strength: int

    @classmethod
    def from_spec(cls, spec: dict[str, Any] | None) -> Self | None:
        """The collation a command asks for; raises CommandError for one that is not offered."""
        if not spec:
            return None
        for name, value in spec.items():
            _check(name, value)
        if spec.get("locale") is None:
            raise CommandError("Location40414", "BSON field 'collation.locale' is missing but a required field")
        locale = spec["locale"]
        if locale == "simple":
            return None
        if locale not in ("en", "en_US"):
            raise unsupported(f"locale {locale!r}", "collation")
        for name, default in _DEFAULTS.items():
            if spec.get(name) not in (None, default):
                raise unsupported(f"{name}: {spec[name]!r}", "collation")
        strength = 3 if spec.get("strength") is None else exact(spec["strength"])
        if strength not in (1, 2, 3):
            raise unsupported(f"strength {strength}", "collation")
        return cls(locale=locale, strength=int(strength))

    @property
    def spec(self) -> dict[str, Any]:
        """All options, as MongoDB lists them beside an index."""
        return {"locale": self.locale, **_DEFAULTS, "strength": self.strength, "version": _VERSION}

    def key(self, text: str) -> str:
        """A string that orders, and is equal, as ``text`` does under this collation.

        Raises:
            CommandError: the text has a character whose place is not known here.
        """
        return _key(text, self.strength)


_key = lru_cache(maxsize=4096)(key_of)


def _check(name: str, value: Any) -> None:
    """Refuse what MongoDB refuses of an option, whatever the locale."""
    kind = _KINDS.get(name)
    if kind is None:
        raise CommandError("Location40415", f"BSON field 'collation.{name}' is an unknown field.")
    if value is None and name != "backwards":
        return
    if not is_number(value) if kind is float else type(value) is not kind:
        raise mismatch(f"BSON field 'collation.{name}' is the wrong type '{type_name(value)}'")
    if name == "version" and value != _VERSION:
        message = f"Requested collation version {value} but the only available collator version was {_VERSION}"
        raise CommandError("IncompatibleCollationVersion", message)
