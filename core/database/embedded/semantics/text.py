"""``$text``: words, "phrases" and -negated words, without regard to case and marks.

There are no stop words and no stemming: a word matches itself only (MongoDB's language "none").
https://www.mongodb.com/docs/manual/reference/operator/query/text/
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex

from .errors import bad, only_options, unsupported
from .values import MISSING

_word = regex.compile(r"[\p{L}\p{N}\p{M}_']+")
_term = regex.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')


@dataclass(frozen=True, kw_only=True)
class TextQuery:
    """A parsed ``$text``: any of ``words`` (a phrase's among them), all ``phrases``, none of the negated ones."""

    fields: tuple[str, ...]
    words: frozenset[str]
    phrases: tuple[str, ...]
    negated_words: frozenset[str]
    negated_phrases: tuple[str, ...]
    case_sensitive: bool = False
    mark_sensitive: bool = False

    def matches(self, document: dict[str, Any]) -> bool:
        texts = [self._fold(text) for text in field_texts(document, self.fields)]
        found = {word for text in texts for word in words(text)}
        if self.negated_words & found or any(phrase in text for phrase in self.negated_phrases for text in texts):
            return False
        if not all(any(phrase in text for text in texts) for phrase in self.phrases):
            return False
        return bool(self.words & found)

    def score(self, document: dict[str, Any]) -> float:
        """How well the document matches: repeated words count less each time, long texts count less.

        The formula is MongoDB's for a weight of one a field
        (https://github.com/mongodb/mongo/blob/master/src/mongo/db/fts/fts_spec.cpp), without stemming.
        """
        return sum(self._field_score(self._fold(text)) for text in field_texts(document, self.fields))

    def _field_score(self, text: str) -> float:
        counts = Counter(words(text))
        total = sum(counts.values())
        score = 0.0
        for word in self.words:
            count = counts[word]
            if count:
                frequency = sum(1 / 2**repeat for repeat in range(min(count, 60)))
                score += frequency * (0.5 * count / total + 0.5) * (1.1 if total == 1 else 1.0)
        return score

    def _fold(self, text: str) -> str:
        return fold(text, case_sensitive=self.case_sensitive, mark_sensitive=self.mark_sensitive)


def compile_text(operand: Any, fields: Iterable[str]) -> TextQuery:
    """Parse the operand of ``$text`` for an index on ``fields`` (``"$**"`` is every string)."""
    if type(operand) is not dict or type(operand.get("$search")) is not str:
        raise bad("$text needs {$search: <string>}")
    only_options("$text", operand, ("$search", "$language", "$caseSensitive", "$diacriticSensitive"))
    if operand.get("$language", "none") not in ("none", "english", "en"):
        raise unsupported(f"$text language {operand['$language']!r}")
    case = operand.get("$caseSensitive", False) is True
    marks = operand.get("$diacriticSensitive", False) is True
    plain: set[str] = set()
    phrases: list[str] = []
    negated: set[str] = set()
    negated_phrases: list[str] = []
    for term in _term.finditer(operand["$search"]):
        text = fold(term["phrase"] or term["word"] or "", case_sensitive=case, mark_sensitive=marks)
        if term["phrase"] is not None:
            (negated_phrases if term["minus"] else phrases).append(text)
        if term["minus"] is None:
            plain.update(words(text))
        elif term["phrase"] is None:
            negated.update(words(text))
    return TextQuery(
        fields=tuple(fields), words=frozenset(plain), phrases=tuple(phrases), negated_words=frozenset(negated),
        negated_phrases=tuple(negated_phrases), case_sensitive=case, mark_sensitive=marks,
    )  # fmt: skip


def text_score(query: Any, text: Iterable[str] | None) -> Callable[[dict[str, Any]], float] | None:
    """The score of documents under the filter's ``$text``; None for a filter without one, or a malformed one."""
    if not isinstance(query, Mapping):
        return None
    for name, operand in query.items():
        if name == "$text" and text is not None:
            return compile_text(operand, text).score
        if name == "$and" and isinstance(operand, list):
            return next((score for part in operand if (score := text_score(part, text)) is not None), None)
    return None


def fold(text: str, *, case_sensitive: bool = False, mark_sensitive: bool = False) -> str:
    """The text without case and marks."""
    if not case_sensitive:
        text = text.casefold()
    if not mark_sensitive:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """The words of a folded text; letters, digits, marks, underscores and inner apostrophes make a word."""
    return [found for word in _word.findall(text) if (found := word.strip("'"))]


def index_words(document: dict[str, Any], fields: Iterable[str]) -> set[str]:
    """The folded words a text index holds for the document."""
    return {word for text in field_texts(document, tuple(fields)) for word in words(fold(text))}


def field_texts(document: dict[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    """The strings in the fields, those in arrays too."""
    if "$**" in fields:
        yield from _strings(document)
        return
    for field in fields:
        yield from _strings_at(document, field.split("."))


def _strings_at(value: Any, parts: list[str]) -> Iterator[str]:
    if type(value) is list:
        for item in value:
            yield from _strings_at(item, parts)
    elif not parts:
        if type(value) is str:
            yield value
    elif type(value) is dict:
        yield from _strings_at(value.get(parts[0], MISSING), parts[1:])


def _strings(value: Any) -> Iterator[str]:
    if type(value) is str:
        yield value
    elif type(value) in (dict, list):
        for item in value.values() if type(value) is dict else value:
            yield from _strings(item)
