"""The weights by which characters are compared: first letters, then their marks, then case and form.

The algorithm: https://www.unicode.org/reports/tr10/
"""

import unicodedata
from functools import cache
from typing import Final, NamedTuple

from .collation_order import MARKS, OTHERS, VARIANTS, order

# Weights are characters, so that keys are strings; 0 ends a level.
_COMMON: Final = "\x02"
_LETTERS: Final = {character: chr(place + 2) for place, character in enumerate(order())}
_MARKS: Final = {character: chr(place + 3) for place, character in enumerate(MARKS)}
_OTHER_MARK: Final = "\u2000"
# Third weights, of what Unicode's decompositions are tagged with; of capital letters those below.
_FORMS: Final = {
    "<wide>": 3, "<compat>": 4, "<font>": 5, "<circle>": 6, "<super>": 20, "<sub>": 21, "<vertical>": 22,
    "<initial>": 23, "<medial>": 24, "<final>": 25, "<isolated>": 26, "<noBreak>": 27, "<square>": 28,
    "<fraction>": 30, "<narrow>": 18, "<small>": 15,
}  # fmt: skip
_CAPITAL: Final = 8
_CAPITAL_FORMS: Final = {"<wide>": 9, "<compat>": 10, "<font>": 11, "<circle>": 12, "<super>": 29, "<square>": 29}
_SMALL_KANA, _HIRAGANA, _SMALL_KATAKANA, _KATAKANA = 13, 14, 16, 17
# Combining classes of vowel signs and the like, which are letters by their weights.
_LETTER_CLASSES: Final = frozenset({0, 9, 84, 91, 103, 118, 129, 130, 132})


class Element(NamedTuple):
    """The weights of a letter or a mark; ``letter`` is empty for a mark."""

    letter: str
    mark: str
    form: str


def key_of(text: str, strength: int) -> str:
    """A string that orders, and is equal, as the text does at a strength of 1 to 3."""
    composed = unicodedata.normalize("NFC", text)
    # All other marks and forms are above the common one, so at the end that says nothing.
    levels = [composed.translate(level) for level in _LEVELS[:strength]]
    return "\x00".join((levels[0], *(level.rstrip(_COMMON) for level in levels[1:])))


class _Level(dict[int, str]):
    """The weights of each character at one level, found when it is first met."""

    def __init__(self, level: int) -> None:
        self._level = level

    def __missing__(self, code: int) -> str:
        weights = self[code] = "".join(element[self._level] for element in _elements(chr(code)))
        return weights


_LEVELS: Final = (_Level(0), _Level(1), _Level(2))


@cache
def _elements(character: str) -> tuple[Element, ...]:
    if character in _LETTERS:
        return (Element(_LETTERS[character], _COMMON, _COMMON),)
    if character in VARIANTS:
        return _joined(VARIANTS[character])
    if character == "ς":
        return _formed("σ", 25)
    if character.lower() in _LETTERS:
        return _formed(character.lower(), _CAPITAL)
    decomposition = unicodedata.decomposition(character)
    if decomposition:
        return _decomposed(decomposition.split())
    if "가" <= character <= "힣":
        return _joined(unicodedata.normalize("NFD", character))
    small = character.lower()
    if small != character:
        return _formed(small, _CAPITAL)
    return _undecomposed(character)


def _undecomposed(character: str) -> tuple[Element, ...]:
    category = unicodedata.category(character)
    if category in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f" or character == "\u034f":
        return ()
    if character in _MARKS:
        return (Element("", _MARKS[character], _COMMON),)
    if unicodedata.combining(character) not in _LETTER_CLASSES or "\ufdd8" <= character <= "\ufddb":
        return (Element("", _OTHER_MARK + character, _COMMON),)
    if category in ("Nd", "No") and (digit := unicodedata.digit(character, None)) is not None:
        return _elements(str(digit)) if category == "Nd" else _formed(str(digit), _FORMS["<circle>"])
    kana = _kana(character)
    if kana is not None:
        return kana
    return (Element(_LETTERS[OTHERS.get(category[0], OTHERS[""])] + character, _COMMON, _COMMON),)


def _kana(character: str) -> tuple[Element, ...] | None:
    """Katakana and small kana have the letters of hiragana."""
    script, _, rest = unicodedata.name(character, "").partition(" LETTER ")
    if script not in ("HIRAGANA", "KATAKANA"):
        return None
    small, plain = rest.startswith("SMALL "), rest.removeprefix("SMALL ")
    try:
        letter = unicodedata.lookup(f"HIRAGANA LETTER {plain}")
    except KeyError:
        return None
    forms = (_SMALL_KANA, _HIRAGANA) if script == "HIRAGANA" else (_SMALL_KATAKANA, _KATAKANA)
    return (Element(_LETTERS[OTHERS[""]] + letter, _COMMON, chr(forms[not small])),)


def _joined(characters: str) -> tuple[Element, ...]:
    return tuple(element for character in characters for element in _elements(character))


def _formed(characters: str, form: int) -> tuple[Element, ...]:
    return tuple(element._replace(form=chr(form)) if element.letter else element for element in _joined(characters))


def _decomposed(parts: list[str]) -> tuple[Element, ...]:
    form = parts[0] if parts[0].startswith("<") else None
    elements = _joined("".join(chr(int(part, 16)) for part in parts[form is not None :]))
    if form is None:
        return elements
    weights = {_COMMON: chr(_FORMS[form]), chr(_CAPITAL): chr(_CAPITAL_FORMS.get(form, _FORMS[form]))}
    return tuple(element._replace(form=weights.get(element.form, element.form)) for element in elements)
