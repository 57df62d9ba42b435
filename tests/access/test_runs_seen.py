"""Runs: who sees whose, who is recorded, and what of a returned document its later reader gets."""

from typing import Any

import pytest

from tests.access.promises import MAY, RUN, SEE_RUNS
from tests.access.world import CANARY, NORTH, ROLES, SOUTH, World


@pytest.mark.parametrize("role", sorted(MAY["TaskRun", "read"]))
def test_a_list_of_runs_holds_those_one_may_see(world: World, role: str):
    """Runs that others started, by operation; the count, the groups and single runs agree with the list."""
    ids = ", ".join(f'"{id}"' for id in world.runs.values())
    answer = world.ask(role, f"{{ taskRuns(filter: {{id: {{in: [{ids}]}}}}) {{ nodes {{ id }} totalCount }} }}")
    found = {one["id"] for one in answer["data"]["taskRuns"]["nodes"]}
    assert found == {id for operation, id in world.runs.items() if role in SEE_RUNS[operation]}
    assert answer["data"]["taskRuns"]["totalCount"] == len(found)
    grouped = world.ask(role, f"{{ taskRunAggregate(filter: {{id: {{in: [{ids}]}}}}) {{ count {{ id }} }} }}")
    assert grouped["data"]["taskRunAggregate"][0]["count"]["id"] == len(found)


def test_a_document_names_the_runs_that_touched_it_to_those_who_may_see_them(world: World):
    id = world.run("hr", "promote")
    query = f'{{ employee(id: "{NORTH}") {{ runs {{ id }} }} }}'
    assert {"id": id} in world.ask("hr", query)["data"]["employee"]["runs"]
    assert world.ask("viewer", query)["data"]["employee"]["runs"] == []


def test_statistics_count_visible_runs_only(world: World):
    query = "{ taskRunStats { operations { operationName } } }"
    for role in ("viewer", "stranger", "anonymous"):
        found = world.ask(role, query)["data"]["taskRunStats"]["operations"]
        assert not {"promote", "shut_down"} & {one["operationName"] for one in found}


@pytest.mark.parametrize("role", [role for role in ROLES if role in RUN["whisper"]])
def test_a_run_keeps_who_started_it_and_they_see_it(world: World, role: str):
    """Viewers may whisper and see no whisper of others."""
    id = world.run(role, "whisper")
    assert world.database["taskruns"].find_one({"operation_name": "whisper"}, sort=[("_id", -1)])["principal"] == (
        f"key:{role}"
    )
    answer = world.ask(
        role, f'{{ taskRun(id: "{id}") {{ principal input }} whisperRun(id: "{id}") {{ output {{ text }} }} }}'
    )
    assert answer["data"]["taskRun"] == {"principal": f"key:{role}", "input": {"name": "Nora"}}
    assert answer["data"]["whisperRun"] == {"output": {"text": "heard Nora"}}


def test_a_replay_belongs_to_whoever_asked_for_it(world: World):
    answer = world.ask("viewer", f'mutation {{ replayTaskRun(id: "{world.runs["findEmployee"]}") {{ principal }} }}')
    assert answer["data"]["replayTaskRun"]["principal"] == "key:viewer"


def test_those_who_did_not_log_in_do_not_see_each_others_runs_of_what_is_not_public(world: World):
    """They share one name, which makes nobody's run their own."""
    world.database["taskruns"].update_one({"operation_name": "promote"}, {"$set": {"principal": "anonymous"}})
    answer = world.ask("anonymous", f'{{ taskRun(id: "{world.runs["promote"]}") {{ id }} }}')
    assert answer["data"]["taskRun"] is None
    world.database["taskruns"].update_one({"operation_name": "promote"}, {"$set": {"principal": "key:owner"}})


def _employee(answer: Any, field: str) -> Any:
    return answer["data"][field]["output"]["employee"]


FOUND = "{ taskRun { id output } output { employee { id name salary } } }"


