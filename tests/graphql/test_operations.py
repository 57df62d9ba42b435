"""Operations as mutations, and their runs."""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any, Literal

import pytest
from beanie import Document
from pydantic import BaseModel, Field, SecretStr

from core.access import Access, Principal
from core.decorators import datamodel, operation
from core.errors import UserError
from core.registries import Registry
from core.runs.context import current_run
from tests.graphql.api import Api, serving

READER = Principal(id="reader", roles=frozenset({"reader"}))
FINAL = {"SUCCESS", "FAILED", "CANCELLED", "INTERRUPTED"}


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Note(Document):
    text: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class WriteInput(BaseModel):
    note_text: str = Field(min_length=1)
    size: Size = Size.SMALL
    pet: Cat | Dog | None = Field(default=None, discriminator="kind")
    token: SecretStr | None = None


class WriteOutput(BaseModel):
    note_id: str
    size: Size
    pet: Cat | Dog | None = None


class Empty(BaseModel):
    pass


RUN = """taskRun { id status operationName input output errorCode
    resultRefs { model id action document } } output { noteId size pet { __typename ... on Cat { lives } } }"""
WRITE = f"mutation ($input: WriteInput!, $run: RunOptions) {{ writeNote(input: $input, run: $run) {{ {RUN} }} }}"


@pytest.fixture
async def api(registry: Registry) -> AsyncIterator[Api]:
    datamodel()(Note)

    @operation(name="write_note", models_out=["Note"], inputs=WriteInput, outputs=WriteOutput)
    async def write_note(input: WriteInput) -> WriteOutput:
        note = await Note(text=input.note_text).insert()
        return WriteOutput(note_id=str(note.id), size=input.size, pet=input.pet)

    @operation()
    async def fail(kind: Literal["told", "untold"]) -> Empty:
        raise UserError("that is not possible") if kind == "told" else RuntimeError("the password is x")

    @operation(access=Access(run=frozenset({"boss"})))
    async def nothing(input: Empty) -> Empty:
        return Empty()

    @operation()
    async def log(input: Empty) -> Empty:
        run = current_run()
        run.log("one")
        run.log("two", "WARNING")
        await run.progress(0.5, "half")
        return Empty()

    async with serving(registry) as found:
        yield found


def names_of(registry_answer: Any, kind: str) -> list[str]:
    return [one["name"] for one in registry_answer["registry"][kind]]


async def test_a_mutation_answers_with_run_and_typed_output(api: Api):
    given = {"noteText": "hi", "size": "LARGE", "pet": {"cat": {"kind": "CAT", "lives": 7}}}
    found = (await api.ask(WRITE, input=given))["writeNote"]
    note = found["output"]["noteId"]
    assert found["output"] == {"noteId": note, "size": "LARGE", "pet": {"__typename": "Cat", "lives": 7}}
    run = found["taskRun"]
    assert (run["status"], run["operationName"], run["errorCode"]) == ("SUCCESS", "write_note", None)
    assert run["resultRefs"] == [
        {"model": "Note", "id": note, "action": "INSERT", "document": {"id": note, "text": "hi"}}
    ]


async def test_the_run_shows_input_and_output_as_the_mutation_takes_and_gives_them(api: Api):
    given = {"noteText": "hi", "size": "LARGE", "pet": {"cat": {"kind": "CAT", "lives": 7}}, "token": "hunter2"}
    run = (await api.ask(WRITE, input=given))["writeNote"]["taskRun"]
    shown = {key: value for key, value in run["input"].items() if key != "token"}
    assert shown == {key: value for key, value in given.items() if key != "token"}
    assert "hunter2" not in str(run)
    assert run["output"]["size"] == "LARGE"
    again = await api.ask(
        "mutation ($id: ID!, $input: JSON) { replayTaskRun(id: $id, input: $input) { replayOf input } }",
        id=run["id"],
        input={**shown, "noteText": "again"},
    )
    assert again["replayTaskRun"]["replayOf"] == run["id"]
    assert again["replayTaskRun"]["input"]["noteText"] == "again"
    found = await api.ask("query ($id: ID!) { taskRun(id: $id) { replays { input } } }", id=run["id"])
    assert [one["input"]["noteText"] for one in found["taskRun"]["replays"]] == ["again"]


