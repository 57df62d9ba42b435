"""Role × verb × path: every root field of the schema asks for the same rights, whatever the way in.

The paths are read from the schema: one that no table knows fails the first test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from bson import ObjectId

from tests.access.promises import MAY, MODELS, RUN, SEE_RUNS, UNRULED, Model
from tests.access.world import ROLES, World


@dataclass(frozen=True, kw_only=True)
class Path:
    """A root field: how somebody goes there, and what must come of it for whom."""

    query: Callable[[World], str]
    expected: Callable[[str], str]
    poke: Callable[[World], Any] | None = None
    """What makes a subscription say something."""


def refused(role: str) -> str:
    return "UNAUTHENTICATED" if role == "anonymous" else "FORBIDDEN"


def by_verb(model: str, verb: str) -> Callable[[str], str]:
    return lambda role: "ok" if role in MAY[model, verb] else refused(role)


def by_filter(model: str, verb: str) -> Callable[[str], str]:
    """How many documents match a filter tells what stands in them, so it takes the right to read them."""
    allowed = MAY[model, verb] & MAY[model, "read"]
    return lambda role: "ok" if role in allowed else refused(role)


def by_run(operation: str) -> Callable[[str], str]:
    return lambda role: "ok" if role in RUN[operation] else refused(role)


def run_seen(operation: str, otherwise: str = "nothing") -> Callable[[str], str]:
    return lambda role: "ok" if role in SEE_RUNS[operation] else otherwise


def run_controlled(operation: str) -> Callable[[str], str]:
    """Whoever does not see a run does not learn that it is there; whoever sees it needs the right to run."""
    return lambda role: by_run(operation)(role) if role in SEE_RUNS[operation] else "NOT_FOUND"


def _model_paths(name: str, model: Model) -> Mapping[str, Path]:
    read = by_verb(name, "read")
    found = {
        f"Query.{model.one}": Path(query=lambda world: f'{{ {model.one}(id: "{model.id}") {{ id }} }}', expected=read),
        f"Query.{model.many}": Path(
            query=lambda world: f"{{ {model.many} {{ nodes {{ id }} totalCount }} }}", expected=read
        ),
        f"Query.{model.one}Aggregate": Path(
            query=lambda world: f"{{ {model.one}Aggregate {{ count {{ id }} }} }}", expected=read
        ),
    }
    for kind, poke in (
        (f"created{name}", lambda world: _insert(world, model)),
        (f"updatedOne{name}", lambda world: _touch(world, model)),
        (f"deletedOne{name}", lambda world: _remove(world, model)),
    ):
        found[f"Subscription.{kind}"] = Path(
            query=lambda world, kind=kind: f"subscription {{ {kind} {{ id }} }}", expected=read, poke=poke
        )
    return found


def _write_paths(name: str, model: Model) -> Mapping[str, Path]:
    create, update, delete = (by_verb(name, verb) for verb in ("create", "update", "delete"))
    update_where, delete_where = by_filter(name, "update"), by_filter(name, "delete")
    key, change = f'id: "{model.id}"', f"update: {model.update}"
    which = f'filter: {{id: {{eq: "{model.id}"}}}}'
    rows = (
        (f"createOne{name}", f"{model.one}: {model.create}", "{ id }", create),
        (f"createMany{model.plural}", f"{model.many}: [{model.create}]", "{ id }", create),
        (f"updateOne{name}", f"{key}, {change}", "{ id }", update),
        (f"updateMany{model.plural}", f"{which}, {change}", "{ updatedCount }", update_where),
        (f"deleteOne{name}", key, "{ id }", delete),
        (f"deleteMany{model.plural}", which, "{ deletedCount }", delete_where),
    )
    return {
        f"Mutation.{field}": Path(
            query=lambda world, field=field, given=given, answer=answer: (
                f"mutation {{ {field}(input: {{{given}}}) {answer} }}"
            ),
            expected=expected,
        )
        for field, given, answer, expected in rows
    }


def _operation_paths(operation: str) -> Mapping[str, Path]:
    return {
        f"Mutation.{operation}": Path(
            query=lambda world: f'mutation {{ {operation}(input: {{name: "Nora"}}) {{ taskRun {{ id }} }} }}',
            expected=by_run(operation),
        ),
        f"Query.{operation}Run": Path(
            query=lambda world: (
                f'{{ {operation}Run(id: "{world.runs[operation]}") {{ taskRun {{ id }} output {{ __typename }} }} }}'
            ),
            expected=run_seen(operation),
        ),
    }


def _run_paths(operation: str) -> Mapping[str, Path]:
    """What may be done with somebody else's run; the operation stands in the name of the case."""
    answers = {
        "Mutation.cancelTaskRun": ('mutation {{ cancelTaskRun(id: "{id}") {{ id }} }}', run_controlled(operation)),
        "Mutation.replayTaskRun": ('mutation {{ replayTaskRun(id: "{id}") {{ id }} }}', run_controlled(operation)),
        "Query.taskRun": (
            '{{ taskRun(id: "{id}") {{ id logs {{ seq }} replays {{ id }} children {{ id }} attempts {{ id }} '
            "chain {{ id }} diff {{ __typename }} }} }}",
            None,
        ),
        "Subscription.taskRun": ('subscription {{ taskRun(id: "{id}") {{ id }} }}', run_seen(operation, "NOT_FOUND")),
        "Subscription.taskRunLogs": (
            'subscription {{ taskRunLogs(id: "{id}") {{ seq }} }}',
            run_seen(operation, "NOT_FOUND"),
        ),
    }

    def seen_by_readers(role: str) -> str:
        return run_seen(operation)(role) if role in MAY["TaskRun", "read"] else refused(role)

    return {
        f"{path} of {operation}": Path(
            query=lambda world, text=text: text.format(id=world.runs[operation]), expected=expected or seen_by_readers
        )
        for path, (text, expected) in answers.items()
    }


