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


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An operation as samples run it: ``share`` of all runs, usual milliseconds, and how it fails when it does."""

    operation: str
    share: int
    usual: int
    story: Callable[[Random, World], Story]
    failure: str


_SCRAPING = Kind(
    operation="scrape_jobs", share=4, usual=9_000, story=_scrape,
    failure="SourceError: https://jobs.example.com/search: it answered 503, after 3 tries",
)  # fmt: skip
_CREATING = Kind(
    operation="create_test_item", share=1, usual=8, story=_create,
    failure="ServerSelectionTimeoutError: no answer from the database",
)  # fmt: skip
_KINDS = (
    _SCRAPING,
    Kind(operation="match_jobs", share=3, usual=700, story=_match,
         failure="UserError: there is no User with the id 64b000000000000000000000"),
    Kind(operation="search_jobs", share=3, usual=30, story=_search,
         failure="ServerSelectionTimeoutError: no answer from the database"),
    Kind(operation="process_job", share=2, usual=60, story=_process,
         failure="UserError: there is no Job with the id 64b000000000000000000000"),
    _CREATING,
)  # fmt: skip
_STATUSES = {
    TaskRunStatus.SUCCESS: 82, TaskRunStatus.FAILED: 11, TaskRunStatus.CANCELLED: 4, TaskRunStatus.INTERRUPTED: 3,
}  # fmt: skip
_ERRORS = {
    TaskRunStatus.CANCELLED: ("CANCELLED", "the run was asked to stop"),
    TaskRunStatus.INTERRUPTED: ("INTERRUPTED", "its process ended; how far it came is not known"),
}
_TRIGGERS = ("graphql", "graphql", "cli", "rest", "python", "prefect")


def runs(world: World, today: datetime) -> Iterator[TaskRun]:
    for number in range(FINISHED):
        yield _finished(number, world, today)
    # Two that are not over yet. The first waits for tomorrow. The second's process will be found dead once its lease
    # is over, and the run becomes `interrupted`: that is what recovery looks like.
    waiting = _begun(FINISHED, _CREATING, _create(_random(FINISHED), world), today, TaskRunStatus.PENDING)
    waiting.available_at, waiting.mode, waiting.started_at = today + timedelta(days=1), "background", None
    yield waiting
    running = _begun(FINISHED + 1, _SCRAPING, _scrape(_random(FINISHED + 1), world), today, TaskRunStatus.RUNNING)
    running.worker, running.fence, running.lease_expires_at = "sample", 1, today + timedelta(minutes=10)
    yield running


def _finished(number: int, world: World, today: datetime) -> TaskRun:
    random = _random(number)
    kind = random.choices(_KINDS, weights=[one.share for one in _KINDS])[0]
    status = random.choices(list(_STATUSES), weights=list(_STATUSES.values()))[0]
    story = kind.story(random, world)
    run = _begun(number, kind, story, today - timedelta(minutes=random.randint(5, 30 * 24 * 60)), status)
    run.trigger = random.choice(_TRIGGERS)
    run.orchestrated = run.trigger == "prefect"
    run.duration_ms = round(kind.usual * random.lognormvariate(0, 0.5))
    run.finished_at = run.created_at + timedelta(milliseconds=run.duration_ms)
    if status == TaskRunStatus.SUCCESS:
        run.output, run.result_refs, run.result_refs_total = story.output, story.refs, len(story.refs)
    else:
        run.error_code, run.error_message = _ERRORS.get(status, ("OPERATION_FAILED", kind.failure))
    return run


def _begun(number: int, kind: Kind, story: Story, at: datetime, status: TaskRunStatus) -> TaskRun:
    return TaskRun.model_validate(
        {
            "_id": sample_id("run", number),
            "logical_run_id": sample_id("run", number),
            "operation_name": kind.operation,
            "status": status,
            "created_at": at,
            "started_at": at,
            "input_dump": story.input,
        }
    )


def _random(number: int) -> Random:
    return Random(f"run/{number}")  # noqa: S311  (nothing secret)
