"""Dates between BSON's milliseconds and the calendar of a time zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS

from .errors import CommandError
from .values import milliseconds, type_name

_EPOCH: Final = datetime(1970, 1, 1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")

DAY: Final = 86_400_000
FIXED_UNITS: Final = {
    "week": 7 * DAY,
    "day": DAY,
    "hour": 3_600_000,
    "minute": 60_000,
    "second": 1000,
    "millisecond": 1,
}
"""Milliseconds of the units of one length."""
MONTHS: Final = {"year": 12, "quarter": 3, "month": 1}
"""Months of the others."""
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def date_of(value: int) -> datetime | DatetimeMS:
    """The BSON date of so many milliseconds since 1970, UTC."""
    if not -(2**63) <= value < 2**63:
        raise CommandError("Overflow", "date overflow")
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return DatetimeMS(value)


def date_milliseconds(value: Any) -> int:
    """Milliseconds of what operators take for a date: a date, a timestamp or an ObjectId."""
    if isinstance(value, datetime | DatetimeMS):
        return milliseconds(value)
    if type(value) is Timestamp:
        return value.time * 1000
    if type(value) is ObjectId:
        return int(value.generation_time.timestamp()) * 1000
    raise CommandError("Location16006", f"can't convert from BSON type {type_name(value)} to Date")


def zone_of(name: Any) -> tzinfo:
    """A zone by its Olson name or its offset from UTC; raises CommandError for anything else."""
    if type(name) is not str:
        raise CommandError("Location40533", f"timezone must evaluate to a string, found {type_name(name)}")
    return _zone(name)


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    if name in ("UTC", "GMT", "Z"):
        return UTC
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        length = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-length if offset[1] == "-" else length)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise CommandError("Location40485", f"unrecognized time zone identifier: {name!r}") from None


def local_time(value: Any, zone: tzinfo) -> datetime:
    """The aware local time of a date operand."""
    found = date_of(date_milliseconds(value))
    if isinstance(found, DatetimeMS):
        raise CommandError(
            "Overflow", "the date is beyond the years 1 to 9999, which the embedded database can compute with"
        )
    try:
        return found.replace(tzinfo=UTC).astimezone(zone)
    except OverflowError:
        raise CommandError("Overflow", "the date is beyond the years 1 to 9999") from None


def from_local(value: datetime, zone: tzinfo) -> int:
    """Milliseconds of a naive local time."""
    try:
        return (value.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) - _EPOCH) // _MILLISECOND
    except OverflowError:
        raise CommandError("Overflow", "the date is beyond the years 1 to 9999") from None


def add_months(value: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise CommandError("Overflow", "the date is beyond the years 1 to 9999")
    return value.replace(year=year, month=month + 1, day=min(value.day, _days_in(year, month + 1)))


def _days_in(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (datetime(year, month + 1, 1) - datetime(year, month, 1)).days


def weekday_of(name: Any) -> int:
    """0 for Monday, from a day's name or its first three letters."""
    if type(name) is str:
        for place, day in enumerate(_WEEKDAYS):
            if name.lower() in (day, day[:3]):
                return place
    raise CommandError("Location5439015", f"unknown day of week value: {name!r}")


# Formats: https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateToString/#format-specifiers

_SPECIFIERS: dict[str, Callable[[datetime], str]] = {
    "d": lambda d: f"{d.day:02}",
    "m": lambda d: f"{d.month:02}",
    "Y": lambda d: f"{d.year:04}",
    "H": lambda d: f"{d.hour:02}",
    "M": lambda d: f"{d.minute:02}",
    "S": lambda d: f"{d.second:02}",
    "L": lambda d: f"{d.microsecond // 1000:03}",
    "j": lambda d: f"{d.timetuple().tm_yday:03}",
    "w": lambda d: str(d.isoweekday() % 7 + 1),
    "u": lambda d: str(d.isoweekday()),
    "U": lambda d: f"{week_of_year(d):02}",
    "V": lambda d: f"{d.isocalendar().week:02}",
    "G": lambda d: f"{d.isocalendar().year:04}",
    "z": lambda d: offset_text(d),
    "Z": lambda d: str(int((d.utcoffset() or timedelta()) / timedelta(minutes=1))),
    "b": lambda d: _MONTH_NAMES[d.month - 1][:3],
    "B": lambda d: _MONTH_NAMES[d.month - 1],
    "%": lambda d: "%",
}
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def week_of_year(value: datetime) -> int:
    """0 to 53; weeks begin on Sundays, and the days before the first Sunday are week 0."""
    return (value.timetuple().tm_yday + 6 - value.isoweekday() % 7) // 7


def offset_text(value: datetime) -> str:
    """``+0530``."""
    minutes = int((value.utcoffset() or timedelta()) / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def format_date(value: datetime, pattern: str) -> str:
    """An aware local time in MongoDB's format language."""
    out: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character != "%":
            out.append(character)
            continue
        specifier = next(characters, None)
        if specifier is None:
            raise CommandError("Location18535", "Unmatched '%' at end of format string")
        if specifier not in _SPECIFIERS:
            raise CommandError("Location18536", f"Invalid format character '%{specifier}' in format string")
        out.append(_SPECIFIERS[specifier](value))
    return "".join(out)
