"""Dates from text of no stated format: ISO 8601, and the ways people write dates.

MongoDB reads them with timelib (https://github.com/derickr/timelib), as PHP does: at each place of the text the longest
of many forms counts. The forms that state a day, a time, a zone or a weekday are here; text that counts from another
date ("2 days ago") is refused.
"""

import re
from functools import lru_cache
from typing import Final

from .date_reading import MONTH_NAMES, Reading, failed, month_of
from .dates import iso_day_start
from .errors import unsupported

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NAMES: Final = "(?:" + "|".join(f"{day}s|{day}|{day[:3]}" for day in _WEEKDAYS) + ")"
_SHORT_MONTHS: Final = "(?:sept|" + "|".join(name for name in MONTH_NAMES if len(name) == 3) + ")"

# What a form's names in <> stand for. A reading that can go on comes before one that cannot.
_PARTS: Final = {
    "h": r"(?P<hour>2[0-4]|[01]?\d)", "hh": r"(?P<hour>[01]\d|2[0-4])", "h12": r"(?P<hour>1[0-2]|0?[1-9])",
    "m": r"(?P<minute>[0-5]?\d)", "mm": r"(?P<minute>[0-5]\d)",
    "s": r"(?P<second>60|[0-5]?\d)", "ss": r"(?P<second>60|[0-5]\d)", "f": r"(?P<fraction>\d+)",
    "half": r"(?P<half>[ap])\.?m\.?(?:[\t ]|\Z)",
    "year": r"(?P<year>\d{1,4})", "yyyy": r"(?P<year>\d{4})", "yy": r"(?P<year>\d\d)",
    "signed": r"(?P<year>[+-]\d{4,19}|\d{4})",
    "month": r"(?P<month>1[0-2]|0?\d)", "mo": r"(?P<month>0\d|1[0-2])",
    "day": r"(?P<day>3[01]|[0-2]?\d)(?-i:st|nd|rd|th)?", "dd": r"(?P<day>[0-2]\d|3[01])",
    "name": rf"(?P<name>{'|'.join(MONTH_NAMES)}|(?-i:VIII|VII|VI|V|IV|IX|III|II|I|XII|XI|X))",
    "full": rf"(?P<name>{'|'.join(MONTH_NAMES)})", "short": rf"(?P<name>{_SHORT_MONTHS})",
    "in_month": r"<name>[ .\t-]*<day>(?:(?-i:[,.stndrh\t ]+)|\Z)",
    "zone": r"(?:(?-i:GMT)?(?P<sign>[+-])(?P<digits>(?:[01]\d|2[0-4])(?::[0-5]\d:(?:60|[0-5]\d)|[0-5]\d(?:60|[0-5]\d))"
            r"|(?:2[0-4]|[01]?\d)(?::?[0-5]?\d)?))",
    "word": r"(?:\(?(?P<word>[a-z]{1,6})\)?|(?P<place>(?-i:[A-Z][a-z]+)(?:[_/-][a-z]+)+))",
    "space": r"(?:[ \t]+|\xa0+|\u202f+)",
    "unit": rf"(?:(?:m|milli|µ|micro|u)?sec(?:ond)?s?|(?:min|minute|hour|day|forth?night|month|year)s?|weekdays?|weeks?"
            rf"|ms|µs|{_DAY_NAMES})",
    "ordinal": r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth?|ninth|tenth|eleventh|twelfth|next|last"
               r"|previous|this)",
}  # fmt: skip
# Of forms of one length, the first counts.
_FORMS: Final = (
    r"(?P<relative>yesterday|now|noon|midnight|today|tomorrow|(?:first|last) day of|(?:back|front) of <h>)",
    r"(?P<stamp>@-?\d+(?:\.\d{0,6})?)",
    r"<h12>(?:[:.]<mm>(?:[:.]<ss>)?)?<space>?<half>",
    r"<h12>:<mm>:<ss>[:.]<f><half>",
    r"t?<h>[:.]<m>(?:[:.]<s>(?:\.<f>)?)?|t(?P<only_hour>2[0-4]|[01]?\d)",
    r"t?(?P<clock>(?:[01]\d|2[0-4])[0-5]\d)",
    r"t?<hh><mm><ss>",
    r"<month>/<day>(?:/<year>)?",
    r"<signed>-<mo>-<dd>",
    r"<yyyy>/<mo>/<dd>/?",
    r"<yyyy>/<month>/<day>",
    r"<yy>-<mo>-<dd>",
    r"<yyyy>-<month>",
    r"<year>-<month>-<day>",
    r"<day>[ \t.-]*<name>[ \t.-]*<year>",
    r"<day>[.\t-]<month>[.-]<yyyy>",
    r"<day>[.\t]<month>\.<yy>",
    r"<name>[ .\t-]*<yyyy>",
    r"<yyyy>[ .\t-]*<name>",
    r"<name>[ .\t-]*<day>(?-i:[,.stndrh\t ]+)<year>",
    r"<in_month>",
    r"<day>[ .\t-]*<name>",
    r"<yyyy><mo><dd>",
    r"<yyyy><mo><dd>(?-i:T)<h>:<mm>:<ss>",
    r"<yyyy><mo><dd>t<h><mm><ss>",
    r"<yyyy>-<mo>-<dd>(?-i:T)<hh>:<mm>:<ss>\.<f><zone>?",
    r"<yyyy>-<month>-<day>(?-i:T)<h>:<m>:<s>",
    r"<yyyy>:<mo>:<dd> <hh>:<mm>:<ss>",
    r"<yyyy>[.-]?(?P<day_of_year>00[1-9]|0[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6])",
    r"(?P<week_year>\d{4})-?(?-i:W)(?P<week>0[1-9]|[1-4]\d|5[0-3])(?:-?(?P<weekday>[0-7]))?",
    r"<short>-<dd>-<year>",
    r"<year>-<short>-<dd>",
    r"<day>/<short>/<yyyy>:<hh>:<mm>:<ss><space><zone>",
    r"(?P<bare_year>\d{4})",
    r"(?P<relative>ago)",
    rf"(?P<day_name>{_DAY_NAMES})",
    r"(?P<relative>weekdays?)",
    r"(?P<relative><ordinal><space>(?:<unit>(?:<space>of)?|week))",
    r"<full>",
    r"<zone>|<word>",
    r"<in_month><h12>[:.]<mm>(?:[:.]<ss>)?<space>?<half>",
    r"<in_month>t?<h>[:.]<m>(?:[:.]<s>)?",
    r"<in_month>t?<h>[:.]<m>[:.]<ss><space>?(?:<zone>|<word>)",
    r"(?P<relative>[+-]*[ \t]*\d{1,13}<space>?<unit>)",
    r"[.,\0\n]|<space>",
)
_LONGEST: Final = 1_000
# The form of nearly all dates is tried before the others.
_ISO: Final = r"<yyyy>-<mo>-<dd>(?:[T ]<hh>:<mm>:<ss>(?:\.<f>)?)?(?:(?P<word>Z)|(?P<sign>[+-])(?P<digits>\d\d:?\d\d))?"


