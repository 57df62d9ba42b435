"""Operations that take and return documents: returned ones are read under the rules of whoever looks."""

from collections.abc import AsyncIterator

import pytest
from beanie import Document, Link
from pydantic import BaseModel

from core.access import Access, Principal
from core.decorators import datamodel, operation
from core.registries import Registry
from tests.graphql.api import Api, serving

READER = Principal(id="reader", roles=frozenset({"reader"}))


class Shelf(Document):
    name: str


class Book(Document):
    title: str
    secret: bool = False
    shelf: Link[Shelf] | None = None


class FindInput(BaseModel):
    like: Book
    payload: bytes = b""


class FindOutput(BaseModel):
    best: Book | None
    all: list[Book]
    payload: bytes = b""


@pytest.fixture
async def api(registry: Registry) -> AsyncIterator[Api]:
    datamodel()(Shelf)
    datamodel(access=Access(row_filter=lambda principal: None if principal.is_owner else {"secret": False}))(Book)

    @operation()
    async def find_books(input: FindInput) -> FindOutput:
        found = await Book.find(Book.title == input.like.title).sort("secret").to_list()
        return FindOutput(best=found[0] if found else None, all=found, payload=input.payload)

    async with serving(registry) as served:
        yield served


FIELDS = "output { best { id title shelf { name } } all { id title secret } payload }"


async def test_returned_documents_are_typed_and_hidden_ones_stay_hidden(api: Api):
    made = await api.ask('mutation { createOneShelf(input: {shelf: {name: "top"}}) { id } }')
    shelf = made["createOneShelf"]["id"]
    keys: list[str] = []
    for secret in (False, True):
        book = {"title": "Emma", "secret": secret, "shelf": shelf}
        found = await api.ask("mutation ($b: CreateBook!) { createOneBook(input: {book: $b}) { id } }", b=book)
        keys.append(found["createOneBook"]["id"])
    run = await api.ask(
        f"mutation ($input: FindInput!) {{ findBooks(input: $input) {{ taskRun {{ id }} {FIELDS} }} }}",
        input={"like": {"title": "Emma"}, "payload": "AP8="},
    )
    expected = {
        "best": {"id": keys[0], "title": "Emma", "shelf": {"name": "top"}},
        "all": [
            {"id": keys[0], "title": "Emma", "secret": False},
            {"id": keys[1], "title": "Emma", "secret": True},
        ],
        "payload": "AP8=",
    }
    assert run["findBooks"]["output"] == expected
    later = f"query ($id: ID!) {{ findBooksRun(id: $id) {{ {FIELDS} }} }}"
    key = run["findBooks"]["taskRun"]["id"]
    assert (await api.ask(later, id=key))["findBooksRun"]["output"] == expected
    seen = (await api.ask(later, READER, id=key))["findBooksRun"]["output"]
    assert seen["all"] == expected["all"][:1]
