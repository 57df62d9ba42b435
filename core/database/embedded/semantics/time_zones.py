"""Time zones: how far their clocks are from UTC, at any time a BSON date can hold.

A zone is a number of milliseconds east of UTC, or one of the Olson database.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from .errors import CommandError
from .values import type_name

Zone = int | ZoneInfo

UTC_ZONE: Final = 0
CYCLE: Final = 146_097 * 86_400_000
"""Milliseconds of 400 years, after which the Gregorian calendar repeats: dates and days of the week."""
_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# What Python can hold, and a day less, for the local time may be a day away.
_FIRST: Final = (datetime(1, 1, 3) - _EPOCH) // _MILLISECOND
_LAST: Final = (datetime(9999, 12, 29) - _EPOCH) // _MILLISECOND
_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?", re.ASCII)
# Files beside the zones that are no zones by name.
_NO_ZONE = re.compile(r"posix|right|localtime|[^/]*\.")


def zone_of(name: Any) -> Zone:
    """A zone by its Olson name or its offset from UTC; raises CommandError for anything else."""
    if type(name) is not str:
        raise CommandError("Location40517", f"timezone must evaluate to a string, found {type_name(name)}")
    return _zone(name)


@lru_cache(maxsize=256)
def _zone(name: str) -> Zone:
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return (-minutes if offset[1] == "-" else minutes) * 60_000
    if name == "UTC":
        return UTC_ZONE
    try:
        if not _NO_ZONE.match(name):
            return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        pass
    raise CommandError("Location40485", f"unrecognized time zone identifier: {name!r}")


def offset_at(zone: Zone, value: int) -> int:
    """Milliseconds to add to UTC for the zone's local time, at a time in UTC."""
    if isinstance(zone, int):
        return zone
    return _milliseconds(_moment(value).astimezone(zone).utcoffset())


def to_utc(local: int, zone: Zone, *, like: int = 0) -> int:
    """The time in UTC of a local time.

    A local time that the clocks skip counts from before the change. One that they show twice is the later one, or the
    first if the time ``like`` is in summer time, as MongoDB chooses.
    """
    if isinstance(zone, int):
        return local - zone
    moment = _EPOCH + timedelta(milliseconds=_within_reach(local))
    earlier, later = (_milliseconds(zone.utcoffset(moment.replace(fold=fold))) for fold in (0, 1))
    first = later > earlier or (later < earlier and _is_summer(zone, like))
    return local - (earlier if first else later)


def _is_summer(zone: ZoneInfo, value: int) -> bool:
    return bool(_moment(value).astimezone(zone).dst())


def _moment(value: int) -> datetime:
    return _EPOCH_UTC + timedelta(milliseconds=_within_reach(value))


def _within_reach(value: int) -> int:
    """A time that Python can hold at which clocks have the same offset.

    The rules of today repeat with the calendar, and the first change of a clock was long after the first year.
    """
    if value <= _LAST:
        return max(value, _FIRST)
    return value - -((_LAST - value) // CYCLE) * CYCLE


def _milliseconds(offset: timedelta | None) -> int:
    return (offset or timedelta()) // _MILLISECOND
