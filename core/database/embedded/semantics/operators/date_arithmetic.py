"""Dates moved, subtracted and cut by units of time.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateDiff/
"""

from collections.abc import Callable
from typing import Any, Final

from bson import Int64

from ..dates import (
    DAY,
    FIXED_UNITS,
    MONTHS,
    LocalTime,
    date_milliseconds,
    date_of,
    is_date,
    local_time,
    shift,
)
from ..errors import CommandError
from ..evaluation import Row
from ..numbers import fits_long, is_whole, to_int
from ..time_zones import Zone, offset_at
from ..values import is_number, type_name
from .date_arguments import Arguments, Signature, check_zone, operator

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY_PLACES: Final = {name: place for place, day in enumerate(_WEEKDAYS) for name in (day, day[:3])}
_SUNDAY: Final = 6


def _unit(name: str, value: Any) -> str:
    if type(value) is not str:
        raise CommandError("Location5439013", f"{name} requires 'unit' to be a string, but got {type_name(value)}")
    if value not in FIXED_UNITS and value not in MONTHS:
        raise CommandError(
            "FailedToParse", f"{name} parameter 'unit' value parsing failed: unknown time unit {value!r}"
        )
    return value


def _start_of_week(name: str, given: Arguments, unit: str) -> int:
    """0 for Monday; only weeks ask for it."""
    if unit != "week" or "startOfWeek" not in given:
        return _SUNDAY
    value = given.required("startOfWeek")
    if type(value) is not str:
        message = f"{name} requires 'startOfWeek' to be a string, but got {type_name(value)}"
        raise CommandError("Location5439015", message)
    place = _WEEKDAY_PLACES.get(value.lower())
    if place is None:
        message = f"{name} parameter 'startOfWeek' value cannot be recognized as a day of a week: {value}"
        raise CommandError("Location5439016", message)
    return place


def _date(name: str, field: str, value: Any) -> int:
    if not is_date(value):
        raise CommandError("Location5166307", f"{name} requires '{field}' to be a date, but got {type_name(value)}")
    return date_milliseconds(value)


def _long(value: Any, error: str, message: str) -> int:
    if not is_number(value) or not is_whole(value) or not fits_long(to_int(value)):
        raise CommandError(error, message)
    return to_int(value)


def _shift(name: str, sign: int) -> Callable[[Arguments], Any]:
    def compute(given: Arguments) -> Any:
        start, unit, amount = given.required("startDate"), _unit(name, given.required("unit")), given.required("amount")
        zone = given.zone()
        if not is_date(start):
            raise CommandError("Location5166403", f"{name} requires startDate to be convertible to a date")
        count = sign * _long(amount, "Location5166405", f"{name} expects integer amount of time units")
        if not fits_long(count):  # the least long has no opposite
            raise CommandError("Location6045000", f"invalid {name} 'amount' parameter value: {amount}")
        return date_of(shift(date_milliseconds(start), unit, count, zone))

    return compute


def _difference(given: Arguments) -> Any:
    name = "$dateDiff"
    start, end, unit = given.required("startDate"), given.required("endDate"), _unit(name, given.required("unit"))
    week, zone = _start_of_week(name, given, unit), given.zone()
    first, last = _date(name, "startDate", start), _date(name, "endDate", end)
    if unit == "millisecond":
        if not fits_long(last - first):
            raise CommandError("Location5166308", "dateDiff overflowed")
        return Int64(last - first)
    before, after = local_time(first, zone), local_time(last, zone)
    crossed = _period(after, unit, week) - _period(before, unit, week)
    if unit in ("hour", "minute", "second"):  # where the clocks were changed, the time that passed counts
        crossed += int((before.offset - after.offset) / FIXED_UNITS[unit])
    return Int64(crossed)


