"""What a query may ask for, measured on the parsed document before anything is validated or executed.

Validation rules that follow every fragment spread take exponential time on chained fragments, so each fragment is
measured once here and its size is reused. Introspection counts as one field, however deep it reads: graphql-core
bounds it by a rule of its own.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

from core.errors import LimitExceeded
from core.settings import Settings

_ASSUMED_LENGTH = 10
"""Entries of a list that has no page size."""


@dataclass
class _Size:
    """A selection set with its fragments expanded; ``names`` are the response names of its own level."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0
    names: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: "_Size") -> None:
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.cost += other.cost
        self.names.update(other.names)


def check_limits(
    schema: GraphQLSchema,
    document: DocumentNode,
    executed: OperationDefinitionNode | None,
    variables: Mapping[str, Any],
    settings: Settings,
) -> None:
    """Refuse a document that asks for more than the settings allow; time and memory grow with its length alone.

    The variables are those of the operation ``executed``. Its siblings count too: they will be validated.

    Raises:
        LimitExceeded: names the first limit that is passed and the setting behind it.
    """
    try:
        _Ruler(schema, document, variables, settings).measure(executed)
    except RecursionError:
        raise LimitExceeded("The query is nested too deeply.") from None


class _Ruler:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], settings: Settings
    ) -> None:
        self._schema = schema
        self._definitions = document.definitions
        self._given = variables
        self._variables: dict[str, Any] = {}
        self._settings = settings
        self._fragments = {node.name.value: node for node in self._definitions if _is_fragment(node)}
        self._measured: dict[str, _Size] = {}

    def measure(self, executed: OperationDefinitionNode | None) -> None:
        """What is executed comes first, so that its variables decide the size of the fragments it shares."""
        operations = [node for node in self._definitions if isinstance(node, OperationDefinitionNode)]
        for node in sorted(operations, key=lambda node: node is not executed):
            self._operation(node)
        for name in self._fragments:
            self._fragment(name)

    def _operation(self, node: OperationDefinitionNode) -> None:
        defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in node.variable_definitions or ()
            if definition.default_value
        }
        self._variables = {**defaults, **self._given}
        for definition in node.variable_definitions or ():
            self._directives(definition.directives)
        self._directives(node.directives)
        size = self._selections(node.selection_set, self._schema.get_root_type(node.operation))
        self._within("graphql_max_root_fields", size.names.total(), "fields at its top")
        self._within("graphql_max_depth", size.depth, "levels of fields")
        self._within("graphql_max_aliases", size.aliases, "aliases")
        self._within("graphql_max_cost", size.cost, "fields in its answer, by its page sizes")

    def _selections(self, node: SelectionSetNode | None, parent: GraphQLNamedType | None) -> _Size:
        size = _Size()
        for selection in node.selections if node else ():
            self._directives(selection.directives)
            if isinstance(selection, FieldNode):
                size.add(self._field(selection, parent))
            elif isinstance(selection, FragmentSpreadNode):
                size.add(self._fragment(selection.name.value))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                size.add(self._selections(selection.selection_set, inner))
        self._within("graphql_max_repeats", max(size.names.values(), default=0), "fields of one name side by side")
        return size

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> _Size:
        name = node.name.value
        definition = _field_of(parent, name)
        inner = self._selections(node.selection_set, get_named_type(definition.type) if definition else None)
        depth, cost = inner.depth, inner.cost
        if name.startswith("__"):
            depth = cost = 0
        elif definition and parent:
            cost *= self._entries(node, definition, parent)
        response_name = node.alias.value if node.alias else name
        return _Size(1 + depth, bool(node.alias) + inner.aliases, 1 + cost, Counter((response_name,)))

    def _fragment(self, name: str) -> _Size:
        if name not in self._measured:
            self._measured[name] = _Size()  # ends a cycle, which validation reports
            node = self._fragments.get(name)
            if node:
                self._directives(node.directives)
                parent = self._schema.get_type(node.type_condition.name.value)
                self._measured[name] = self._selections(node.selection_set, parent)
        return self._measured[name]

    def _entries(self, node: FieldNode, definition: GraphQLField, parent: GraphQLNamedType) -> int:
        """How often the children of a field may stand in the answer."""
        arguments = {argument.name.value: argument for argument in node.arguments or ()}
        given = {
            name: value_from_ast_untyped(arguments[name].value, self._variables)
            for name in ("paging", "limit", "filter")
            if name in arguments
        }
        if "paging" in definition.args:
            return max(self._page(_item(given.get("paging"), "limit")), _wanted_ids(given.get("filter")))
        if "limit" in definition.args:
            return self._page(given.get("limit"))
        # The page size of a connection is counted at the connection.
        is_list = str(definition.type).startswith("[")
        return _ASSUMED_LENGTH if is_list and not parent.name.endswith("Connection") else 1

    def _page(self, limit: Any) -> int:
        wanted = limit if isinstance(limit, int) and limit >= 0 else self._settings.page_size
        return min(wanted, self._settings.max_page_size)

    def _directives(self, directives: tuple[DirectiveNode, ...] | None) -> None:
        self._within("graphql_max_directives", len(directives or ()), "directives at one place")

    def _within(self, setting: str, found: int, what: str) -> None:
        allowed: int = getattr(self._settings, setting)
        if found > allowed:
            raise LimitExceeded(f"The query has {found} {what}; at most {allowed} are allowed ({setting}).")


def _field_of(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None


def _is_fragment(node: Any) -> TypeGuard[FragmentDefinitionNode]:
    return isinstance(node, FragmentDefinitionNode)


def _item(mapping: Any, key: str) -> Any:
    return mapping.get(key) if isinstance(mapping, Mapping) else None


def _wanted_ids(filter: Any) -> int:
    """Every id asked for is answered, whatever the page size."""
    ids = _item(_item(filter, "id"), "in")
    return len(ids) if isinstance(ids, list) else 0