async def test_the_output_can_be_had_any_time_later_by_its_type(api: Api):
    run = (await api.ask(WRITE, input={"noteText": "hi"}))["writeNote"]
    query = """query ($id: ID!) {
        writeNoteRun(id: $id) { taskRun { status } output { noteId size } } nothingRun(id: $id) { output } }"""
    found = await api.ask(query, id=run["taskRun"]["id"])
    assert found["writeNoteRun"]["output"] == {"noteId": run["output"]["noteId"], "size": "SMALL"}
    assert found["nothingRun"] is None
    assert (await api.ask(query, id="nonsense"))["writeNoteRun"] is None


async def test_a_failed_run_is_an_error_with_its_run_and_spares_its_siblings(api: Api):
    result = await api.execute(
        """mutation { a: fail(input: {kind: UNTOLD}) { output } b: fail(input: {kind: TOLD}) { output }
                      c: nothing { output } }""",
        {},
    )
    assert result.data == {"a": None, "b": None, "c": {"output": {}}}
    untold, told = result.errors
    assert untold.extensions["code"] == "OPERATION_FAILED"
    assert "password" not in untold.message
    assert told.message == "that is not possible"
    found = await api.ask("query ($id: ID!) { taskRun(id: $id) { status } }", id=told.extensions["taskRunId"])
    assert found["taskRun"]["status"] == "FAILED"


async def test_input_that_does_not_validate_is_no_run(api: Api):
    errors = await api.errors(WRITE, input={"noteText": ""})
    assert errors[0].extensions["code"] == "BAD_USER_INPUT"
    assert errors[0].extensions["fieldErrors"][0]["path"] == ["noteText"]
    assert (await api.ask("{ taskRuns { totalCount } }"))["taskRuns"]["totalCount"] == 0


async def test_background_is_for_operations_that_allow_it(api: Api):
    errors = await api.errors(WRITE, input={"noteText": "x"}, run={"mode": "BACKGROUND"})
    assert errors[0].extensions["code"] == "BAD_USER_INPUT"


async def test_one_key_runs_once(api: Api):
    options = {"idempotencyKey": "k"}
    first = (await api.ask(WRITE, input={"noteText": "x"}, run=options))["writeNote"]
    second = (await api.ask(WRITE, input={"noteText": "x"}, run=options))["writeNote"]
    assert first["taskRun"]["id"] == second["taskRun"]["id"]
    assert first["output"] == second["output"]


async def test_who_may_not_run_it_is_told_and_does_not_see_it(api: Api):
    errors = await api.errors("mutation { nothing { output } }", READER)
    assert errors[0].extensions["code"] == "FORBIDDEN"
    listing = "{ registry { operations { name } } }"
    assert "nothing" not in names_of(await api.ask(listing, READER), "operations")
    assert "nothing" in names_of(await api.ask(listing), "operations")


async def test_schemas_of_the_registry_are_in_graphql_form(api: Api):
    found = await api.ask(
        "{ registry { version models { subscriptions } operations { name mutation inputSchema outputSchema } } }"
    )
    assert all(model["subscriptions"] for model in found["registry"]["models"])
    write = next(one for one in found["registry"]["operations"] if one["name"] == "write_note")
    assert write["mutation"] == "writeNote"
    schema = write["inputSchema"]
    assert schema["required"] == ["noteText"]
    assert schema["properties"]["noteText"] == {"type": "string", "minLength": 1, "title": "Note text"}
    assert schema["properties"]["size"] == {
        "type": "string",
        "enum": ["SMALL", "LARGE"],
        "title": "Size",
        "default": "SMALL",
    }
    assert schema["properties"]["pet"]["anyOf"][0]["oneOf"][0]["properties"] == {"cat": {"$ref": "#/$defs/Cat"}}
    assert write["outputSchema"]["properties"]["noteId"] == {"type": "string", "title": "Note id"}


async def test_a_run_is_watched_to_its_end_and_all_runs_as_they_come(api: Api):
    async with api.watching("subscription { taskRuns { type taskRun { operationName status } } }") as events:
        run = (await api.ask(WRITE, input={"noteText": "x"}))["writeNote"]["taskRun"]
        seen = [(await events.next())["taskRuns"]]
        while seen[-1]["taskRun"]["status"] not in FINAL:
            seen.append((await events.next())["taskRuns"])
    assert seen[0]["type"] == "CREATED"
    assert seen[-1] == {"type": "UPDATED", "taskRun": {"operationName": "write_note", "status": "SUCCESS"}}
    async with api.watching("subscription ($id: ID!) { taskRun(id: $id) { status } }", id=run["id"]) as events:
        assert await events.next() == {"taskRun": {"status": "SUCCESS"}}
        assert await events.next() is None


