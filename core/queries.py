"""Filters in wire names to Mongo queries: typed operators only, at any depth, under the reader's field rules.

``{"and": […], "or": […], "not": {…}, "title": {"iLike": "%dev%"}, "address": {"city": {"eq": "Bonn"}}}``. A field that
is unknown, hidden from the reader or not filterable gives one and the same error. The rules for null, missing and empty
stand in ``docs/filters.md``. No text of the caller becomes an operator, a pattern or a path unchecked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.access import Principal, readable_fields
from core.coercion import as_list, json_value, key, refuse, text, to_storage
from core.errors import FieldPath, LimitExceeded
from core.filters import OPERATORS, Operator
from core.identifiers import id_to_storage
from core.specs import (
    Catalog,
    FieldSpec,
    ListType,
    ModelSpec,
    ObjectType,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)  # fmt: skip

MongoQuery = dict[str, Any]

MAX_DEPTH = 20
MAX_CONDITIONS = 500
MAX_VALUES = 10_000
MAX_TEXT = 1_000
NOTHING: MongoQuery = {"$nor": [{}]}
"""Matches no document."""

_NULLABLE = frozenset({"eq", "neq", "in", "notIn"})


@dataclass(frozen=True, kw_only=True)
class Related:
    """A filter on a linked model. ``ids`` stands in the query; ``core.actions`` fills it before the query runs."""

    model: ModelSpec
    filter: Mapping[str, Any]
    path: FieldPath
    ids: list[Any] = field(default_factory=list[Any])


@dataclass(frozen=True, kw_only=True)
class CompiledFilter:
    """The Mongo query of a filter, and the linked models it has to ask first."""

    query: MongoQuery
    related: Sequence[Related] = ()


def compile_filter(
    catalog: Catalog, model: ModelSpec, principal: Principal, given: Mapping[str, Any] | None, path: FieldPath = ()
) -> CompiledFilter:
    """``given`` for documents of the model, as the principal may filter them; without the rows' own access filter.

    Raises:
        InputError: an unknown field or operator, or a value that is none of the field's type; names the place.
        LimitExceeded: deeper, longer or with more values than is served.
    """
    if given is None:
        return CompiledFilter(query={})
    compiler = _Compiler(catalog)
    query = compiler.filter(_Scope(fields=_filterable(model, principal), model=model), given, path)
    return CompiledFilter(query=query, related=tuple(compiler.related))


def all_of(*queries: Mapping[str, Any] | None) -> MongoQuery:
    """The queries joined by AND, flat where no key stands twice."""
    wanted = [dict(query) for query in queries if query]
    if not wanted:
        return {}
    merged: MongoQuery = {}
    for query in wanted:
        if not merged.keys().isdisjoint(query):
            return {"$and": wanted}
        merged |= query
    return merged


@dataclass(frozen=True, kw_only=True)
class _Scope:
    """Where in the filter we are: the fields that may be named, the stored path of their owner, and how deep."""

    fields: Mapping[str, FieldSpec]
    model: ModelSpec | None = None
    prefix: str = ""
    depth: int = 0

    def inside(self, storage: str, fields: Mapping[str, FieldSpec]) -> "_Scope":
        return _Scope(fields=fields, prefix=f"{storage}.", depth=self.depth + 1)

    def of_element(self, fields: Mapping[str, FieldSpec]) -> "_Scope":
        """For ``$elemMatch``, whose paths begin at the element."""
        return _Scope(fields=fields, depth=self.depth + 1)


class _Compiler:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._conditions = 0
        self.related: list[Related] = []
        self._combiners: Mapping[str, Callable[[_Scope, Any, FieldPath], MongoQuery]] = {
            "and": self._and,
            "or": self._or,
            "not": self._not,
        }
        self._arities: Mapping[str, Callable[[FieldSpec, Operator, Any, FieldPath, _Scope], Any]] = {
            "one": self._one,
            "many": self._many,
            "pattern": self._pattern,
            "range": self._range,
            "flag": self._flag,
            "number": self._number,
            "filter": self._elements,
        }

    def filter(self, scope: _Scope, given: Any, path: FieldPath) -> MongoQuery:
        if not isinstance(given, Mapping):
            raise refuse(path, "filter_type", "a filter is an object, such as {title: {eq: …}}")
        if scope.depth > MAX_DEPTH:
            raise LimitExceeded(f"{'.'.join(map(str, path))}: a filter nested more than {MAX_DEPTH} levels deep")
        entries: Mapping[str, Any] = given
        return all_of(*(self._entry(scope, name, value, (*path, name)) for name, value in entries.items()))

    def _entry(self, scope: _Scope, name: str, value: Any, path: FieldPath) -> MongoQuery:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise LimitExceeded(f"a filter of more than {MAX_CONDITIONS} conditions")
        if name in self._combiners:
            return self._combiners[name](replace(scope, depth=scope.depth + 1), value, path)
        found = scope.fields.get(name)
        if found is None:
            raise refuse(path, "unknown_field", f"there is no field {name[:100]!r} to filter by")
        return self._field(scope, found, value, path)

    # and, or, not

    def _and(self, scope: _Scope, value: Any, path: FieldPath) -> MongoQuery:
        return all_of(*self._parts(scope, value, path))

    def _or(self, scope: _Scope, value: Any, path: FieldPath) -> MongoQuery:
        parts = self._parts(scope, value, path)
        return {"$or": parts} if parts else NOTHING

    def _not(self, scope: _Scope, value: Any, path: FieldPath) -> MongoQuery:
        return {"$nor": [self.filter(scope, value, path)]}

    def _parts(self, scope: _Scope, value: Any, path: FieldPath) -> list[MongoQuery]:
        parts = [value] if isinstance(value, Mapping) else as_list(value, path)
        return [self.filter(scope, one, (*path, place)) for place, one in enumerate(parts)]

    # one field

    def _field(self, scope: _Scope, found: FieldSpec, given: Any, path: FieldPath) -> MongoQuery:
        if not isinstance(given, Mapping):
            raise refuse(path, "filter_type", "a comparison is an object, such as {eq: …} or {is: null}")
        comparison: Mapping[str, Any] = given
        storage = scope.prefix + found.storage
        inner = {name: value for name, value in comparison.items() if name not in found.operators}
        clauses = [
            self._operator(scope, found, storage, name, value, (*path, name))
            for name, value in comparison.items()
            if name in found.operators
        ]
        if inner:
            clauses.append(self._inside(scope, found, storage, inner, path))
        return all_of(*clauses)

    def _inside(
        self, scope: _Scope, found: FieldSpec, storage: str, inner: Mapping[str, Any], path: FieldPath
    ) -> MongoQuery:
        """Conditions on what the field holds: an embedded object's fields, or a linked document's."""
        if isinstance(found.type, RelationType) and found.type.back is None:
            return {f"{storage}.$id": {"$in": self._relate(found.type, inner, path)}}
        fields = self._fields_of(found.type)
        if fields is None:
            name = next(iter(inner))
            known = ", ".join(found.operators) or "none"
            raise refuse(
                (*path, name), "unknown_operator", f"{name[:100]!r} is no operator of this field; known: {known}"
            )
        return self.filter(scope.inside(storage, fields), inner, path)

    def _operator(
        self, scope: _Scope, found: FieldSpec, storage: str, name: str, value: Any, path: FieldPath
    ) -> MongoQuery:
        operator = OPERATORS[name]
        self._conditions += 1
        if operator.arity == "key":
            return {f"{storage}.{_dotted(value, path)}": operator.mongo(None)}
        if operator.arity == "path":
            return _path_equals(storage, operator, value, path)
        if operator.arity == "filter" and isinstance(_item(found.type), RelationType):
            return self._linked_elements(found, storage, name, value, path)
        condition = operator.mongo(self._arities[operator.arity](found, operator, value, path, scope))
        return {storage: condition} if condition else {}

    # operands

    def _one(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> Any:
        if value is None:
            if operator.key in _NULLABLE:
                return None
            raise refuse(path, "null", "null cannot be compared; say {is: null}")
        if found.storage == "_id" and scope.model is not None:
            return id_to_storage(scope.model, value, path)
        kind = _item(found.type) or found.type
        return to_storage(kind, _text_of(kind, value, path), path)

    def _many(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> list[Any]:
        values = as_list(value, path)
        if len(values) > MAX_VALUES:
            raise LimitExceeded(f"{'.'.join(map(str, path))}: more than {MAX_VALUES} values")
        return [self._one(found, operator, one, (*path, place), scope) for place, one in enumerate(values)]

    def _pattern(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> str:
        return _bounded(text(value, path), path)

    def _range(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> Any:
        if not isinstance(value, Mapping) or set(value) != {"lower", "upper"}:  # pyright: ignore[reportUnknownArgumentType]
            raise refuse(path, "range_type", "a range is {lower: …, upper: …}")
        ends: Mapping[str, Any] = value
        return {name: self._one(found, operator, end, (*path, name), scope) for name, end in ends.items()}

    def _flag(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> bool | None:
        if isinstance(value, bool) or (value is None and operator.key != "isEmpty"):
            return value
        raise refuse(path, "bool_type", "true or false is needed" + ("" if operator.key == "isEmpty" else ", or null"))

    def _number(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> int:
        size = to_storage(ScalarType(name="Int"), value, path)
        if not 0 <= size < 2**31:
            raise refuse(path, "invalid_value", "a size is a whole number from 0")
        return size

    # lists of objects, links

    def _elements(self, found: FieldSpec, operator: Operator, value: Any, path: FieldPath, scope: _Scope) -> MongoQuery:
        fields = self._fields_of(_item(found.type))
        if fields is None:
            raise refuse(path, "unknown_operator", f"{operator.key!r} is for lists of objects")
        return self.filter(scope.of_element(fields), value, path)

    def _linked_elements(self, found: FieldSpec, storage: str, name: str, value: Any, path: FieldPath) -> MongoQuery:
        """Over the linked documents the reader may see: ``every`` says that none of them is outside the filter."""
        relation = _item(found.type)
        if not isinstance(relation, RelationType) or not isinstance(value, Mapping):
            raise refuse(path, "filter_type", "a filter of the linked model is needed")
        wanted: Mapping[str, Any] = {"not": value} if name == "every" else value
        return {f"{storage}.$id": {"$in" if name == "some" else "$nin": self._relate(relation, wanted, path)}}

    def _relate(self, relation: RelationType, given: Mapping[str, Any], path: FieldPath) -> list[Any]:
        related = Related(model=self._catalog.by_document[relation.python], filter=given, path=path)
        self.related.append(related)
        return related.ids

    def _fields_of(self, kind: TypeSpec | None) -> Mapping[str, FieldSpec] | None:
        if isinstance(kind, ObjectType):
            return _open_fields(self._catalog.of(kind).by_wire)
        if isinstance(kind, UnionType):
            found: dict[str, FieldSpec] = {}
            for member in reversed(kind.members):
                found |= self._catalog.of(member).by_wire
            return _open_fields(found)
        return None


def _open_fields(fields: Mapping[str, FieldSpec]) -> Mapping[str, FieldSpec]:
    return {name: one for name, one in fields.items() if one.readable and one.storage}


def _filterable(model: ModelSpec, principal: Principal) -> Mapping[str, FieldSpec]:
    readable = readable_fields(model, principal)
    return {name: one for name, one in model.object.by_wire.items() if name in readable and one.storage}


def _item(kind: TypeSpec) -> TypeSpec | None:
    return kind.item if isinstance(kind, ListType) else None


def _text_of(kind: TypeSpec, value: Any, path: FieldPath) -> Any:
    """The value, with a text of sensible length where the type is text: it may have to be compared many times."""
    return _bounded(value, path) if isinstance(value, str) and kind == ScalarType(name="String") else value


def _bounded(value: str, path: FieldPath) -> str:
    if len(value) > MAX_TEXT:
        raise LimitExceeded(f"{'.'.join(map(str, path))}: more than {MAX_TEXT} characters")
    return value


def _dotted(value: Any, path: FieldPath) -> str:
    """A path inside JSON: keys joined by dots, none of them empty or an operator."""
    name = _bounded(text(value, path), path)
    for part in name.split("."):
        if not key(part, path):
            raise refuse(path, "invalid_key", "a path is keys joined by dots")
    return name


def _path_equals(storage: str, operator: Operator, value: Any, path: FieldPath) -> MongoQuery:
    if not isinstance(value, Mapping) or set(value) != {"path", "value"}:  # pyright: ignore[reportUnknownArgumentType]
        raise refuse(path, "path_type", "path and value are needed: {path: …, value: …}")
    given: Mapping[str, Any] = value
    dotted = _dotted(given["path"], (*path, "path"))
    return {f"{storage}.{dotted}": operator.mongo(json_value(given["value"], (*path, "value")))}
