"""From registered classes to a ``Catalog``: the only reader of annotations and of pydantic's internals.

Raises ``DeclarationError`` for whatever cannot be served, naming module, class, field and remedy.
"""

import enum
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from beanie import BackLink, Document, Link
from bson import ObjectId
from pydantic import AnyUrl, BaseModel, EmailStr, SecretBytes, SecretStr
from pydantic.fields import ComputedFieldInfo, FieldInfo
from pydantic_core import PydanticUndefined, Url
from typing_extensions import TypeAliasType

from core import naming
from core.access import ANYONE, TASK_RUN, visible_runs
from core.access_declarations import check_model_access, check_operation_access
from core.errors import DeclarationError
from core.filters import LIST, OBJECT_LIST
from core.registries import ModelInfo, OperationMetadata, Registry
from core.scalars import SCALARS
from core.specs import (
    MISSING,
    Catalog,
    Choice,
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ModelSpec,
    ObjectSpec,
    ObjectType,
    OperationSpec,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)  # fmt: skip

# The first class that fits names the row; subclasses stand before their bases.
_SCALAR_CLASSES: tuple[tuple[Any, str], ...] = (
    (bool, "Boolean"), (int, "Int"), (float, "Float"), (SecretStr, "String"), (str, "String"),
    (datetime, "DateTime"), (date, "Date"), (time, "Time"), (timedelta, "Duration"), (Decimal, "Decimal"),
    (UUID, "UUID"), (SecretBytes, "Bytes"), (bytes, "Bytes"), (ObjectId, "ID"), (Url, "String"), (AnyUrl, "String"),
    (EmailStr, "String"),
)  # fmt: skip
_LISTS: Mapping[Any, bool] = {list: False, tuple: False, set: True, frozenset: True}
_INT32 = 2**31
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


def take_catalog(registry: Registry) -> Catalog:
    """The immutable description of everything the registry holds.

    Raises:
        DeclarationError: something declared cannot be served.
    """
    return _Inspector(registry).catalog()


