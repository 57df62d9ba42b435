"""JSON Schemas in GraphQL wire form: a form filled by one is the mutation's variable as it stands.

Draft 2020-12 (https://json-schema.org/draft/2020-12): names are GraphQL names, enums are member names, a union is the
object with one key that its @oneOf input takes. Objects stand in ``$defs``, so that they may contain themselves.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from core.reads import dump_json
from core.specs import (
    MISSING,
    Catalog,
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ObjectSpec,
    ObjectType,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)
from graphql_surface.convert import graphql_value
from graphql_surface.inputs import given_fields, union_member_field
from graphql_surface.values import stored

Schema = dict[str, Any]

_SCALARS: Mapping[str, Schema] = {
    "ID": {"type": "string"},
    "String": {"type": "string"},
    "Int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "BigInt": {"type": "integer"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Date": {"type": "string", "format": "date"},
    # JSON Schema's own `time` wants an offset and its `duration` no sign; `iso-time` is ajv's.
    "Time": {"type": "string", "format": "iso-time"},
    "Duration": {"type": "string", "pattern": "^[+-]?P.+"},
    "Decimal": {"type": "string", "format": "decimal"},
    "UUID": {"type": "string", "format": "uuid"},
    "Bytes": {"type": "string", "contentEncoding": "base64"},
    "JSON": {},
}

# constraint → keyword, for the JSON types it says something about
_KEYWORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "gt": (("number", "exclusiveMinimum"), ("integer", "exclusiveMinimum")),
    "ge": (("number", "minimum"), ("integer", "minimum")),
    "lt": (("number", "exclusiveMaximum"), ("integer", "exclusiveMaximum")),
    "le": (("number", "maximum"), ("integer", "maximum")),
    "multiple_of": (("number", "multipleOf"), ("integer", "multipleOf")),
    "min_length": (("string", "minLength"), ("array", "minItems"), ("object", "minProperties")),
    "max_length": (("string", "maxLength"), ("array", "maxItems"), ("object", "maxProperties")),
    "pattern": (("string", "pattern"),),
}


class JsonSchemas:
    """The schemas of a catalog's objects, as inputs or as outputs. Each call gives a document of its own."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, spec: ObjectSpec, writable: Collection[str] | None = None) -> Schema:
        """What creating takes: ``writable`` (wire names) narrows the fields."""
        return self._document(spec, _fields_of(writable), required=True)

    def update(self, spec: ObjectSpec, writable: Collection[str] | None = None) -> Schema:
        """The same with nothing required: only what changes is sent."""
        return self._document(spec, _fields_of(writable), required=False)

    def output(self, spec: ObjectSpec) -> Schema:
        return self._document(spec, _output_fields, required=True, is_input=False)

    def _document(self, spec: ObjectSpec, top: "_Fields", *, required: bool, is_input: bool = True) -> Schema:
        writer = _Writer(self._catalog, is_input)
        found = writer.object(spec, top(spec), required=required)
        if writer.definitions:
            found["$defs"] = writer.definitions
        return found


_Fields = Callable[[ObjectSpec], Iterable[FieldSpec]]


def _output_fields(spec: ObjectSpec) -> Iterable[FieldSpec]:
    return [field for field in spec.fields if field.readable]


def _fields_of(writable: Collection[str] | None) -> _Fields:
    def fields(spec: ObjectSpec) -> Iterable[FieldSpec]:
        return [field for field in given_fields(spec) if writable is None or field.wire in writable]

    return fields


class _Writer:
    """Writes one document; ``definitions`` collects the objects it refers to."""

    def __init__(self, catalog: Catalog, is_input: bool) -> None:
        self._catalog = catalog
        self._is_input = is_input
        self.definitions: dict[str, Schema] = {}

    def object(self, spec: ObjectSpec, fields: Iterable[FieldSpec], *, required: bool) -> Schema:
        fields = list(fields)
        found: Schema = {"type": "object", "title": spec.name}
        if spec.description:
            found["description"] = spec.description
        found["properties"] = {field.graphql: self._field(field) for field in fields}
        must = [field.graphql for field in fields if required and (field.required or not self._is_input)]
        return {**found, "required": must, "additionalProperties": False}

    def _field(self, field: FieldSpec) -> Schema:
        found = _constrained(self._type(field.type), field.constraints)
        if field.nullable:
            found = _or_null(found)
        notes: Schema = {"title": field.label, "description": field.description}
        if field.default is not MISSING and not field.sensitive:
            notes["default"] = graphql_value(self._catalog, field.type, dump_json(stored(field.default)))
        if field.deprecated:
            notes["deprecated"] = True
        if not field.readable:
            notes["writeOnly"] = True
        return {**found, **{key: value for key, value in notes.items() if value != ""}}

    def _type(self, found: TypeSpec) -> Schema:
        match found:
            case ScalarType(name=name):
                return dict(_SCALARS[name])
            case EnumType(choices=choices):
                return {"type": "string", "enum": [choice.name for choice in choices]}
            case ListType(item=item, nullable_items=may_be_null, unique=unique):
                inner = self._type(item)
                array: Schema = {"type": "array", "items": _or_null(inner) if may_be_null else inner}
                return {**array, "uniqueItems": True} if unique else array
            case MapType(value=ScalarType(name=name)):
                return {"type": "object", "additionalProperties": _SCALARS[name] or True}
            case MapType():  # what it holds is JSON in declared names
                return {"type": "object"}
            case RelationType(python=python):
                return self._relation(python)
            case ObjectType():
                return self._reference(self._catalog.of(found))
            case UnionType():
                return self._union(found)

    def _relation(self, python: type) -> Schema:
        if not self._is_input:
            return self._reference(self._catalog.objects[python])
        return {"type": "string", "x-relation": self._catalog.by_document[python].name}

    def _reference(self, spec: ObjectSpec) -> Schema:
        if spec.name not in self.definitions:
            self.definitions[spec.name] = {}  # it may contain itself
            fields = given_fields(spec) if self._is_input else _output_fields(spec)
            self.definitions[spec.name] = self.object(spec, fields, required=True)
        return {"$ref": f"#/$defs/{spec.name}"}

    def _union(self, found: UnionType) -> Schema:
        specs = [self._catalog.of(one) for one in found.members]
        if not self._is_input:
            return {"anyOf": [self._reference(spec) for spec in specs]}
        return {"oneOf": [self._member(union_member_field(spec), spec) for spec in specs]}

    def _member(self, name: str, spec: ObjectSpec) -> Schema:
        return {
            "type": "object", "title": spec.name, "properties": {name: self._reference(spec)}, "required": [name],
            "additionalProperties": False,
        }  # fmt: skip


def _constrained(found: Schema, constraints: Mapping[str, Any]) -> Schema:
    kind = found.get("type")
    if found.get("format") == "decimal":
        return found  # the bounds are numbers, the value is text
    extra = {
        keyword: dump_json(value)
        for name, value in constraints.items()
        for json_type, keyword in _KEYWORDS.get(name, ())
        if json_type == kind
    }
    return {**found, **extra}


def _or_null(found: Schema) -> Schema:
    """Null as one of the types, not as an alternative of its own: forms draw a choice for the latter."""
    if not found:
        return found
    if "type" not in found:
        return {"anyOf": [found, {"type": "null"}]}
    out = {**found, "type": [found["type"], "null"]}
    return {**out, "enum": [*found["enum"], None]} if "enum" in found else out
