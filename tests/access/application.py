"""A small application whose rules cover every kind of rule: what the access matrix is run against.

People of a region see their region's rows (a role is named like the region). ``hr`` sees salaries, ``editor`` writes
notes it cannot read, nobody but the owner knows ``hidden``, and nobody but the owner sets ``badge``.
"""

from typing import Any

from beanie import BackLink, Document, Link
from pydantic import BaseModel, Field, SecretStr

from core import Access, FieldRule, Principal, datamodel, operation

REGIONS = ("north", "south")


def own_region(principal: Principal) -> dict[str, Any] | None:
    return None if "hr" in principal.roles else {"region": {"$in": sorted(principal.roles & set(REGIONS))}}


class Address(BaseModel):
    street: str = ""
    city: str = ""


@datamodel(
    plural="Vaults",
    access=Access(read={"hr"}, create={"hr"}, update={"hr"}, delete={"hr"}),
    ui={"searchable": ["code"]},
)
class Vault(Document):
    """What only hr may know of."""

    code: str

    class Settings:
        name = "vaults"


@datamodel(access=Access(create=(), update=(), delete=(), fields={"budget": FieldRule(read="hr", write="hr")}))
class Team(Document):
    """Everybody may read teams, but not their budgets."""

    name: str
    budget: int = 0
    members: list[BackLink["Employee"]] = Field(default_factory=list, json_schema_extra={"original_field": "team"})

    class Settings:
        name = "teams"


@datamodel(
    ui={"searchable": ["name", "hidden", "note"]},
    access=Access(
        read={"viewer", "editor", "hr"},
        create={"editor", "hr", "intake"},
        update={"editor", "hr"},
        delete={"hr"},
        row_filter=own_region,
        fields={
            "salary": FieldRule(read={"hr"}, write={"hr"}),
            "home": FieldRule(read={"hr"}, write={"hr"}),
            "note": FieldRule(read=(), write={"editor", "hr"}),
            "badge": FieldRule(write=()),
            "hidden": FieldRule(read=(), write=()),
            "vault": FieldRule(read={"hr"}, write={"hr"}),
        },
    ),
)
class Employee(Document):
    """Rows by region, and a field of each kind."""

    name: str
    region: str
    salary: int = 0
    home: Address | None = None
    note: str = ""
    badge: str = "none"
    hidden: str = ""
    password: SecretStr = SecretStr("")
    team: Link[Team] | None = None
    vault: Link[Vault] | None = None

    class Settings:
        name = "employees"


class NameInput(BaseModel):
    name: str


class Found(BaseModel):
    employee: Employee | None = None


class Done(BaseModel):
    text: str = ""


@operation(access=Access(run={"viewer", "hr"}))
async def find_employee(input: NameInput) -> Found:
    """Gives a document: its reader must not see more of it than elsewhere."""
    return Found(employee=await Employee.find_one(Employee.name == input.name))


@operation(access=Access(run={"hr"}), async_enabled=True)
async def promote(input: NameInput) -> Done:
    """Only for hr, who alone may see its runs. It touches the employee."""
    employee = await Employee.find_one(Employee.name == input.name)
    if employee is not None:
        await employee.set({"badge": "promoted"})
    return Done(text=f"promoted {input.name}")


@operation(access=Access(run={"viewer", "hr"}, read={"hr"}))
async def whisper(input: NameInput) -> Done:
    """Viewers run it, and see only their own runs of it."""
    return Done(text=f"heard {input.name}")


@operation()
async def greet(input: NameInput) -> Done:
    """For everybody who is logged in."""
    return Done(text=f"hello {input.name}")


@operation(access=Access(run="*"))
async def knock(input: NameInput) -> Done:
    """For everybody."""
    return Done(text="who is there?")


@operation(access=Access(run=()))
async def shut_down(input: NameInput) -> Done:
    """For the owner alone."""
    return Done(text="good night")
