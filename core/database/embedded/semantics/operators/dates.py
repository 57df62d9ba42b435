"""Dates: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#date-expression-operators"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from bson import Int64

from ..date_parsing import parse_date
from ..dates import (
    DAY,
    FIXED_UNITS,
    MONTHS,
    add_months,
    date_milliseconds,
    date_of,
    format_date,
    from_local,
    local_time,
    week_of_year,
    weekday_of,
    zone_of,
)
from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, Variables, arguments_of, is_nullish, named, rows
from ..numbers import INT, is_whole, to_int, whole
from ..values import MISSING, is_number, type_name

_DEFAULT_FORMAT = "%Y-%m-%dT%H:%M:%S.%LZ"
_LOCAL_FORMAT = "%Y-%m-%dT%H:%M:%S.%L"


def _part(name: str, take: Callable[[datetime], Any]) -> Row:
    """An operator that reads a part of a date, given bare or as {date, timezone}."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        if type(argument) is dict and not next(iter(argument), "").startswith("$"):
            fields = arguments_of(name, argument, ("date",), ("timezone",))
        else:
            fields = {"date": argument[0] if type(argument) is list and len(argument) == 1 else argument}
        date, zone = scope.compile(fields["date"]), scope.compile(fields.get("timezone", "UTC"))

        def evaluate(document: Any, variables: Variables) -> Any:
            value, where = date(document, variables), zone(document, variables)
            if is_nullish(value) or is_nullish(where):
                return None
            return take(local_time(value, zone_of(where)))

        return evaluate

    return row


