"""What somebody must not see makes no difference to any answer: two databases that differ only there answer alike.

This covers what no list of ways in can: counts, cursors, page ends, error messages, orders, groups.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.access.promises import EMPLOYEE, MAY, MODELS
from tests.access.ways import READ, SORT, SORTABLE
from tests.access.world import CANARY, NORTH, SOUTH, VAULT, World

BLIND = ("editor", "viewer", "intake", "stranger", "anonymous")
"""Those who see neither the south nor salaries."""

OTHER = "r3vers3d"
assert len(OTHER) != len(CANARY)

ROWS = (
    f'{{ employee(id: "{SOUTH}") {{ name }} }}',
    f'{{ employees(filter: {{id: {{in: ["{SOUTH}"]}}}}) {{ nodes {{ name }} totalCount }} }}',
    "{ employees { nodes { id name region badge } totalCount pageInfo { hasNextPage hasPreviousPage endCursor } } }",
    "{ employees(paging: {limit: 1}) { nodes { id } totalCount pageInfo { hasNextPage startCursor endCursor } } }",
    "{ employees(paging: {limit: 1, offset: 1}) { nodes { id } pageInfo { hasNextPage hasPreviousPage } } }",
    '{ employees(search: "Sam") { totalCount } }',
    "{ employeeAggregate { count { id name } min { name id } max { name badge id } } }",
    "{ employeeAggregate(groupBy: [{field: region}]) { groupBy { region } count { id } } }",
    "{ teams { nodes { name members { id name region } } } }",
    "{ employees { nodes { team { name members { name } } } } }",
    f'{{ vault(id: "{VAULT}") {{ code }} }}',
    "{ vaults { totalCount nodes { code } } }",
    f'mutation {{ updateOneEmployee(input: {{id: "{SOUTH}", update: {{name: "x"}}}}) {{ id }} }}',
    f'mutation {{ deleteOneEmployee(input: {{id: "{SOUTH}"}}) {{ id }} }}',
    'mutation { updateManyEmployees(input: {filter: {}, update: {name: "x"}}) { updatedCount } }',
    "mutation { deleteManyEmployees(input: {filter: {}}) { deletedCount } }",
    f'mutation {{ deleteOneVault(input: {{id: "{VAULT}"}}) {{ id }} }}',
)


def _probes() -> Iterator[str]:
    yield from ROWS
    for way, name in itertools.product(READ, EMPLOYEE):
        if name != "password" and way != "alias":
            yield READ[way](name, EMPLOYEE[name])
    for way, name in itertools.product(SORT, SORTABLE):
        yield SORT[way](name, EMPLOYEE[name])


def _answers(world: World, role: str, *, secret: str, hidden_rows: bool) -> Mapping[str, Any]:
    """What each probe is answered in one of the two databases."""
    world.plant(secret=secret, hidden_rows=hidden_rows)
    found: dict[str, Any] = {}
    for probe in _probes():
        found[probe] = world.ask(role, probe)
        if probe.startswith("mutation"):
            world.plant(secret=secret, hidden_rows=hidden_rows)
    return found


@pytest.mark.parametrize(
    "role", [pytest.param(role, marks=[] if role in ("viewer", "anonymous") else pytest.mark.slow) for role in BLIND]
)
def test_what_is_hidden_makes_no_difference(world: World, role: str):
    one = _answers(world, role, secret=CANARY, hidden_rows=True)
    other = _answers(world, role, secret=OTHER, hidden_rows=False)
    assert one == other


def test_the_probes_can_tell_the_databases_apart(world: World):
    """Otherwise the test above would prove nothing: to the owner most of them answer otherwise."""
    one = _answers(world, "owner", secret=CANARY, hidden_rows=True)
    other = _answers(world, "owner", secret=OTHER, hidden_rows=False)
    assert sum(one[probe] != other[probe] for probe in one) > 60


_CONDITIONS = some.one_of(
    some.builds(lambda name: {"name": {"iContains": name}}, some.sampled_from(["a", "Nora", "Sam", "", "x"])),
    some.builds(lambda region: {"region": {"neq": region}}, some.sampled_from(["north", "south", "x"])),
    some.builds(lambda regions: {"region": {"in": regions}}, some.lists(some.sampled_from(["north", "south"]))),
    some.builds(lambda id: {"id": {"eq": str(id)}}, some.sampled_from([NORTH, SOUTH])),
    some.builds(lambda name: {"team": {"name": {"eq": name}}}, some.sampled_from(["blue", "red"])),
    some.just({"badge": {"isNot": None}}),
    some.just({}),
)
_FILTERS = some.recursive(
    _CONDITIONS,
    lambda inner: some.one_of(
        some.builds(lambda parts: {"or": parts}, some.lists(inner, max_size=3)),
        some.builds(lambda parts: {"and": parts}, some.lists(inner, max_size=3)),
        some.builds(lambda part: {"not": part}, inner),
        some.builds(lambda one, other: {**one, **other}, inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filter_=_FILTERS)
def test_no_filter_reaches_a_hidden_row(world: World, filter_: dict[str, Any]):
    """However a filter is put together, the rows' own filter is joined to it by AND."""
    query = "query ($filter: EmployeeFilter) { employees(filter: $filter) { nodes { id } totalCount } }"
    answer = world.ask("viewer", query, {"filter": filter_})
    assert [one["id"] for one in answer["data"]["employees"]["nodes"]] in ([], [str(NORTH)])
    assert answer["data"]["employees"]["totalCount"] <= 1


@pytest.mark.parametrize("role", sorted(MAY["Employee", "update"] - {"owner", "hr", "hr may write Employee"}))
def test_nobody_writes_a_row_out_of_or_into_what_they_do_not_see(world: World, role: str):
    model = MODELS["Employee"]
    for query in (
        'mutation { createOneEmployee(input: {employee: {name: "x", region: "south"}}) { id } }',
        'mutation { createManyEmployees(input: {employees: [{name: "x", region: "south"}]}) { id } }',
        f'mutation {{ updateOneEmployee(input: {{id: "{model.id}", update: {{region: "south"}}}}) {{ id }} }}',
        'mutation { updateManyEmployees(input: {filter: {}, update: {region: "south"}}) { updatedCount } }',
        f'mutation {{ updateOneEmployee(input: {{id: "{SOUTH}", update: {{region: "north"}}}}) {{ id }} }}',
    ):
        world.plant()
        before = list(world.database["employees"].find().sort("_id"))
        answer = world.ask(role, query)
        assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "NOT_FOUND"), query
        assert list(world.database["employees"].find().sort("_id")) == before, query
