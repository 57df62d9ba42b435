"""Dates as text, by MongoDB's format language.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/dateToString/#format-specifiers
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from .dates import LocalTime
from .errors import CommandError

MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_SPECIFIERS: dict[str, Callable[[LocalTime], str]] = {
    "d": lambda local: f"{local.moment.day:02}",
    "m": lambda local: f"{local.moment.month:02}",
    "Y": lambda local: _padded(local.year, 4),
    "H": lambda local: f"{local.moment.hour:02}",
    "M": lambda local: f"{local.moment.minute:02}",
    "S": lambda local: f"{local.moment.second:02}",
    "L": lambda local: f"{local.moment.microsecond // 1000:03}",
    "j": lambda local: f"{local.moment.timetuple().tm_yday:03}",
    "w": lambda local: str(local.moment.isoweekday() % 7 + 1),
    "u": lambda local: str(local.moment.isoweekday()),
    "U": lambda local: f"{local.week:02}",
    "V": lambda local: f"{local.moment.isocalendar().week:02}",
    "G": lambda local: _padded(local.iso_year, 4),
    "z": lambda local: _offset_text(local.offset),
    "Z": lambda local: str(int(local.offset / 60_000)),
    "b": lambda local: MONTH_NAMES[local.moment.month - 1][:3],
    "B": lambda local: MONTH_NAMES[local.moment.month - 1],
}


def format_date(local: LocalTime, pattern: str) -> str:
    """A local time in MongoDB's format language; raises CommandError for a year without four digits."""
    return "".join(
        character if not specifier else character if character == "%" else _SPECIFIERS[character](local)
        for character, specifier in tokens(pattern)
    )


def check_format(pattern: str, specifiers: Collection[str] = tuple(_SPECIFIERS)) -> None:
    """Raise CommandError for a format that is malformed, or has another specifier."""
    for character, specifier in tokens(pattern):
        if specifier and character != "%" and character not in specifiers:
            raise CommandError("Location18536", f"Invalid format character '%{character}' in format string")


def tokens(pattern: str) -> Iterator[tuple[str, bool]]:
    """The characters of a format, and whether each is a specifier (or the sign of percent)."""
    characters = iter(pattern)
    for character in characters:
        if character != "%":
            yield character, False
            continue
        specifier = next(characters, None)
        if specifier is None:
            raise CommandError("Location18535", "Unmatched '%' at end of format string")
        yield specifier, True


def _padded(value: int, width: int) -> str:
    if not 0 <= value <= 9999:
        message = f"Could not convert date to string: date component was outside the supported range of 0-9999: {value}"
        raise CommandError("Location18537", message)
    return f"{value:0{width}}"


def _offset_text(offset: int) -> str:
    """``+0530``."""
    minutes = abs(offset) // 60_000
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}{minutes % 60:02}"
