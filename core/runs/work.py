"""An operation's function at work: started in a task or a thread of its own, stopped for a reason, seen to its end.

Whatever the function raises, ``SystemExit`` included, stays inside: asyncio would end its loop over it.
"""

import asyncio
import contextlib
import contextvars
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from core.errors import OperationFailed, OperationTimeout, RunCancelled
from core.registries import OperationMetadata
from core.runs.context import RunContext, enter
from core.runs.lifecycle import TaskRunStatus
from core.signatures import takes_model
from core.validation import field_errors

GRACE = 1.0
"""Seconds a function gets to clean up; then its run is closed though it goes on."""


class Stop(Enum):
    """Why a function is told to stop before its end."""

    CANCEL = "somebody asked for it"
    TIMEOUT = "its time is over"
    CALLER = "whoever awaits it was cancelled"
    SHUTDOWN = "the process ends"
    LOST = "another process ended the run"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it ended. ``error`` is what the caller gets; ``cause`` is what the function raised."""

    status: TaskRunStatus
    code: str | None = None
    output: BaseModel | None = None
    error: BaseException | None = None
    cause: BaseException | None = None


class Work:
    """One call of an operation's function; made, begun and stopped on the run's event loop."""

    def __init__(self, operation: OperationMetadata, data: BaseModel, context: RunContext) -> None:
        self._operation = operation
        self._data = data
        self._context = context
        self._is_async = inspect.iscoroutinefunction(operation.implementation)
        self.loop = asyncio.get_running_loop()
        self.recorded = asyncio.Event()
        self._ended: asyncio.Future[None] = self.loop.create_future()
        self._reason: Stop | None = None
        self._output: BaseModel | None = None
        self._raised: BaseException | None = None

    async def done(self, timeout: float | None) -> Outcome:
        """Run the function to its end, at most ``timeout`` seconds. A cancellation of the caller is an outcome."""
        variables = contextvars.copy_context()
        variables.run(enter, self._context)
        self._task = self.loop.create_task(self._call(), context=variables)
        self._task.add_done_callback(lambda _: self._end())
        timer = None if timeout is None else self.loop.call_later(timeout, self.stop, Stop.TIMEOUT)
        try:
            await asyncio.wait({self._ended})
        except asyncio.CancelledError as error:
            self.stop(Stop.CALLER)
            await _to_its_end(self._ended)
            return self._outcome(timeout, cancelled_by=error)
        finally:
            if timer is not None:
                timer.cancel()
        return self._outcome(timeout)

    def stop(self, reason: Stop) -> None:
        """Tell the function to end: at its next ``await``, or where it asks ``raise_if_cancelled``.

        Only ``CANCEL`` waits for it as long as it takes.
        """
        if self._reason not in (None, Stop.CANCEL):
            return
        self._reason = reason
        self._context.stop()
        if reason is Stop.CANCEL and not self._is_async:
            return
        self._task.cancel()
        if reason is not Stop.CANCEL:
            self.loop.call_later(GRACE, self._end)

    def stop_from_thread(self, reason: Stop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is left to stop
            self.loop.call_soon_threadsafe(self.stop, reason)

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    async def _call(self) -> None:
        function, (args, kwargs) = self._operation.implementation, self._arguments()
        try:
            if self._is_async:
                result = await function(*args, **kwargs)
            else:
                result = await _in_thread(lambda: function(*args, **kwargs))
            self._output = self._checked(result)
        except BaseException as error:
            self._raised = error

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if takes_model(self._operation.implementation):
            return (self._data,), {}
        return (), {name: getattr(self._data, name) for name in type(self._data).model_fields}

    def _checked(self, result: Any) -> BaseModel:
        schema = self._operation.output_schema
        try:
            return schema.model_validate(result, from_attributes=True)
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, one.path))}: {one.message}" for one in field_errors(error))
            reason = f"the result of {self._operation.name} is no valid {schema.__name__}: {found}"
            raise TypeError(reason) from None  # its own text holds the values

    def _outcome(self, timeout: float | None, cancelled_by: BaseException | None = None) -> Outcome:
        raised, name, run_id = self._raised, self._operation.name, str(self._context.id)
        if self._output is not None:
            return Outcome(status=TaskRunStatus.SUCCESS, output=self._output, error=cancelled_by)
        if self._reason is Stop.CALLER:
            return _ended(TaskRunStatus.CANCELLED, cancelled_by, raised)
        if self._reason is Stop.TIMEOUT:
            message = f"{name} took longer than {timeout:g} s"
            return _ended(TaskRunStatus.FAILED, OperationTimeout(message, task_run_id=run_id), raised)
        if self._reason in (Stop.SHUTDOWN, Stop.LOST):
            message = f"{name} was interrupted: {self._reason.value}"
            return _ended(TaskRunStatus.INTERRUPTED, OperationFailed(message, task_run_id=run_id), raised)
        if isinstance(raised, asyncio.CancelledError) and self._reason is Stop.CANCEL:
            return _ended(TaskRunStatus.CANCELLED, RunCancelled(f"{name} was cancelled", task_run_id=run_id), raised)
        if isinstance(raised, (asyncio.CancelledError, RunCancelled)):
            return _ended(TaskRunStatus.CANCELLED, raised, raised)
        return _ended(TaskRunStatus.FAILED, raised, raised)


def _ended(status: TaskRunStatus, error: BaseException | None, cause: BaseException | None) -> Outcome:
    codes = {TaskRunStatus.CANCELLED: RunCancelled.code, TaskRunStatus.INTERRUPTED: "INTERRUPTED"}
    code = OperationTimeout.code if isinstance(error, OperationTimeout) else codes.get(status, OperationFailed.code)
    return Outcome(status=status, code=code, error=error, cause=cause)


async def _to_its_end(ended: "asyncio.Future[None]") -> None:
    while not ended.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({ended})


async def _in_thread(function: Callable[[], Any]) -> Any:
    """A thread of its own and not a pool's: one that never ends takes no place from others and holds up no exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()
    variables = contextvars.copy_context()

    def tell(result: Any, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        elif isinstance(error, StopIteration):  # a future cannot carry it
            carried = RuntimeError("the operation raised StopIteration")
            carried.__cause__ = error
            answer.set_exception(carried)
        else:
            answer.set_exception(error)

    def work() -> None:
        result, error = None, None
        try:
            result = variables.run(function)
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=work, name="core-operation", daemon=True).start()
    return await answer