class _Inspector:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._objects: dict[type, ObjectSpec] = {}
        self._open: set[type] = set()
        self._documents: dict[type, ModelInfo] = {info.document_cls: info for info in registry.models.values()}
        self._types = naming.Names("GraphQL type", naming.RESERVED_TYPES)
        self._fields = naming.Names("GraphQL field")

    def catalog(self) -> Catalog:
        models = {info.name: self._model(info) for info in self._registry.models.values()}
        operations = {found.name: self._operation(found) for found in self._registry.operations.values()}
        if (runs := models.get(TASK_RUN)) is not None:
            access = replace(runs.access, read=ANYONE, row_filter=visible_runs(operations.values()))
            models[TASK_RUN] = replace(runs, access=access)
        return Catalog(models=models, operations=operations, objects=self._objects)

    # models and operations

    def _model(self, info: ModelInfo) -> ModelSpec:
        document = info.document_cls
        if not (isinstance(document, type) and issubclass(document, Document)):
            raise DeclarationError(f"{info.place}: @datamodel stands on Beanie Document classes")
        found = self._object(document, info.place)
        singular, resource = _names(info)
        self._check_hints(info, found)
        for name in (singular, resource, f"{singular}Aggregate"):
            self._fields.claim(name, info.place, "give one of them another name= or plural=")
        plural_type, singular_type = naming.pascal(resource), naming.pascal(singular)
        for name in (
            f"createOne{singular_type}",
            f"updateOne{singular_type}",
            f"deleteOne{singular_type}",
            f"createMany{plural_type}",
            f"updateMany{plural_type}",
            f"deleteMany{plural_type}",
        ):
            self._fields.claim(f"mutation_{name}", info.place)
        settings = getattr(document, "Settings", None)
        collection = getattr(settings, "name", None) or document.__name__
        check_model_access(info, found, collection)
        indexes = getattr(settings, "indexes", ())
        searchable = set(info.ui_hints.get("searchable", ()))
        soft_delete = "deleted_at" in document.model_fields and hasattr(document, "hard_delete")
        fields = tuple(
            replace(
                one,
                searchable=one.name in searchable,
                writable=one.writable and not (soft_delete and one.name == "deleted_at"),
            )
            for one in found.fields
        )
        found = replace(found, description=info.description or found.description, fields=fields)
        self._objects[document] = found
        return ModelSpec(
            name=info.name,
            object=found,
            document=document,
            collection=collection,
            resource=resource,
            singular=singular,
            plural_type=plural_type,
            description=found.description,
            tags=info.tags,
            ui=info.ui_hints,
            read_only=info.read_only,
            access=info.access,
            revision=bool(getattr(settings, "use_revision", False)),
            soft_delete=soft_delete,
            text_index=any("text" in dict(_index_keys(index)).values() for index in indexes),
        )

    def _check_hints(self, info: ModelInfo, found: ObjectSpec) -> None:
        known = {"id", *found.by_name}
        hints = info.ui_hints
        named = [("list_fields", name) for name in hints.get("list_fields", ())]
        named += [("searchable", name) for name in hints.get("searchable", ())]
        sections = [section for section in hints.get("detail_sections", ()) if isinstance(section, Mapping)]
        named += [("detail_sections", name) for section in sections for name in section.get("fields", ())]
        named += [("primary_field", hints[key]) for key in ("primary_field",) if key in hints]
        for hint, name in named:
            if name.split(".")[0] not in known:
                raise DeclarationError(
                    f"{info.place}: {hint} names {name!r}, which is no field; known: {', '.join(sorted(known))}"
                )

    def _operation(self, metadata: OperationMetadata) -> OperationSpec:
        for kind, names in (("models_in", metadata.models_in), ("models_out", metadata.models_out)):
            for name in names:
                if name not in self._registry.models:
                    raise DeclarationError(
                        f"{metadata.place}: {kind} names the model {name!r}, which is not registered; "
                        f"known: {', '.join(sorted(self._registry.models))}"
                    )
        for kind, schema in (("inputs", metadata.input_schema), ("outputs", metadata.output_schema)):
            if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
                raise DeclarationError(f"{metadata.place}: {kind} must be a pydantic model, not {schema!r}")
        check_operation_access(metadata)
        mutation = naming.camel(metadata.name)
        self._fields.claim(f"mutation_{mutation}", metadata.place, "give the operation another name=")
        run_type = self._types.claim(f"{naming.pascal(metadata.name)}Run", metadata.place)
        input_spec = self._object(metadata.input_schema, metadata.place)
        output_spec = self._object(metadata.output_schema, metadata.place)
        return OperationSpec(
            name=metadata.name,
            mutation=mutation,
            run_type=run_type,
            description=metadata.description,
            category=metadata.category,
            tags=metadata.tags,
            input=ObjectType(python=input_spec.python),
            output=ObjectType(python=output_spec.python),
            models_in=metadata.models_in,
            models_out=metadata.models_out,
            async_enabled=metadata.async_enabled,
            timeout=metadata.timeout,
            retries=metadata.retries,
            concurrency=metadata.concurrency,
            access=metadata.access,
            ui=metadata.ui,
            function=metadata.function,
            version=metadata.version,
        )

    # objects and fields

    def _object(self, python: type[BaseModel], place: str) -> ObjectSpec:
        if python in self._objects:
            return self._objects[python]
        info = self._documents.get(python)
        where = f"{place} → {python.__module__}.{python.__qualname__}"
        name = self._types.claim(
            info.name if info else _type_name(python),
            f"{python.__module__}.{python.__qualname__}",
            "rename one of the classes",
        )
        self._open.add(python)
        fields = tuple(self._members(python, name, where, issubclass(python, Document)))
        self._open.discard(python)
        _no_clash(fields, where)
        spec = ObjectSpec(name=name, python=python, description=_description(python), fields=fields)
        self._objects[python] = spec
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
        found, nullable = self._type(info.annotation, place, f"{owner}{naming.pascal(name)}", _bounds(info))
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
        found, nullable = self._type(info.return_type, f"{where}.{name}", f"{owner}{naming.pascal(name)}", ())
        return FieldSpec(
            name=name, wire=info.alias or name, graphql=naming.camel(name), type=found, nullable=nullable,
            required=False, label=info.title or naming.label(name), description=info.description or "",
            writable=False, computed=True, deprecated=_deprecation(info.deprecated), widget=_widget(found),
        )  # fmt: skip

    # types

    def _type(self, annotation: Any, place: str, name: str, bounds: tuple[Any, ...]) -> tuple[TypeSpec, bool]:
        """The type and whether it may be null."""
        while isinstance(annotation, TypeAliasType) or get_origin(annotation) is Annotated:
            if isinstance(annotation, TypeAliasType):
                annotation = annotation.__value__
            else:
                bounds = (*bounds, *annotation.__metadata__)
                annotation = get_args(annotation)[0]
        if annotation is Any:
            return ScalarType(name="JSON"), True
        origin = get_origin(annotation)
        if origin in (Union, types.UnionType):
            return self._union(get_args(annotation), place, name, bounds)
        if origin is Literal:
            values = get_args(annotation)
            return self._literal([one for one in values if one is not None], place, name), None in values
        if origin in (Link, BackLink):
            return self._relation(annotation, place), False
        if annotation in _LISTS or origin in _LISTS:
            return self._list(annotation, origin or annotation, place, name), False
        if annotation in (dict, Mapping) or origin in (dict, Mapping, typing.Mapping):
            return self._map(get_args(annotation), place, name), False
        if isinstance(annotation, type):
            found = self._class(annotation, place, bounds)
            if found is not None:
                return found, False
        raise DeclarationError(
            f"{place}: the type {annotation!r} has no row in core.scalars; use a supported type, a pydantic model, or "
            "exclude the field with Field(exclude=True)"
        )

    def _class(self, python: type, place: str, bounds: tuple[Any, ...]) -> TypeSpec | None:
        if issubclass(python, enum.Enum):
            return self._enum(python)
        for kind, row in _SCALAR_CLASSES:
            if issubclass(python, kind):
                return ScalarType(name=_int_row(bounds) if row == "Int" else row)
        if issubclass(python, BaseModel):
            if python not in self._objects and python not in self._open:
                self._object(python, place)
            return ObjectType(python=python)
        return None

    def _union(self, members: tuple[Any, ...], place: str, name: str, bounds: tuple[Any, ...]) -> tuple[TypeSpec, bool]:
        kept = [member for member in members if member is not type(None)]
        nullable = len(kept) < len(members)
        if len(kept) == 1:
            found, inner = self._type(kept[0], place, name, bounds)
            return found, nullable or inner
        resolved = [self._type(member, place, name, ())[0] for member in kept]
        lists = [one for one in resolved if isinstance(one, ListType)]
        if len(resolved) == 2 and len(lists) == 1 and lists[0].item in resolved:
            return lists[0], nullable  # `T | list[T]`: a GraphQL list takes a single value as a list of one
        if all(isinstance(one, ObjectType) for one in resolved):
            discriminator = next((one.discriminator for one in bounds if getattr(one, "discriminator", None)), None)
            members_ = tuple(one for one in resolved if isinstance(one, ObjectType))
            return UnionType(
                name=self._types.claim(name, place), members=members_, discriminator=discriminator
            ), nullable
        if all(isinstance(one, ScalarType) for one in resolved):
            numbers = {one.name for one in resolved if isinstance(one, ScalarType)} <= {"Int", "BigInt", "Float"}
            return ScalarType(name="Float" if numbers else "JSON"), nullable
        raise DeclarationError(f"{place}: a union mixes models and plain values; make it a union of models, or Any")

    def _list(self, annotation: Any, origin: Any, place: str, name: str) -> ListType:
        arguments = [one for one in get_args(annotation) if one is not ...]
        if len(set(arguments)) > 1:
            raise DeclarationError(f"{place}: a tuple of several types has no list type; use a model with named fields")
        item, nullable = self._type(arguments[0] if arguments else Any, place, name, ())
        return ListType(item=item, nullable_items=nullable, unique=_LISTS[origin])

    def _map(self, arguments: tuple[Any, ...], place: str, name: str) -> MapType:
        value = arguments[1] if len(arguments) == 2 else Any
        return MapType(value=self._type(value, place, name, ())[0])

    def _relation(self, annotation: Any, place: str) -> RelationType:
        target = get_args(annotation)[0]
        if isinstance(target, typing.ForwardRef):
            target = next((one for one in self._documents if one.__name__ == target.__forward_arg__), target)
        if target not in self._documents:
            raise DeclarationError(f"{place}: it links to {target!r}, which is not registered; put @datamodel on it")
        return RelationType(python=target, back="" if get_origin(annotation) is BackLink else None)

    def _enum(self, python: type[enum.Enum]) -> EnumType:
        name = self._types.claim(
            python.__name__, f"{python.__module__}.{python.__qualname__}", "rename one of the enums"
        )
        choices = tuple(Choice(name=naming.enum_member(one.name), value=one.value) for one in python)
        return EnumType(name=name, choices=choices, description=_description(python), python=python)

    def _literal(self, values: Iterable[Any], place: str, name: str) -> EnumType:
        names = naming.Names(f"member of the Literal at {place}")
        choices = tuple(Choice(name=names.claim(naming.enum_member(one), repr(one)), value=one) for one in values)
        return EnumType(name=self._types.claim(name, place), choices=choices)