def _to_parts(name: str, argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of(name, argument, ("date",), ("timezone", "iso8601"))
    parts = _ISO_PARTS if fields.get("iso8601") is True else _PARTS
    given = {field: fields[field] for field in ("date", "timezone") if field in fields}
    return _part(name, lambda local: {part: read(local) for part, read in parts.items()})(given, scope)


_TIME: dict[str, Callable[[datetime], Any]] = {
    "hour": lambda d: d.hour,
    "minute": lambda d: d.minute,
    "second": lambda d: d.second,
    "millisecond": lambda d: d.microsecond // 1000,
}
_PARTS: dict[str, Callable[[datetime], Any]] = {
    "year": lambda d: d.year, "month": lambda d: d.month, "day": lambda d: d.day, **_TIME,
}  # fmt: skip
_ISO_PARTS: dict[str, Callable[[datetime], Any]] = {
    "isoWeekYear": lambda d: d.isocalendar().year,
    "isoWeek": lambda d: d.isocalendar().week,
    "isoDayOfWeek": lambda d: d.isoweekday(),
    **_TIME,
}


def _to_string(date: Any, format: Any, timezone: Any, on_null: Any) -> Any:
    if is_nullish(date):
        return None if on_null is MISSING else on_null
    if format is None or timezone is None:
        return None
    zone = UTC if timezone is MISSING else zone_of(timezone)
    if format is MISSING:
        format = _DEFAULT_FORMAT if timezone is MISSING or zone is UTC else _LOCAL_FORMAT
    if type(format) is not str:
        raise CommandError(
            "Location18533", f"$dateToString requires that 'format' be a string, found: {type_name(format)}"
        )
    return format_date(local_time(date, zone), format)


def _from_string(argument: Any, scope: Scope) -> Evaluate:
    optional = ("format", "timezone", "onError", "onNull")
    fields = arguments_of("$dateFromString", argument, ("dateString",), optional)
    text, on_null = scope.compile(fields["dateString"]), scope.compile(fields.get("onNull"))
    given = [scope.compile(fields[name]) if name in fields else None for name in ("format", "timezone")]
    on_error = scope.compile(fields["onError"]) if "onError" in fields else None

    def evaluate(document: Any, variables: Variables) -> Any:
        value = text(document, variables)
        if is_nullish(value):
            return on_null(document, variables)
        options = [item(document, variables) if item is not None else MISSING for item in given]
        if any(item is None for item in options):
            return None
        try:
            return _parsed(value, *options)
        except CommandError as error:
            if on_error is None or error.code_name != "ConversionFailure":
                raise
            return on_error(document, variables)

    return evaluate


def _parsed(value: Any, pattern: Any, zone: Any) -> Any:
    if type(value) is not str:
        message = f"$dateFromString requires that 'dateString' be a string, found: {type_name(value)}"
        raise CommandError("ConversionFailure", message)
    return date_of(parse_date(value, pattern or None, zone_of(zone) if zone is not MISSING else None))


def _from_parts(**parts: Any) -> Any:
    zone = zone_of(parts.pop("timezone")) if parts.get("timezone") is not MISSING else UTC
    parts = {name: value for name, value in parts.items() if value is not MISSING}
    if any(value is None for value in parts.values()):
        return None
    numbers = {name: _part_number(name, value) for name, value in parts.items()}
    if "iso_week_year" in numbers:
        first = datetime.fromisocalendar(numbers["iso_week_year"], 1, 1)
        start = first + timedelta(weeks=numbers.get("iso_week", 1) - 1, days=numbers.get("iso_day_of_week", 1) - 1)
    elif "year" in numbers:
        start = add_months(datetime(numbers["year"], 1, 1), numbers.get("month", 1) - 1)
        start += timedelta(days=numbers.get("day", 1) - 1)
    else:
        raise CommandError("Location40516", "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")
    # Numbers beyond their range carry over, in local time.
    start += timedelta(**{f"{name}s": numbers.get(name, 0) for name in _TIME})
    return date_of(from_local(start, zone))


def _part_number(name: str, value: Any) -> int:
    if not is_number(value) or not is_whole(value):
        raise CommandError("Location40515", f"'{name}' must evaluate to an integer, found {type_name(value)}")
    number = to_int(value)
    least, most = (1, 9999) if "year" in name else (-32768, 32767)
    if not least <= number <= most:
        raise CommandError(
            "Location40523", f"'{name}' must evaluate to a value from {least} to {most}; value {number} is not"
        )
    return number


# Arithmetic


def _unit(name: str, value: Any) -> str:
    if type(value) is not str or (value not in FIXED_UNITS and value not in MONTHS):
        raise CommandError("FailedToParse", f"{name}: unknown time unit value: {value!r}")
    return value


def _shift(name: str, sign: int) -> Callable[..., Any]:
    """``$dateAdd`` and ``$dateSubtract``: days and longer keep the local time of day."""

    def compute(start_date: Any, unit: Any, amount: Any, timezone: Any) -> Any:
        if any(map(is_nullish, (start_date, unit, amount))) or timezone is None:
            return None
        zone = UTC if timezone is MISSING else zone_of(timezone)
        if not is_number(amount) or not is_whole(amount):
            raise CommandError("Location5166405", f"{name} expects integer amount of time units")
        return date_of(_shifted(start_date, _unit(name, unit), sign * to_int(amount), zone))

    return compute


def _shifted(value: Any, unit: str, amount: int, zone: tzinfo) -> int:
    start = date_milliseconds(value)
    if unit in FIXED_UNITS and FIXED_UNITS[unit] < DAY:
        return start + amount * FIXED_UNITS[unit]
    local = local_time(value, zone).replace(tzinfo=None)
    if unit in MONTHS:
        return from_local(add_months(local, amount * MONTHS[unit]), zone)
    try:
        return from_local(local + timedelta(milliseconds=amount * FIXED_UNITS[unit]), zone)
    except OverflowError:
        raise CommandError("Overflow", "the date is beyond the years 1 to 9999") from None


def _difference(start_date: Any, end_date: Any, unit: Any, timezone: Any, start_of_week: Any) -> Any:
    if any(map(is_nullish, (start_date, end_date, unit))) or timezone is None or start_of_week is None:
        return None
    zone = UTC if timezone is MISSING else zone_of(timezone)
    _unit("$dateDiff", unit)
    week = weekday_of("sunday" if start_of_week is MISSING else start_of_week)
    places = [_boundary(local_time(date, zone), date_milliseconds(date), unit, week) for date in (start_date, end_date)]
    return Int64(places[1] - places[0])


def _boundary(local: datetime, value: int, unit: str, start_of_week: int) -> int:
    """The number of the unit's period that holds the time: a difference counts the boundaries crossed."""
    if unit in MONTHS:
        return (local.year * 12 + local.month - 1) // MONTHS[unit]
    if unit == "day":
        return local.toordinal()
    if unit == "week":
        return (local.toordinal() - 1 - start_of_week) // 7  # day 1 was a Monday
    offset = int((local.utcoffset() or timedelta()) / timedelta(milliseconds=1)) if unit == "hour" else 0
    return (value + offset) // FIXED_UNITS[unit]


def _truncated(date: Any, unit: Any, bin_size: Any, timezone: Any, start_of_week: Any) -> Any:
    if any(map(is_nullish, (date, unit))) or any(item is None for item in (bin_size, timezone, start_of_week)):
        return None
    zone = UTC if timezone is MISSING else zone_of(timezone)
    _unit("$dateTrunc", unit)
    size = 1 if bin_size is MISSING else _bin_size(bin_size)
    week = weekday_of("sunday" if start_of_week is MISSING else start_of_week)
    if unit in FIXED_UNITS and FIXED_UNITS[unit] < DAY:
        width = size * FIXED_UNITS[unit]
        reference = from_local(_REFERENCE, zone)
        return date_of(reference + (date_milliseconds(date) - reference) // width * width)
    return date_of(from_local(_bin_start(local_time(date, zone), unit, size, week), zone))


_REFERENCE = datetime(2000, 1, 1)
"""Bins are counted from here: https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateTrunc/"""


def _bin_start(local: datetime, unit: str, size: int, start_of_week: int) -> datetime:
    if unit in MONTHS:
        width = size * MONTHS[unit]
        months = (local.year - 2000) * 12 + local.month - 1
        return add_months(_REFERENCE, months // width * width)
    reference, width = _REFERENCE, size
    if unit == "week":
        reference += timedelta(days=(start_of_week - reference.weekday()) % 7)
        width = size * 7
    days = local.toordinal() - reference.toordinal()
    return reference + timedelta(days=days // width * width)


def _bin_size(value: Any) -> int:
    if not is_number(value) or not is_whole(value) or to_int(value) <= 0:
        raise CommandError(
            "Location5439017", f"$dateTrunc requires 'binSize' to be a 64-bit integer above 0, found {value!r}"
        )
    return to_int(value)


def _parts_row(argument: Any, scope: Scope) -> Evaluate:
    return _to_parts("$dateToParts", argument, scope)


_READERS: dict[str, Callable[[datetime], Any]] = {
    "$year": lambda d: d.year,
    "$month": lambda d: d.month,
    "$dayOfMonth": lambda d: d.day,
    "$hour": lambda d: d.hour,
    "$minute": lambda d: d.minute,
    "$second": lambda d: d.second,
    "$millisecond": lambda d: d.microsecond // 1000,
    "$dayOfYear": lambda d: d.timetuple().tm_yday,
    "$dayOfWeek": lambda d: d.isoweekday() % 7 + 1,
    "$week": week_of_year,
    "$isoDayOfWeek": lambda d: d.isoweekday(),
    "$isoWeek": lambda d: d.isocalendar().week,
    "$isoWeekYear": lambda d: whole(d.isocalendar().year, INT + 1),
}
ROWS: dict[str, Row] = {
    **{name: _part(name, take) for name, take in _READERS.items()},
    "$dateToParts": _parts_row,
    "$dateFromString": _from_string,
    **rows({
        "$dateToString": named(_to_string, ("date",), ("format", "timezone", "onNull")),
        "$dateFromParts": named(
            _from_parts,
            (),
            ("year", "month", "day", "isoWeekYear", "isoWeek", "isoDayOfWeek", *_TIME, "timezone"),
        ),
        "$dateAdd": named(_shift("$dateAdd", 1), ("startDate", "unit", "amount"), ("timezone",)),
        "$dateSubtract": named(_shift("$dateSubtract", -1), ("startDate", "unit", "amount"), ("timezone",)),
        "$dateDiff": named(_difference, ("startDate", "endDate", "unit"), ("timezone", "startOfWeek")),
        "$dateTrunc": named(_truncated, ("date", "unit"), ("binSize", "timezone", "startOfWeek")),
    }),
}  # fmt: skip
