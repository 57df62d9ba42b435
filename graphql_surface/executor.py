"""Execution in which a stored document that breaks its model costs one item of a list, not the list.

GraphQL would carry the error of a field that must not be null up to the next place that may be, which for
``[Job!]!`` is the whole answer. Here such an item is left out and its error, which names document and field, is in
``errors`` at the place where the item would have stood.
"""

from typing import Any

from graphql import GraphQLError, is_non_null_type
from graphql.error import located_error
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from core.errors import InvalidDocument


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, with lists that stand a broken item."""

    def handle_field_error(self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Path) -> None:
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


def _sound(items: list[Any]) -> list[Any]:
    return [item for item in items if item is not None] if None in items else items


async def _sound_later(items: Any) -> list[Any]:
    return _sound(await items)


def _is_broken(error: Exception) -> bool:
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return isinstance(cause, InvalidDocument)
