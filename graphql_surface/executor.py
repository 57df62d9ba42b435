"""Execution with compiled selections, in which a document that breaks its model costs one item of a list, not the list.

GraphQL would carry the error of a field that must not be null up to the next place that may be, which for
``[Job!]!`` is the whole answer. Here such an item is left out and its error, which names document and field, is in
``errors`` at the place where the item would have stood.
"""

from typing import Any

from graphql import GraphQLError, is_non_null_type
from graphql.error import located_error
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from core.errors import CoreError, InvalidDocument
from graphql_surface.errors import to_graphql_error
from graphql_surface.shapes import Shapes, shapes_of


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, with compiled selections and lists that stand a broken item."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The fields are kept beside their shapes: their id is the key, and must not be given to others meanwhile.
        self._shapes: dict[tuple[str, int], tuple[Any, Shapes]] = {}

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Path | None, grouped_field_set: Any, position_context: Any
    ) -> Any:
        shapes = self._shapes_of(parent_type, grouped_field_set)
        try:
            known = {name: read(source_value) for name, read in shapes.compiled.items()}
        except Exception:  # the executor's own way finds it again and says where it is
            known, rest = {}, grouped_field_set
        else:
            rest = shapes.rest
        if not rest:
            return known
        found: Any = super().execute_fields(parent_type, source_value, path, rest, position_context)
        if not known:
            return found
        if self.is_awaitable(found):
            return _merged_later(grouped_field_set, known, found)
        return _merged(grouped_field_set, known, found)

    def _shapes_of(self, type_: Any, selected: Any) -> Shapes:
        key = (type_.name, id(selected))
        if key not in self._shapes:
            watched = self.middleware_manager and self.middleware_manager.middlewares  # they want to see every field
            shapes = Shapes({}, selected) if watched else shapes_of(self.schema, type_, selected, self._selected)
            self._shapes[key] = (selected, shapes)
        return self._shapes[key][1]

    def _selected(self, type_: Any, details: Any) -> Any:
        fields, deferred, _ = self.collect_subfields(type_, details)
        return None if deferred else fields

    def handle_field_error(self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Path) -> None:
        if isinstance(raw_error, CoreError):
            raw_error = to_graphql_error(raw_error)
        if isinstance(path.key, int) and is_non_null_type(return_type) and _is_broken(raw_error):
            nodes = [details.node for details in field_details_list]
            self.collected_errors.add(located_error(raw_error, nodes, path.as_list()), path)
            return
        super().handle_field_error(raw_error, return_type, field_details_list, path)

    def complete_iterable_value(self, item_type: Any, *args: Any, **kwargs: Any) -> Any:
        found: Any = super().complete_iterable_value(item_type, *args, **kwargs)
        if not is_non_null_type(item_type):
            return found
        return _sound_later(found) if self.is_awaitable(found) else _sound(found)


def _merged(order: Any, known: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    both = known | found
    return {name: both[name] for name in order if name in both}


async def _merged_later(order: Any, known: dict[str, Any], found: Any) -> dict[str, Any]:
    return _merged(order, known, await found)


def _sound(items: list[Any]) -> list[Any]:
    return [item for item in items if item is not None] if None in items else items


async def _sound_later(items: Any) -> list[Any]:
    return _sound(await items)


def _is_broken(error: Exception) -> bool:
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return isinstance(cause, InvalidDocument)
