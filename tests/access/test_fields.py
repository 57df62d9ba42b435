"""Role × field × way: a field that somebody must not see can be neither selected, filtered, sorted, grouped nor
searched by, and one that somebody must not set cannot be set, whatever the way in.

The fields are read from the schema: one that no table knows fails the first test.
"""

from typing import Any

import pytest
from bson import ObjectId

from tests.access.promises import EMPLOYEE, MAY
from tests.access.ways import READ, SORT, SORTABLE, WRITE
from tests.access.world import CANARY, NORTH, World

READERS = sorted(MAY["Employee", "read"])
WRITERS = sorted(MAY["Employee", "update"] & MAY["Employee", "create"])


def _fields_of(world: World, type_: str) -> set[str]:
    asked = f'{{ __type(name: "{type_}") {{ fields {{ name }} inputFields {{ name }} enumValues {{ name }} }} }}'
    found = world.ask("owner", asked)["data"]["__type"]
    return {one["name"] for members in found.values() for one in members or ()}


def test_every_field_of_the_schema_has_a_promise(world: World):
    shown, written = EMPLOYEE.keys() - {"password"}, EMPLOYEE.keys() - {"id"}
    assert _fields_of(world, "Employee") == shown | {"runs"}  # whose rows test_runs_seen.py is about
    assert _fields_of(world, "EmployeeFilter") - {"and", "or", "not", "is", "isNot"} == shown
    assert _fields_of(world, "EmployeeSortFields") == set(SORTABLE)
    for function in ("Count", "Min", "Max"):
        assert _fields_of(world, f"Employee{function}Aggregate") <= set(SORTABLE)
    for verb in ("Create", "Update"):
        assert _fields_of(world, f"{verb}Employee") == written


@pytest.mark.parametrize("way", [*READ, *SORT])
def test_a_hidden_field_stays_hidden(world: World, way: str):
    """Refused with one answer whatever the field holds; the readers' answers say what stands there."""
    names = [name for name in EMPLOYEE if name != "password"] if way in READ else SORTABLE
    ask = (READ | SORT)[way]
    if way == "alias":
        ask = lambda name, field: READ["alias"](name, field).replace("id:", "shown:")  # noqa: E731
    for name in names:
        field = EMPLOYEE[name]
        for role in READERS:
            answer = world.ask(role, ask(name, field))
            allowed = field.read is None or role in field.read
            assert ("errors" not in answer) == allowed, (role, name, answer)
            if not allowed:
                assert CANARY not in str(answer), (role, name)
                codes = {error["extensions"]["code"] for error in answer["errors"]}
                assert codes <= {"FORBIDDEN", "BAD_USER_INPUT"}, (role, name, answer)


@pytest.mark.parametrize("role", READERS)
def test_search_looks_only_where_its_reader_may(world: World, role: str):
    """The canary stands in ``hidden`` and ``note`` of an employee everybody sees, and in the name of a hidden one."""
    answer = world.ask(role, f'{{ employees(search: "{CANARY}") {{ nodes {{ id }} totalCount }} }}')
    found = {one["id"] for one in answer["data"]["employees"]["nodes"]}
    assert (str(NORTH) in found) == (role in ("owner", "owner may read"))
    assert answer["data"]["employees"]["totalCount"] == len(found)


@pytest.mark.parametrize("way", WRITE)
def test_a_field_is_set_only_by_those_who_may(world: World, way: str):
    for name in EMPLOYEE.keys() - {"id"}:
        field = EMPLOYEE[name]
        for role in WRITERS:
            world.plant()
            before = _stored(world)
            answer = world.ask(role, WRITE[way](name, field))
            allowed = field.write is None or role in field.write
            assert ("errors" not in answer) == allowed, (role, name, answer)
            if not allowed:
                assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "BAD_USER_INPUT")
                assert _stored(world) == before, (role, name)


@pytest.mark.parametrize("role", WRITERS)
def test_the_answer_of_a_write_shows_no_more_than_a_read(world: World, role: str):
    hidden = [name for name, field in EMPLOYEE.items() if field.read is not None and role not in field.read]
    selection = " ".join(f"{name} {EMPLOYEE[name].select}" for name in hidden if name != "password")
    if not selection:
        return
    answer = world.ask(
        role, f'mutation {{ updateOneEmployee(input: {{id: "{NORTH}", update: {{name: "N"}}}}) {{ id {selection} }} }}'
    )
    assert CANARY not in str(answer)
    assert answer["errors"]


def _stored(world: World) -> Any:
    return list(world.database["employees"].find().sort("_id"))


def test_a_secret_is_stored_and_never_served(world: World):
    answer = world.ask("owner", '{ __type(name: "Employee") { fields { name } } }')
    assert "password" not in str(answer)
    assert world.database["employees"].find_one({"_id": ObjectId(NORTH)})["password"] == CANARY
