"""Feeds of postings as JSON: an array, an object that holds one, or JSON Lines with one posting a line."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard, cast

from pydantic import ValidationError

from core.examples.sources.posting import (
    Posting,
    SourceError,
    amount,
    currency,
    employment_type,
    key_of,
    moment,
    plain_text,
)

Row = Mapping[str, Any]


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and str(value).strip() else None


def _joined(value: Any) -> str | None:
    return "; ".join(str(part) for part in value) if isinstance(value, list) else _text(value)


def _strings(value: Any) -> list[str] | None:
    return [str(part) for part in value] if isinstance(value, list) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


# One row a field of Posting: the names feeds use for it, the first that is there wins, and how its value is read.
_FIELDS: tuple[tuple[str, tuple[str, ...], Callable[[Any], Any]], ...] = (
    ("external_id", ("external_id", "id", "job_id"), _text),
    ("title", ("title", "position", "job_title"), _text),
    ("company", ("company", "company_name", "employer"), _text),
    ("location", ("location", "locations", "city"), _joined),
    ("remote", ("remote",), _flag),
    ("description", ("description", "summary"), lambda value: plain_text(_text(value))),
    ("url", ("url", "link", "apply_url"), _text),
    ("employment_type", ("employment_type", "employmentType"), employment_type),
    ("required_skills", ("required_skills", "skills", "tags"), _strings),
    ("salary_min", ("salary_min",), amount),
    ("salary_max", ("salary_max",), amount),
    ("salary_currency", ("salary_currency",), currency),
    ("active", ("active",), _flag),
    ("posted_at", ("posted_at", "date_posted", "published"), moment),
    ("valid_through", ("valid_through",), moment),
)
_TAKEN = frozenset(name for _, names, _ in _FIELDS for name in names) | {"source"}


def postings_of(text: str, origin: str) -> Iterator[Posting | SourceError]:
    """The postings of a feed; an entry that is no posting comes as the error that says why.

    ``origin`` is the source's name for entries that do not say their own.

    Raises:
        SourceError: the text is neither JSON nor JSON Lines of objects.
    """
    for position, row in enumerate(_rows(text, origin), 1):
        try:
            yield posting_of(row, origin)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
            yield SourceError(f"entry {position} of {origin} is no posting: {reasons}")


def posting_of(row: Row, origin: str) -> Posting:
    """One entry. What no field of ``Posting`` takes is kept in ``source_fields``."""
    found: dict[str, Any] = {"source": _text(row.get("source")) or origin}
    for field, names, read in _FIELDS:
        value = read(next((row[name] for name in names if row.get(name) is not None), None))
        if value not in (None, ""):
            found[field] = value
    if "remote" not in found and "remote" in found.get("location", "").casefold():
        found["remote"] = True
    found.setdefault(
        "external_id", found.get("url") or key_of(found.get("title"), found.get("company"), found.get("location"))
    )
    extra = {name: value for name, value in row.items() if name not in _TAKEN and value is not None}
    return Posting(**found, source_fields=extra)


def _rows(text: str, origin: str) -> list[Row]:
    found: Any
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = _lines(text, origin)
    except RecursionError as error:
        raise SourceError(f"{origin} is nested too deeply") from error
    if isinstance(found, Mapping):
        # {"jobs": […]} and the like; a single posting is a feed of one.
        found = next((value for value in cast(Row, found).values() if _is_rows(value)), [found])
    if not _is_rows(found):
        raise SourceError(f"{origin} holds no list of objects")
    return found


def _is_rows(value: Any) -> TypeGuard[list[Row]]:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in cast(list[Any], value))


def _lines(text: str, origin: str) -> list[Any]:
    rows: list[Any] = []
    for position, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise SourceError(f"{origin} is neither JSON nor JSON Lines: line {position}: {error.msg}") from error
            except RecursionError as error:
                raise SourceError(f"{origin} is nested too deeply in line {position}") from error
    return rows
