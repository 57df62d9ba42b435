"""Types: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#type-expression-operators"""

from collections.abc import Callable
from typing import Any

from ..binary_conversions import FORMATS, Target
from ..conversions import convert
from ..errors import CommandError, bad, unparsable
from ..evaluation import Constant, Evaluate, Row, Scope, Variables, arguments_of, function, is_nullish, rows
from ..numbers import is_int, to_int
from ..values import TYPES, is_number, type_name

_NAMES = frozenset({*TYPES, "missing"})
_NUMBERS = {**{number: name for name, (number, _) in TYPES.items()}, 0: "missing"}
_BYTE_ORDERS = ("little", "big")


def _type(value: Any) -> str:
    """The alias of the type that ``to`` names, by the alias itself or by its number."""
    if type(value) is str:
        if value not in _NAMES:
            raise bad(f"Unknown type name: {value}")
        return value
    if not is_number(value):
        raise unparsable(f"$convert's 'to' argument must be a string, number or object, but is {type_name(value)}")
    if not is_int(value) or to_int(value) not in _NUMBERS:
        raise unparsable(f"In $convert, numeric value for 'to' does not correspond to a BSON type: {value}")
    return _NUMBERS[to_int(value)]


def _type_and_subtype(value: Any) -> tuple[str, Any]:
    if type(value) is not dict:
        return _type(value), 0
    if "type" not in value:
        raise unparsable("$convert's 'to' argument must have a 'type' where it is an object")
    return _type(value["type"]), value.get("subtype", 0)


def _option(name: str, known: Any, no_string: str, unknown: str, default: str | None) -> Callable[[Any], Any]:
    """The reader of ``format`` or ``byteOrder``, with the codes for what they cannot be."""

    def read(value: Any) -> Any:
        if is_nullish(value):
            return default
        if type(value) is not str:
            raise CommandError(no_string, f"$convert requires that {name!r} be a string, found: {type_name(value)}")
        if value not in known:
            raise CommandError(unknown, f"Invalid {name!r} argument for $convert: {value}")
        return value

    return read


_format = _option("format", FORMATS, "Location4341114", "Location4341125", None)
_byte_order = _option("byteOrder", _BYTE_ORDERS, "Location9130001", "Location9130002", "little")


def _convert(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$convert", argument, ("input", "to"), ("onError", "onNull", "format", "byteOrder"))
    given = {name: scope.compile(spec) for name, spec in fields.items()}
    absent = Constant(None)
    source, to, on_null = given["input"], given["to"], given.get("onNull", absent)
    form, byte_order, on_error = given.get("format", absent), given.get("byteOrder", absent), given.get("onError")

    def evaluate(document: Any, variables: Variables) -> Any:
        wanted, value = to(document, variables), source(document, variables)
        options = form(document, variables), byte_order(document, variables)
        kind, subtype = (None, 0) if is_nullish(wanted) else _type_and_subtype(wanted)
        if is_nullish(value):
            return on_null(document, variables)
        if kind is None:
            return None
        target = Target(type=kind, subtype=subtype, format=_format(options[0]), byte_order=_byte_order(options[1]))
        try:
            return convert(value, target)
        except CommandError as error:
            if on_error is None or error.code_name != "ConversionFailure":
                raise
            return on_error(document, variables)

    return scope.fold(evaluate, given.values())


def _to(kind: str) -> Callable[[str], Row]:
    """``$toInt`` and the like."""
    target = Target(type=kind, format="auto" if kind == "string" else None)
    make = function(lambda value: convert(value, target))

    def row(name: str) -> Row:
        compile_call = make(name)

        def compile_single(argument: Any, scope: Scope) -> Evaluate:
            if type(argument) is list and len(argument) != 1:
                raise CommandError("Location50723", f"{name} requires a single argument, got {len(argument)}")
            return compile_call(argument, scope)

        return compile_single

    return row


def _is_number(value: Any) -> bool:
    return is_number(value)


ROWS: dict[str, Row] = {
    "$convert": _convert,
    **rows({
        "$toString": _to("string"),
        "$toDouble": _to("double"),
        "$toInt": _to("int"),
        "$toLong": _to("long"),
        "$toDecimal": _to("decimal"),
        "$toBool": _to("bool"),
        "$toDate": _to("date"),
        "$toObjectId": _to("objectId"),
        "$type": function(type_name, null=False),
        "$isNumber": function(_is_number, null=False),
    }),
}  # fmt: skip
