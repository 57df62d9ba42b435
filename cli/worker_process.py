"""A process that executes background runs, beside the server or on another machine."""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

from cli.errors import fail, log_to_stderr
from core.database.connection import close_database, server_of, wait_for_database
from core.errors import CoreError, InputError
from core.registries import OperationMetadata
from core.runs.heartbeat import heartbeat
from core.runs.runner import Runner
from core.runs.work import GRACE
from core.services import Services, build_services
from core.settings import Settings, read_settings

log = logging.getLogger("core.worker")

_TO_LEAVE = GRACE + 1.0
"""Seconds beside the drain until a process whose event loop does not listen is ended all the same."""


def work(concurrency: int | None, only: list[str]) -> None:
    """Execute background runs until SIGTERM or SIGINT. Blocks.

    Args:
        concurrency: runs at once; by default ``run_concurrency`` of the settings.
        only: names of the operations to take runs of; empty takes all.
    """
    log_to_stderr()
    try:
        services = build_services(read_settings(run_concurrency=concurrency))
        asyncio.run(_work(services, _chosen(services, only)))
    except CoreError as error:
        fail(error)


def _chosen(services: Services, only: list[str]) -> list[OperationMetadata]:
    known: dict[str, Any] = {name: spec.function for name, spec in services.catalog.operations.items()}
    unknown = sorted(set(only) - known.keys())
    if unknown:
        raise InputError(f"there is no operation {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return [function.operation for name, function in known.items() if not only or name in only]


async def _work(services: Services, operations: list[OperationMetadata]) -> None:
    settings = services.settings
    stopping = _until_signalled(settings)
    documents = [model.document for model in services.catalog.models.values()]
    connecting = asyncio.create_task(wait_for_database(settings, documents=documents))
    await asyncio.wait({connecting, waiting := asyncio.create_task(stopping.wait())}, return_when="FIRST_COMPLETED")
    if not connecting.done():
        connecting.cancel()
        return
    await connecting
    log.info("worker %s executes runs from %s", heartbeat().worker, server_of(settings))
    runner = Runner(operations, settings)
    runner.start()
    await waiting
    log.info("worker %s stops", heartbeat().worker)
    await runner.stop()
    await close_database()


def _until_signalled(settings: Settings) -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. A Python handler and not the loop's: it is heard while an operation keeps
    the loop busy too, and sees to it then that the process ends in time."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop(*_: object) -> None:
        loop.call_soon_threadsafe(stopping.set)
        deadline = threading.Timer(settings.run_drain + _TO_LEAVE, _leave)
        deadline.daemon = True
        deadline.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping


def _leave() -> None:
    try:
        heartbeat().interrupt_held()
    finally:
        os._exit(1)
