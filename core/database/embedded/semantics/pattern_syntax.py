r"""PCRE's syntax, written as ``regex`` understands it: https://www.pcre.org/current/doc/html/pcre2pattern.html

What the two read alike is passed on; what they read differently is rewritten; all else is refused. Sets of characters
(``\w``, ``\p{L}``, ``[:alpha:]``) know no case to PCRE, so they are set apart where the rest ignores case.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import regex

from .pattern_reading import CharacterClass, Reader, invalid
from .pattern_sets import character, ranges_text

FOLDED_APART = "\u0130\u0131\u0390\u03b0\u1fd3\u1fe3\ufb05\ufb06"
"""Letters that ``regex`` takes for another one where case is ignored, and PCRE for themselves only (Turkish ones …)."""
_PREFIX = regex.compile(r"(?:\(\*(?:UTF|UCP)\))*")
_FLAGS = regex.compile(r"\(\?([imsx]*)(?:-([imsx]+))?([:)])")
_FOLDING = regex.compile(r"\(\?[msx]*i")
_QUANTIFIER = regex.compile(r"\{(\d+)(,?)(\d*)\}")
_LAZY = regex.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\?")
_COMMENT = regex.compile(r"\(\?#[^)]*\)")
_NAME = regex.compile(r"\(\?(?:P?<|')([A-Za-z_][A-Za-z_0-9]{0,31})[>']")
_NUMBER = regex.compile(r"\d+")
_NAMED_REFERENCE = regex.compile(r"\(\?P=(\w+)\)|k(?:<(\w+)>|\{(\w+)\}|'(\w+)')")
_BLANKS = frozenset(" \t\n\v\f\r\x85\u200e\u200f\u2028\u2029#")
_ALIKE = {"(?:": False, "(?=": False, "(?!": False, "(?>": False, "(?<=": True, "(?<!": True}
"""Groups both read alike, and whether they look behind."""
_TEXT_END = "(?!(?s:.))"
_LINE_BEGIN = f"(?:\\A|(?<=\\n)(?!{_TEXT_END}))"  # PCRE: not after a newline that ends the text
_LINE_END = "(?>\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029])"
_ESCAPES = {"A": "\\A", "z": _TEXT_END, "Z": f"(?=\\n?{_TEXT_END})", "N": "[^\\n]", "R": _LINE_END}
_MOST_NESTED, _MOST_REPEATED = 250, 65_535
_LONGEST_RUN, _NOTHING = 64, "\\A?"
"""A long text in a pattern is parted: ``regex`` prepares a search for it in the cube of its length."""


@dataclass(frozen=True)
class _State:
    """Of an open group: PCRE's options, whether ``regex`` ignores case here, its number.

    ``behind`` is 1 for a lookbehind and 2 for what is in one.
    """

    flags: frozenset[str]
    folding: bool
    behind: int = 0
    group: int = 0


class Translator:
    """One pattern on its way. ``text`` is the result; ``ignores_case`` says whether some part of it does.

    ``careful`` writes it for texts with ``FOLDED_APART`` letters, which costs time.

    Raises:
        CommandError: a pattern that PCRE or this server refuses.
    """

    def __init__(self, pattern: str, flags: str, *, careful: bool) -> None:
        prefix = regex.match(_PREFIX, pattern)
        begin = prefix.end() if prefix is not None else 0
        self._reader = Reader(pattern, begin, unicode="(*UCP)" in pattern[:begin])
        leading = _FLAGS.match(pattern, begin)
        if leading is not None and leading[3] == ")" and not leading[2]:
            flags += leading[1]
            self._reader.place = leading.end()
        self.ignores_case = "i" in flags or _FOLDING.search(pattern) is not None
        self._careful = careful
        self._states = [_State(frozenset(flags), "i" in flags)]
        self._groups = 0
        self._names: dict[str, int] = {}
        self._point_end = -1
        self.text = ("(?i)" if "i" in flags else "") + self._translated()

    def _translated(self) -> str:
        out: list[str] = []
        parted = 0
        while not self._reader.ended:
            here = self._reader.pattern[self._reader.place]
            text = _TOKENS.get(here, Translator._literal)(self)
            if text and here not in "*+?{" and len(out) - parted >= _LONGEST_RUN:
                out.append(_NOTHING)
                parted = len(out)
            out.append(text)
        if len(self._states) > 1:
            raise invalid("missing closing parenthesis")
        return "".join(out)

    @property
    def _state(self) -> _State:
        return self._states[-1]

    @property
    def _ignoring(self) -> bool:
        return "i" in self._state.flags

    # Characters

    def _literal(self) -> str:
        begin = self._reader.place
        here = self._reader.take()
        if "x" not in self._state.flags or here not in _BLANKS:
            return self._character(ord(here))
        if here == "#":
            pattern = self._reader.pattern
            self._reader.place = (pattern.find("\n", begin) + 1) or len(pattern)
        return self._nothing(begin)

    def _character(self, code: int) -> str:
        letter = chr(code)
        if self._ignoring and letter in FOLDED_APART:
            return self._scoped(letter, folding=False)
        if self._ignoring and self._careful and letter in "iI":
            return self._scoped("[iI]", folding=False)
        cased = letter.casefold() != letter.upper()
        return self._scoped(regex.escape(letter), folding=self._ignoring) if cased else regex.escape(letter)

    def _scoped(self, text: str, *, folding: bool) -> str:
        """The text where case is ignored or not, whatever holds around it."""
        if folding == self._state.folding:
            return text
        return f"(?i:{text})" if folding else f"(?-i:{text})"

    def _set(self, inside: str, *, negated: bool = False) -> str:
        """A set, which knows case. ``regex`` loses matches of a negated one beside parts that ignore case."""
        if not negated:
            return self._scoped(f"[{inside}]", folding=False)
        return f"(?:(?!{self._set(inside)})(?s:.))" if self.ignores_case else f"[^{inside}]"

    def _class(self) -> str:
        found = self._reader.character_class(ignoring=self._ignoring)
        if not self._ignoring:
            return self._set(ranges_text(found.ranges) + found.sets, negated=found.negated)
        if not found.ranges:
            return self._set(found.sets, negated=found.negated)
        sign = "^" if found.negated else ""
        text = self._scoped(f"[{sign}{ranges_text(found.ranges)}]", folding=True)
        wrong = "".join(character(ord(letter)) for letter in self._wrongly_folded(found))
        if wrong:
            apart = self._set(wrong)
            text = f"(?:{text}|{apart})" if found.negated else f"(?:(?!{apart}){text})"
        if found.sets:
            sets = self._set(found.sets)
            text = f"(?:(?!{sets}){text})" if found.negated else f"(?:{text}|{sets})"
        return text

    def _wrongly_folded(self, found: CharacterClass) -> str:
        """Characters that ``regex`` takes for members of the ranges, where PCRE does not."""
        wrong = "iI" if found.has("\u0130\u0131") and not found.has("iI") else ""
        if self._careful:
            wrong += "".join(letter for letter in FOLDED_APART if not found.has(letter))
        return wrong

    # Places in the text, and repetition

    def _dot(self) -> str:
        self._reader.take()
        return "(?s:.)" if "s" in self._state.flags else "."

    def _begin(self) -> str:
        self._reader.take()
        return self._point(_LINE_BEGIN if "m" in self._state.flags else "^")

    def _end(self) -> str:
        self._reader.take()
        return self._point("(?m:$)" if "m" in self._state.flags else "$")

    def _point(self, text: str) -> str:
        """What matches a place, not characters: PCRE does not repeat it."""
        self._point_end = self._reader.place
        return text

    def _nothing(self, begin: int) -> str:
        """What stands for nothing since ``begin`` does not part a quantifier from what is before."""
        if self._point_end == begin:
            self._point_end = self._reader.place
        return ""

    def _repeat(self) -> str:
        """``* + ?`` and, of ``{``, what is a quantifier to PCRE."""
        begin = self._reader.place
        counts = self._reader.match(_QUANTIFIER)
        if counts is None and self._reader.at("{"):
            return self._literal()
        if self._point_end == begin:
            raise invalid("quantifier does not follow a repeatable item")
        if counts is not None and max(int(count or 0) for count in counts.group(1, 3)) > _MOST_REPEATED:
            raise invalid("number too big in {} quantifier")
        if self._state.behind and (counts is None or (counts[2] and counts[3] != counts[1])):
            raise self._reader.refused("a repetition in a lookbehind")
        text = self._reader.take() if counts is None else counts[0]
        return text + (self._reader.take() if self._reader.at("?", "+") else "")

    # Escapes

    def _escape(self) -> str:
        reader, begin = self._reader, self._reader.place
        reader.take()
        if reader.ended:
            raise invalid("\\ at end of pattern")
        letter = reader.pattern[reader.place]
        if letter in _ESCAPES:
            return self._simple_escape(reader.take())
        if letter in "bB":
            return self._boundary(reader.take())
        if letter in "123456789":
            return self._numbered_reference()
        if letter == "k":
            return self._named_reference()
        if letter in "QE":
            return self._quoted(reader.take()) or self._nothing(begin)
        found, negated = reader.set_escape()
        return self._character(reader.code()) if found is None else self._set(found.inside, negated=negated)

    def _simple_escape(self, letter: str) -> str:
        if letter == "R" and (self._state.behind or _LAZY.match(self._reader.pattern, self._reader.place)):
            raise self._reader.refused("\\R in a lookbehind, or as few as possible,")
        if letter == "N" and self._reader.at("{"):
            raise self._reader.refused("\\N{")
        return self._point(_ESCAPES[letter]) if letter in "AzZ" else _ESCAPES[letter]

    def _boundary(self, letter: str) -> str:
        word = self._reader.word()
        same, other = ("=", "!") if letter == "B" else ("!", "=")
        text = f"(?:(?<=[{word}])(?{same}[{word}])|(?<![{word}])(?{other}[{word}]))"
        return self._point(self._scoped(text, folding=False))

    def _quoted(self, letter: str) -> str:
        """What is between ``\\\\Q`` and ``\\\\E``."""
        if letter == "E":
            return ""
        begin, pattern = self._reader.place, self._reader.pattern
        end = pattern.find("\\E", begin)
        self._reader.place = len(pattern) if end < 0 else end + 2
        quoted = [self._character(ord(one)) for one in pattern[begin : None if end < 0 else end]]
        runs = (quoted[place : place + _LONGEST_RUN] for place in range(0, len(quoted), _LONGEST_RUN))
        return _NOTHING.join("".join(run) for run in runs)

    def _numbered_reference(self) -> str:
        number = int(self._reader.match(_NUMBER)[0])
        if number > 9 and number > self._groups:
            raise self._reader.refused(f"\\{number}")
        return self._referring(number)

    def _named_reference(self) -> str:
        found = self._reader.match(_NAMED_REFERENCE)
        number = self._names.get(next(filter(None, found.groups()))) if found is not None else None
        if number is None:
            raise self._reader.refused("such a reference")
        return self._referring(number)

    def _referring(self, number: int) -> str:
        if self._state.behind or any(state.group == number for state in self._states):
            raise self._reader.refused("a reference inside its own group, or a lookbehind,")
        if self._ignoring and self._careful:
            raise self._reader.refused("a reference without regard to case")
        return self._scoped(f"(?:\\{number})", folding=self._ignoring)

    # Groups

    def _open(self) -> str:
        if len(self._states) > _MOST_NESTED:
            raise invalid("parentheses are too deeply nested")
        if self._reader.at("(*"):
            raise self._reader.refused("(*")
        if not self._reader.at("(?"):
            return self._push(self._reader.take(), captures=True)
        for prefix, behind in _ALIKE.items():
            if self._reader.at(prefix):
                return self._push(self._reader.take(len(prefix)), behind=behind)
        if self._reader.at("(?#"):
            if self._reader.match(_COMMENT) is None:
                raise invalid("missing ) after (?# comment")
            return ""
        return self._special()

    def _special(self) -> str:
        if self._reader.at("(?P="):
            return self._named_reference()
        name = self._reader.match(_NAME)
        if name is not None:
            if name[1] in self._names:
                raise invalid("two named subpatterns have the same name")
            self._names[name[1]] = self._groups + 1
            return self._push(f"(?P<{name[1]}>", captures=True)
        flags = self._reader.match(_FLAGS)
        if flags is None:
            raise self._reader.refused(self._reader.take(3))
        return self._switched(frozenset(flags[1]), frozenset(flags[2] or ""), closing=flags[3] == ")")

    def _switched(self, on: frozenset[str], off: frozenset[str], *, closing: bool) -> str:
        """``(?i)`` holds until its group ends, ``(?i:…)`` for what is in it."""
        state = self._state
        flags = (state.flags | on) - off
        if closing:
            self._states[-1] = replace(state, flags=flags)
            return self._point("")
        folding = "i" in flags
        self._states.append(_State(flags, folding, 2 if state.behind else 0))
        return "(?:" if folding == state.folding else "(?i:" if folding else "(?-i:"

    def _push(self, text: str, *, behind: bool = False, captures: bool = False) -> str:
        self._groups += int(captures)
        state = self._state
        within = 2 if state.behind else int(behind)
        self._states.append(_State(state.flags, state.folding, within, self._groups if captures else 0))
        return text

    def _alternative(self) -> str:
        if self._state.behind == 2:
            raise self._reader.refused("alternatives inside a lookbehind's groups")
        return self._reader.take()

    def _close(self) -> str:
        if len(self._states) == 1:
            raise invalid("unmatched closing parenthesis")
        self._states.pop()
        return self._reader.take()


_TOKENS: dict[str, Callable[[Translator], str]] = {
    "\\": Translator._escape,  # pyright: ignore[reportPrivateUsage]
    "[": Translator._class,  # pyright: ignore[reportPrivateUsage]
    "(": Translator._open,  # pyright: ignore[reportPrivateUsage]
    ")": Translator._close,  # pyright: ignore[reportPrivateUsage]
    "|": Translator._alternative,  # pyright: ignore[reportPrivateUsage]
    ".": Translator._dot,  # pyright: ignore[reportPrivateUsage]
    "^": Translator._begin,  # pyright: ignore[reportPrivateUsage]
    "$": Translator._end,  # pyright: ignore[reportPrivateUsage]
    **dict.fromkeys("*+?{", Translator._repeat),  # pyright: ignore[reportPrivateUsage]
}
