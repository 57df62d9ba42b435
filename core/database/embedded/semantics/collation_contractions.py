"""Characters that are compared together: a vowel that is written before its consonant, a letter and its mark.

Those of the root collation, but for Tibetan: https://www.unicode.org/reports/tr10/#Contractions
"""

import re
import unicodedata
from collections import defaultdict
from functools import cache
from typing import Final

from .collation_order import MIDDLE_DOT, ignored, marks, order
from .errors import unsupported

_SWAPPED: Final = (("เแโใไ", "ก-ฮ"), ("ເແໂໃໄ", "ກຂຄງຈຊຍດ-ທນ-ຟມຢຣລວສຫອຮໜ-ໟ"), ("ꪵꪶꪹꪻꪼ", "ꪀ-ꪯ"), ("ᦵᦶᦷᦺ", "ᦀ-ᦫ"))
"""Thai, Lao, Tai Viet and New Tai Lue write these vowels before these consonants."""
_DOTS: Final = "\u00b7\u0387"
"""Of Catalan, after l."""
_LETTERS: Final = (
    "Ййآأإؤئ\u09cb\u09cc\u0b48\u0b4b\u0b4cஔ\u0bca\u0bcb\u0bcc\u0c48\u0cc0\u0cc7\u0cc8\u0cca\u0ccb\u0d4a\u0d4b\u0d4c"
    "\u0dda\u0ddc\u0ddd\u0ddeำຳဦᬆᬈᬊᬌᬎᬒ\u1b3b\u1b3d\u1b40\u1b41\u1b43"
    "\U0001112e\U0001112f\U0001134b\U0001134c\U000114bb\U000114bc\U000114be\U000115ba\U000115bb"
)
"""Letters that Unicode decomposes, though they have places of their own."""


def contracted(text: str) -> str:
    """The text with one character for what is compared as one, in the order in which it is compared.

    A text need not be normalized, and MongoDB does not normalize it: its marks count in the order they are written in.
    """
    return text if _signs().isdisjoint(text) else _pattern().sub(_contract, text)


@cache
def _signs() -> frozenset[str]:
    """One of these is in each contraction."""
    return frozenset(_DOTS + "".join(vowels for vowels, _ in _SWAPPED) + "".join(parts[-1] for parts in _letters()))


@cache
def _letters() -> dict[str, str]:
    """The letters by what they are made of."""
    made = {_made_of(letter): letter for letter in _LETTERS}
    return made | {unicodedata.normalize("NFKD", letter): letter for letter in _LETTERS}


def _made_of(letter: str) -> str:
    parts = unicodedata.decomposition(letter).removeprefix("<compat> ").split()
    return "".join(chr(int(part, 16)) for part in parts)


@cache
def _pattern() -> re.Pattern[str]:
    """A mark joins its letter across other marks too."""
    across = "".join(filter(unicodedata.combining, (*order(), *"".join(marks()), *ignored())))
    apart: defaultdict[str, str] = defaultdict(str)
    for parts in _letters():
        if unicodedata.combining(parts[-1]):
            apart[parts[:-1]] += parts[-1]
    return re.compile(
        "|".join(
            (
                "(?P<swapped>" + "|".join(f"[{vowels}][{consonants}]" for vowels, consonants in _SWAPPED) + ")",
                f"(?P<dotted>[lL][{_DOTS}])",
                *sorted(_letters(), key=len, reverse=True),
                *(f"{letter}[{across}]+?[{ends}]" for letter, ends in apart.items()),
            )
        )
    )


def _contract(match: re.Match[str]) -> str:
    part = match.group()
    if match["swapped"]:
        return part[::-1]
    if match["dotted"]:
        return part[0] + MIDDLE_DOT
    if part in _letters():
        return _letters()[part]
    # The last mark of this class is hidden by one of its class: https://www.unicode.org/reports/tr10/#S2.1.1
    if unicodedata.combining(part[-2]) >= unicodedata.combining(part[-1]):
        raise unsupported(f"of a letter with the marks {part[1:]!a} in this order", "collation")
    return _letters()[part[0] + part[-1]] + part[1:-1]
