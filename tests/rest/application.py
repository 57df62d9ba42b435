"""What the tests of this folder serve: documents with and without revisions, operations that end in every way."""

import asyncio
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from beanie import BackLink, Document, Insert, Link, before_event
from pydantic import BaseModel, Field
from pymongo import IndexModel

from core import UserError, datamodel, operation
from tests.rest.parts import Part

SECRET = "the-inner-workings"


class Genre(StrEnum):
    NOVEL = "novel"
    POETRY = "poetry"


class Author(BaseModel):
    name: str
    born: int | None = None


@datamodel("Book", description="Something to read.", tags=["library"], ui={"list_fields": ["title", "genre"]})
class Book(Document):
    title: str = Field(min_length=1, max_length=200)
    pages: int = Field(default=1, ge=1)
    genre: Genre = Genre.NOVEL
    published: datetime | None = None
    price: Decimal | None = None
    author: Author | None = None
    isbn: str | None = None
    keywords: list[str] = Field(default_factory=list)

    class Settings:
        name = "books"
        use_revision = True
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("isbn", unique=True, partialFilterExpression={"isbn": {"$type": "string"}}),
        ]


@datamodel("Shelf")
class Shelf(Document):
    """Its key is text, and its parts may contain themselves."""

    id: str  # type: ignore[assignment]
    content: Part | None = None

    class Settings:
        name = "shelves"


@datamodel("Reader")
class Reader(Document):
    name: str
    favourite: Link[Book] | None = None
    books: list[Link[Book]] = Field(default_factory=list)
    loans: list[BackLink["Loan"]] = Field(json_schema_extra={"original_field": "reader"})

    class Settings:
        name = "readers"


@datamodel("Loan")
class Loan(Document):
    reader: Link[Reader]

    class Settings:
        name = "loans"


@datamodel("Fragile")
class Fragile(Document):
    name: str

    @before_event(Insert)
    def break_down(self) -> None:
        raise RuntimeError(SECRET)


class AddBook(BaseModel):
    title: str
    pages: int = 1
    author: Author | None = None


class AddedBook(BaseModel):
    book_id: str
    title: str


@operation("add_book", description="Put a book on the shelf.", category="library", models_out=["Book"], tags=["write"])
async def add_book(input: AddBook) -> AddedBook:
    book = await Book(**input.model_dump()).insert()
    return AddedBook(book_id=str(book.id), title=book.title)


class NewShelf(BaseModel):
    name: str


@operation("put_up_shelf", category="library", models_out=["Shelf"])
async def put_up_shelf(input: NewShelf) -> NewShelf:
    await Shelf(id=input.name).save()
    return input


class Wait(BaseModel):
    seconds: float = 0


class Done(BaseModel):
    done: bool = True


@operation("wait", async_enabled=True)
async def wait(input: Wait) -> Done:
    await asyncio.sleep(input.seconds)
    return Done()


@operation("refuse")
async def refuse(input: Wait) -> Done:
    raise UserError("the library is closed")


@operation("crash")
async def crash(input: Wait) -> Done:
    raise RuntimeError(SECRET)


@operation("mirror")
async def mirror(input: Part) -> Part:
    return input


class Anything(BaseModel):
    value: Any = None


@operation("anything")
async def anything(input: Anything) -> Anything:
    return input
