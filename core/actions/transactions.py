"""Several writes as one, where the server can; else in order, with an error that says how far they came."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pymongo.errors import BulkWriteError

from core.actions.driver import driver_errors, duplicate, has_transactions
from core.database.connection import client_of_loop
from core.errors import Conflict, CoreError
from core.settings import Settings
from core.specs import ModelSpec

Result = TypeVar("Result")


async def atomically(
    settings: Settings, model: ModelSpec, work: Callable[[Any], Awaitable[Result]], count: int
) -> Result:
    """Run ``work(session)``, which writes ``count`` documents by one bulk write; the session is None without
    transactions. With them it may run again after a conflict.

    Raises:
        Duplicate, Conflict: a document was refused; nothing was written, or the message says what was.
        Unavailable, OperationTimeout, LimitExceeded: as every command.
    """
    with driver_errors(settings, model):
        transactions = await has_transactions()
        try:
            if not transactions:
                return await work(None)
            async with client_of_loop().start_session() as session:
                return await session.with_transaction(work)
        except BulkWriteError as error:
            raise _refused(model, error, count, undone=transactions) from error


def _refused(model: ModelSpec, error: BulkWriteError, count: int, *, undone: bool) -> CoreError:
    first: Mapping[str, Any] = next(iter(error.details.get("writeErrors", ())), {})
    place = int(first.get("index", 0))
    came = "nothing was written" if undone else f"{place} of {count} were written before it, and stay"
    if first.get("code") == 11000:
        found = duplicate(model, first, place)
        return type(found)(f"{found.message}; {came}", field_errors=found.field_errors)
    return Conflict(f"{model.name}: the database refused the document at position {place}; {came}")
