"""Dates from text: ISO 8601, and MongoDB's format language.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateFromString/
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from .dates import from_local, zone_of
from .errors import CommandError

_ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d{1,2})(?:-(?P<d>\d{1,2}))?"
    r"(?:[T ](?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<L>\d{1,9}))?)?)?"
    r"\s*(?P<z>Z|[+-]\d{2}:?\d{2}|[+-]\d{2}|UTC|GMT)?"
)
_SPECIFIERS = {
    "Y": r"(?P<Y>\d{4})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})", "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})", "L": r"(?P<L>\d{1,3})", "j": r"(?P<j>\d{1,3})",
    "G": r"(?P<G>\d{4})", "V": r"(?P<V>\d{1,2})", "u": r"(?P<u>[1-7])",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})", "b": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<B>[A-Za-z]+)", "%": "%",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_date(text: str, pattern: str | None = None, zone: tzinfo | None = None) -> int:
    """Milliseconds since 1970, UTC; ``zone`` applies to a text without one. Raises CommandError ConversionFailure."""
    found = (_ISO if pattern is None else _compiled(pattern)).fullmatch(text.strip())
    if found is None:
        raise _failure(f"Error parsing date string '{text}'")
    fields = {name: value for name, value in found.groupdict().items() if value is not None}
    stated = fields.pop("z", None)
    if stated is not None and zone is not None:
        raise _failure(
            f"you cannot pass in a date/time string with GMT offset together with a timezone argument: '{text}'"
        )
    try:
        return from_local(_local(fields), zone_of(stated) if stated else zone or UTC)
    except ValueError:
        raise _failure(f"Error parsing date string '{text}': no such date") from None


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    out: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            specifier = next(characters, "")
            if specifier not in _SPECIFIERS:
                raise CommandError("Location18536", f"Invalid format character '%{specifier}' in format string")
            out.append(_SPECIFIERS[specifier])
        else:
            out.append(re.escape(character))
    try:
        return re.compile("".join(out))
    except re.error:
        raise _failure(f"the format {pattern!r} names a part twice") from None


def _local(fields: dict[str, Any]) -> datetime:
    return _day(fields).replace(
        hour=int(fields.get("H", 0)),
        minute=int(fields.get("M", 0)),
        second=int(fields.get("S", 0)),
        microsecond=int(fields.get("L", "0")[:3].ljust(3, "0")) * 1000,
    )


def _day(fields: dict[str, Any]) -> datetime:
    if "G" in fields:
        return datetime.fromisocalendar(int(fields["G"]), int(fields.get("V", 1)), int(fields.get("u", 1)))
    if "Y" not in fields:
        raise _failure("an incomplete date/time string has been found")
    if "j" in fields:
        return datetime(int(fields["Y"]), 1, 1) + timedelta(days=int(fields["j"]) - 1)
    return datetime(int(fields["Y"]), _month(fields), int(fields.get("d", 1)))


def _month(fields: dict[str, Any]) -> int:
    name = fields.get("b") or fields.get("B")
    if name is None:
        return int(fields.get("m", 1))
    if name.lower()[:3] not in _MONTHS:
        raise _failure(f"unknown month {name!r}")
    return _MONTHS.index(name.lower()[:3]) + 1


def _failure(message: str) -> CommandError:
    return CommandError("ConversionFailure", message)
