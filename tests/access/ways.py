"""The ways in which a request can name a field of an employee: what each looks like for a given field."""

from collections.abc import Callable, Mapping

from tests.access.promises import EMPLOYEE, Field
from tests.access.world import NORTH, TEAM

SORTABLE = tuple(name for name in EMPLOYEE if name not in ("home", "team", "vault", "password"))

Way = Callable[[str, Field], str]


def _update_where(name: str, field: Field) -> str:
    given = f"{{filter: {{{name}: {field.filter}}}, update: {{}}}}"
    return f"mutation {{ updateManyEmployees(input: {given}) {{ updatedCount }} }}"


READ: Mapping[str, Way] = {
    "get": lambda name, field: f'{{ employee(id: "{NORTH}") {{ {name} {field.select} }} }}',
    "list": lambda name, field: f"{{ employees {{ nodes {{ {name} {field.select} }} }} }}",
    "alias": lambda name, field: f"{{ employees {{ nodes {{ id: {name} {field.select} }} }} }}",
    "fragment": lambda name, field: f"{{ employees {{ nodes {{ ... on Employee {{ {name} {field.select} }} }} }} }}",
    "relation": lambda name, field: f'{{ team(id: "{TEAM}") {{ members {{ {name} {field.select} }} }} }}',
    "filter": lambda name, field: f"{{ employees(filter: {{{name}: {field.filter}}}) {{ nodes {{ id }} }} }}",
    "negated filter": lambda name, field: (
        f"{{ employees(filter: {{or: [{{not: {{{name}: {field.filter}}}}}]}}) {{ nodes {{ id }} }} }}"
    ),
    "count": lambda name, field: f"{{ employees(filter: {{{name}: {field.filter}}}) {{ totalCount }} }}",
    "null": lambda name, field: f"{{ employees(filter: {{{name}: {{isNot: true}}}}) {{ totalCount }} }}",
    "aggregate of a filter": lambda name, field: (
        f"{{ employeeAggregate(filter: {{{name}: {field.filter}}}) {{ count {{ id }} }} }}"
    ),
}
SORT: Mapping[str, Way] = {
    "sort": lambda name, field: (
        f"{{ employees(sorting: [{{field: {name}, direction: ASC}}]) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
    ),
    "second sort key": lambda name, field: (
        "{ employees(sorting: [{field: region, direction: ASC}, "
        f"{{field: {name}, direction: DESC, nulls: NULLS_LAST}}]) {{ nodes {{ id }} }} }}"
    ),
    "group": lambda name, field: (
        f"{{ employeeAggregate(groupBy: [{{field: {name}}}]) {{ groupBy {{ {name} }} count {{ id }} }} }}"
    ),
    "least": lambda name, field: f"{{ employeeAggregate {{ min {{ {name} }} }} }}",
    "greatest": lambda name, field: f"{{ employeeAggregate {{ max {{ {name} }} }} }}",
    "number": lambda name, field: f"{{ employeeAggregate {{ count {{ {name} }} }} }}",
}
WRITE: Mapping[str, Way] = {
    "create": lambda name, field: (
        f"mutation {{ createOneEmployee(input: {{employee: {_new(name, field)}}}) {{ id }} }}"
    ),
    "create many": lambda name, field: (
        f"mutation {{ createManyEmployees(input: {{employees: [{_new(name, field)}]}}) {{ id }} }}"
    ),
    "update": lambda name, field: (
        f'mutation {{ updateOneEmployee(input: {{id: "{NORTH}", update: {{{name}: {field.value}}}}}) {{ id }} }}'
    ),
    "update many": lambda name, field: (
        f"mutation {{ updateManyEmployees(input: {{filter: {{}}, update: {{{name}: {field.value}}}}}) "
        "{ updatedCount } }"
    ),
}


def _new(name: str, field: Field) -> str:
    given = {"name": '"New"', "region": '"north"', name: field.value}
    return "{" + ", ".join(f"{key}: {value}" for key, value in given.items()) + "}"