@lru_cache
def _form(template: str) -> re.Pattern[str]:
    while True:
        spelled = re.sub(r"(?<!P)<(\w+)>", lambda part: _PARTS[part[1]], template)
        if spelled == template:
            return re.compile(template, re.ASCII | re.IGNORECASE)
        template = spelled


def read_words(text: str) -> Reading:
    """What a text says about a date; raises CommandError ConversionFailure for one that says nothing of the kind."""
    reading, stated, place = Reading(text), set[str](), 0
    text = text.strip(" \t\n\v\f\r")
    whole = _form(_ISO).fullmatch(text)
    if whole is not None:
        _state(whole, reading, stated)
        return reading
    if len(text) > _LONGEST:
        raise unsupported(f"date text of more than {_LONGEST} characters", "expression")
    while place < len(text):
        found = max(filter(None, (_form(form).match(text, place) for form in _FORMS)), key=re.Match.end, default=None)
        if found is None:
            raise failed(reading.text)
        _state(found, reading, stated)
        place = found.end()
    if "week" in stated and reading.weekday is not None:
        reading.doubtful = "both a week and a weekday"
    return reading


def _state(found: re.Match[str], reading: Reading, stated: set[str]) -> None:
    parts = {name: text for name, text in found.groupdict().items() if text is not None}
    for what, state in _STATEMENTS.items():
        if what in parts:
            state(parts, reading, stated)


