"""What a writer sends, made ready for the document class: known writable fields only, wire forms to Python values.

Constraints, defaults and validators are pydantic's; here stands what pydantic does not see: unknown fields deep inside,
base64, links by id, and values that BSON cannot hold. All findings are reported at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import DBRef
from pydantic import BaseModel, ValidationError

from core.coercion import MAX_DEPTH, json_value, key, refuse, scalar_value, shown_path, to_storage
from core.errors import FieldError, FieldPath, InputError
from core.identifiers import id_to_storage
from core.specs import (
    Catalog,
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ModelSpec,
    ObjectSpec,
    ObjectType,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)  # fmt: skip
from core.validation import field_errors

_MOST_FINDINGS = 100


@dataclass(frozen=True, kw_only=True)
class GivenLink:
    """A link somebody wants to set: the target's stored id and where it was said."""

    target: ModelSpec
    id: Any
    path: FieldPath


@dataclass(kw_only=True)
class Prepared:
    """Values by stored key, for ``model_validate``, and the links among them."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    links: list[GivenLink] = field(default_factory=list[GivenLink])


def prepare(
    catalog: Catalog, model: ModelSpec, given: Any, writable: Collection[str], path: FieldPath = ()
) -> Prepared:
    """The fields of ``given`` (wire names), which must all be ``writable``.

    Raises:
        InputError: every unknown or read-only field and every unusable value, with its path.
    """
    if not isinstance(given, Mapping):
        raise refuse(path, "model_type", f"an object with the fields of {model.name} is needed")
    preparer = _Preparer(catalog)
    fields = {name: one for name, one in model.object.by_wire.items() if name in writable}
    values = preparer.object(model.object, fields, given, path)  # pyright: ignore[reportUnknownArgumentType]
    preparer.raise_findings(model.name)
    return Prepared(values=values, links=preparer.links)


class _Preparer:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._findings: list[FieldError] = []
        self.links: list[GivenLink] = []

    def raise_findings(self, what: str) -> None:
        if self._findings:
            raise invalid(what, self._findings)

    def object(
        self, owner: ObjectSpec, fields: Mapping[str, FieldSpec], given: Mapping[str, Any], path: FieldPath
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in given.items():
            place = (*path, name)
            found = fields.get(name)
            if found is None:
                known = name in owner.by_wire
                message = "this field cannot be written" if known else f"{owner.name} has no field {str(name)[:100]!r}"
                self._findings.append(
                    FieldError(path=shown_path(place), code="read_only" if known else "unknown_field", message=message)
                )
            else:
                values[found.storage] = self._try(found.type, value, place)
        return values

    def _try(self, kind: TypeSpec, value: Any, path: FieldPath) -> Any:
        try:
            return self._value(kind, value, path)
        except InputError as error:
            self._findings += error.field_errors
            return value

    def _value(self, kind: TypeSpec, value: Any, path: FieldPath) -> Any:
        if value is None:
            return None  # pydantic knows whether it may be
        if len(path) > MAX_DEPTH:
            raise refuse(path, "too_deep", f"nested more than {MAX_DEPTH} levels deep")
        match kind:
            case ScalarType(name="Float"):
                scalar_value("Float", value, path)
                return value  # a whole number stays one where the annotation has `int | float`
            case ScalarType(name=name):
                return scalar_value(name, value, path)
            case EnumType():
                return to_storage(kind, value, path)
            case ObjectType() | UnionType():
                return self._embedded(kind, value, path)
            case ListType(item=item):
                return self._list(item, value, path)
            case MapType(value=inner):
                return self._map(inner, value, path)
            case RelationType():
                return self._link(kind, value, path)

    def _list(self, item: TypeSpec, value: Any, path: FieldPath) -> Any:
        if not isinstance(value, (list, tuple, set, frozenset)):
            return self._value(item, value, path)  # `T | list[T]`; pydantic refuses it elsewhere
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return [self._try(item, one, (*path, place)) for place, one in enumerate(items)]

    def _map(self, inner: TypeSpec, value: Any, path: FieldPath) -> Any:
        if not isinstance(value, Mapping):
            return value
        entries: Mapping[Any, Any] = value
        if not isinstance(inner, (ObjectType, UnionType)):
            return json_value(entries, path)
        return {
            key(name, (*path, str(name))): self._try(inner, one, (*path, str(name))) for name, one in entries.items()
        }

    def _embedded(self, kind: ObjectType | UnionType, value: Any, path: FieldPath) -> Any:
        if isinstance(value, BaseModel) or not isinstance(value, Mapping):
            return value
        entries: Mapping[str, Any] = value
        owner = self._catalog.of(kind) if isinstance(kind, ObjectType) else self._member(kind, entries)
        writable = {name: one for name, one in owner.by_wire.items() if one.writable}
        return self.object(owner, writable, entries, path)

    def _member(self, union: UnionType, given: Mapping[str, Any]) -> ObjectSpec:
        """The member that is meant: by its discriminator, else the first that knows every field."""
        members = [self._catalog.of(member) for member in union.members]
        if union.discriminator is not None:
            for member in members:
                kind = member.by_name[union.discriminator]
                choices = kind.type.choices if isinstance(kind.type, EnumType) else ()
                if given.get(kind.wire) in [choice.value for choice in choices]:
                    return member
        return next((member for member in members if given.keys() <= member.by_wire.keys()), members[0])

    def _link(self, relation: RelationType, value: Any, path: FieldPath) -> Any:
        target = self._catalog.by_document[relation.python]
        id = value.id if isinstance(value, DBRef) else value
        stored = id_to_storage(target, id, path)
        self.links.append(GivenLink(target=target, id=stored, path=path))
        return DBRef(target.collection, stored)


def invalid(what: str, findings: Collection[FieldError]) -> InputError:
    """One error for the findings, the first hundred of them; its message names the first."""
    first = next(iter(findings))
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    place = ".".join(map(str, (what, *first.path)))
    return InputError(f"{place}: {first.message}{more}", field_errors=list(findings)[:_MOST_FINDINGS])


def from_pydantic(catalog: Catalog, model: ModelSpec, error: ValidationError, prefix: FieldPath = ()) -> InputError:
    """pydantic's findings about a document, at their wire paths."""
    findings = [
        FieldError(
            path=(*prefix, *_wire_path(catalog, ObjectType(python=model.document), one.path)),
            code=one.code,
            message=one.message,
        )
        for one in field_errors(error)
    ]
    return invalid(model.name, findings)


def _wire_path(catalog: Catalog, kind: TypeSpec | None, path: FieldPath) -> FieldPath:
    """Stored or declared names as wire names; what pydantic adds (tags of unions, names of validators) is left out."""
    if not path:
        return ()
    step, rest = path[0], path[1:]
    match kind:
        case ObjectType():
            owner = catalog.of(kind)
            found = next((one for one in owner.fields if step in (one.storage, one.name, one.wire)), None)
            return (found.wire, *_wire_path(catalog, found.type, rest)) if found else _wire_path(catalog, kind, rest)
        case UnionType(members=members):
            return next(filter(None, (_wire_path(catalog, member, path) for member in members)), ())
        case ListType(item=item) if isinstance(step, int):
            return (step, *_wire_path(catalog, item, rest))
        case MapType(value=value):
            return (step, *_wire_path(catalog, value, rest))
        case _:
            return _wire_path(catalog, kind, rest)
