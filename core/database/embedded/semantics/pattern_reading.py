"""Reads a pattern in PCRE's syntax piece by piece: characters, escapes, classes.

https://www.pcre.org/current/doc/html/pcre2pattern.html
"""

from dataclasses import dataclass
from typing import Any

import regex

from .errors import CommandError, unsupported
from .pattern_sets import ASCII, POSIX, PROPERTIES, UNICODE, UNICODE_POSIX, CharacterSet, Ranges

_CONTROLS = {"t": 0x09, "n": 0x0A, "r": 0x0D, "f": 0x0C, "a": 0x07, "e": 0x1B}
_HEXADECIMAL = regex.compile(r"x(?:\{([0-9A-Fa-f]+)\}|(?!\{)([0-9A-Fa-f]{0,2}))")
_OCTAL = regex.compile(r"(0[0-7]{0,2})")
_PROPERTY = regex.compile(r"([pP])(?:\{(\^?)([A-Za-z]+)\}|([A-Za-z]))")
_POSIX = regex.compile(r"\[:(\^?)([a-z]+):\]")
_COLLATING = regex.compile(r"\[([:.=])(?:(?!\[\1)[^\]])*?\1\]")
_NEGATED_PROPERTY = regex.compile(r"\\P(\{\w+\})")
_NEGATION = regex.compile(r"\\[WDS]|\[:\^")
_WIDE = regex.compile(r"\\[pP]|\[:(?!\^)")


def invalid(problem: str) -> CommandError:
    """The refusal of a pattern that PCRE does not take."""
    return CommandError("Location51091", f"Regular expression is invalid: {problem}")


@dataclass(frozen=True, kw_only=True)
class CharacterClass:
    """``[…]``: single characters and ranges of them, and sets as ``regex`` writes them."""

    ranges: Ranges
    sets: str
    negated: bool

    def has(self, letters: str) -> bool:
        """Whether one of the letters is in the ranges."""
        return any(low <= ord(letter) <= high for letter in letters for low, high in self.ranges)


