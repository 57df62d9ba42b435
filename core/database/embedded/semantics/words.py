"""The words of a text, as a text index of version 3 holds them.

A text is parted at white space and punctuation; words lose their case, common ones are left out, the rest are cut down
to their stems, then lose their marks. English keeps apostrophes in words; without a language there are no common words
and no stems.
https://www.mongodb.com/docs/manual/reference/operator/query/text/

MongoDB takes the properties of characters from Unicode 8, and its stems from Snowball's algorithm as it was until 2.2:
https://github.com/mongodb/mongo/tree/master/src/mongo/db/fts/unicode
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import regex

from .errors import CommandError, unsupported
from .stop_words import ENGLISH as _STOP_WORDS

NONE, ENGLISH = "none", "english"
_LANGUAGES: Final = {"none": NONE, "english": ENGLISH, "en": ENGLISH}
_OTHERS: Final = frozenset(
    "danish da dutch nl finnish fi french fr german de hungarian hu italian it norwegian nb portuguese pt romanian ro "
    "russian ru spanish es swedish sv turkish tr".split()
)
_PARTING = (
    r"\p{White_Space}\p{Dash}\p{Hyphen}\p{Quotation_Mark}\p{Terminal_Punctuation}\p{Pattern_Syntax}"
    r"\p{Sentence_Terminal}\u0836\u166d"
)
_YOUNGER_PARTING = (
    r"\u061d\u061e\u1b4e\u1b4f\u1b7d-\u1b7f\u2cf9-\u2cfb\ufe12\ufe15\ufe16\U00010d6e\U00010ead\U00010f55-\U00010f59"
    r"\U00010f86-\U00010f89\U000113d4\U000113d5\U0001144b-\U0001144d\U0001145a\U0001145b\U00011944\U00011946"
    r"\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011aa1\U00011aa2\U00011c41-\U00011c43\U00011c71\U00011ef7\U00011ef8"
    r"\U00011f43\U00011f44\U00016d6e\U00016d6f\U00016e97\U00016e98"
)
_YOUNGER_MARKS = (
    r"\u0558\u058b\u058c\u05a2\u05c5\u05c7-\u05c9\u0656\u06e2\u0898-\u089f\u08c9-\u08d3\u0afd-\u0aff\u0b53-\u0b55"
    r"\u0c3c\u0d3b\u0d3c\u0e3a\u0eba\u1063\u1064\u1069-\u106d\u135d-\u135f\u1714\u1715\u1734\u1a60\u1abe\u1ac1-\u1acb"
    r"\u1acf-\u1af0\u1be6\u1bf2\u1bf3\u1cf7\u1d9b-\u1dbe\u1df6-\u1dfc\u208f\ua700-\ua716\ua789\ua78a\ua7f1\ua806\ua82c"
    r"\uab69-\uab6b\U00010780-\U00010785\U00010787-\U000107b0\U000107b2-\U000107ba\U00010a38-\U00010a3a\U00010a3f"
    r"\U00010d22-\U00010d27\U00010d4e\U00010d69-\U00010d6d\U00010ecb-\U00010ecf\U00010ef0-\U00010ef7"
    r"\U00010ef9\U00010efa\U00010efd-\U00010eff\U00010f46-\U00010f50\U00010f82-\U00010f85\U00011046\U00011070"
    r"\U0001133b\U000113ce-\U000113d0\U000113d2\U000113d3\U000113e1\U000113e2\U00011442\U00011446\U00011839\U0001183a"
    r"\U0001193d\U0001193e\U00011943\U000119e0\U00011a34\U00011a47\U00011a99\U00011c3f\U00011d42\U00011d44\U00011d45"
    r"\U00011d97\U00011dd9\U00011f41\U00011f42\U00011f5a\U00013447-\U00013455\U0001612f\U00016b30-\U00016b36"
    r"\U00016d6b\U00016d6c\U00016ff0\U00016ff1\U0001aff0-\U0001aff3\U0001aff5-\U0001affb\U0001affd\U0001affe"
    r"\U0001cf00-\U0001cf2d\U0001cf30-\U0001cf46\U0001d250-\U0001d252\U0001d25b\U0001d25c\U0001dfcd-\U0001dfcf"
    r"\U0001dfd1-\U0001dfff\U0001e030-\U0001e06d\U0001e130-\U0001e136\U0001e2ae\U0001e2ec-\U0001e2ef"
    r"\U0001e5ee\U0001e5ef\U0001e944-\U0001e946\U0001e948-\U0001e94a"
)
_MARK = regex.compile(rf"(?V1)[\p{{Diacritic}}--[{_YOUNGER_MARKS}]]")
_SPLIT: Final = {
    NONE: regex.compile(rf"(?V1)[^{_PARTING}--[{_YOUNGER_PARTING}]]+"),
    ENGLISH: regex.compile(rf"(?V1)[^[{_PARTING}]--[{_YOUNGER_PARTING}']]+"),
}


def language(name: str, unknown: str = "BadValue") -> str:
    """``NONE`` or ``ENGLISH``; raises CommandError for another one, called ``unknown`` if MongoDB does not know it."""
    found = _LANGUAGES.get(name.lower())
    if found is None and name.lower() in _OTHERS:
        raise unsupported(f"text language {name!r}")
    if found is None:
        raise CommandError(unknown, f'unsupported language: "{name}" for text index version 3')
    return found


def terms(text: str, of: str, *, case: bool = False, marks: bool = False, common: bool = False) -> Iterator[str]:
    """The words of a text in a language, in order. ``case`` and ``marks`` keep them, ``common`` keeps common words."""
    english = of == ENGLISH
    for word in _SPLIT[of].findall(text):
        low = _lower(word)
        if english and not common and low in _STOP_WORDS:
            continue
        found = word if case else low
        if english:
            found = _stem(found)
        yield found if marks else _bare(found)


def fold(text: str, *, case: bool = False, marks: bool = False) -> str:
    """A text as phrases are looked for in it; ``case`` and ``marks`` keep them."""
    if not case:
        text = _lower(text)
    return text if marks else _bare(text)


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _bare(text: str) -> str:
    return text if text.isascii() and "^" not in text and "`" not in text else text.translate(_UNMARKED)


class _Characters(dict[int, Any]):
    """A table for ``str.translate`` that is filled as characters come up."""


class _Lower(_Characters):
    def __missing__(self, code: int) -> str:
        """Simple case folding, which keeps one character one."""
        character = chr(code)
        found = next((one for one in (character.casefold(), character.lower()) if len(one) == 1), character)
        self[code] = found
        return found


class _Unmarked(_Characters):
    def __missing__(self, code: int) -> str:
        """Without its marks, if that is one character; nothing of a mark itself."""
        character = chr(code)
        parts = (one for one in unicodedata.normalize("NFD", character) if _MARK.match(one) is None)
        found = unicodedata.normalize("NFC", "".join(parts))
        self[code] = "" if _MARK.match(character) else found if len(found) == 1 else character
        return self[code]


_LOWER, _UNMARKED = _Lower(), _Unmarked()


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return _stemmer()().stemWord(word)


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    """A stemmer serves one thread at a time. The package takes 0.1 s to import, which few servers need."""
    from snowballstemmer.english_stemmer import EnglishStemmer  # pyright: ignore[reportMissingTypeStubs]

    return EnglishStemmer
