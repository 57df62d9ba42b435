"""Which models must be read through pydantic: those whose validators may change a value that is stored already."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from beanie import Document
from pydantic import AfterValidator, BeforeValidator, PlainValidator, WrapValidator

from core.specs import Catalog, ListType, MapType, ModelSpec, ObjectType, TypeSpec, UnionType

_DECORATORS = ("field_validators", "model_validators", "validators", "root_validators")
_VALIDATORS = (AfterValidator, BeforeValidator, PlainValidator, WrapValidator)


def changes_on_read(catalog: Catalog, model: ModelSpec) -> bool:
    """Whether a validator of the author's stands on the model or on an object inside it."""
    classes = {kind.python for one in model.object.fields for kind in _objects_in(catalog, one.type, frozenset())}
    return any(map(_has_validators, {model.document, *classes}))


@cache
def _has_validators(python: Any) -> bool:
    decorators = python.__pydantic_decorators__
    names = {name for kind in _DECORATORS for name in getattr(decorators, kind)}
    if names - Document.__pydantic_decorators__.model_validators.keys():  # Beanie's own fills in back links
        return True
    return any(
        _is_authors(one)
        for info in python.model_fields.values()
        for one in (*info.metadata, *_metadata(info.annotation))
    )


def _is_authors(metadata: Any) -> bool:
    """Beanie's reads a Decimal128, which has been done by then."""
    return isinstance(metadata, _VALIDATORS) and not str(metadata.func.__module__).startswith("beanie.")


def _metadata(annotation: Any) -> Iterable[Any]:
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for inner in get_args(annotation):
        yield from _metadata(inner)


def _objects_in(catalog: Catalog, kind: TypeSpec, seen: frozenset[type]) -> Iterable[ObjectType]:
    match kind:
        case ListType(item=inner) | MapType(value=inner):
            yield from _objects_in(catalog, inner, seen)
        case UnionType(members=members):
            for member in members:
                yield from _objects_in(catalog, member, seen)
        case ObjectType(python=python) if python not in seen:
            yield kind
            for one in catalog.of(kind).fields:
                yield from _objects_in(catalog, one.type, seen | {python})
        case _:
            return
