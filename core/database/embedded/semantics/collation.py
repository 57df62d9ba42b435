"""Collations offered: ``simple`` (bytes) and strengths 1 to 3 of the root collation, which ``en`` uses.

Strength 3, the default, puts small letters before capital ones; strength 2 ignores case, strength 1 marks too
(https://www.mongodb.com/docs/manual/reference/collation/).
Punctuation, symbols, digits and the letters of Latin, Greek, Cyrillic, Georgian, Armenian, Hebrew and Arabic have the
order of https://www.unicode.org/charts/collation/; those of other scripts follow by code point.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from .collation_weights import key_of
from .errors import CommandError, mismatch, unsupported
from .values import type_name

_DEFAULTS: dict[str, Any] = {
    "caseLevel": False, "caseFirst": "off", "numericOrdering": False, "alternate": "non-ignorable",
    "maxVariable": "punct", "normalization": False, "backwards": False,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Collation:
    """How strings compare. ``None`` in its place stands for ``simple``."""

    strength: int

    @classmethod
    def from_spec(cls, spec: dict[str, Any] | None) -> Self | None:
        """The collation a command asks for; raises CommandError for one that is not offered."""
        if not spec:
            return None
        locale = spec.get("locale")
        if locale is None:
            raise CommandError("Location40414", "BSON field 'collation.locale' is missing but a required field")
        if type(locale) is not str:
            raise mismatch(f"BSON field 'collation.locale' is the wrong type '{type_name(locale)}', expected 'string'")
        if locale == "simple":
            return None
        if locale not in ("en", "en_US"):
            raise unsupported(f"locale {locale!r}", "collation")
        spec = {name: value for name, value in spec.items() if value is not None}
        for name, value in spec.items():
            if name not in ("locale", "strength", "version") and _DEFAULTS.get(name, ...) != value:
                raise unsupported(f"{name}: {value!r}", "collation")
        strength = spec.get("strength", 3)
        if strength not in (1, 2, 3) or type(strength) is bool:
            raise unsupported(f"strength {strength}", "collation")
        return cls(strength=int(strength))

    @property
    def spec(self) -> dict[str, Any]:
        """All options, as MongoDB lists them beside an index."""
        return {"locale": "en", **_DEFAULTS, "strength": self.strength, "version": "57.1"}

    def key(self, text: str) -> str:
        """A string that orders, and is equal, as ``text`` does under this collation."""
        return _key(text, self.strength)


_key = lru_cache(maxsize=4096)(key_of)
