"""What is promised about the application, as tables: the tests compare the server with these and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.access.world import NORTH, TEAM, VAULT

EVERYBODY = frozenset({"owner", "hr", "editor", "viewer", "intake", "stranger", "anonymous"})
"""Those without scopes; the others pass only where they are named."""

LOGGED_IN = EVERYBODY - {"anonymous"}


@dataclass(frozen=True, kw_only=True)
class Model:
    """Names of a model on the GraphQL surface, a document that all its readers see, and what a new one is made of."""

    one: str
    many: str
    plural: str
    id: str
    create: str
    update: str


MODELS: Mapping[str, Model] = {
    "Employee": Model(
        one="employee",
        many="employees",
        plural="Employees",
        id=str(NORTH),
        create='{name: "New", region: "north"}',
        update='{name: "Renamed"}',
    ),
    "Team": Model(one="team", many="teams", plural="Teams", id=str(TEAM), create='{name: "a"}', update='{name: "a"}'),
    "Vault": Model(
        one="vault", many="vaults", plural="Vaults", id=str(VAULT), create='{code: "1"}', update='{code: "1"}'
    ),
    "TaskRun": Model(one="taskRun", many="taskRuns", plural="TaskRuns", id="f" * 24, create="", update=""),
}

MAY: Mapping[tuple[str, str], frozenset[str]] = {
    ("Employee", "read"): frozenset({"owner", "hr", "editor", "viewer", "owner may read"}),
    ("Employee", "create"): frozenset({"owner", "hr", "editor", "intake", "hr may write Employee"}),
    ("Employee", "update"): frozenset({"owner", "hr", "editor", "hr may write Employee"}),
    ("Employee", "delete"): frozenset({"owner", "hr", "hr may write Employee"}),
    ("Team", "read"): LOGGED_IN | {"owner may read"},
    ("Team", "create"): frozenset({"owner"}),
    ("Team", "update"): frozenset({"owner"}),
    ("Team", "delete"): frozenset({"owner"}),
    ("Vault", "read"): frozenset({"owner", "hr", "owner may read"}),
    ("Vault", "create"): frozenset({"owner", "hr"}),
    ("Vault", "update"): frozenset({"owner", "hr"}),
    ("Vault", "delete"): frozenset({"owner", "hr"}),
    ("TaskRun", "read"): EVERYBODY | {"owner may read", "owner may run greet"},
}

RUN: Mapping[str, frozenset[str]] = {
    "findEmployee": frozenset({"owner", "hr", "viewer"}),
    "promote": frozenset({"owner", "hr"}),
    "whisper": frozenset({"owner", "hr", "viewer"}),
    "greet": LOGGED_IN | {"owner may run greet"},
    "knock": EVERYBODY,
    "shutDown": frozenset({"owner"}),
}
"""Who may run an operation, cancel and replay its runs."""

SEE_RUNS: Mapping[str, frozenset[str]] = {
    "findEmployee": frozenset({"owner", "hr", "viewer", "owner may read"}),
    "promote": frozenset({"owner", "hr", "owner may read"}),
    "whisper": frozenset({"owner", "hr", "owner may read"}),
    "greet": LOGGED_IN | {"owner may read", "owner may run greet"},
    "knock": EVERYBODY | {"owner may read"},
    "shutDown": frozenset({"owner", "owner may read"}),
}
"""Who sees a run that somebody else started."""

UNRULED = frozenset({"registry"})
"""Root fields that describe the application and hold no data; they take somebody logged in, like every request."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """Who of those that may read or write an employee may do so with the field; a filter on it, a selection of it, and
    a value for it, as they stand in a document."""

    read: frozenset[str] | None = None
    write: frozenset[str] | None = None
    filter: str = '{contains: "c4n"}'
    select: str = ""
    value: str = '"x"'


NOBODY: frozenset[str] = frozenset({"owner", "owner may read"})
HR = frozenset({"owner", "owner may read", "hr", "hr may write Employee"})

READERS = MAY["Employee", "read"]
"""Who may set a link: only those who may read what it leads to."""

EMPLOYEE: Mapping[str, Field] = {
    "id": Field(filter=f'{{eq: "{NORTH}"}}'),
    "name": Field(),
    "region": Field(value='"north"'),
    "badge": Field(write=NOBODY),
    "salary": Field(read=HR, write=HR, filter="{gt: 10}", value="5"),
    "home": Field(read=HR, write=HR, filter='{city: {contains: "c4n"}}', select="{ city }", value='{city: "x"}'),
    "note": Field(read=NOBODY, write=HR | {"editor"}),
    "hidden": Field(read=NOBODY, write=NOBODY),
    "password": Field(read=frozenset()),
    "team": Field(filter='{name: {contains: "b"}}', select="{ name }", value=f'"{TEAM}"', write=READERS),
    "vault": Field(
        read=HR, write=HR & READERS, filter='{code: {contains: "c4n"}}', select="{ code }", value=f'"{VAULT}"'
    ),
}
