"""What a text has been found to say about a date, and the date that makes."""

import re
from dataclasses import dataclass
from typing import Final

from .dates import DAY, day_start, days_in, local_time
from .errors import CommandError, unsupported
from .time_zones import UTC_ZONE, Zone, to_utc

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_MONTH_NUMBERS: Final = {
    name: place + 1
    for place, month in enumerate(_MONTHS)
    for name in (month, month[:3], _ROMAN[place], *(("sept",) if place == 8 else ()))
}
MONTH_NAMES: Final = tuple(sorted((name for name in _MONTH_NUMBERS if name not in _ROMAN), key=len, reverse=True))
"""Names of months, none of which is the beginning of a later one."""
# Hours from UTC of the zones that RFC 822 names.
_ZONES: Final = {
    "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_LONGEST_ABBREVIATION: Final = 5
_OFFSETS: Final = tuple(
    re.compile(form, re.ASCII) for form in (r"(\d\d?)(?::(\d\d?))?", r"(\d\d?)(\d\d)", r"(\d\d):?(\d\d):?(\d\d)")
)


def failed(text: str, why: str = "it is no date") -> CommandError:
    return CommandError("ConversionFailure", f"Error parsing date string '{text}': {why}")


def month_of(name: str) -> int | None:
    """1 for January, by its name, the first three letters of it, or its Roman number."""
    return _MONTH_NUMBERS.get(name.lower())


@dataclass
class Reading:
    """The parts that a text states. ``weekday`` is 0 for Monday, ``offset`` in milliseconds east of UTC, ``doubtful``
    a word that this server cannot judge."""

    text: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    microsecond: int = 0
    offset: int | None = None
    weekday: int | None = None
    doubtful: str | None = None

    def set_day(self, start: int) -> None:
        """State the day that begins at so many milliseconds since 1970."""
        local = local_time(start, UTC_ZONE)
        self.year, self.month, self.day = local.year, local.moment.month, local.moment.day

    def set_offset(self, sign: str, digits: str) -> None:
        """State a zone by its distance from UTC, such as 1, 0330, 05:30 or 01:02:03 after the sign."""
        found = next(filter(None, (form.fullmatch(digits) for form in _OFFSETS)), None)
        if found is None:
            raise failed(self.text, "its time zone is none")
        hours, minutes, seconds = (int(part or 0) for part in (*found.groups(), 0, 0)[:3])
        self.offset = ((hours * 60 + minutes) * 60 + seconds) * (-1000 if sign == "-" else 1000)

    def set_zone(self, word: str) -> None:
        """State a zone by its abbreviation."""
        hours = _ZONES.get(word.lower())
        if hours is not None:
            self.offset = hours * 3_600_000
        elif word.isalpha() and len(word) <= _LONGEST_ABBREVIATION:
            self.offset, self.doubtful = 0, word
        else:
            raise failed(self.text, f"{word!r} is no abbreviation of a time zone")

    def milliseconds(self, zone: Zone) -> int:
        """Milliseconds since 1970, UTC, where the text states no other zone; raises CommandError if it is no date."""
        if self.year is None or self.month is None or self.day is None:
            raise failed(self.text, "an incomplete date/time string has been found")
        if self.doubtful is not None:
            raise unsupported(f"date text with {self.doubtful!r}", "expression")
        hour, minute, second = self.hour or 0, self.minute or 0, self.second or 0
        if not (1 <= self.month <= 12 and 1 <= self.day <= days_in(self.year, self.month)):
            raise failed(self.text, "there is no such day")
        if hour > 23 or minute > 59 or second > 59:
            raise failed(self.text, "there is no such time")
        if self.offset is not None and zone != UTC_ZONE:
            raise failed(self.text, "you cannot pass in a time zone together with a timezone argument")
        start = day_start(self.year, self.month, self.day)
        if self.weekday is not None:  # the next such day
            start += (self.weekday - (start // DAY + 3)) % 7 * DAY
        time = ((hour * 60 + minute) * 60 + second) * 1000
        found = to_utc(start + time, zone if self.offset is None else self.offset)
        microseconds = found * 1000 + self.microsecond
        return microseconds // 1000 if found >= 0 else -(-microseconds // 1000)  # cut towards 1970