COLLECTIONS = {"employee": "employees", "team": "teams", "vault": "vaults", "taskRun": "taskruns"}


def _insert(world: World, model: Model) -> list[ObjectId]:
    """More documents like those that readers see."""
    documents = world.database[COLLECTIONS[model.one]]
    known = [world.runs["knock"], world.runs["greet"]] if model.one == "taskRun" else [model.id]
    copies = [{**documents.find_one({"_id": ObjectId(one)}), "_id": ObjectId()} for one in known]
    return documents.insert_many(copies).inserted_ids


def _touch(world: World, model: Model) -> None:
    keys = _insert(world, model)
    world.database[COLLECTIONS[model.one]].update_many({"_id": {"$in": keys}}, {"$set": {"touched": True}})


def _remove(world: World, model: Model) -> None:
    keys = _insert(world, model)
    world.database[COLLECTIONS[model.one]].delete_many({"_id": {"$in": keys}})


def _all_paths() -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for name, model in MODELS.items():
        found |= _model_paths(name, model)
        found |= _write_paths(name, model) if model.create else {}
    for operation in RUN:
        found |= _operation_paths(operation) | _run_paths(operation)
    found["Query.taskRunStats"] = Path(
        query=lambda world: "{ taskRunStats { __typename } }", expected=by_verb("TaskRun", "read")
    )
    del found["Query.taskRun"]  # by operation instead
    found["Subscription.taskRuns"] = Path(
        query=lambda world: "subscription { taskRuns { type } }",
        expected=by_verb("TaskRun", "read"),
        poke=lambda world: _insert(world, MODELS["TaskRun"]),
    )
    return found


PATHS = _all_paths()


def outcome(answer: Any) -> str:
    """``ok``, ``nothing`` (null without an error), or the code of the first error."""
    if answer.get("errors"):
        return answer["errors"][0]["extensions"]["code"]
    return "nothing" if None in answer["data"].values() else "ok"


def test_every_root_field_of_the_schema_has_a_promise(world: World):
    asked = " ".join(f"{kind}Type {{ fields {{ name }} }}" for kind in ("query", "mutation", "subscription"))
    schema = world.ask("owner", f"{{ __schema {{ {asked} }} }}")["data"]["__schema"]
    served = {f"{kind[:-4].capitalize()}.{one['name']}" for kind, type_ in schema.items() for one in type_["fields"]}
    promised = {path.partition(" ")[0] for path in PATHS} | {f"Query.{name}" for name in UNRULED}
    assert served == promised


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith("Subscription")])
def test_a_request_has_the_rights_of_whoever_makes_it(world: World, path: str):
    found: dict[str, str] = {}
    for role in ROLES:
        if path.startswith("Mutation"):
            world.plant()
        found[role] = outcome(world.ask(role, PATHS[path].query(world)))
    assert found == {role: PATHS[path].expected(role) for role in ROLES}


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("Subscription")])
def test_a_subscription_has_the_rights_of_whoever_opens_it(world: World, path: str):
    found = {role: said(world, role, PATHS[path]) for role in ROLES}
    assert found == {role: PATHS[path].expected(role) for role in ROLES}


def said(world: World, role: str, path: Path) -> str:
    """The outcome of the first message; a subscription that only says something when pushed is pushed until it does."""
    with world.subscription(role, path.query(world)) as messages:
        for _ in range(50):
            if path.poke is not None:
                path.poke(world)
            try:
                message = messages.next(timeout=0.3)
            except TimeoutError:
                continue
            payload = message.get("payload")
            if message["type"] == "error":
                return payload[0]["extensions"]["code"]
            return "ok" if message["type"] == "complete" else outcome(payload)
    return "silence"
