"""The weights by which characters are compared: first letters, then their marks, then case and form.

The algorithm: https://www.unicode.org/reports/tr10/
"""

import unicodedata
from functools import cache
from typing import Final, NamedTuple

from .collation_contractions import contracted
from .collation_order import DECOMPOSED, SPECIAL, UNKNOWN, VARIANTS, chinese, ignored, later, marks, order
from .errors import unsupported

# Weights are characters, so that keys are strings; 0 ends a level.
_COMMON: Final = "\x02"
_CHINESE: Final = 0x5000
_LATER, _LAST = "\ufffe", "\uffff"
# Third weights, of what Unicode's decompositions are tagged with, and of capital letters so tagged.
_FORMS: Final = {
    "<wide>": 3, "<compat>": 4, "<font>": 5, "<circle>": 6, "<super>": 20, "<sub>": 21, "<vertical>": 22,
    "<initial>": 23, "<medial>": 24, "<final>": 25, "<isolated>": 26, "<noBreak>": 27, "<square>": 28,
    "<fraction>": 30, "<narrow>": 18, "<small>": 15, "<kana>": 13,
}  # fmt: skip
_CAPITAL: Final = 8
_KANA: Final = {("HIRAGANA", True): 13, ("HIRAGANA", False): 14, ("KATAKANA", True): 15, ("KATAKANA", False): 17}
"""Third weights by script; true for small ones."""
_TAGGED: Final = {
    ("<wide>", _CAPITAL): 9, ("<compat>", _CAPITAL): 10, ("<font>", _CAPITAL): 11, ("<circle>", _CAPITAL): 12,
    ("<super>", _CAPITAL): 29, ("<sub>", _CAPITAL): 29, ("<square>", _CAPITAL): 29,
    ("<font>", 10): 11, ("<narrow>", _KANA["KATAKANA", True]): 16, ("<circle>", _KANA["KATAKANA", False]): 19,
}  # fmt: skip
_CAPITALS: Final = {2: 8, 3: 9, 4: 10, 5: 11, 6: 12, 20: 29, 21: 29, 28: 29}
"""Third weights of capital letters by those of the small ones."""


class Element(NamedTuple):
    """The weights of a letter or a mark; ``letter`` is empty for a mark."""

    letter: str
    mark: str
    form: str


def key_of(text: str, strength: int) -> str:
    """A string that orders, and is equal, as the text does at a strength of 1 to 3.

    Raises:
        CommandError: the text has a character whose place is not known here.
    """
    if not text.isascii():
        text = contracted(text)
    # All other marks and forms are above the common one, so at the end that says nothing.
    levels = [text.translate(level) for level in _LEVELS[:strength]]
    return "\x00".join((levels[0], *(level.rstrip(_COMMON) for level in levels[1:])))


class _Level(dict[int, str]):
    """The weights of each character at one level, found when it is first met."""

    def __init__(self, level: int) -> None:
        self._level = level

    def __missing__(self, code: int) -> str:
        try:
            elements = _elements(chr(code))
        except KeyError:
            name = unicodedata.name(chr(code), "")
            raise unsupported(f"of texts with U+{code:04X} {name}".rstrip(), "collation") from None
        weights = self[code] = "".join(element[self._level] for element in elements)
        return weights


_LEVELS: Final = (_Level(0), _Level(1), _Level(2))


@cache
def _letters() -> dict[str, str]:
    """The weights of letters; the tables are made when a text is first compared."""
    return {letter: chr(weight) for weight, letter in enumerate(order(), 2)}


@cache
def _chinese() -> dict[str, str]:
    return {letter: chr(weight) for weight, letter in enumerate(chinese(), _CHINESE)}


@cache
def _marks() -> dict[str, str]:
    return {mark: chr(weight) for weight, equal in enumerate(marks(), 3 + len(VARIANTS)) for mark in equal}


@cache
def _elements(character: str) -> tuple[Element, ...]:
    """Raises KeyError for a character whose place is not known."""
    known = _kana(character) or _listed(character)
    if known is not None:
        return known
    tag, parts = _decomposition(character)
    small = character.lower()
    if tag:
        return _tagged(tag, _joined(parts))
    if small != character and small in _letters():
        return _capital(small)
    if parts:
        return _joined(parts)
    if small != character and len(small) == 1:
        return _capital(small)
    return _digit(character)


def _listed(character: str) -> tuple[Element, ...] | None:
    """Of a character that is in the tables as such."""
    if character in UNKNOWN:
        raise KeyError(character)
    letter = _letters().get(character)
    if letter is None and ("一" <= character <= "鿿" or "豈" <= character <= "﫿"):
        letter = _chinese().get(character)
    if letter is not None:
        return (Element(letter, _COMMON, _COMMON),)
    if character in _marks():
        return (Element("", _marks()[character], _COMMON),)
    if character in ignored():
        return ()
    if character in later() or unicodedata.category(character) == "Co":
        return (Element(_LATER + character, _COMMON, _COMMON),)
    if character == SPECIAL:
        return (Element(_LAST, _COMMON, _COMMON),)
    for place, variants in enumerate(VARIANTS):
        if character in variants:
            first, rest = variants[character][0], variants[character][1:]
            return (Element(_letters()[first], chr(place + 3), _COMMON), *_tagged("<compat>", _joined(rest)))
    return None


def _kana(character: str) -> tuple[Element, ...] | None:
    """Katakana and small kana have the letters of hiragana."""
    if not ("ぁ" <= character <= "ヺ" or "ㇰ" <= character <= "ㇿ") or unicodedata.decomposition(character):
        return None
    script, _, name = unicodedata.name(character, "").partition(" LETTER ")
    if not name:
        return None
    letter = unicodedata.lookup(f"HIRAGANA LETTER {name.removeprefix('SMALL ')}")
    form = _KANA[script, name.startswith("SMALL ")]
    return (Element(_letters()[letter], _COMMON, chr(form)),)


def _decomposition(character: str) -> tuple[str, str]:
    """As Unicode has it, its tag (or nothing) and the characters."""
    if "가" <= character <= "힣":
        return "", unicodedata.normalize("NFD", character)
    if character in DECOMPOSED:
        return DECOMPOSED[character]
    parts = unicodedata.decomposition(character).split()
    tag = parts.pop(0) if parts and parts[0].startswith("<") else ""
    return tag, "".join(chr(int(part, 16)) for part in parts)


def _joined(characters: str) -> tuple[Element, ...]:
    return tuple(element for character in contracted(characters) for element in _elements(character))


def _tagged(tag: str, elements: tuple[Element, ...]) -> tuple[Element, ...]:
    forms = [_TAGGED.get((tag, ord(element.form)), _FORMS[tag]) for element in elements]
    return tuple(element._replace(form=chr(form)) for element, form in zip(elements, forms, strict=True))


def _capital(small: str) -> tuple[Element, ...]:
    return tuple(
        element._replace(form=chr(_CAPITALS.get(ord(element.form), ord(element.form)))) if element.letter else element
        for element in _elements(small)
    )


def _digit(character: str) -> tuple[Element, ...]:
    """Those of other scripts are as 0 to 9, those in circles are forms of them."""
    value = unicodedata.digit(character, None) if character <= "\uffff" else None
    if value is None:
        raise KeyError(character)
    digit = _elements(str(value))
    return _tagged("<circle>", digit) if "CIRCLED" in unicodedata.name(character) else digit
