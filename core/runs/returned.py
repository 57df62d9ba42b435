"""Documents that an operation returned: a run names them, and every reader gets them as they are now and as far as its
principal may see them.

A document that is gone or hidden is left out of lists and null elsewhere. A field that is hidden is left out of the
document.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any, cast

from beanie import Document, PydanticObjectId
from beanie.odm.utils.parsing import parse_obj
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from core.access import Principal, may, readable_fields
from core.actions.reads import Reads
from core.actions.rows import guard
from core.identifiers import id_to_storage
from core.queries import MongoQuery, all_of
from core.registries import ModelRegistry, OperationMetadata
from core.runs.model import TaskRun
from core.runs.stored import REFERENCE, loadable, stored
from core.specs import ModelSpec

Load = Callable[[str, Collection[str]], Awaitable[Mapping[str, Document]]]
"""From the name of a model and ids to those documents that are there, by id."""


def models_by_class() -> Mapping[type, str]:
    return {info.document_cls: info.name for info in ModelRegistry.list_all()}


async def output_of(operation: OperationMetadata, run: TaskRun, load: Load) -> BaseModel | None:
    """The stored output as the output model; None where there is none, or it no longer fits the model."""
    return None if run.output is None else await _loaded(operation, run.output, load)


async def output_for(operation: OperationMetadata, output: BaseModel, load: Load) -> BaseModel | None:
    """An output that has just been returned, for a reader who may not see all documents. Raises as ``stored``."""
    value = stored(output, models_by_class()).value
    return await _loaded(operation, value, load) if any(_references(value)) else output


async def _loaded(operation: OperationMetadata, kept: Any, load: Load) -> BaseModel | None:
    value = loadable(kept)
    documents: dict[tuple[str, str], Document] = {}
    for model, ids in _grouped(_references(value)).items():
        documents |= {(model, id): document for id, document in (await load(model, ids)).items()}
    try:
        return operation.output_schema.model_validate(_with_documents(value, documents))
    except ValidationError:  # the model changed since, a masked field is no text, or a needed document is not there
        return None


async def load_all(model: str, ids: Collection[str]) -> Mapping[str, Document]:
    """For a Python caller: every document that is there."""
    info = ModelRegistry.get(model)
    if info is None:
        return {}
    found = {id: await info.document_cls.get(cast(PydanticObjectId, id)) for id in ids}
    return {id: document for id, document in found.items() if document is not None}


def load_for(reads: Reads, principal: Principal) -> Load:
    """For a surface: what the principal may see."""

    async def load(model: str, ids: Collection[str]) -> Mapping[str, Document]:
        spec = reads.catalog.models.get(model)
        if spec is None or not may(spec.access, "read", principal, spec.name):
            return {}
        keys: MongoQuery = {"_id": {"$in": [id_to_storage(spec, id) for id in set(ids)]}}
        rows = await reads.fetch(spec, all_of(keys, guard(spec, principal)), None, len(ids))
        shown = ((str(row["_id"]), _shown(spec, row, principal)) for row in rows)
        return {id: document for id, document in shown if document is not None}

    return load


def _shown(spec: ModelSpec, row: Mapping[str, Any], principal: Principal) -> Document | None:
    """The document without what is hidden; None for one that cannot be made so."""
    readable = readable_fields(spec, principal)
    hidden = [one.name for one in spec.object.fields if one.wire not in readable and not one.computed]
    try:
        document: Any = parse_obj(spec.document, dict(row))  # pyright: ignore[reportArgumentType]
        for name in hidden:
            document.__dict__.pop(name, None)
        if hidden and spec.document.model_computed_fields:  # pyright: ignore[reportAttributeAccessIssue]
            document.model_dump()  # one may be computed from what is hidden
    except (ValidationError, AttributeError, PydanticSerializationError):
        return None
    return document


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _references(one)
    elif isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if REFERENCE in fields:
            yield fields[REFERENCE], fields["id"]
        else:
            yield from _references(list(fields.values()))


def _grouped(references: Iterator[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for model, id in references:
        found.setdefault(model, []).append(id)
    return found


def _with_documents(value: Any, documents: Mapping[tuple[str, str], Document]) -> Any:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        shown = [(one, _with_documents(one, documents)) for one in items]
        return [found for one, found in shown if found is not None or one is None]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if REFERENCE in fields:
            return documents.get((fields[REFERENCE], fields["id"]))
        return {key: _with_documents(one, documents) for key, one in fields.items()}
    return value