def _period(local: LocalTime, unit: str, start_of_week: int) -> int:
    """The number of the unit's period that holds the time: a difference counts the boundaries crossed."""
    if unit in MONTHS:
        return local.months // MONTHS[unit]
    if unit == "week":
        return _week(local, start_of_week)
    return local.milliseconds // FIXED_UNITS[unit]


def _week(local: LocalTime, start_of_week: int) -> int:
    return (local.milliseconds // DAY + 3 - start_of_week) // 7  # day 0 was a Thursday


def _truncated(given: Arguments) -> Any:
    name = "$dateTrunc"
    date, size = given.required("date"), _bin_size(given.required("binSize", 1))
    unit = _unit(name, given.required("unit"))
    week, zone = _start_of_week(name, given, unit), given.zone()
    value = _date(name, "date", date)
    cut = _cut_fixed if unit in FIXED_UNITS and FIXED_UNITS[unit] < DAY else _cut_local
    return date_of(cut(value, unit, size, zone, week))


_REFERENCE: Final = 946_684_800_000
"""2000-01-01: bins are counted from here, https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateTrunc/"""
_LARGEST_BIN: Final = 100_000_000_000


def _cut_fixed(value: int, unit: str, size: int, zone: Zone, week: int) -> int:
    width = size * FIXED_UNITS[unit]
    if not fits_long(width):
        raise CommandError("Location5439002", "dateTrunc overflowed")
    distance = value - (_REFERENCE - offset_at(zone, _REFERENCE))
    if not fits_long(distance):
        raise CommandError("Location5439000", "dateTrunc overflowed")
    cut = value - distance % width
    if not fits_long(cut):
        raise CommandError("Location5439001", "dateTrunc overflowed")
    return cut


def _cut_local(value: int, unit: str, size: int, zone: Zone, week: int) -> int:
    if size > _LARGEST_BIN:
        raise CommandError("Location5439006", "dateTrunc unsupported binSize value")
    reference = _REFERENCE - offset_at(zone, _REFERENCE)
    if unit == "week":
        reference += (week - 5) % 7 * DAY  # it was a Saturday
    distance = _period(local_time(value, zone), unit, week) - _period(local_time(reference, zone), unit, week)
    return shift(reference, unit, distance // size * size, zone)


def _bin_size(value: Any) -> int:
    size = _long(value, "Location5439017", f"$dateTrunc requires 'binSize' to be a 64-bit integer, but got {value!r}")
    if size <= 0:
        raise CommandError("Location5439018", f"$dateTrunc requires 'binSize' to be greater than 0, but got {size}")
    return size


_CHECKS: Final = {"timezone": check_zone, "unit": _unit}
_NULLS: Final = ("unit", "binSize", "timezone", "startOfWeek")
_ADDITION: Final = Signature(
    required=dict.fromkeys(("startDate", "unit", "amount"), "Location5166402"), optional=("timezone",),
    not_object="Location5166400", unknown="Location5166401", checks=_CHECKS,
)  # fmt: skip
ROWS: dict[str, Row] = {
    "$dateAdd": operator("$dateAdd", _ADDITION, _shift("$dateAdd", 1)),
    "$dateSubtract": operator("$dateSubtract", _ADDITION, _shift("$dateSubtract", -1)),
    "$dateDiff": operator(
        "$dateDiff",
        Signature(
            required={"startDate": "Location5166303", "endDate": "Location5166304", "unit": "Location5166305"},
            optional=("timezone", "startOfWeek"), not_object="Location5166301", unknown="Location5166302",
            checks=_CHECKS, nulls=_NULLS,
        ),
        _difference,
    ),
    "$dateTrunc": operator(
        "$dateTrunc",
        Signature(
            required={"date": "Location5439009", "unit": "Location5439010"},
            optional=("binSize", "timezone", "startOfWeek"), not_object="Location5439007", unknown="Location5439008",
            checks=_CHECKS, nulls=_NULLS,
        ),
        _truncated,
    ),
}  # fmt: skip
