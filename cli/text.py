"""What an option says: text, ``@FILE`` or ``-`` (standard input), and JSON in it."""

import json
import sys
from pathlib import Path
from typing import Any

from core.errors import FieldError, InputError


def read_text(text: str) -> str:
    """The text itself, or what ``@FILE`` or ``-`` holds.

    Raises:
        InputError: it cannot be read.
    """
    if text != "-" and not text.startswith("@"):
        return text
    try:
        return sys.stdin.read() if text == "-" else Path(text[1:]).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{text[1:]} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{text[1:] or 'standard input'} is no text in UTF-8") from error


def parse_json(option: str, text: str) -> Any:
    """The JSON that the option's text is.

    Raises:
        InputError: it is none, naming the option.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        finding = FieldError(path=(option,), code="json_invalid", message=f"takes JSON: {error}")
        raise InputError("an option cannot be read", field_errors=[finding]) from error


def read_object(option: str, text: str) -> dict[str, Any]:
    """The JSON object that the option gives, by itself, as ``@FILE`` or as ``-``.

    Raises:
        InputError: it is none, naming the option.
    """
    found = parse_json(option, read_text(text))
    if not isinstance(found, dict):
        finding = FieldError(path=(option,), code="dict_type", message="takes a JSON object")
        raise InputError("an option cannot be read", field_errors=[finding])
    return found
