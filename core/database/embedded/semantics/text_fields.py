"""What of a document a text index reads, and in which language.

https://www.mongodb.com/docs/manual/core/indexes/index-types/index-text/specify-language-text-index/
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .errors import CommandError
from .words import NONE, language, terms

_EVERYTHING = "$**"
Text = tuple[str, str]
"""A string and its language."""


@dataclass(frozen=True, kw_only=True)
class TextIndex:
    """The fields of a text index (``"$**"`` is every string), and its language.

    ``override`` names the field by which a document, or one inside it, tells its own language.
    """

    fields: tuple[str, ...]
    language: str = NONE
    override: str = "language"

    @cached_property
    def everything(self) -> bool:
        return _EVERYTHING in self.fields

    @cached_property
    def sorted_fields(self) -> list[str]:
        return sorted(field for field in self.fields if field != _EVERYTHING)

    def texts(self, document: dict[str, Any]) -> Iterator[Text]:
        """The strings of the document that are indexed.

        Raises CommandError for a document in a language that MongoDB or this server refuses.
        """
        return self._in_document(document, "", self.language)

    def terms(self, document: dict[str, Any]) -> set[str]:
        """The words to keep for the document."""
        return {term for text, of in self.texts(document) for term in terms(text, of)}

    def _in_document(self, document: dict[str, Any], path: str, language: str) -> Iterator[Text]:
        language = self._language_of(document, language)
        for name, value in document.items():
            if not (self.everything and name == self.override):
                yield from self._in_value(value, f"{path}.{name}" if path else name, language)

    def _in_value(self, value: Any, path: str, language: str, *, of_array: bool = False) -> Iterator[Text]:
        kind = type(value)
        if kind is str:
            if self.everything or path in self.fields:
                yield value.partition("\0")[0], language  # MongoDB reads no further
        elif kind is dict:
            if self.everything or self._leads_on(f"{path}."):
                yield from self._in_document(value, path, language)
        elif kind is list and (self.everything or (not of_array and self._leads_on(path))):
            for item in value:
                yield from self._in_value(item, path, language, of_array=True)

    def _leads_on(self, path: str) -> bool:
        """Whether the first field not before ``path`` is it or below it: MongoDB looks at no other."""
        place = bisect_left(self.sorted_fields, path)
        if place == len(self.sorted_fields):
            return False
        found = self.sorted_fields[place]
        return found == path or found.startswith(path if path.endswith(".") else f"{path}.")

    def _language_of(self, document: dict[str, Any], otherwise: str) -> str:
        if self.override not in document:
            return otherwise
        name = document[self.override]
        if type(name) is not str:
            raise CommandError("Location17261", "found language override field in document with non-string type")
        return language(name, "Location17262")
