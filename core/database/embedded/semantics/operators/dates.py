"""Parts of dates and dates of parts.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/#date-expression-operators
"""

from collections.abc import Callable
from typing import Any, Final

from bson import Int64, Timestamp

from ..date_formats import check_format, format_date
from ..date_parsing import check_pattern, parse_date
from ..dates import LocalTime, date_milliseconds, date_of, day_start, iso_day_start, local_time
from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, function
from ..numbers import INT, fits_long, is_whole, to_int, whole
from ..time_zones import UTC_ZONE, Zone, to_utc
from ..values import is_number, type_name
from . import date_arithmetic
from .date_arguments import Arguments, Signature, check_zone, operator

_DEFAULT_FORMAT = "%Y-%m-%dT%H:%M:%S.%LZ"
_LOCAL_FORMAT = "%Y-%m-%dT%H:%M:%S.%L"

Read = Callable[[LocalTime], Any]

# Parts

_ZONE: Final = {"timezone": check_zone}
_PART: Final = Signature(
    required={"date": "Location40539"}, optional=("timezone",), not_object="Location40535", unknown="Location40535",
    checks=_ZONE,
)  # fmt: skip


def _part(name: str, take: Read) -> Row:
    """An operator that reads a part of a date, given bare or as {date, timezone}."""

    def compute(given: Arguments) -> Any:
        return take(local_time(date_milliseconds(given.required("date")), given.zone()))

    row = operator(name, _PART, compute)

    def compile_call(argument: Any, scope: Scope) -> Evaluate:
        if type(argument) is list:
            if len(argument) != 1:
                message = f"{name} accepts exactly one argument if given an array, but was given {len(argument)}"
                raise CommandError("Location40536", message)
            (argument,) = argument
            return row({"date": argument}, scope)
        bare = type(argument) is not dict or next(iter(argument), "").startswith("$")
        return row({"date": argument} if bare else argument, scope)

    return compile_call


_TIME: Final[dict[str, Read]] = {
    "hour": lambda local: local.moment.hour,
    "minute": lambda local: local.moment.minute,
    "second": lambda local: local.moment.second,
    "millisecond": lambda local: local.moment.microsecond // 1000,
}
_PARTS: Final[dict[str, Read]] = {
    "year": lambda local: local.year, "month": lambda local: local.moment.month, "day": lambda local: local.moment.day,
    **_TIME,
}  # fmt: skip
_ISO_PARTS: Final[dict[str, Read]] = {
    "isoWeekYear": lambda local: local.iso_year,
    "isoWeek": lambda local: local.moment.isocalendar().week,
    "isoDayOfWeek": lambda local: local.moment.isoweekday(),
    **_TIME,
}


def _to_parts(given: Arguments) -> Any:
    date, zone, iso = given.get("date"), given.zone(), given.required("iso8601", False)
    if type(iso) is not bool:
        raise CommandError("Location40521", f"iso8601 must evaluate to a bool, found {type_name(iso)}")
    if date is None:
        return None
    local = local_time(date_milliseconds(date), zone)
    return {part: read(local) for part, read in (_ISO_PARTS if iso else _PARTS).items()}


_YEAR, _ISO_YEAR = ("year", "month", "day"), ("isoWeekYear", "isoWeek", "isoDayOfWeek")
_LONG: Final = (-(2**63), 2**63 - 1)
_SHORT: Final = (-(2**15), 2**15 - 1)
_YEARS: Final = (1, 9999)


def _from_parts_row(argument: Any, scope: Scope) -> Evaluate:
    name, signature = "$dateFromParts", _SIGNATURES["$dateFromParts"]
    fields = signature.fields(name, argument)
    if "year" not in fields and "isoWeekYear" not in fields:
        raise CommandError("Location40516", f"{name} requires either 'year' or 'isoWeekYear' to be present")
    strange, error = (_ISO_YEAR, "Location40489") if "year" in fields else (_YEAR, "Location40525")
    if any(part in fields for part in strange):
        raise CommandError(error, f"{name} does not allow mixing natural dates with ISO dates")
    return operator(name, signature, _from_parts)(argument, scope)


def _from_parts(given: Arguments) -> Any:
    hour, minute = (_number(given, name, 0, _SHORT) for name in ("hour", "minute"))
    second, millisecond = (_number(given, name, 0, _LONG) for name in ("second", "millisecond"))
    zone = given.zone()
    names, start, error = (_YEAR, day_start, "Location40523") if "year" in given else (
        _ISO_YEAR, iso_day_start, "Location31095"
    )  # fmt: skip
    year = _number(given, names[0], 1970, _LONG)
    rest = [_number(given, name, 1, _SHORT) for name in names[1:]]
    day = start(_in_range(error, names[0], year, _YEARS), *rest)
    # Numbers beyond their range carry over, in local time.
    time = to_utc(day + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond, zone)
    if not fits_long(time) or not fits_long(millisecond * 1000):  # MongoDB counts microseconds
        raise CommandError("DurationOverflow", "$dateFromParts overflowed")
    return date_of(time)


