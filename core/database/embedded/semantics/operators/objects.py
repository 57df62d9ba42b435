"""Documents as values: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#object-expression-operators"""

from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, Variables, arguments_of, function, is_nullish, rows
from ..values import MISSING, type_name


def merged(values: list[Any]) -> dict[str, Any]:
    """The fields of all documents, later ones winning; null and missing ones are ignored."""
    found: dict[str, Any] = {}
    for value in values:
        if is_nullish(value):
            continue
        if type(value) is not dict:
            message = f"$mergeObjects requires object inputs, but input {value!r} is of type {type_name(value)}"
            raise CommandError("Location40400", message)
        found.update(value)
    return found


def _merge_objects(*values: Any) -> dict[str, Any]:
    if len(values) == 1 and type(values[0]) is list:
        return merged(values[0])
    return merged(list(values))


def _object_to_array(value: Any) -> list[dict[str, Any]]:
    if type(value) is not dict:
        raise CommandError("Location40390", f"$objectToArray requires a document input, found: {type_name(value)}")
    return [{"k": name, "v": item} for name, item in value.items()]


def _array_to_object(value: Any) -> dict[str, Any]:
    if type(value) is not list:
        raise CommandError("Location40386", f"$arrayToObject requires an array input, found: {type_name(value)}")
    return dict(_pair(item) for item in value)


def _pair(item: Any) -> tuple[str, Any]:
    if type(item) is list and len(item) == 2:
        name, value = item
    elif type(item) is dict and item.keys() == {"k", "v"}:
        name, value = item["k"], item["v"]
    else:
        raise CommandError("Location40398", f"Unrecognised input type format for $arrayToObject: {type_name(item)}")
    if type(name) is not str or "\0" in name:
        raise CommandError(
            "Location40395", "$arrayToObject requires an array of key-value pairs, where the key is a string"
        )
    return name, value


def _get_field(argument: Any, scope: Scope) -> Evaluate:
    spec = argument
    if type(spec) is not dict or "field" not in spec:
        spec = {"field": argument, "input": "$$CURRENT"}
    fields = arguments_of("$getField", {"input": "$$CURRENT", **spec}, ("field", "input"))
    name, source = scope.compile(fields["field"]), scope.compile(fields["input"])

    def evaluate(document: Any, variables: Variables) -> Any:
        field, value = name(document, variables), source(document, variables)
        if type(field) is not str:
            message = f"$getField requires 'field' to evaluate to type String, but got {type_name(field)}"
            raise CommandError("Location3041704", message)
        if type(value) is dict:
            return value.get(field, MISSING)
        return None if value is None else MISSING

    return evaluate


def _constant_name(operator: str, spec: Any) -> str:
    """The field's name: a string, or one quoted by $literal where it looks like a path."""
    if type(spec) is dict and spec.keys() == {"$literal"}:
        spec = spec["$literal"]
    elif type(spec) is str and spec.startswith("$"):
        raise CommandError("Location4161108", f"{operator} requires 'field' to be a constant; quote it by $literal")
    if type(spec) is not str:
        raise CommandError("Location4161107", f"{operator} requires 'field' to evaluate to type String")
    return spec


def _set_field(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$setField", argument, ("field", "input", "value"))
    return _with_field("$setField", fields, scope.compile(fields["value"]), scope)


def _unset_field(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$unsetField", argument, ("field", "input"))
    return _with_field("$unsetField", fields, lambda document, variables: MISSING, scope)


def _with_field(operator: str, fields: dict[str, Any], value: Evaluate, scope: Scope) -> Evaluate:
    name, source = _constant_name(operator, fields["field"]), scope.compile(fields["input"])

    def evaluate(document: Any, variables: Variables) -> Any:
        found = source(document, variables)
        if is_nullish(found):
            return None
        if type(found) is not dict:
            message = f"{operator} requires 'input' to evaluate to type Object, but got {type_name(found)}"
            raise CommandError("Location4161105", message)
        item = value(document, variables)
        if item is MISSING:
            return {key: kept for key, kept in found.items() if key != name}
        return {**found, name: item}

    return evaluate


ROWS: dict[str, Row] = {
    "$getField": _get_field,
    "$setField": _set_field,
    "$unsetField": _unset_field,
    **rows({
        "$mergeObjects": function(_merge_objects, 0, null=False, many=True),
        "$objectToArray": function(_object_to_array),
        "$arrayToObject": function(_array_to_object),
    }),
}  # fmt: skip
