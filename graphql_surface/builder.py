"""Generated types by name: each made once, empty, and filled after all that refer to it."""

from collections import deque
from collections.abc import Callable, Iterable

from strawberry.types.field import StrawberryField

from core import naming
from core.reads import RowReader
from core.specs import Catalog, ObjectSpec, ObjectType, RelationType, UnionType
from graphql_surface.definitions import GraphQLType, add_fields, enum_type, input_type, member, object_type

CORE = "Core itself"
"""The definer of types that every schema has."""

Fields = Callable[[], Iterable[StrawberryField]]


class Builder:
    """Makes the types of one schema. The functions of this package take it and ask it for what they refer to."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.rows = RowReader(catalog)
        self.held = frozenset(_held(catalog))
        """Classes that some field holds, embedded or linked."""
        self._extra_fields: dict[type, Fields] = {}
        self._types: dict[str, GraphQLType] = {}
        self._names = naming.Names("GraphQL type", naming.RESERVED_TYPES)
        self._unfilled: deque[tuple[GraphQLType, Fields]] = deque()

    def output(self, name: str, definer: str, description: str, fields: Fields) -> GraphQLType:
        return self._filled_later(name, definer, lambda: object_type(name, description), fields)

    def input(self, name: str, definer: str, description: str, fields: Fields, *, one_of: bool = False) -> GraphQLType:
        return self._filled_later(name, definer, lambda: input_type(name, description, one_of=one_of), fields)

    def enum(
        self, name: str, definer: str, description: str, members: Callable[[], Iterable[tuple[str, object, str]]]
    ) -> GraphQLType:
        """``members`` gives (name, value, description) of each."""
        return self.once(name, definer, lambda: enum_type(name, description, [member(*one) for one in members()]))

    def once(self, name: str, definer: str, make: Callable[[], GraphQLType]) -> GraphQLType:
        """The type of this name, made at the first call.

        Raises:
            DeclarationError: somebody else defines a type of this name.
        """
        self._names.claim(name, definer)
        if name not in self._types:
            self._types[name] = make()
        return self._types[name]

    def extend(self, python: type, fields: Fields) -> None:
        """Fields that the output type of a class has beyond its declared ones, or in place of those of their names."""
        self._extra_fields[python] = fields

    def extra_fields(self, spec: ObjectSpec) -> Iterable[StrawberryField]:
        fields = self._extra_fields.get(spec.python)
        return fields() if fields else ()

    def fill(self) -> None:
        """Give every type its fields, which may bring further types."""
        while self._unfilled:
            type_, fields = self._unfilled.popleft()
            add_fields(type_, fields())

    def _filled_later(self, name: str, definer: str, make: Callable[[], GraphQLType], fields: Fields) -> GraphQLType:
        if name in self._types:
            return self.once(name, definer, make)
        made = self.once(name, definer, make)
        self._unfilled.append((made, fields))
        return made


def _held(catalog: Catalog) -> Iterable[type]:
    for spec in catalog.objects.values():
        for field in spec.fields:
            if isinstance(field.type, ObjectType | RelationType):
                yield field.type.python
            elif isinstance(field.type, UnionType):
                yield from (member.python for member in field.type.members)


def sentence(text: str, otherwise: str) -> str:
    """A description as the schema shows it: one that starts with a capital, and never none."""
    found = text.strip() or otherwise
    return found[:1].upper() + found[1:]
