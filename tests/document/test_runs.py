"""TaskRun: what is recorded, asked, replayed and counted."""

from datetime import timedelta

import pytest
from pydantic import BaseModel

from core.database.connection import Database
from core.decorators import operation
from core.examples.models.models import TaskRun, TestItem
from core.registries import OperationRegistry, Registry
from core.runs.model import now
from core.testing import test_database
from tests.document.sections import proves


class ShareInput(BaseModel):
    parts: int


class ShareOutput(BaseModel):
    share: float


async def flow_runs() -> None:
    """Runs as a Prefect flow leaves them."""
    at = now() - timedelta(minutes=5)
    for status, milliseconds in (("success", 100), ("success", 300), ("failed", 200)):
        run = TaskRun(
            operation_name="scrape_jobs", status=status, started_at=at, duration_ms=milliseconds, orchestrated=True,
            prefect_flow_run_id="abc-123", prefect_task_run_id="def-456", input_dump={"limit": 10},
        )  # fmt: skip
        if status == "failed":
            run.error_message, run.error_traceback = "ValueError: no", "Traceback …"
        await run.insert()
    await TaskRun(operation_name="scrape_jobs", status="success", duration_ms=9000).insert()


@proves("TaskRun Model Fields", 1)
@proves("Example: With Prefect (Complex Workflow)", 3)
async def test_a_run_has_the_fields_the_document_names(database: Database) -> None:
    assert {
        "operation_name", "status", "started_at", "finished_at", "duration_ms", "orchestrated", "prefect_flow_run_id",
        "prefect_task_run_id", "input_dump", "result_refs", "error_message", "error_traceback", "idempotency_key",
    } <= TaskRun.model_fields.keys()  # fmt: skip
    run = TaskRun(
        operation_name="scrape_jobs", orchestrated=True, prefect_flow_run_id="abc-123", prefect_task_run_id="def-456"
    )
    assert (run.status, run.result_refs) == ("pending", [])


@proves("Benefits of Prefect Integration", 1, 2)
async def test_the_runs_of_a_flow_and_its_failures_are_found(database: Database) -> None:
    await flow_runs()
    found = await TaskRun.find(TaskRun.prefect_flow_run_id == "abc-123").to_list()
    assert [(run.operation_name, run.status, run.duration_ms) for run in found] == [
        ("scrape_jobs", "success", 100), ("scrape_jobs", "success", 300), ("scrape_jobs", "failed", 200),
    ]  # fmt: skip
    failed = await TaskRun.find(TaskRun.prefect_flow_run_id == "abc-123", TaskRun.status == "failed").to_list()
    assert [(run.input_dump, run.error_message, run.error_traceback) for run in failed] == [
        ({"limit": 10}, "ValueError: no", "Traceback …")
    ]


@proves("Benefits of Prefect Integration", 3)
async def test_a_failed_run_is_replayed_from_its_stored_input(registry: Registry) -> None:
    broken = True

    @operation(name="share", inputs=ShareInput, outputs=ShareOutput, category="testing")
    async def share(input: ShareInput) -> ShareOutput:
        return ShareOutput(share=1 / (0 if broken else input.parts))

    async with test_database():
        with pytest.raises(ZeroDivisionError) as caught:
            await share(ShareInput(parts=4))
        failed = await TaskRun.get(caught.value.task_run_id)  # type: ignore[attr-defined]
        assert failed is not None
        assert failed.status == "failed"
        assert "ZeroDivisionError" in (failed.error_message or "")
        assert "Traceback" in (failed.error_traceback or "")
        assert failed.duration_ms is not None

        broken = False
        op_meta = OperationRegistry.get(failed.operation_name)
        assert op_meta is not None
        input_model = op_meta.input_schema(**failed.input_dump)
        result = await op_meta.function(input_model)
        assert result.share == 0.25
        assert await TaskRun.find(TaskRun.operation_name == "share").count() == 2


@proves("Benefits of Prefect Integration", 4)
async def test_durations_and_success_rate_are_one_pipeline(database: Database) -> None:
    await flow_runs()
    pipeline = [
        {"$match": {"operation_name": "scrape_jobs", "orchestrated": True}},
        {
            "$group": {
                "_id": None,
                "avg_duration": {"$avg": "$duration_ms"},
                "total_runs": {"$sum": 1},
                "success_rate": {"$avg": {"$cond": [{"$eq": ["$status", "success"]}, 1, 0]}},
            }
        },
    ]
    (stats,) = await TaskRun.aggregate(pipeline).to_list()
    assert stats["avg_duration"] == 200
    assert stats["total_runs"] == 3
    assert stats["success_rate"] == pytest.approx(2 / 3)


@proves("TaskRun + Prefect Integration", 1)
async def test_a_run_is_marked_and_saved_by_hand(database: Database) -> None:
    item = TestItem(name="a", value=1)
    await item.insert()
    run = TaskRun(operation_name="by_hand", status="running", started_at=now())
    await run.insert()
    run.mark_success(result_refs=[{"model": "TestItem", "id": str(item.id), "action": "insert"}])
    await run.save()
    stored = await TaskRun.get(run.id)
    assert stored is not None
    assert stored.status == "success"
    assert stored.finished_at is not None
    assert stored.duration_ms is not None
    assert stored.result_refs_total == 1

    other = TaskRun(operation_name="by_hand", status="running", started_at=now())
    other.mark_failed(ValueError("no"))
    await other.insert()
    assert await TaskRun.find(TaskRun.error_message == "ValueError: no").count() == 1