async def test_deletions_and_creations_are_told_under_the_filter(api: Api):
    where = {"filter": {"text": {"eq": "mine"}}}
    query = "subscription ($in: %sSubscriptionFilterInput) { %s(input: $in) { id } }"
    async with (
        api.watching(query % ("CreateNote", "createdNote"), **{"in": where}) as created,
        api.watching(query % ("DeleteOneNote", "deletedOneNote"), **{"in": where}) as deleted,
    ):
        keys: list[str] = []
        for text in ("theirs", "mine"):
            one = await api.ask("mutation ($t: String!) { createOneNote(input: {note: {text: $t}}) { id } }", t=text)
            keys.append(one["createOneNote"]["id"])
        for key in keys:
            await api.ask("mutation ($id: ID!) { deleteOneNote(input: {id: $id}) { id } }", id=key)
        assert await created.next() == {"createdNote": {"id": keys[1]}}
        assert await deleted.next() == {"deletedOneNote": {"id": keys[1]}}


async def test_a_replay_shows_what_it_changed_and_its_chain(api: Api):
    first = (await api.ask(WRITE, input={"noteText": "a", "size": "SMALL"}))["writeNote"]["taskRun"]["id"]
    again = await api.ask(
        """mutation ($id: ID!, $input: JSON) { replayTaskRun(id: $id, input: $input) {
            id attempts { id } chain { id } diff { original { id } input { path kind before after } } } }""",
        id=first,
        input={"noteText": "b", "size": "LARGE"},
    )
    replay = again["replayTaskRun"]
    assert [one["id"] for one in replay["chain"]] == [first, replay["id"]]
    assert [one["id"] for one in replay["attempts"]] == [replay["id"]]
    assert replay["diff"]["original"]["id"] == first
    assert {one["path"][0]: (one["kind"], one["before"], one["after"]) for one in replay["diff"]["input"]} == {
        "noteText": ("CHANGED", "a", "b"),
        "size": ("CHANGED", "SMALL", "LARGE"),
    }
    found = await api.ask("query ($id: ID!) { taskRun(id: $id) { diff { input { kind } } } }", id=first)
    assert found["taskRun"]["diff"] is None


async def test_a_document_names_the_runs_that_touched_it(api: Api):
    runs = [(await api.ask(WRITE, input={"noteText": text}))["writeNote"] for text in ("a", "b")]
    found = await api.ask("{ notes { nodes { id runs(limit: 5) { id operationName } } } }")
    seen = {node["id"]: [run["id"] for run in node["runs"]] for node in found["notes"]["nodes"]}
    assert seen == {run["output"]["noteId"]: [run["taskRun"]["id"]] for run in runs}


async def test_runs_are_counted_in_all_by_operation_and_by_hour(api: Api):
    await api.ask(WRITE, input={"noteText": "a"})
    await api.execute("mutation { fail(input: {kind: TOLD}) { output } }", {})
    counts = "count success failed successRate"
    found = await api.ask(
        f"""query ($filter: TaskRunFilter) {{ taskRunStats(filter: $filter) {{
            total {{ {counts} medianMs p95Ms }} operations {{ operationName {counts} }} hours {{ hour count }} }} }}"""
    )
    stats = found["taskRunStats"]
    assert {key: stats["total"][key] for key in counts.split()} == {
        "count": 2, "success": 1, "failed": 1, "successRate": 0.5,
    }  # fmt: skip
    assert [(one["operationName"], one["successRate"]) for one in stats["operations"]] == [
        ("fail", 0),
        ("write_note", 1),
    ]
    assert sum(one["count"] for one in stats["hours"]) == 2
    only = await api.ask("{ taskRunStats(filter: {status: {eq: FAILED}}) { total { count } } }")
    assert only["taskRunStats"]["total"]["count"] == 1


async def test_a_journal_is_followed_to_the_end_of_its_run(api: Api):
    run = (await api.ask("mutation { log { taskRun { id logs(limit: 1) { seq message } } } }"))["log"]["taskRun"]
    assert run["logs"] == [{"seq": 1, "message": "one"}]
    query = (
        "subscription ($id: ID!, $after: String) { taskRunLogs(id: $id, after: $after) { seq level message progress } }"
    )
    async with api.watching(query, id=run["id"], after="1") as events:
        assert (await events.next())["taskRunLogs"] == {
            "seq": 2,
            "level": "warning",
            "message": "two",
            "progress": None,
        }
        assert (await events.next())["taskRunLogs"]["progress"] == 0.5
        assert await events.next() is None
