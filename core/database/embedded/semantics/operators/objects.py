"""Documents as values: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#object-expression-operators"""

from collections.abc import Callable
from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Faults, Row, Scope, Variables, arguments_of, function, is_nullish, rows
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
    """Of pairs or of documents of ``k`` and ``v``: the first element says which of the two forms all have."""
    if type(value) is not list:
        raise CommandError("Location40386", f"$arrayToObject requires an array input, found: {type_name(value)}")
    form = _FORMS.get(type(value[0])) if value else _pair
    if form is None:
        raise CommandError("Location40398", f"Unrecognised input type format for $arrayToObject: {type_name(value[0])}")
    return dict(map(form, value))


def _pair(item: Any) -> tuple[str, Any]:
    if type(item) is not list:
        raise CommandError("Location40396", f"$arrayToObject: all elements must be arrays, found: {type_name(item)}")
    if len(item) != 2:
        raise CommandError("Location40397", f"$arrayToObject requires arrays of 2 elements, found {len(item)}")
    return _key(item[0], "Location40395", "Location4940400"), item[1]


def _named_pair(item: Any) -> tuple[str, Any]:
    if type(item) is not dict:
        raise CommandError("Location40391", f"$arrayToObject: all elements must be objects, found: {type_name(item)}")
    if len(item) != 2:
        raise CommandError("Location40392", f"$arrayToObject requires objects of 2 fields, found {len(item)}")
    if item.keys() != {"k", "v"}:
        raise CommandError("Location40393", "$arrayToObject requires objects of the fields 'k' and 'v'")
    return _key(item["k"], "Location40394", "Location4940401"), item["v"]


_FORMS: dict[type, Callable[[Any], tuple[str, Any]]] = {list: _pair, dict: _named_pair}


def _key(name: Any, no_text: str, null_byte: str) -> str:
    if type(name) is not str:
        raise CommandError(no_text, f"$arrayToObject requires keys of type string, found: {type_name(name)}")
    if "\0" in name:
        raise CommandError(null_byte, "$arrayToObject: a key cannot contain an embedded null byte")
    return name


_GET_FIELD = Faults(unknown="Location3041701", missing={"field": "Location3041702", "input": "Location3041703"})


def _get_field(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is not dict or next(iter(argument), "").startswith("$"):
        argument = {"field": argument, "input": "$$CURRENT"}
    fields = arguments_of("$getField", argument, ("field", "input"), faults=_GET_FIELD)
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
    if type(spec) is dict and spec.keys() in ({"$literal"}, {"$const"}):
        (spec,) = spec.values()
    elif type(spec) is str and spec.startswith("$"):
        raise CommandError("Location4161108", f"{operator} requires 'field' to be a constant; quote it by $literal")
    elif spec and type(spec) in (dict, list):
        raise CommandError("Location4161106", f"{operator} requires 'field' to be a constant, found an expression")
    if type(spec) is not str:
        raise CommandError("Location4161107", f"{operator} requires 'field' to evaluate to type String")
    if "\0" in spec:
        raise CommandError("Location9534700", f"{operator}: 'field' cannot contain an embedded null byte")
    return spec


_FIELD = Faults(
    not_object="Location4161100",
    unknown="Location4161101",
    missing={"field": "Location4161102", "value": "Location4161103", "input": "Location4161109"},
)


def _set_field(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$setField", argument, ("field", "value", "input"), faults=_FIELD)
    return _with_field("$setField", fields, scope.compile(fields["value"]), scope)


def _unset_field(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$unsetField", argument, ("field", "input"), faults=_FIELD)
    return _with_field("$unsetField", fields, lambda document, variables: MISSING, scope)


def _with_field(operator: str, fields: dict[str, Any], value: Evaluate, scope: Scope) -> Evaluate:
    source, name = scope.compile(fields["input"]), _constant_name(operator, fields["field"])

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