def _names(info: ModelInfo) -> tuple[str, str]:
    """Singular and plural GraphQL names, which must be different and lead to each other."""
    singular = naming.camel(info.name)
    resource = naming.camel(info.plural) if info.plural else naming.plural(singular)
    if resource == singular:
        raise DeclarationError(
            f"{info.place}: its plural is {resource!r} too, so list and get would clash; give plural="
        )
    back = naming.singular(resource)
    if back != singular:
        raise DeclarationError(
            f"{info.place}: Refine's data provider takes {back!r} for the singular of {resource!r}, not {singular!r}; "
            f"rename the model, or give a plural= that leads back to it ({singular + 's'!r} may)"
        )
    return singular, resource


def _operators(found: TypeSpec) -> tuple[str, ...]:
    match found:
        case ScalarType(name=name):
            return SCALARS[name].operators
        case EnumType():
            return ("eq", "neq", "in", "notIn", "is", "isNot")
        case ListType(item=ScalarType() | EnumType()):
            return LIST
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


def _description(python: type) -> str:
    text = python.__dict__.get("__doc__") or ""
    return " ".join(text.split())


def _bounds(info: FieldInfo) -> tuple[Any, ...]:
    return (*info.metadata, info)


def _int_row(bounds: Iterable[Any]) -> str:
    """Int while the declared bounds keep the value in 32 bits or say nothing, BigInt where they reach beyond."""
    numbers = [getattr(one, key) for one in bounds for key in ("gt", "ge", "lt", "le") if hasattr(one, key)]
    wide = any(isinstance(number, int) and abs(number) > _INT32 for number in numbers)
    return "BigInt" if wide else "Int"


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


def _index_keys(index: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(index, str):
        return [(index, 1)]
    return index.document["key"].items() if hasattr(index, "document") else index


def _no_clash(fields: Iterable[FieldSpec], where: str) -> None:
    names = naming.Names(f"field of {where}")
    for found in fields:
        names.claim(found.graphql, found.name, "rename one of the fields")
