"""From a request's text to its answers, the same for every transport: parse, limits, validate, execute, mask."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    subscribe,
    validate,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from core.access import Principal
from core.errors import CoreError, InputError, LimitExceeded, OperationTimeout
from core.renderers import Services
from core.settings import Settings
from graphql_surface.context import make_context
from graphql_surface.limits import check_limits
from graphql_surface.masking import Formatted, format_exception, format_result

Response = dict[str, Any]
"""``data`` and ``errors``, ready for JSON."""

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_MAX_ERRORS = 10
_is_awaitable: Any = optimized_is_awaitable
_REMEMBERED_DOCUMENTS = 500
_LONGEST_REMEMBERED = 10_000
"""Characters; longer documents are parsed each time, so that what is remembered stays small."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What every transport hands over, already of the right types."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    operation_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request that may be executed."""

    request: Request
    document: DocumentNode
    kind: OperationType


class Refused(Exception):
    """A request that is not executed. ``errors`` go to the client."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(*errors)
        self.errors: list[Formatted] = [format_exception(error) for error in errors]


class Execution:
    """Executes requests against one schema. Mutations finish whatever becomes of the client that sent them."""

    def __init__(self, schema: strawberry.Schema, services: Services) -> None:
        # Strawberry's own `execute` validates without a bound on errors and parses every time.
        self._schema: GraphQLSchema = schema._schema  # pyright: ignore[reportPrivateUsage]
        self._executor_class = schema.execution_context_class
        self._services = services
        self._settings = services.settings
        self._remembered = lru_cache(_REMEMBERED_DOCUMENTS)(self._parse)
        self._mutations: set[asyncio.Task[Response]] = set()

    def prepare(self, request: Request) -> Prepared:
        """Check a request without executing anything.

        Raises:
            Refused: a limit is passed, or the text is no valid query of this schema.
        """
        try:
            parse_once = self._remembered if len(request.query) <= _LONGEST_REMEMBERED else self._parse
            document = parse_once(request.query)
            operation = get_operation_ast(document.node, request.operation_name)
            check_limits(self._schema, document.node, operation, request.variables, self._settings)
        except (CoreError, GraphQLError) as error:
            raise Refused(error) from None
        if document.errors:
            raise Refused(*document.errors)
        if operation is None:
            raise Refused(InputError("operationName must name one of the operations of the query."))
        return Prepared(request=request, document=document.node, kind=operation.operation)

    async def run(self, prepared: Prepared, principal: Principal) -> Response:
        """Answer a query or mutation. Cancelling this cancels a query, and leaves a mutation to finish."""
        if prepared.kind is not OperationType.MUTATION:
            return await self._run_query(prepared, principal)
        task = asyncio.create_task(self._execute(prepared, principal))
        self._mutations.add(task)
        task.add_done_callback(self._mutations.discard)
        return await asyncio.shield(task)

    async def stream(self, prepared: Prepared, principal: Principal) -> AsyncGenerator[Response, None]:
        """The answers of any operation: one, or those of a subscription until it ends."""
        if prepared.kind is not OperationType.SUBSCRIPTION:
            yield await self.run(prepared, principal)
            return
        try:
            source = await self._subscribe(prepared, principal)
            if isinstance(source, ExecutionResult):
                yield format_result(source)
                return
            async with aclosing(source):
                async for result in source:
                    yield format_result(result)
        except Exception as error:  # whatever a source raises ends this subscription, and only this
            yield {"errors": [format_exception(error)]}

    async def _run_query(self, prepared: Prepared, principal: Principal) -> Response:
        seconds = self._settings.query_timeout
        try:
            async with asyncio.timeout(seconds):
                return await self._execute(prepared, principal)
        except TimeoutError:
            late = OperationTimeout(f"The query took longer than {seconds:g} s (query_timeout).")
            return {"errors": [format_exception(late)]}

    async def _execute(self, prepared: Prepared, principal: Principal) -> Response:
        request = prepared.request
        try:
            result = execute(
                self._schema,
                prepared.document,
                context_value=make_context(self._services, principal),
                variable_values=request.variables,
                operation_name=request.operation_name,
                executor_class=self._executor_class,
                is_awaitable=_is_awaitable,
            )
            return format_result(await result if isawaitable(result) else result)
        except Exception as error:  # resolvers' errors are in the result; this one is a fault of the surface
            return {"errors": [format_exception(error)]}

    async def _subscribe(
        self, prepared: Prepared, principal: Principal
    ) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
        request = prepared.request
        source: Any = subscribe(
            self._schema,
            prepared.document,
            context_value=make_context(self._services, principal),
            variable_values=request.variables,
            operation_name=request.operation_name,
            executor_class=self._executor_class,
        )
        return await source if isawaitable(source) else source

    def _parse(self, query: str) -> "_Document":
        return _Document(self._schema, query, self._settings)


class _Document:
    """A parsed text. It is validated when asked for, which is after its limits were checked."""

    def __init__(self, schema: GraphQLSchema, query: str, settings: Settings) -> None:
        self._schema = schema
        tokens, length = settings.graphql_max_tokens, settings.graphql_max_query_length
        try:
            self.node = parse(query, max_lexical_tokens=tokens, max_comments=tokens, max_source_length=length)
        except GraphQLError as error:
            if not error.message.endswith("Parsing aborted."):
                raise
            reason = f"more than {tokens} tokens or comments (graphql_max_tokens)"
            if len(query) > length:
                reason = f"more than {length} characters (graphql_max_query_length); send long values as variables"
            raise LimitExceeded(f"The query has {reason}.") from None

    @cached_property
    def errors(self) -> list[GraphQLError]:
        return validate(self._schema, self.node, _RULES, max_errors=_MAX_ERRORS)
