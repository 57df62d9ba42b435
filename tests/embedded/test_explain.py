"""``explain``: the plan, what running it comes to, and that it changes nothing."""

from typing import Any

import pytest
from pymongo.database import Database

Db = Database[dict[str, Any]]
Command = dict[str, Any]
_QUERY: Command = {"a": 1}


@pytest.fixture
def filled(db: Db) -> Db:
    """20 documents, of which 4 have ``a: 1``; the index of ``t`` holds two keys of each."""
    db.c.insert_many([{"_id": key, "a": key % 5, "b": key, "t": [1, 2]} for key in range(20)])
    db.c.create_index("a")
    db.c.create_index("t")
    db.create_collection("view", viewOn="c", pipeline=[{"$match": _QUERY}])
    return db


def explained(db: Db, command: Command, **options: Any) -> Command:
    return db.command({"explain": command, **options})


@pytest.mark.parametrize(
    ("command", "returned", "keys", "documents", "stage"),
    [
        ({"find": "c", "filter": _QUERY}, 4, 4, 4, {"stage": "FETCH", "nReturned": 4}),
        ({"find": "c", "filter": {"b": {"$lt": 3}}}, 3, 0, 20, {"stage": "COLLSCAN", "nReturned": 3}),
        ({"find": "c", "filter": _QUERY, "skip": 1, "limit": 2}, 2, 3, 3, {"stage": "FETCH", "nReturned": 3}),
        ({"find": "c", "filter": _QUERY, "skip": 9}, 0, 4, 4, {"stage": "FETCH", "nReturned": 4}),
        ({"find": "c", "filter": {"t": {"$in": [1, 2]}}}, 20, 40, 40, {"stage": "FETCH", "nReturned": 20}),
        ({"find": "c", "sort": {"b": -1}, "limit": 3}, 3, 0, 20, {"stage": "SORT", "nReturned": 3}),
        ({"find": "nothing"}, 0, 0, 0, {"stage": "EOF", "nReturned": 0}),
        ({"find": "view", "filter": {"b": {"$gt": 1}}}, 3, 4, 4, {"stage": "FETCH", "nReturned": 4}),
        ({"count": "c"}, 0, 0, 0, {"stage": "COUNT", "nReturned": 0, "nCounted": 20, "nSkipped": 0}),
        (
            {"count": "c", "query": {"t": {"$gte": 1}}, "skip": 18, "limit": 5},
            0, 40, 0, {"stage": "COUNT", "nReturned": 0, "nCounted": 2, "nSkipped": 18},
        ),
        (
            {"count": "c", "query": {"b": 1}, "skip": 2},
            0, 0, 20, {"stage": "COUNT", "nReturned": 0, "nCounted": 0, "nSkipped": 1},
        ),
        (
            {"count": "view", "skip": 1},
            0, 4, 4, {"stage": "COUNT", "nReturned": 0, "nCounted": 3, "nSkipped": 1},
        ),
        ({"distinct": "c", "key": "t", "query": _QUERY}, 4, 4, 4, {"stage": "FETCH", "nReturned": 4}),
        (
            {"aggregate": "c", "pipeline": [{"$match": _QUERY}, {"$group": {"_id": "$a"}}], "cursor": {}},
            1, 4, 4, {"stage": "FETCH", "nReturned": 4},
        ),
        (
            {"aggregate": "c", "pipeline": [{"$match": _QUERY}, {"$count": "n"}], "cursor": {}},
            1, 4, 0, {"stage": "COUNT", "nReturned": 0, "nCounted": 4, "nSkipped": 0},
        ),
        (
            {"update": "c", "updates": [{"q": _QUERY, "u": {"$set": {"b": 1}}, "multi": True}]},
            0, 4, 4, {"stage": "UPDATE", "nReturned": 0, "nMatched": 4, "nWouldModify": 4, "nWouldUpsert": 0},
        ),
        (
            {"update": "c", "updates": [{"q": {"a": 9}, "u": {"$set": {"b": 1}}, "upsert": True}]},
            0, 0, 0, {"stage": "UPDATE", "nReturned": 0, "nMatched": 0, "nWouldModify": 0, "nWouldUpsert": 1},
        ),
        (
            {"delete": "c", "deletes": [{"q": _QUERY, "limit": 1}]},
            0, 1, 1, {"stage": "DELETE", "nReturned": 0, "nWouldDelete": 1},
        ),
        (
            {"findAndModify": "c", "query": _QUERY, "remove": True},
            1, 1, 1, {"stage": "DELETE", "nReturned": 1, "nWouldDelete": 1},
        ),
    ],
)  # fmt: skip
def test_what_running_it_comes_to_is_counted(
    filled: Db, command: Command, returned: int, keys: int, documents: int, stage: Command
) -> None:
    stats = explained(filled, command, verbosity="executionStats")["executionStats"]
    assert (stats["executionSuccess"], stats["nReturned"]) == (True, returned)
    assert (stats["totalKeysExamined"], stats["totalDocsExamined"]) == (keys, documents)
    assert {name: stats["executionStages"][name] for name in stage} == stage
    assert stats["executionTimeMillis"] >= 0