def _once(what: str, reading: Reading, stated: set[str]) -> None:
    if what in stated:
        raise failed(reading.text, f"it states two {what}s")
    stated.add(what)


def _date(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    _once("date", reading, stated)
    if "year" in parts:
        reading.year = _year(parts["year"])
    reading.month = month_of(parts["name"]) if "name" in parts else int(parts["month"])
    reading.day = int(parts["day"]) if "day" in parts else 1 if "year" in parts else reading.day


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) >= 4 or year >= 100 else year + (2000 if year < 70 else 1900)


def _day_of_year(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    """MongoDB takes it for a day of January, and so refuses most."""
    _once("date", reading, stated)
    reading.year, reading.month, reading.day = int(parts["year"]), 1, int(parts["day_of_year"])


def _week(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    _once("date", reading, stated)
    reading.set_day(iso_day_start(int(parts["week_year"]), int(parts["week"]), int(parts.get("weekday", 1))))
    stated.add("week")


def _time(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    _once("time", reading, stated)
    hour = int(parts.get("hour") or parts["only_hour"])
    if "half" in parts:
        hour = hour % 12 + (12 if parts["half"] in "pP" else 0)
    reading.hour, reading.minute, reading.second = hour, int(parts.get("minute", 0)), int(parts.get("second", 0))
    reading.microsecond = int(parts.get("fraction", "")[:6].ljust(6, "0"))


def _clock(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    """Four digits: hour and minute, or the year after a time."""
    if "time" in stated:
        reading.year = int(parts["clock"])
        return
    stated.add("time")
    reading.hour, reading.minute, reading.second = int(parts["clock"][:2]), int(parts["clock"][2:]), 0
    reading.doubtful = parts["clock"]  # MongoDB's answer is some seconds off


def _bare_year(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    reading.year = int(parts["bare_year"])


def _day_name(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    """The day is the next of that name, at midnight unless a time follows."""
    name = parts["day_name"].lower()
    reading.weekday = next(place for place, day in enumerate(_WEEKDAYS) if name.startswith(day[:3]))
    reading.hour = reading.minute = reading.second = reading.microsecond = 0
    stated.discard("time")


def _offset(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    _once("time zone", reading, stated)
    reading.set_offset(parts["sign"], parts["digits"])


def _word(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    _once("time zone", reading, stated)
    reading.set_zone(parts["word"])


def _place(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    raise failed(reading.text, "passing a time zone identifier as part of the string is not allowed")


def _stamp(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    raise unsupported(f"date text {parts['stamp']!r}", "expression")


def _relative(parts: dict[str, str], reading: Reading, stated: set[str]) -> None:
    reading.doubtful = parts["relative"]


# What a part of a form states. Forms with the parts of two of them state both.
_STATEMENTS: Final = {
    "month": _date, "name": _date, "day_of_year": _day_of_year, "week": _week, "hour": _time, "only_hour": _time,
    "clock": _clock, "bare_year": _bare_year, "day_name": _day_name, "sign": _offset, "word": _word, "place": _place,
    "stamp": _stamp, "relative": _relative,
}  # fmt: skip
