"""Sample runs of the last weeks: every way a run can stand, so that lists and charts have something to show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from core.examples.models.models import Job, TaskRun, TestItem, User
from core.examples.sample.documents import sample_id
from core.runs.model import TaskRunStatus

FINISHED = 140


@dataclass(frozen=True, kw_only=True)
class World:
    """The sample documents that runs speak of."""

    users: list[User]
    jobs: list[Job]
    items: list[TestItem]


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a run did: its input, its output where it went well, and the documents it touched."""

    input: dict[str, Any]
    output: dict[str, Any]
    refs: list[dict[str, Any]]


def _scrape(random: Random, world: World) -> Story:
    jobs = random.sample(world.jobs, random.randint(3, 25))
    ids = [str(job.id) for job in jobs]
    new = random.randint(0, len(ids))
    refs = [_ref("Job", job_id, "insert" if place < new else "update") for place, job_id in enumerate(ids)]
    return Story(
        input={"source": random.choice(("stepstone", "indeed")), "keywords": ["python"], "location": None, "limit": 25},
        output={"success": True, "job_ids": ids, "created": new, "updated": len(ids) - new, "problems": []},
        refs=refs,
    )


def _match(random: Random, world: World) -> Story:
    scored = [job for job in random.sample(world.jobs, 30) if job.match_score is not None]
    ids = [str(job.id) for job in scored]
    scores = {str(job.id): round((job.match_score or 0) / 100, 4) for job in scored}
    return Story(
        input={"user_id": str(world.users[0].id), "job_ids": ids, "limit": 1000},
        output={"scores": scores, "parts": {}},
        refs=[_ref("Job", job_id, "update") for job_id in ids],
    )


def _search(random: Random, world: World) -> Story:
    return Story(
        input={"keywords": [random.choice(("python", "data", "react"))], "location": "Berlin", "limit": 20},
        output={"jobs": [], "count": 0},
        refs=[],
    )


def _process(random: Random, world: World) -> Story:
    job = random.choice(world.jobs)
    return Story(
        input={"job_id": str(job.id), "options": {}},
        output={"success": True, "processed": True, "changed_fields": ["required_skills"], "match_score": None},
        refs=[_ref("Job", str(job.id), "update")],
    )


def _create(random: Random, world: World) -> Story:
    item = random.choice(world.items)
    return Story(
        input={"name": item.name, "value": item.value},
        output={"success": True, "item_id": str(item.id)},
        refs=[_ref("TestItem", str(item.id), "insert")],
    )


def _ref(model: str, document_id: str, action: str) -> dict[str, Any]:
    return {"model": model, "id": document_id, "action": action}


# Operation, how often it runs in relation to the others, its usual milliseconds, its story, how it fails when it does.
_OPERATIONS: tuple[tuple[str, int, int, Callable[[Random, World], Story], str], ...] = (
    ("scrape_jobs", 4, 9_000, _scrape, "SourceError: https://jobs.example.com/search: it answered 503, after 3 tries"),
    ("match_jobs", 3, 700, _match, "UserError: there is no User with the id 64b000000000000000000000"),
    ("search_jobs", 3, 30, _search, "ServerSelectionTimeoutError: no answer from the database"),
    ("process_job", 2, 60, _process, "UserError: there is no Job with the id 64b000000000000000000000"),
    ("create_test_item", 1, 8, _create, "DuplicateKeyError: the item exists"),
)
_STATUSES = (
    (TaskRunStatus.SUCCESS, 82), (TaskRunStatus.FAILED, 11), (TaskRunStatus.CANCELLED, 4),
    (TaskRunStatus.INTERRUPTED, 3),
)  # fmt: skip
_TRIGGERS = ("graphql", "graphql", "cli", "rest", "python", "prefect")


def runs(world: World, today: datetime) -> Iterator[TaskRun]:
    for number in range(FINISHED):
        yield _finished(number, world, today)
    # Two that are not over yet. The first waits for tomorrow. The second's process will be found dead once its lease
    # is over, and the run becomes `interrupted`: that is what recovery looks like.
    waiting = _begun(FINISHED, world, today, TaskRunStatus.PENDING)
    waiting.available_at, waiting.mode, waiting.started_at = today + timedelta(days=1), "background", None
    yield waiting
    running = _begun(FINISHED + 1, world, today, TaskRunStatus.RUNNING)
    running.worker, running.fence, running.lease_expires_at = "sample", 1, today + timedelta(minutes=10)
    yield running


def _begun(number: int, world: World, at: datetime, status: TaskRunStatus) -> TaskRun:
    random = Random(f"run/{number}")  # noqa: S311  (nothing secret)
    name, _, _, story, _ = random.choices(_OPERATIONS, weights=[row[1] for row in _OPERATIONS])[0]
    trigger = random.choice(_TRIGGERS)
    return TaskRun.model_validate(
        {
            "_id": sample_id("run", number),
            "logical_run_id": sample_id("run", number),
            "operation_name": name,
            "status": status,
            "created_at": at,
            "started_at": at,
            "input_dump": story(random, world).input,
            "trigger": trigger,
            "orchestrated": trigger == "prefect",
        }
    )


def _finished(number: int, world: World, today: datetime) -> TaskRun:
    random = Random(f"finished/{number}")  # noqa: S311  (nothing secret)
    name, _, usual, story, failure = random.choices(_OPERATIONS, weights=[row[1] for row in _OPERATIONS])[0]
    status = random.choices([row[0] for row in _STATUSES], weights=[row[1] for row in _STATUSES])[0]
    told = story(random, world)
    at = today - timedelta(minutes=random.randint(5, 30 * 24 * 60))
    run = _begun(number, world, at, status)
    run.operation_name, run.input_dump = name, told.input
    run.duration_ms = round(usual * random.lognormvariate(0, 0.5))
    run.finished_at = at + timedelta(milliseconds=run.duration_ms)
    if status == TaskRunStatus.SUCCESS:
        run.output, run.result_refs, run.result_refs_total = told.output, told.refs, len(told.refs)
    else:
        run.error_code, run.error_message = _ERRORS.get(status, ("OPERATION_FAILED", failure))
    return run


_ERRORS = {
    TaskRunStatus.CANCELLED: ("CANCELLED", "the run was asked to stop"),
    TaskRunStatus.INTERRUPTED: ("INTERRUPTED", "its process ended; how far it came is not known"),
}
