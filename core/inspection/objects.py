"""pydantic classes to ``ObjectSpec``: their fields with everything a surface wants to know of them."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from beanie import BackLink, Document
from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import ComputedFieldInfo, FieldInfo
from pydantic_core import PydanticUndefined

from core import naming
from core.filters import EQUALITY, LIST, OBJECT_LIST
from core.inspection.annotations import Types, description_of
from core.registries import ModelInfo
from core.scalars import SCALARS
from core.specs import (
    MISSING,
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ObjectSpec,
    ScalarType,
    TypeSpec,
)  # fmt: skip

_HIDDEN = frozenset({"revision_id"})
_CONSTRAINTS = (
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "max_digits", "decimal_places",
)  # fmt: skip
_WIDGETS = {
    "enum": "select",
    "object": "object",
    "union": "union",
    "list": "list",
    "map": "json",
    "relation": "relation",
}


class Objects:
    """The classes of one catalog, described once each. ``names`` are its GraphQL type names."""

    def __init__(self, documents: Mapping[type, ModelInfo]) -> None:
        self.found: dict[type[BaseModel], ObjectSpec] = {}
        self.names = naming.Names("GraphQL type", naming.RESERVED_TYPES)
        self._documents = documents
        self._open: set[type] = set()
        self._types = Types(documents, self.names, self._describe_once)

    def _describe_once(self, python: type[BaseModel], place: str) -> None:
        """A class that is being described already contains itself."""
        if python not in self._open:
            self.describe(python, place)

    def describe(self, python: type[BaseModel], place: str) -> ObjectSpec:
        """The spec of a class, and of every class it is made of.

        Raises:
            DeclarationError: one of its fields cannot be served, or its name is taken.
        """
        if python in self.found:
            return self.found[python]
        info = self._documents.get(python)
        where = f"{place} → {python.__module__}.{python.__qualname__}"
        name = self.names.claim(
            info.name if info else _type_name(python),
            f"{python.__module__}.{python.__qualname__}",
            "rename one of the classes",
        )
        self._open.add(python)
        fields = tuple(self._members(python, name, where, issubclass(python, Document)))
        self._open.discard(python)
        _no_clash(fields, where)
        spec = ObjectSpec(name=name, python=python, description=description_of(python), fields=fields)
        self.found[python] = spec
        return spec

    def _members(self, python: type[BaseModel], owner: str, where: str, is_document: bool) -> Iterable[FieldSpec]:
        for name, info in python.model_fields.items():
            if name not in _HIDDEN and info.exclude is not True:
                yield self._field(name, info, owner, where, is_document)
        for name, info in python.model_computed_fields.items():
            yield self._computed(name, info, owner, where)

    def _field(self, name: str, info: FieldInfo, owner: str, where: str, is_document: bool) -> FieldSpec:
        place = f"{where}.{name}"
        is_id = is_document and name == "id"
        found, nullable = self._types.resolve(info.annotation, place, f"{owner}{naming.pascal(name)}", _bounds(info))
        if is_id:
            found, nullable = ScalarType(name="ID"), False
        extra: Mapping[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        secret = any(one in (SecretStr, SecretBytes) for one in _flat(info.annotation))
        sensitive = secret or extra.get("sensitive") is True
        default = MISSING if info.default is PydanticUndefined else info.default
        back = any(get_origin(one) is BackLink for one in _flat(info.annotation))
        return FieldSpec(
            name=name,
            wire=name if is_id else info.serialization_alias or info.alias or name,
            storage="_id" if is_id else info.alias or name,
            graphql=naming.camel(name),
            type=found,
            nullable=nullable,
            required=info.is_required() and not is_id,
            default=default,
            default_factory=info.default_factory,  # pyright: ignore[reportArgumentType]
            constraints=_constraints(info),
            label=info.title or naming.label(name),
            description=info.description or "",
            operators=() if sensitive or back else _operators(found),
            sortable=not sensitive and _sortable(found),
            readable=not sensitive,
            writable=not (is_id or back or extra.get("readOnly") is True),
            sensitive=sensitive,
            deprecated=_deprecation(info.deprecated),
            widget=str(extra.get("widget") or ("password" if secret else _widget(found))),
        )

    def _computed(self, name: str, info: ComputedFieldInfo, owner: str, where: str) -> FieldSpec:
        found, nullable = self._types.resolve(info.return_type, f"{where}.{name}", f"{owner}{naming.pascal(name)}", ())
        return FieldSpec(
            name=name, wire=info.alias or name, graphql=naming.camel(name), type=found, nullable=nullable,
            required=False, label=info.title or naming.label(name), description=info.description or "",
            writable=False, computed=True, deprecated=_deprecation(info.deprecated), widget=_widget(found),
        )  # fmt: skip


def _operators(found: TypeSpec) -> tuple[str, ...]:
    match found:
        case ScalarType(name=name):
            return SCALARS[name].operators
        case EnumType():
            return EQUALITY
        case ListType(item=ScalarType() | EnumType()):
            return LIST
        case ListType(item=ListType() | MapType()):
            return ("isEmpty", "size")
        case ListType():
            return OBJECT_LIST
        case MapType():
            return SCALARS["JSON"].operators
        case _:
            return ("is", "isNot")


def _sortable(found: TypeSpec) -> bool:
    return isinstance(found, EnumType) or (isinstance(found, ScalarType) and SCALARS[found.name].sortable)


def _widget(found: TypeSpec) -> str:
    return SCALARS[found.name].widget if isinstance(found, ScalarType) else _WIDGETS[type(found).__name__[:-4].lower()]


def _type_name(python: type) -> str:
    return naming.pascal("_".join(naming.words(python.__name__))) if "[" in python.__name__ else python.__name__


def _bounds(info: FieldInfo) -> tuple[Any, ...]:
    return (*info.metadata, info)


def _constraints(info: FieldInfo) -> dict[str, Any]:
    return {
        key: getattr(one, key) for one in info.metadata for key in _CONSTRAINTS if getattr(one, key, None) is not None
    }


def _deprecation(deprecated: Any) -> str | None:
    if not deprecated:
        return None
    return "Deprecated" if deprecated is True else str(getattr(deprecated, "message", deprecated))


def _flat(annotation: Any) -> Iterable[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _flat(inner)


def _no_clash(fields: Iterable[FieldSpec], where: str) -> None:
    names = naming.Names(f"field of {where}")
    for found in fields:
        names.claim(found.graphql, found.name, "rename one of the fields")
