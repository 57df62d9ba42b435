"""``$text``: words, "phrases" and -negated ones, by the collection's text index.

https://www.mongodb.com/docs/manual/reference/operator/query/text/
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import regex

from .clauses import LOGICAL
from .errors import CommandError, bad, mismatch
from .text_fields import Text, TextIndex
from .values import type_name
from .words import fold, language, terms

_OPTIONS: dict[str, type] = {"$search": str, "$language": str, "$caseSensitive": bool, "$diacriticSensitive": bool}
_token = regex.compile(r"""(?P<space>[\n\v\f\r ]+)|(?P<mark>[-"])|(?P<text>[^\n\v\f\r \-"]+)""")


@dataclass(frozen=True, kw_only=True)
class TextQuery:
    """A parsed ``$text``: one of ``words`` (those of phrases too), all ``phrases``, nothing of what is negated.

    ``exact_words`` are the words with the case and the marks that are asked for.
    """

    index: TextIndex
    words: frozenset[str]
    exact_words: frozenset[str]
    negated_words: frozenset[str]
    phrases: tuple[str, ...]
    negated_phrases: tuple[str, ...]
    case: bool = False
    marks: bool = False

    def matches(self, document: dict[str, Any]) -> bool:
        texts = list(self.index.texts(document))
        if self.words.isdisjoint(term for text, of in texts for term in terms(text, of)):
            return False
        if self.case or self.marks or self.negated_words:
            found = set(self._exact_terms(texts))
            if self.exact_words.isdisjoint(found) or not self.negated_words.isdisjoint(found):
                return False
        if not self.phrases and not self.negated_phrases:
            return True
        folded = [fold(text, case=self.case, marks=self.marks) for text, _ in texts]
        return all(any(phrase in text for text in folded) for phrase in self.phrases) and not any(
            phrase in text for phrase in self.negated_phrases for text in folded
        )

    def _exact_terms(self, texts: list[Text]) -> Iterator[str]:
        for text, of in texts:
            yield from terms(text, of, case=self.case, marks=self.marks, common=True)

    def score(self, document: dict[str, Any]) -> float:
        """How well the document matches: repeated words count less each time, long texts count less.

        https://github.com/mongodb/mongo/blob/master/src/mongo/db/fts/fts_spec.cpp, with a weight of one a field.
        """
        scores = dict.fromkeys(sorted(self.words), 0.0)
        for text, of in self.index.texts(document):
            counts = Counter(terms(text, of))
            total = counts.total()
            for term in self.words & counts.keys():
                frequency = 2 - 0.5 ** (counts[term] - 1)
                alone = text.encode().lower() == term.encode()
                scores[term] += frequency * (0.5 * counts[term] / total + 0.5) * (1.1 if alone else 1.0)
        return sum(scores.values(), 0.0)


def compile_text(operand: Any, index: TextIndex) -> TextQuery:
    """Parse the operand of ``$text``; raises CommandError for a malformed one, or a language that is not offered."""
    check_text(operand)
    case, marks = operand.get("$caseSensitive", False), operand.get("$diacriticSensitive", False)
    of = language(operand.get("$language") or index.language)
    search = _parsed(operand["$search"])
    exactly = partial(terms, of=of, case=case, marks=marks)
    return TextQuery(
        index=index,
        words=frozenset(terms(search.wanted, of)),
        exact_words=frozenset(exactly(search.wanted)),
        negated_words=frozenset(exactly(search.unwanted)),
        phrases=tuple(fold(phrase, case=case, marks=marks) for phrase in search.phrases),
        negated_phrases=tuple(fold(phrase, case=case, marks=marks) for phrase in search.negated_phrases),
        case=case,
        marks=marks,
    )


def check_text(operand: Any) -> None:
    """Raise CommandError for a malformed operand of ``$text``."""
    if type(operand) is not dict:
        raise bad("$text expects an object")
    if "$search" not in operand:
        raise CommandError("NoSuchKey", 'Missing expected field "$search"')
    for name, kind in _OPTIONS.items():
        if name in operand and type(operand[name]) is not kind:
            wanted = "boolean" if kind is bool else "string"
            raise mismatch(f'"{name}" had the wrong type. Expected {wanted}, found {type_name(operand[name])}')
    if not operand.keys() <= _OPTIONS.keys():
        raise bad("extra fields in $text")


@dataclass(frozen=True, kw_only=True)
class _Search:
    """The parts of a search string: words to look for and words to keep out, phrases of both kinds."""

    wanted: str
    unwanted: str
    phrases: list[str]
    negated_phrases: list[str]


def _parsed(search: str) -> _Search:
    """A ``-`` after white space negates up to the next white space, phrases too; quotes make phrases."""
    words: dict[bool, list[str]] = {False: [], True: []}
    phrases: dict[bool, list[str]] = {False: [], True: []}
    negating, phrase_begin, after_space = False, None, True
    for token in _token.finditer(search):
        if token["space"]:
            after_space = True
            continue
        if token["mark"] == "-":
            negating = negating or (phrase_begin is None and after_space)
        elif token["mark"] and phrase_begin is not None:
            phrases[negating].append(search[phrase_begin : token.start()])
            phrase_begin = None
        elif token["mark"]:
            negating, phrase_begin = negating and not after_space, token.end()
        elif phrase_begin is None or not negating:
            negating = negating and not after_space
            words[negating].append(token["text"])
        after_space = False
    return _Search(
        wanted=_sentence(words[False]), unwanted=_sentence(words[True]), phrases=phrases[False],
        negated_phrases=phrases[True],
    )  # fmt: skip


def _sentence(words: list[str]) -> str:
    return " ".join(words).partition("\0")[0]  # MongoDB reads no further


def check_places(query: Mapping[str, Any]) -> None:
    """Raise CommandError for more than one ``$text`` in a filter, or one in a ``$nor``."""
    if sum(1 for _ in _texts(query)) > 1:
        raise bad("Too many text expressions")


def _texts(query: Any, *, negated: bool = False) -> Iterator[Any]:
    """The operands of ``$text`` in a filter."""
    if not isinstance(query, Mapping):
        return
    for name, operand in query.items():
        if name == "$text":
            if negated:
                raise bad("$text cannot appear within a $nor")
            yield operand
        elif name in LOGICAL and isinstance(operand, list):
            for part in operand:
                yield from _texts(part, negated=negated or name == "$nor")


def has_text(query: Any) -> bool:
    """Whether a filter has a ``$text`` somewhere."""
    return next(_texts(query), None) is not None


def text_score(query: Any, index: TextIndex | None) -> Callable[[dict[str, Any]], float] | None:
    """The score of documents under the filter's ``$text``; None for a filter without one."""
    operand = next(_texts(query), None) if index is not None else None
    return None if operand is None or index is None else compile_text(operand, index).score
