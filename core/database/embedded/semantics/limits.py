"""How large a value an expression may make, so that one command cannot take all memory.

MongoDB allows ``$range`` 100 MB at 16 bytes an element; the other operators that can grow without end get the same.
https://www.mongodb.com/docs/manual/reference/limits/#operations
"""

from collections.abc import Iterable, Iterator
from typing import Any

from .errors import CommandError
from .values import encode

_MOST_BYTES = 100 * 1024 * 1024
_BYTES_AN_ELEMENT = 16
LONGEST_TEXT = 16 * 1024 * 1024
"""No value is a text of so many bytes or more."""


def check_elements(operator: str, count: int) -> None:
    """Raise CommandError ExceededMemoryLimit for an array of so many elements."""
    _check(operator, count * _BYTES_AN_ELEMENT)


def check_characters(operator: str, count: int) -> None:
    """Raise CommandError for a text of so many characters that it need not be made: it is too long to be a value."""
    if count >= LONGEST_TEXT:
        raise CommandError("Location16493", f"{operator} tried to create a string longer than 16MB")


def check_text(text: str) -> str:
    """Raise CommandError for a text too long to be a value."""
    if len(text) * 4 >= LONGEST_TEXT and len(text.encode()) >= LONGEST_TEXT:
        raise CommandError("Location16493", "Tried to create string longer than 16MB")
    return text


class Size:
    """Of all the documents that ``counted`` hands on; it raises CommandError with ``code`` where they are too large."""

    def __init__(self, operator: str, code: str) -> None:
        self._operator, self._code, self._size = operator, code, 0

    def counted(self, documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for document in documents:
            self._size += len(encode(document))
            _check(self._operator, self._size, self._code)
            yield document


def _check(operator: str, size: int, code: str = "ExceededMemoryLimit") -> None:
    if size > _MOST_BYTES:
        message = f"{operator} would use too much memory ({size} bytes). Memory limit: {_MOST_BYTES} bytes"
        raise CommandError(code, message)