def test_a_returned_document_shows_no_more_than_elsewhere(world: World):
    """At once and later, typed and as JSON, to those who ran it and to those who look at it."""
    at_once = world.ask("hr", f'mutation {{ findEmployee(input: {{name: "Nora"}}) {FOUND} }}')
    assert _employee(at_once, "findEmployee") == {"id": str(NORTH), "name": "Nora", "salary": len(CANARY) * 1_000}
    run = at_once["data"]["findEmployee"]["taskRun"]
    assert run["output"] == {"employee": {"@document": "Employee", "id": str(NORTH)}}

    for query in (
        f'mutation {{ findEmployeeRun: findEmployee(input: {{name: "Nora"}}) {FOUND} }}',
        f'{{ findEmployeeRun(id: "{run["id"]}") {FOUND} }}',
        f'{{ taskRun(id: "{run["id"]}") {{ output resultRefs {{ document }} logs {{ message }} }} }}',
    ):
        answer = world.ask("viewer", query)
        assert CANARY not in str(answer)
        assert str(len(CANARY) * 1_000) not in str(answer)
        if "findEmployeeRun" in query:
            assert _employee(answer, "findEmployeeRun") == {"id": str(NORTH), "name": "Nora", "salary": None}
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


def test_a_returned_document_of_a_hidden_row_is_not_there(world: World):
    name = f"Sam {CANARY}"
    at_once = world.ask("hr", f'mutation {{ findEmployee(input: {{name: "{name}"}}) {FOUND} }}')
    assert _employee(at_once, "findEmployee")["id"] == str(SOUTH)
    id = at_once["data"]["findEmployee"]["taskRun"]["id"]
    later = world.ask("viewer", f'{{ findEmployeeRun(id: "{id}") {{ output {{ employee {{ id }} }} }} }}')
    assert _employee(later, "findEmployeeRun") is None
    now = world.ask(
        "viewer", f'mutation {{ findEmployee(input: {{name: "{name}"}}) {{ output {{ employee {{ id }} }} }} }}'
    )
    assert _employee(now, "findEmployee") is None


def test_a_repeated_call_shows_no_more_than_the_first(world: World):
    """The second answer of an idempotency key is made of what the first run kept."""
    call = 'findEmployee(input: {name: "Nora"}, run: {idempotencyKey: "again"})'
    answers = [world.ask("viewer", f"mutation {{ {call} {FOUND} }}") for _ in range(2)]
    assert answers[0] == answers[1]
    assert _employee(answers[1], "findEmployee") == {"id": str(NORTH), "name": "Nora", "salary": None}


def test_rest_gives_a_returned_document_no_more_than_elsewhere(world: World):
    for role, sees in (("hr", True), ("viewer", False)):
        answer = world.client.post("/operations/find_employee/", json={"name": "Nora"}, headers=world.headers(role))
        assert answer.status_code == 200
        assert answer.json()["output"]["employee"]["name"] == "Nora"
        assert (CANARY in answer.text) == sees


def test_a_traceback_is_for_the_owner(world: World):
    id = world.runs["greet"]
    query = f'{{ taskRun(id: "{id}") {{ errorTraceback }} }}'
    assert "errors" not in world.ask("owner", query)
    assert world.ask("viewer", query)["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    hidden = world.ask("viewer", '{ taskRuns(filter: {errorTraceback: {contains: "x"}}) { totalCount } }')
    assert hidden["errors"]


def test_a_document_a_run_touched_is_shown_under_the_readers_rules(world: World):
    world.database["taskruns"].update_one(
        {"operation_name": "greet"},
        {"$set": {"result_refs": [{"model": "Employee", "id": str(id), "action": "update"} for id in (NORTH, SOUTH)]}},
    )
    run = world.database["taskruns"].find_one({"operation_name": "greet"})["_id"]
    query = f'{{ taskRun(id: "{run}") {{ resultRefs {{ id document }} }} }}'
    seen = {role: world.ask(role, query)["data"]["taskRun"]["resultRefs"] for role in ("owner", "hr", "viewer")}
    assert seen["owner"][0]["document"]["hidden"] == CANARY
    assert "hidden" not in seen["hr"][0]["document"]
    assert seen["hr"][1]["document"]["name"] == f"Sam {CANARY}"
    assert seen["viewer"][0]["document"].keys() == {"id", "name", "region", "badge", "team"}
    assert seen["viewer"][1]["document"] is None
    stranger = world.ask("stranger", query)
    assert CANARY not in str(stranger)