def _number(given: Arguments, name: str, default: int, limits: tuple[int, int]) -> int:
    value = given.required(name, default)
    if not is_number(value) or not is_whole(value) or not fits_long(to_int(value)):
        raise CommandError("Location40515", f"'{name}' must evaluate to an integer, found {type_name(value)}")
    return _in_range("Location31034", name, to_int(value), limits)


def _in_range(error: str, name: str, number: int, limits: tuple[int, int]) -> int:
    least, most = limits
    if not least <= number <= most:
        message = f"'{name}' must evaluate to a value in the range [{least}, {most}]; value {number} is not in range"
        raise CommandError(error, message)
    return number


# Text


def _to_string(given: Arguments) -> Any:
    date = given.get("date")
    pattern = _format(given, "Location18533", "$dateToString", check_format)
    zone = _zone_or_none(given)
    if date is None:
        return given.value("onNull")
    if zone is None or ("format" in given and pattern is None):
        return None
    if pattern is None:
        pattern = _DEFAULT_FORMAT if zone == UTC_ZONE else _LOCAL_FORMAT
    return format_date(local_time(date_milliseconds(date), zone), pattern)


def _from_string(given: Arguments) -> Any:
    text = given.get("dateString")
    pattern = _format(given, "Location40684", "$dateFromString", check_pattern)
    zone = _zone_or_none(given)
    if text is None:
        return given.value("onNull")
    try:
        if type(text) is not str:
            message = f"$dateFromString requires that 'dateString' be a string, found: {type_name(text)}"
            raise CommandError("ConversionFailure", message)
        if zone is None or ("format" in given and pattern is None):
            return None
        return date_of(parse_date(text, pattern, zone))
    except CommandError as error:
        if error.code_name != "ConversionFailure" or "onError" not in given:
            raise
        return given.value("onError")


def _format(given: Arguments, error: str, name: str, check: Callable[[str], None]) -> str | None:
    pattern = given.get("format")
    if pattern is None:
        return None
    if type(pattern) is not str:
        raise CommandError(error, f"{name} requires that 'format' be a string, found: {type_name(pattern)}")
    check(pattern)
    return pattern


def _zone_or_none(given: Arguments) -> Zone | None:
    """The zone, None if it is null."""
    return None if "timezone" in given and given.get("timezone") is None else given.zone()


_READERS: Final[dict[str, Read]] = {
    "$year": lambda local: local.year,
    "$month": lambda local: local.moment.month,
    "$dayOfMonth": lambda local: local.moment.day,
    "$hour": _TIME["hour"],
    "$minute": _TIME["minute"],
    "$second": _TIME["second"],
    "$millisecond": _TIME["millisecond"],
    "$dayOfYear": lambda local: local.moment.timetuple().tm_yday,
    "$dayOfWeek": lambda local: local.moment.isoweekday() % 7 + 1,
    "$week": lambda local: local.week,
    "$isoDayOfWeek": lambda local: local.moment.isoweekday(),
    "$isoWeek": lambda local: local.moment.isocalendar().week,
    "$isoWeekYear": lambda local: whole(local.iso_year, INT + 1),
}
_SIGNATURES: Final = {
    "$dateToParts": Signature(
        required={"date": "Location40522"}, optional=("timezone", "iso8601"), not_object="Location40524",
        unknown="Location40520", checks=_ZONE,
    ),
    "$dateFromParts": Signature(
        required={}, optional=(*_YEAR, *_ISO_YEAR, *_TIME, "timezone"), not_object="Location40519",
        unknown="Location40518", checks=_ZONE,
    ),
    "$dateToString": Signature(
        required={"date": "Location18628"}, optional=("format", "timezone", "onNull"), not_object="Location18629",
        unknown="Location18534", checks=_ZONE,
    ),
    "$dateFromString": Signature(
        required={"dateString": "Location40542"}, optional=("format", "timezone", "onError", "onNull"),
        not_object="Location40540", unknown="Location40541", checks=_ZONE,
    ),
}  # fmt: skip


def _timestamp_part(name: str, error: str, read: Callable[[Timestamp], int]) -> Row:
    def compute(value: Any) -> Int64:
        if type(value) is not Timestamp:
            raise CommandError(error, f"Argument to {name} must be a timestamp, but is {type_name(value)}")
        return Int64(read(value))

    return function(compute)(name)


ROWS: dict[str, Row] = {
    **{name: _part(name, take) for name, take in _READERS.items()},
    "$dateToParts": operator("$dateToParts", _SIGNATURES["$dateToParts"], _to_parts),
    "$dateFromParts": _from_parts_row,
    "$dateToString": operator("$dateToString", _SIGNATURES["$dateToString"], _to_string),
    "$dateFromString": operator("$dateFromString", _SIGNATURES["$dateFromString"], _from_string),
    "$tsSecond": _timestamp_part("$tsSecond", "Location5687301", lambda value: value.time),
    "$tsIncrement": _timestamp_part("$tsIncrement", "Location5687302", lambda value: value.inc),
    **date_arithmetic.ROWS,
}
