"""Dates from text: in MongoDB's format language, or without a format as ``date_words`` reads them.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateFromString/
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .date_formats import check_format, tokens
from .date_reading import Reading, failed, month_of
from .date_words import read_words
from .dates import day_start, iso_day_start
from .time_zones import UTC_ZONE, Zone

_LETTERS: Final = re.compile(r"[A-Za-z]*")
_ZONE: Final = re.compile(
    r"[ \t(]*(?:(?:GMT(?=[+-]))?(?P<sign>[+-])(?P<digits>[\d:]*)|(?P<word>[A-Za-z0-9/_+-]*))\)*", re.ASCII
)
_MINUTES: Final = re.compile(r"([+-])(\d*)", re.ASCII)


def parse_date(text: str, pattern: str | None = None, zone: Zone = UTC_ZONE) -> int:
    """Milliseconds since 1970, UTC; ``zone`` applies to a text without one. Raises CommandError ConversionFailure."""
    reading = read_words(text) if pattern is None else _read(text, pattern)
    return reading.milliseconds(zone)


def check_pattern(pattern: str) -> None:
    """Raise CommandError for a format that no text can be read by."""
    check_format(pattern, _SPECIFIERS)


@dataclass
class _Cursor:
    """The text, and how far it has been read."""

    text: str
    place: int = 0

    def number(self, digits: int, *, skip: bool = False) -> tuple[int, int]:
        """The number here, of at most so many digits, and how many it has. With ``skip``, what is before it too."""
        start = self.place
        while skip and start < len(self.text) and not _is_digit(self.text[start]):
            start += 1
        end = start
        while end < min(len(self.text), start + digits) and _is_digit(self.text[end]):
            end += 1
        if end == start:
            raise failed(self.text)
        self.place = end
        return int(self.text[start:end]), end - start

    def take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """What matches here, if only nothing."""
        found = pattern.match(self.text, self.place)
        if found is None:
            raise failed(self.text)
        self.place = found.end()
        return found

    def skip(self, character: str) -> None:
        if self.text[self.place] != character:
            raise failed(self.text, f"it has no {character!r} where the format has")
        self.place += 1


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _read(text: str, pattern: str) -> Reading:
    reading, cursor, week = Reading(text), _Cursor(text), dict[str, int]()
    for character, specifier in tokens(pattern):
        if cursor.place >= len(text):
            raise failed(text, "it ends before the format does")
        if specifier and character != "%":
            _SPECIFIERS[character](cursor, reading, week)
        else:
            cursor.skip(character)
    if cursor.place < len(text):
        raise failed(text, "it goes on after the format")
    if week:
        _set_iso_date(reading, week)
    return reading


def _set_iso_date(reading: Reading, week: dict[str, int]) -> None:
    if "year" not in week or any(part is not None for part in (reading.year, reading.month, reading.day)):
        raise failed(reading.text, "mixing of ISO dates with natural dates is not allowed")
    reading.set_day(iso_day_start(**week))


_Reader = Callable[[_Cursor, Reading, dict[str, int]], None]


def _number(name: str, digits: int, *, exactly: bool = False) -> _Reader:
    def read(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
        value, length = cursor.number(digits)
        if exactly and length != digits:
            raise failed(cursor.text)
        setattr(reading, name, value)

    return read


def _iso(name: str, digits: int, most: int) -> _Reader:
    def read(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
        week[name], _ = cursor.number(digits, skip=True)
        if name != "year" and not 1 <= week[name] <= most:
            raise failed(cursor.text)

    return read


def _month_name(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
    reading.month = month_of(cursor.take(_LETTERS)[0])
    if reading.month is None:
        raise failed(cursor.text, "it has no month where the format has")


def _day_of_year(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
    """MongoDB reads it from 0, though it writes it from 1."""
    number, _ = cursor.number(3)
    if reading.year is None:
        raise failed(cursor.text, "a day of the year can only come after a year")
    if (reading.hour, reading.minute, reading.second) != (None, None, None):
        reading.doubtful = "a day of the year after a time"
    reading.set_day(day_start(reading.year, 1, number + 1))


def _thousandths(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
    number, length = cursor.number(3)
    reading.microsecond = number * 10 ** (6 - length)


def _zone(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
    found = cursor.take(_ZONE)
    if found["sign"]:
        reading.set_offset(found["sign"], found["digits"])
    else:
        reading.set_zone(found["word"])


def _zone_minutes(cursor: _Cursor, reading: Reading, week: dict[str, int]) -> None:
    found = cursor.take(_MINUTES)
    if not found[2]:
        reading.doubtful = "a time zone of no minutes"
    reading.offset = int(found[1] + (found[2] or "0")) * 60_000


_SPECIFIERS: Final[dict[str, _Reader]] = {
    "Y": _number("year", 4),
    "m": _number("month", 2),
    "d": _number("day", 2),
    "H": _number("hour", 2),
    "M": _number("minute", 2, exactly=True),
    "S": _number("second", 2, exactly=True),
    "L": _thousandths,
    "j": _day_of_year,
    "G": _iso("year", 4, 9999),
    "V": _iso("week", 2, 53),
    "u": _iso("weekday", 1, 7),
    "b": _month_name,
    "B": _month_name,
    "z": _zone,
    "Z": _zone_minutes,
}
