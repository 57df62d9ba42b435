"""An operation with an input field of every kind, operations that end in every way, and a document."""

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

from beanie import Document
from pydantic import BaseModel, Field, SecretStr

from core import UserError, datamodel, operation


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Place(BaseModel):
    city: str
    floor: int = 0


class Everything(BaseModel):
    text: str = Field(description="Some [few] words")
    whole: int = 7
    real: float = 0.5
    flag: bool = False
    maybe: bool | None = None
    colour: Colour = Colour.RED
    size: Size = Size.SMALL
    choice: Literal["a", "b"] = "a"
    at: datetime | None = None
    day: date | None = None
    span: timedelta | None = None
    money: Decimal = Decimal("1.10")
    words: list[str] = Field(default_factory=lambda: ["none"])
    numbers: list[int] = Field(default_factory=list)
    sizes: list[Size] = Field(default_factory=list)
    place: Place | None = None
    places: list[Place] = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)
    anything: Any = None
    two_words: str = ""
    renamed: Annotated[str, Field(alias="otherName")] = ""
    timeout: int | None = None


class Secret(BaseModel):
    password: SecretStr
    count: Annotated[int, Field(ge=1)] = 1


class Nothing(BaseModel):
    done: bool = True


class Wait(BaseModel):
    seconds: float = 0


def declare() -> None:
    """Register everything in the current registry."""

    @datamodel("Gadget", ui={"list_fields": ["name", "weight"]})
    class Gadget(Document):  # pyright: ignore[reportUnusedClass]
        name: str
        weight: int = 1

        class Settings:
            name = "gadgets_of_cli_tests"

    @operation("everything", description="Give back what came in.", category="shapes")
    async def everything(input: Everything) -> Everything:  # pyright: ignore[reportUnusedFunction]
        return input

    @operation("keep_secret", category="shapes")
    async def keep_secret(input: Secret) -> Nothing:  # pyright: ignore[reportUnusedFunction]
        return Nothing()

    @operation("wait", async_enabled=True, category="endings")
    async def wait(input: Wait) -> Nothing:  # pyright: ignore[reportUnusedFunction]
        await asyncio.sleep(input.seconds)
        return Nothing()

    @operation("refuse", category="endings")
    async def refuse(input: Wait) -> Nothing:  # pyright: ignore[reportUnusedFunction]
        raise UserError("not today")

    @operation("crash", category="endings")
    async def crash(input: Wait) -> Nothing:  # pyright: ignore[reportUnusedFunction]
        raise RuntimeError("the-inner-workings")
