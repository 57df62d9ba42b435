"""Types: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#type-expression-operators"""

from typing import Any

from ..conversions import convert
from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, Variables, arguments_of, function, is_nullish, rows
from ..numbers import is_whole, to_int
from ..values import TYPES, is_number, type_name

_TARGETS = ("double", "string", "objectId", "bool", "date", "int", "long", "decimal")
_NUMBERS = {number: name for name, (number, _) in TYPES.items()}


def _target(value: Any) -> str:
    name = _NUMBERS.get(to_int(value)) if is_number(value) and is_whole(value) else value
    if name not in _TARGETS:
        raise CommandError("BadValue", f"Unknown type name: {value!r}")
    return name


def _convert(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$convert", argument, ("input", "to"), ("onError", "onNull"))
    source, target = scope.compile(fields["input"]), scope.compile(fields["to"])
    on_null = scope.compile(fields.get("onNull"))
    on_error = scope.compile(fields["onError"]) if "onError" in fields else None

    def evaluate(document: Any, variables: Variables) -> Any:
        value, wanted = source(document, variables), target(document, variables)
        if is_nullish(value):
            return on_null(document, variables)
        if is_nullish(wanted):
            return None
        name = _target(wanted)
        try:
            return convert(value, name)
        except CommandError:
            if on_error is None:
                raise
            return on_error(document, variables)

    return evaluate


def _to(target: str) -> Any:
    return function(lambda value: convert(value, target))


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
