"""What a declaration means, resolved once: the descriptions every surface is built from.

Frozen, and free of Beanie and of any surface. ``core.inspection`` writes them, everything else reads them.
A ``TypeSpec`` is one of the seven small classes below; an object type is named by its Python class and looked up
in ``Catalog.objects``, so that types may contain themselves.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from core.access import Access

if TYPE_CHECKING:  # a name for the type; nothing here calls it
    from beanie import Document

MISSING: Any = type("MISSING", (), {"__repr__": lambda self: "MISSING", "__bool__": lambda self: False})()
"""The field has no static default (``None`` is one)."""


@dataclass(frozen=True, kw_only=True)
class ScalarType:
    """A row of ``core.scalars.SCALARS``, by its name."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A member of an enum: the name GraphQL shows, the value that is stored."""

    name: str
    value: Any
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class EnumType:
    """An ``Enum`` class, or a ``Literal`` (then ``python`` is None and the name comes from where it stands)."""

    name: str
    choices: tuple[Choice, ...]
    description: str = ""
    python: type | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectType:
    """An embedded pydantic model, described in ``Catalog.objects[python]``."""

    python: type[BaseModel]


@dataclass(frozen=True, kw_only=True)
class UnionType:
    """One of several object types. ``discriminator`` is the declared field name that tells them apart, if any."""

    name: str
    members: tuple[ObjectType, ...]
    discriminator: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListType:
    """list, tuple, set or frozenset of one type; ``unique`` for the sets.

    ``single`` for ``T | list[T]``: one value may be stored as it is, and is read as a list of one.
    """

    item: "TypeSpec"
    nullable_items: bool = False
    unique: bool = False
    single: bool = False


@dataclass(frozen=True, kw_only=True)
class MapType:
    """``dict[str, value]``: JSON on the wire, validated by pydantic."""

    value: "TypeSpec"


@dataclass(frozen=True, kw_only=True)
class RelationType:
    """A Beanie ``Link`` or ``BackLink`` to a registered document class.

    ``back`` names the field at the other end for a BackLink; it is None for a Link, which stores a reference.
    """

    python: type
    back: str | None = None


TypeSpec = ScalarType | EnumType | ObjectType | UnionType | ListType | MapType | RelationType


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """One field of a model or of an operation's input or output."""

    name: str
    """Declared Python name."""
    wire: str
    """Name in REST, CLI and JSON Schema: the alias where one is declared."""
    graphql: str
    """camelCase name."""
    type: TypeSpec
    nullable: bool
    required: bool
    """An input must give it."""
    storage: str = ""
    """Key in the stored document: a document's ``id`` is ``_id`` there; empty for a computed field."""
    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    constraints: Mapping[str, Any] = field(default_factory=dict[str, Any])
    label: str = ""
    description: str = ""
    operators: tuple[str, ...] = ()
    """Keys of ``core.filters.OPERATORS`` that may filter this field."""
    sortable: bool = False
    searchable: bool = False
    readable: bool = True
    writable: bool = True
    sensitive: bool = False
    """Never stored in a run, never shown (SecretStr, or declared so)."""
    computed: bool = False
    deprecated: str | None = None
    """The reason, where the declaration carries one."""
    widget: str = "text"


@dataclass(frozen=True, kw_only=True)
class ObjectSpec:
    """A pydantic class as fields. ``name`` is the GraphQL output type's name."""

    name: str
    python: type[BaseModel]
    description: str
    fields: tuple[FieldSpec, ...]

    @cached_property
    def by_name(self) -> Mapping[str, FieldSpec]:
        return {found.name: found for found in self.fields}

    @cached_property
    def by_graphql(self) -> Mapping[str, FieldSpec]:
        return {found.graphql: found for found in self.fields}

    @cached_property
    def by_wire(self) -> Mapping[str, FieldSpec]:
        return {found.wire: found for found in self.fields}


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A registered document class. ``object`` holds its fields, ``resource`` and ``singular`` its GraphQL names."""

    name: str
    object: ObjectSpec
    document: "type[Document]"
    collection: str
    resource: str
    singular: str
    plural_type: str
    """``Jobs`` of ``createManyJobs``."""
    description: str
    tags: tuple[str, ...]
    ui: Mapping[str, Any]
    read_only: bool
    access: Access
    revision: bool
    """Beanie keeps a ``revision_id``."""
    soft_delete: bool
    text_index: bool
    class_ids: tuple[str, ...] = ()
    """Inheritance: the stored ``_class_id`` values that are this model or a child of it; empty without."""

    @property
    def type_name(self) -> str:
        return self.object.name

    @property
    def singular_type(self) -> str:
        """``Job`` of ``createOneJob`` and ``JobFilter``, as clients derive it from the resource: ``Cv`` of a ``CV``."""
        return self.singular[:1].upper() + self.singular[1:]

    @property
    def searchable(self) -> tuple[str, ...]:
        return tuple(found.name for found in self.object.fields if found.searchable)


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """A registered operation. ``input`` and ``output`` name object types; ``function`` is the audited callable."""

    name: str
    mutation: str
    run_type: str
    """``CreateItemRun``."""
    description: str
    category: str
    tags: tuple[str, ...]
    input: ObjectType
    output: ObjectType
    models_in: tuple[str, ...]
    models_out: tuple[str, ...]
    async_enabled: bool
    timeout: float | None
    """Seconds."""
    retries: int
    concurrency: int | None
    access: Access
    ui: Mapping[str, Any]
    function: Callable[..., Awaitable[Any]]
    version: str
    """Digest of the source, so that a run says which code it ran."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything declared, at one moment: surfaces build from it and never look back at the registries."""

    models: Mapping[str, ModelSpec]
    operations: Mapping[str, OperationSpec]
    objects: Mapping[type, ObjectSpec]

    def of(self, reference: ObjectType) -> ObjectSpec:
        return self.objects[reference.python]

    @cached_property
    def by_document(self) -> Mapping[type[BaseModel], ModelSpec]:
        return {model.document: model for model in self.models.values()}
