"""Models of these tests: every type a field can have, links in both directions, inheritance, hooks, rules."""

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

from beanie import (
    BackLink,
    Delete,
    Document,
    DocumentWithSoftDelete,
    Insert,
    Link,
    PydanticObjectId,
    Replace,
    Save,
    Update,
    after_event,
    before_event,
)
from beanie.odm.custom_types.decimal import DecimalAnnotation
from pydantic import BaseModel, Field, SecretStr, computed_field, field_validator, model_validator
from pymongo import IndexModel

from core import Access, DataModelBase, FieldRule, UserError, datamodel
from core.registries import isolated_registry


class Color(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Street(BaseModel):
    name: str
    number: int = 1


class Address(BaseModel):
    city: str
    street: Street | None = None
    country_code: str = Field("DE", alias="countryCode")


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = Field(default_factory=list)


class Tree(BaseModel):
    label: str
    children: list["Tree"] = Field(default_factory=list)


with isolated_registry() as REGISTRY:

    @datamodel("Thing", ui={"searchable": ["text", "nick"]})
    class Thing(DataModelBase):
        """One field of every type; all may be null."""

        text: str | None = None
        nick: str | None = Field(None, alias="nickName")
        number: int | None = None
        big: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
        ratio: float | None = None
        flag: bool | None = None
        moment: datetime | None = None
        day: date | None = None
        clock: time | None = None
        span: timedelta | None = None
        price: DecimalAnnotation | None = None
        plain_price: Decimal | None = None
        token: uuid.UUID | None = None
        blob: bytes | None = None
        ref: PydanticObjectId | None = None
        color: Color | None = None
        size: Literal["small", "large"] | None = None
        password: SecretStr | None = None
        address: Address | None = None
        addresses: list[Address] = Field(default_factory=list)
        tree: Tree | None = None
        tags: list[str] = Field(default_factory=list)
        numbers: set[int] = Field(default_factory=set)
        colors: list[Color] = Field(default_factory=list)
        data: dict[str, Any] = Field(default_factory=dict)
        anything: Any = None
        places: dict[str, Address] = Field(default_factory=dict)
        pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None

        class Settings:
            name = "things"
            use_revision = True

    @datamodel("Team", access=Access(read=["member", "guest"], create=["member"], update=["member"], delete=["member"]))
    class Team(Document):
        name: str
        players: list[BackLink["Player"]] = Field(default_factory=list, json_schema_extra={"original_field": "team"})

        class Settings:
            name = "teams"

    def own_rows(principal: Any) -> dict[str, Any] | None:
        return {"owner": principal.id}

    @datamodel(
        "Player",
        access=Access(
            row_filter=own_rows,
            fields={"salary": FieldRule(read=["boss"], write=["boss"]), "code": FieldRule(read=[])},
        ),
    )
    class Player(DataModelBase):
        name: str
        owner: str = "ann"
        salary: int = 0
        code: str = ""
        team: Link[Team] | None = None
        friends: list[Link["Player"]] = Field(default_factory=list)

        class Settings:
            name = "players"
            use_revision = True
            indexes: ClassVar[list[IndexModel]] = [
                IndexModel(
                    [("name", 1), ("owner", 1)], unique=True, partialFilterExpression={"name": {"$type": "string"}}
                )
            ]

    @datamodel("Note")
    class Note(DocumentWithSoftDelete):
        title: str
        changes: int = 0

        @before_event(Save, Update)
        def count(self) -> None:
            self.changes += 1

        class Settings:
            name = "notes"

    @datamodel("Vehicle")
    class Vehicle(Document):
        wheels: int = 4

        class Settings:
            name = "vehicles"
            is_root = True

    @datamodel("Car")
    class Car(Vehicle):
        doors: int = 5

    @datamodel("Bicycle")
    class Bicycle(Vehicle):
        gears: int = 7

    CALLS: list[str] = []

    @datamodel("Hooked", plural="hookeds")
    class Hooked(DataModelBase):
        name: str
        slug: str = ""
        stamp: int = 0
        low: int = 0
        high: int = 10

        @field_validator("name")
        @classmethod
        def _strip(cls, name: str) -> str:
            return name.strip()

        @model_validator(mode="after")
        def _derive(self) -> "Hooked":
            if self.low > self.high:
                raise ValueError("low must not be above high")
            object.__setattr__(self, "slug", self.name.lower())
            return self

        @computed_field(return_type=str)
        @property
        def title(self) -> str:
            return f"{self.name} ({self.stamp})"

        @before_event(Insert, Replace)
        async def _before(self) -> None:
            if self.name == "nobody":
                raise UserError("nobody is no name")
            CALLS.append("before")
            self.stamp += 1

        @after_event(Insert, Update)
        def _after(self) -> None:
            CALLS.append("after")

        @before_event(Delete)
        def _gone(self) -> None:
            CALLS.append("deleted")

        class Settings:
            name = "hookeds"
            use_revision = True

    @datamodel("Ledger", read_only=True)
    class Ledger(Document):
        amount: int = 0

    @datamodel("Article")
    class Article(Document):
        title: str
        body: str = ""

        class Settings:
            name = "articles"
            indexes: ClassVar[list[IndexModel]] = [IndexModel([("title", "text"), ("body", "text")])]
