"""TaskRun: the record of one attempt at an operation. Written before the operation starts, closed after it ended."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from core.access import Access, FieldRule
from core.idioms import add_idioms
from core.registries import ModelInfo, current_registry
from core.runs.collections import RUNS, make_indexes
from core.runs.lifecycle import TaskRunStatus

MOST_REFS = 1000
"""References a run's own record keeps; the collection of references has them all."""


def now() -> datetime:
    """UTC, in the millisecond steps BSON keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _where(name: str, condition: Any) -> IndexModel:
    return IndexModel([(name, ASCENDING)], partialFilterExpression={name: condition})


class Progress(BaseModel):
    """How far a run says it is."""

    fraction: float = Field(ge=0, le=1, description="From 0 to 1")
    message: str = Field("", description="What it is doing")


class TaskRun(Document):
    """One run of an operation: what went in, what came out, how it ended, which documents it touched."""

    operation_name: str = Field(description="Name of the operation")
    status: TaskRunStatus = Field(TaskRunStatus.PENDING, description="Where the run stands")
    created_at: datetime = Field(default_factory=now, description="When the run was recorded")
    started_at: datetime | None = Field(None, description="When the operation began")
    finished_at: datetime | None = Field(None, description="When the run ended")
    duration_ms: int | None = Field(None, description="Milliseconds from start to end")
    orchestrated: bool = Field(False, description="Whether it ran inside a Prefect flow or task")
    prefect_flow_run_id: str | None = Field(None, description="The Prefect flow run it belongs to")
    prefect_task_run_id: str | None = Field(None, description="The Prefect task run it belongs to")
    input_dump: dict[str, Any] = Field(default_factory=dict, description="The input, as JSON")
    output: Any = Field(None, description="The output, as JSON")
    output_truncated: bool = Field(False, description="Whether the output was too large to keep")
    result_refs: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], description="Documents the run inserted, updated or deleted"
    )
    result_refs_total: int = Field(0, description="How many there are; the first 1,000 are kept")
    error_code: str | None = Field(None, description="Stable code of the failure")
    error_message: str | None = Field(None, description="What the failure said")
    error_traceback: str | None = Field(None, description="Where it was raised")
    idempotency_key: str | None = Field(None, description="Runs of one operation with one key happen once")
    trigger: str = Field("python", description="Where the run was asked for: graphql, rest, cli, python or prefect")
    principal: str = Field("local", description="Who asked for it")
    operation_version: str = Field("", description="Digest of the code that ran")
    mode: str = Field("wait", description="wait: the caller awaits it; background: a runner claims it")
    attempt: int = Field(1, description="Number of the attempt, from 1")
    max_attempts: int = Field(1, description="How many attempts there may be")
    logical_run_id: PydanticObjectId | None = Field(None, description="The first attempt; all attempts share it")
    replay_of: PydanticObjectId | None = Field(None, description="The run it repeats")
    parent: PydanticObjectId | None = Field(None, description="The run that called it")
    progress: Progress | None = Field(None, description="How far it says it is")
    timeout: float | None = Field(None, description="Seconds it may take")
    available_at: datetime | None = Field(None, description="When a runner may claim it")
    cancel_requested: bool = Field(False, description="Whether somebody asked it to stop")
    worker: str | None = Field(None, description="The process that runs it")
    lease_expires_at: datetime | None = Field(None, description="Unless renewed by then, its process counts as dead")
    fence: int = Field(0, description="Number of the claim: writes of an older one are refused")
    input_hash: str = Field("", description="Digest of the input")

    class Settings:
        name = RUNS
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("created_at", DESCENDING)]),
            IndexModel([("operation_name", ASCENDING), ("created_at", DESCENDING)]),
            IndexModel([("status", ASCENDING), ("created_at", DESCENDING)]),
            # Runners claim by this one: what waits longest comes first.
            IndexModel(
                [("operation_name", ASCENDING), ("available_at", ASCENDING)],
                partialFilterExpression={"status": TaskRunStatus.PENDING.value},
            ),
            IndexModel(
                [("logical_run_id", ASCENDING), ("attempt", DESCENDING)],
                partialFilterExpression={"attempt": {"$gt": 1}},
            ),
            # Of the few runs that have the field. The conditions are such that MongoDB sees a query for a value fulfil
            # them: it does not for $type.
            _where("parent", {"$gt": ObjectId("0" * 24)}),
            _where("replay_of", {"$gt": ObjectId("0" * 24)}),
            _where("prefect_flow_run_id", {"$gt": ""}),
            _where("retry_due", True),
            IndexModel(
                [("operation_name", ASCENDING), ("idempotency_key", ASCENDING)],
                unique=True,
                partialFilterExpression={"idempotency_key": {"$gt": ""}},
            ),
            # At most so many runs of an operation at once: each has one of its slots.
            IndexModel(
                [("operation_name", ASCENDING), ("slot", ASCENDING)],
                unique=True,
                partialFilterExpression={"slot": {"$gte": 0}},
            ),
        ]

    @classmethod
    async def custom_init(cls) -> None:
        """Beanie calls this when it has bound the class to a database."""
        await make_indexes(cls.get_pymongo_collection().database)

    def mark_success(self, result_refs: list[dict[str, Any]] | None = None, output: Any = None) -> None:
        """Set what a run that went well ends with; the caller saves."""
        self._finish(TaskRunStatus.SUCCESS)
        self.output = output
        if result_refs is not None:
            self.result_refs, self.result_refs_total = result_refs[:MOST_REFS], len(result_refs)

    def mark_failed(
        self, error: BaseException | str, traceback: str | None = None, code: str = "OPERATION_FAILED"
    ) -> None:
        """Set what a run that failed ends with; the caller saves."""
        self._finish(TaskRunStatus.CANCELLED if code == "CANCELLED" else TaskRunStatus.FAILED)
        self.error_code, self.error_traceback = code, traceback
        self.error_message = error if isinstance(error, str) else f"{type(error).__name__}: {error}".rstrip(": ")

    def _finish(self, status: TaskRunStatus) -> None:
        self.status, self.finished_at = status, now()
        self.duration_ms = round((self.finished_at - (self.started_at or self.finished_at)).total_seconds() * 1000)


add_idioms(TaskRun)
current_registry().add_model(
    ModelInfo(
        name="TaskRun",
        document_cls=TaskRun,
        description="One run of an operation: what went in, what came out, how it ended, which documents it touched.",
        tags=("runs",),
        ui_hints={
            "icon": "⏱",
            "primary_field": "operation_name",
            "list_fields": ["operation_name", "status", "started_at", "duration_ms", "trigger", "principal"],
        },
        read_only=True,
        # A traceback shows paths and code, which concern whoever runs the server.
        access=Access(fields={"error_traceback": FieldRule(read=())}),
        builtin=True,
    )
)
