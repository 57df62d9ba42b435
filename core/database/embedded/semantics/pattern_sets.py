r"""The character sets of PCRE's escapes, POSIX classes and properties, as ``regex`` writes the inside of ``[]``.

PCRE's ``\w \d \s`` know ASCII only, unless the pattern begins with ``(*UCP)``:
https://www.pcre.org/current/doc/html/pcre2pattern.html#genericchartypes
"""

from dataclasses import dataclass

_LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class CharacterSet:
    """``inside`` is what stands in brackets for the set, ``outside`` for all other characters (None: no such text)."""

    inside: str
    outside: str | None


def character(code: int) -> str:
    """One character, whatever it is."""
    return f"\\U{code:08x}"


def ranges_text(ranges: Ranges) -> str:
    return "".join(character(low) if low == high else f"{character(low)}-{character(high)}" for low, high in ranges)


def _of_ranges(*ranges: tuple[int, int] | int) -> CharacterSet:
    pairs = tuple(sorted((one, one) if isinstance(one, int) else one for one in ranges))
    others: list[tuple[int, int]] = []
    begin = 0
    for low, high in pairs:
        if begin < low:
            others.append((begin, low - 1))
        begin = high + 1
    others.append((begin, _LAST))
    return CharacterSet(ranges_text(pairs), ranges_text(tuple(others)))


_DIGIT, _UPPER, _LOWER = (0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)
_VERTICAL = ((0x0A, 0x0D), 0x85, (0x2028, 0x2029))
_HORIZONTAL = (0x09, 0x20, 0xA0, 0x1680, 0x180E, (0x2000, 0x200A), 0x202F, 0x205F, 0x3000)
_PUNCTUATION = ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E))
ASCII: dict[str, CharacterSet] = {
    "d": _of_ranges(_DIGIT),
    "s": _of_ranges((0x09, 0x0D), 0x20),
    "w": _of_ranges(_DIGIT, _UPPER, _LOWER, 0x5F),
    "h": _of_ranges(*_HORIZONTAL),
    "v": _of_ranges(*_VERTICAL),
}
"""The sets of ``\\d`` and its relatives."""
UNICODE: dict[str, CharacterSet] = {
    **ASCII,
    "d": CharacterSet(r"\p{Nd}", r"\P{Nd}"),
    "w": CharacterSet(r"\p{L}\p{N}_", None),
    "s": CharacterSet(r"\p{Z}" + ranges_text(((0x09, 0x0D), (0x85, 0x85), (0x180E, 0x180E))), None),
}
"""Those of a pattern that begins with ``(*UCP)``."""
POSIX: dict[str, CharacterSet] = {
    "alnum": _of_ranges(_DIGIT, _UPPER, _LOWER),
    "alpha": _of_ranges(_UPPER, _LOWER),
    "ascii": _of_ranges((0x00, 0x7F)),
    "blank": _of_ranges(0x09, 0x20),
    "cntrl": _of_ranges((0x00, 0x1F), 0x7F),
    "digit": _of_ranges(_DIGIT),
    "graph": _of_ranges((0x21, 0x7E)),
    "lower": _of_ranges(_LOWER),
    "print": _of_ranges((0x20, 0x7E)),
    "punct": _of_ranges(*_PUNCTUATION),
    "space": ASCII["s"],
    "upper": _of_ranges(_UPPER),
    "word": ASCII["w"],
    "xdigit": _of_ranges(_DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
UNICODE_POSIX: dict[str, CharacterSet] = {
    "alnum": CharacterSet(r"\p{L}\p{N}", None),
    "alpha": CharacterSet(r"\p{L}", r"\P{L}"),
    "ascii": POSIX["ascii"],
    "blank": ASCII["h"],
    "cntrl": CharacterSet(r"\p{Cc}", r"\P{Cc}"),
    "digit": UNICODE["d"],
    "space": UNICODE["s"],
    "word": UNICODE["w"],
}
_CATEGORIES = frozenset(
    "C Cc Cf Cn Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()
)
# Characters of no script or another one that are used with the script: Script_Extensions of Unicode 14, PCRE2 10.42's.
_USED_WITH: dict[str, Ranges] = {
    "Arabic": (
        (0x60C, 0x60C), (0x61B, 0x61B), (0x61F, 0x61F), (0x640, 0x640), (0x64B, 0x655), (0x670, 0x670),
        (0xFD3E, 0xFD3F), (0x102E0, 0x102FB),
    ),
    "Armenian": (),
    "Cyrillic": ((0x485, 0x486), (0x1DF8, 0x1DF8), (0x2E43, 0x2E43)),
    "Georgian": ((0x10FB, 0x10FB),),
    "Greek": ((0x342, 0x342), (0x345, 0x345), (0x1DC0, 0x1DC1)),
    "Han": (
        (0x3001, 0x3003), (0x3006, 0x3006), (0x3008, 0x3011), (0x3013, 0x301F), (0x302A, 0x302D), (0x3030, 0x3030),
        (0x3037, 0x3037), (0x303C, 0x303F), (0x30FB, 0x30FB), (0x3190, 0x319F), (0x31C0, 0x31E3), (0x3220, 0x3247),
        (0x3280, 0x32B0), (0x32C0, 0x32CB), (0x32FF, 0x32FF), (0x3358, 0x3370), (0x337B, 0x337F), (0x33E0, 0x33FE),
        (0xA700, 0xA707), (0xFE45, 0xFE46), (0xFF61, 0xFF65), (0x1D360, 0x1D371), (0x1F250, 0x1F251),
    ),
    "Hebrew": (),
    "Latin": (
        (0x363, 0x36F), (0x485, 0x486), (0x951, 0x952), (0x10FB, 0x10FB), (0x202F, 0x202F), (0x20F0, 0x20F0),
        (0xA700, 0xA707), (0xA92E, 0xA92E),
    ),
    "Thai": (),
}  # fmt: skip
_CASED = ("Lu", "Ll", "Lt")


def _without(category: str) -> str:
    """All but a category of letters with case. ``regex`` loses matches of ``\\P{Lu}`` beside parts that ignore case."""
    return "".join(rf"\p{{{name}}}" for name in (*_CASED, "Lm", "Lo", "M", "N", "P", "S", "Z", "C") if name != category)


PROPERTIES: dict[str, CharacterSet] = {
    **{name: CharacterSet(rf"\p{{{name}}}", rf"\P{{{name}}}") for name in _CATEGORIES},
    **{name: CharacterSet(rf"\p{{{name}}}", _without(name)) for name in _CASED},
    **{name: CharacterSet(rf"\p{{sc={name}}}{ranges_text(used)}", None) for name, used in _USED_WITH.items()},
}
"""Those of ``\\p{…}`` that are offered. A script's name means all that is used with it, as in PCRE."""