class Reader:
    """A pattern and the ``place`` read up to. ``unicode`` widens ``\\\\w`` and the like (``(*UCP)``).

    Every method raises CommandError for what PCRE or this server refuses.
    """

    def __init__(self, pattern: str, place: int, *, unicode: bool) -> None:
        self.pattern = pattern
        self.place = place
        self._unicode = unicode

    @property
    def ended(self) -> bool:
        return self.place >= len(self.pattern)

    def at(self, *beginnings: str) -> bool:
        """Whether one of them comes next."""
        return self.pattern.startswith(beginnings, self.place)

    def take(self, count: int = 1) -> str:
        taken = self.pattern[self.place : self.place + count]
        self.place += count
        return taken

    def match(self, syntax: regex.Pattern[str]) -> Any:
        """The match of what comes next, which is then read; None if it is something else."""
        found = syntax.match(self.pattern, self.place)
        if found is not None:
            self.place = found.end()
        return found

    def refused(self, what: str) -> CommandError:
        return unsupported(f"{what} in the pattern /{self.pattern}/")

    # Escapes; the backslash has been read

    def word(self) -> str:
        """What ``\\\\w`` and ``\\\\b`` hold for a word's characters."""
        return (UNICODE if self._unicode else ASCII)["w"].inside

    def set_escape(self) -> tuple[CharacterSet | None, bool]:
        """The set of ``\\\\w``, ``\\\\p{L}`` …, and whether all others are meant; None for another escape."""
        letter = self.pattern[self.place]
        if letter in "pP":
            found = self.match(_PROPERTY)
            name = (found[3] or found[4]) if found else ""
            if name not in PROPERTIES:
                raise self.refused("such a property")
            return PROPERTIES[name], (letter == "P") != bool(found[2])
        known = (UNICODE if self._unicode else ASCII).get(letter.lower())
        self.take(int(known is not None))
        return known, letter.isupper()

    def code(self) -> int:
        """The code point of the character that an escape stands for."""
        letter = self.pattern[self.place]
        if letter in _CONTROLS:
            return _CONTROLS[self.take()]
        if letter == "x":
            return self._number(self.match(_HEXADECIMAL), 16)
        if letter == "0":
            return self._number(self.match(_OCTAL), 8)
        if letter.isascii() and letter.isalnum():
            raise self.refused(f"\\{letter}")
        return ord(self.take())

    def _number(self, found: Any, base: int) -> int:
        if found is None:
            raise invalid("non-hex character in \\x{}, or missing closing brace")
        code = int(next(filter(None, found.groups()), "0"), base)
        if code > 0x10FFFF:
            raise invalid("character code point value in \\x{} or \\o{} is too large")
        if 0xD800 <= code < 0xE000:
            raise invalid("disallowed Unicode code point (>= 0xd800 && <= 0xdfff)")
        return code

    # Classes

    def character_class(self, *, ignoring: bool) -> CharacterClass:
        """``[…]`` with its brackets; ``ignoring`` says whether case counts for nothing there."""
        if _COLLATING.match(self.pattern, self.place):
            raise invalid("POSIX named classes are supported only within a class")
        self.take()
        negated = self.at("^")
        self.take(int(negated))
        ranges: list[tuple[int, int]] = []
        sets: set[str] = set()
        begin, first = self.place, True
        while first or not self.at("]"):
            found = self._member(ignoring=ignoring)
            first = first and found is None
            if isinstance(found, CharacterSet):
                sets.add(found.inside)
                self._check_sets("".join(sets))
            elif found is not None:
                ranges.append((found, self._high(found)))
        if _NEGATION.search(self.pattern, begin, self.place) and _WIDE.search(self.pattern, begin, self.place):
            raise self.refused("a negated set beside another one in a class")  # PCRE 10.42 then errs past Latin-1
        self.take()
        return CharacterClass(ranges=tuple(ranges), sets="".join(sorted(sets)), negated=negated)

    def _member(self, *, ignoring: bool) -> CharacterSet | int | None:
        """The next of a class; None for what stands for nothing."""
        if self.ended:
            raise invalid("missing terminating ] for character class")
        posix = self.match(_POSIX)
        if posix is not None:
            return self._posix(posix[2], negated=bool(posix[1]), ignoring=ignoring)
        if _COLLATING.match(self.pattern, self.place):
            raise self.refused(self.take(2))
        here = self.take()
        return self._class_escape() if here == "\\" else ord(here)

    def _posix(self, name: str, *, negated: bool, ignoring: bool) -> CharacterSet:
        if name not in POSIX:
            raise invalid("unknown POSIX class name")
        if ignoring and not self._unicode and name in ("lower", "upper"):
            name = "alpha"
        found = (UNICODE_POSIX if self._unicode else POSIX).get(name)
        if found is None:
            raise self.refused(f"[:{name}:]")
        return self._chosen(found, negated=negated)

    def _class_escape(self) -> CharacterSet | int | None:
        if self.ended:
            raise invalid("\\ at end of pattern")
        if self.at("b"):
            self.take()
            return 0x08
        if self.at("E"):
            self.take()
            return None
        found, negated = self.set_escape()
        return self.code() if found is None else self._chosen(found, negated=negated)

    def _chosen(self, found: CharacterSet, *, negated: bool) -> CharacterSet:
        if not negated:
            return found
        if found.outside is None:
            raise self.refused("the negation of a set in a class")
        return CharacterSet(found.outside, found.inside)

    def _check_sets(self, inside: str) -> None:
        if any(f"\\p{name}" in inside for name in _NEGATED_PROPERTY.findall(inside)):
            raise self.refused("a set beside its negation in a class")  # ``regex`` then errs
        if self.at("-") and not self.ended and not self.at("-]"):
            raise invalid("invalid range in character class")

    def _high(self, low: int) -> int:
        """The end of a range that begins with ``low``, or itself."""
        if not self.at("-") or self.at("-]") or self.place + 1 >= len(self.pattern):
            return low
        self.take()
        high = self._member(ignoring=False)
        if not isinstance(high, int):
            raise self.refused("a set at the end of a range")
        if high < low:
            raise invalid("range out of order in character class")
        return high
