"""Dates: BSON's milliseconds, and the calendar of a time zone in any year."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS

from .errors import CommandError
from .time_zones import CYCLE, Zone, offset_at, to_utc
from .values import milliseconds, type_name

_EPOCH: Final = datetime(1970, 1, 1)
_START: Final = datetime(2000, 1, 1)
_MILLISECOND: Final = timedelta(milliseconds=1)

DAY: Final = 86_400_000
_START_MILLISECONDS: Final = (_START - _EPOCH) // _MILLISECOND


def date_of(value: int) -> datetime | DatetimeMS:
    """The BSON date of so many milliseconds since 1970, UTC."""
    if not -(2**63) <= value < 2**63:
        raise CommandError("Overflow", "date overflow")
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return DatetimeMS(value)


def is_date(value: Any) -> bool:
    """What operators take for a date: a date, a timestamp or an ObjectId."""
    return isinstance(value, datetime | DatetimeMS | Timestamp | ObjectId)


def date_milliseconds(value: Any) -> int:
    """Milliseconds since 1970, UTC, of what ``is_date``."""
    if isinstance(value, datetime | DatetimeMS):
        return milliseconds(value)
    if type(value) is Timestamp:
        return value.time * 1000
    if type(value) is ObjectId:
        return int.from_bytes(value.binary[:4], "big", signed=True) * 1000
    raise CommandError("Location16006", f"can't convert from BSON type {type_name(value)} to Date")


@dataclass(frozen=True, slots=True)
class LocalTime:
    """What clock and calendar show. ``moment`` is the same time so many ``cycles`` of 400 years away, in a year from
    2000 to 2399; ``offset`` the milliseconds east of UTC."""

    moment: datetime
    cycles: int
    offset: int

    @property
    def year(self) -> int:
        return self.moment.year + 400 * self.cycles

    @property
    def iso_year(self) -> int:
        return self.moment.isocalendar().year + 400 * self.cycles

    @property
    def months(self) -> int:
        """Months since the year 0."""
        return self.year * 12 + self.moment.month - 1

    @property
    def milliseconds(self) -> int:
        """Milliseconds since 1970 in local time."""
        return (self.moment - _EPOCH) // _MILLISECOND + self.cycles * CYCLE

    @property
    def week(self) -> int:
        """0 to 53; weeks begin on Sundays, and the days before the first Sunday are week 0."""
        return (self.moment.timetuple().tm_yday + 6 - self.moment.isoweekday() % 7) // 7


def local_time(value: int, zone: Zone) -> LocalTime:
    """The local time of milliseconds since 1970, UTC."""
    offset = offset_at(zone, value)
    cycles, rest = divmod(value + offset - _START_MILLISECONDS, CYCLE)
    return LocalTime(_START + timedelta(milliseconds=rest), cycles, offset)


def day_start(year: int, month: int = 1, day: int = 1) -> int:
    """Milliseconds since 1970, in local time, at which a day begins. Months and days past the end carry over."""
    years, month = divmod(month - 1, 12)
    cycles, rest = divmod(year + years - 2000, 400)
    start = (datetime(2000 + rest, month + 1, 1) - _EPOCH) // _MILLISECOND
    return start + cycles * CYCLE + (day - 1) * DAY


def iso_day_start(year: int, week: int = 1, weekday: int = 1) -> int:
    """As ``day_start``, by ISO 8601's weeks: the first is the one with January 4, and begins on Monday."""
    fourth = day_start(year, 1, 4)
    return fourth + ((week - 1) * 7 + weekday - 1 - (fourth // DAY + 3) % 7) * DAY


def days_in(year: int, month: int) -> int:
    return (day_start(year, month + 1) - day_start(year, month)) // DAY


# Arithmetic with units: https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateAdd/

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
_DAYS: Final = 2**64 // DAY + 1
_YEARS: Final = _DAYS // 365 + 1
# As far as MongoDB counts a unit.
_FARTHEST: Final = {
    **{unit: _DAYS * DAY // length for unit, length in FIXED_UNITS.items()},
    **{unit: _YEARS * 12 // months for unit, months in MONTHS.items()},
}


def shift(value: int, unit: str, amount: int, zone: Zone) -> int:
    """Milliseconds so many units later. Days and longer keep the local time of day, months the day unless it is past
    their end."""
    if unit == "millisecond":
        return _checked(value + amount, "DurationOverflow")
    if not -_FARTHEST[unit] < amount < _FARTHEST[unit]:
        raise CommandError("Location5976500", f"invalid dateAdd 'amount' parameter value: {amount} {unit}")
    if unit in FIXED_UNITS and FIXED_UNITS[unit] < DAY:
        return _checked(value + amount * FIXED_UNITS[unit])
    local = local_time(value, zone)
    if unit in FIXED_UNITS:
        later = local.milliseconds + amount * FIXED_UNITS[unit]
    else:
        later = _months_later(local, amount * MONTHS[unit])
    return _checked(to_utc(later, zone, like=value))


def _months_later(local: LocalTime, months: int) -> int:
    year, month = divmod(local.months + months, 12)
    day = min(local.moment.day, days_in(year, month + 1))
    return day_start(year, month + 1, day) + local.milliseconds % DAY


def _checked(value: int, error: str = "Location5166406") -> int:
    if not -(2**63) <= value < 2**63:
        raise CommandError(error, "dateAdd overflowed")
    return value
