"""Collations offered: ``simple`` (bytes) and strengths 1 to 3 of the root collation, which ``en`` uses.

Strength 3, the default, puts small letters before capital ones; strength 2 ignores case, strength 1 marks too
(https://www.mongodb.com/docs/manual/reference/collation/).
Latin letters, digits and ASCII punctuation have the order of https://www.unicode.org/charts/collation/; other
characters follow by code point.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from .errors import unparsable, unsupported

_ASCII_ORDER = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789"
_PLACES = {character: place + 1 for place, character in enumerate(_ASCII_ORDER)}
_FARTHEST = 99_999_999
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
        if not isinstance(spec.get("locale"), str):
            raise unparsable("BSON field 'collation.locale' is missing but a required field")
        if spec["locale"] == "simple":
            return None
        if spec["locale"] not in ("en", "en_US"):
            raise unsupported(f"locale {spec['locale']!r}", "collation")
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


@lru_cache(maxsize=4096)
def _key(text: str, strength: int) -> str:
    """Base letters first; the marks of the whole string decide after them."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bases: list[str] = []
    marks: list[str] = []
    for character in folded:
        if unicodedata.combining(character):
            marks.append(f"{_FARTHEST - len(bases)}{character}")  # an earlier mark weighs more
        elif character in _PLACES:
            bases.append(chr(_PLACES[character]))
        elif unicodedata.category(character) != "Cc":  # control characters have no weight
            bases.append(character)
    levels = ["".join(bases), "".join(marks), _case_level(text) if strength == 3 else ""]
    return "\x00".join(levels[:strength])


def _case_level(text: str) -> str:
    """Orders texts of the same letters and marks by case, then by what else distinguishes characters."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cc")
    return unicodedata.normalize("NFD", visible).swapcase() + "\x00" + unicodedata.normalize("NFC", visible)