def test_the_stages_lead_down_to_the_index_with_their_counts(filled: Db) -> None:
    index = {"stage": "IXSCAN", "indexName": "a_1", "nReturned": 4, "keysExamined": 4}
    fetch = {"stage": "FETCH", "nReturned": 4, "docsExamined": 4, "inputStage": index}
    scan = {"stage": "COLLSCAN", "docsExamined": 20}
    for command, expected in (
        ({"find": "c", "filter": _QUERY}, fetch),
        ({"find": "c", "sort": {"b": 1}}, {"stage": "SORT", "nReturned": 20, "inputStage": scan}),
        ({"find": "c", "filter": {"b": 1}}, {**scan, "nReturned": 1}),
        ({"delete": "c", "deletes": [{"q": _QUERY, "limit": 0}]}, {"stage": "DELETE", "inputStage": fetch}),
        ({"count": "c", "query": _QUERY}, {"stage": "COUNT", "inputStage": {**fetch, "docsExamined": 0}}),
    ):
        assert _holds(explained(filled, command)["executionStats"]["executionStages"], expected), command
    (one, other) = explained(filled, {"find": "c", "filter": {"$or": [_QUERY, {"_id": 7}]}})["executionStats"][
        "executionStages"
    ]["inputStages"]
    assert [part["inputStage"]["indexName"] for part in (one, other)] == ["a_1", "_id_"]


def _holds(found: Command, expected: Command) -> bool:
    below = expected.get("inputStage")
    flat = {name: value for name, value in expected.items() if name != "inputStage"}
    return flat.items() <= found.items() and (below is None or _holds(found["inputStage"], below))


@pytest.mark.parametrize(
    "command",
    [
        {"update": "c", "updates": [{"q": {}, "u": {"$set": {"z": 1}}, "multi": True}]},
        {"update": "c", "updates": [{"q": {"_id": 99}, "u": {"$set": {"z": 1}}, "upsert": True}]},
        {"delete": "c", "deletes": [{"q": {}, "limit": 0}]},
        {"findAndModify": "c", "update": {"$set": {"z": 1}}},
        {"aggregate": "c", "pipeline": [{"$out": "d"}], "cursor": {}},
    ],
)
def test_nothing_is_written(filled: Db, command: Command) -> None:
    before = list(filled.c.find())
    explained(filled, command)
    assert list(filled.c.find()) == before
    assert "d" not in filled.list_collection_names()


@pytest.mark.parametrize(
    ("verbosity", "parts"),
    [
        ({"verbosity": "queryPlanner"}, (False, False)),
        ({"verbosity": "executionStats"}, (True, False)),
        ({"verbosity": "allPlansExecution"}, (True, True)),
        ({}, (True, True)),
    ],
)
def test_the_verbosity_says_whether_it_runs(filled: Db, verbosity: Command, parts: tuple[bool, bool]) -> None:
    found = explained(filled, {"find": "c"}, **verbosity)
    assert ("executionStats" in found, "allPlansExecution" in found.get("executionStats", {})) == parts
    assert found["queryPlanner"]["namespace"] == f"{filled.name}.c"


def test_drivers_ask_in_their_own_ways(filled: Db) -> None:
    assert filled.c.find(_QUERY).explain()["executionStats"]["nReturned"] == 4
    found = filled.command("aggregate", "c", pipeline=[{"$match": _QUERY}], explain=True)
    assert (found["queryPlanner"]["winningPlan"]["stage"], "executionStats" in found) == ("FETCH", False)


def test_of_a_view_the_plan_below_is_told(filled: Db) -> None:
    found = explained(filled, {"find": "view"})["queryPlanner"]
    assert (found["namespace"], found["winningPlan"]["inputStage"]["indexName"]) == (f"{filled.name}.c", "a_1")


def test_a_statement_is_explained_with_its_own_hint_and_collation(filled: Db) -> None:
    filled.c.create_index("b", name="hinted")
    filled.c.create_index("a", name="folded", collation={"locale": "en", "strength": 2})
    for options, index in (
        ({"hint": "hinted"}, "hinted"),
        ({"collation": {"locale": "en", "strength": 2}}, "folded"),
    ):
        command = {"delete": "c", "deletes": [{"q": _QUERY, "limit": 0, **options}]}
        assert explained(filled, command)["queryPlanner"]["winningPlan"]["inputStage"]["indexName"] == index


@pytest.mark.parametrize(
    ("command", "options", "code"),
    [
        ({"find": "c"}, {"verbosity": "all"}, 2),
        ({"find": "c"}, {"verbosity": 1}, 14),
        ({"find": "c", "$db": "other"}, {}, 73),
        ({"insert": "c", "documents": [{}]}, {}, 20),
        ({"explain": {"find": "c"}}, {}, 20),
        ({"mapReduce": "c"}, {}, 59),
        ({}, {}, 59),
        ({"distinct": "c", "key": "a\0"}, {}, 31032),
        ({"find": "c", "projection": {"a": 1, "b": 0}}, {"verbosity": "queryPlanner"}, 31254),
        ({"aggregate": "c", "pipeline": [{"$nothing": {}}], "cursor": {}}, {}, 40324),
        ({"aggregate": 1, "pipeline": [{"$match": {}}], "cursor": {}}, {}, 73),
        ({"aggregate": 1, "pipeline": [{"$match": {}}, {"$documents": []}], "cursor": {}}, {}, 73),
        ({"update": "c", "updates": [{"q": {}, "u": {"$nothing": {}}}]}, {}, 9),
        ({"update": "c", "updates": [{"q": {}, "u": {"$inc": {"t": 1}}}]}, {}, 14),
        ({"update": "c", "updates": [{"q": {}, "u": {}}, {"q": {}, "u": {}}]}, {}, 16),
        ({"update": "view", "updates": [{"q": {}, "u": {}}]}, {}, 166),
        ({"findAndModify": "c"}, {}, 9),
    ],
)
def test_what_cannot_be_explained_is_refused(filled: Db, command: Command, options: Command, code: int) -> None:
    assert filled.command({"explain": command, **options}, check=False).get("code") == code
