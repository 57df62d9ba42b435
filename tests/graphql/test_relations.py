"""Link and BackLink: written by key, read in one query a level, filtered through."""

from collections.abc import AsyncIterator

import pytest
from beanie import BackLink, Document, Link
from pydantic import BaseModel, Field

from core.access import Access, Principal
from core.decorators import datamodel, operation
from core.registries import Registry
from tests.graphql.api import Api, serving
from tests.graphql.commands import COMMANDS


class Tag(Document):
    word: str


class Author(Document):
    name: str
    secret: bool = False
    books: list[BackLink["Book"]] = Field(default=[], json_schema_extra={"original_field": "author"})  # type: ignore[type-arg]


class Book(Document):
    title: str
    author: Link[Author] | None = None
    tags: list[Link[Tag]] = Field(default_factory=list)


ADD_AUTHOR = "mutation ($name: String!) { createOneAuthor(input: {author: {name: $name}}) { id } }"
ADD_TAG = "mutation ($word: String!) { createOneTag(input: {tag: {word: $word}}) { id } }"
ADD_BOOK = "mutation ($book: CreateBook!) { createOneBook(input: {book: $book}) { id author { name } tags { word } } }"
TITLES = """query ($filter: BookFilter) {
    books(filter: $filter, sorting: [{field: title, direction: ASC}]) { nodes { title } } }"""
READER = Principal(id="reader", roles=frozenset({"reader"}))


@pytest.fixture
async def api(registry: Registry) -> AsyncIterator[Api]:
    public = Access(row_filter=lambda principal: None if principal.is_owner else {"secret": False})
    datamodel()(Tag)
    datamodel(access=public)(Author)
    datamodel()(Book)
    async with serving(registry) as found:
        yield found


@pytest.fixture
async def keys(api: Api) -> dict[str, str]:
    """Two authors, two tags, four books; the last book has neither."""
    found: dict[str, str] = {}
    for name in ("Ann", "Bob"):
        found[name] = (await api.ask(ADD_AUTHOR, name=name))["createOneAuthor"]["id"]
    for word in ("red", "blue"):
        found[word] = (await api.ask(ADD_TAG, word=word))["createOneTag"]["id"]
    for title, author, tags in (
        ("a", "Ann", ["red", "blue"]),
        ("b", "Bob", ["red"]),
        ("c", "Ann", []),
        ("d", None, []),
    ):
        book = {"title": title, "author": found.get(author or ""), "tags": [found[tag] for tag in tags]}
        found[title] = (await api.ask(ADD_BOOK, book=book))["createOneBook"]["id"]
    return found


async def titles(api: Api, **condition: object) -> list[str]:
    return [node["title"] for node in (await api.ask(TITLES, filter=condition))["books"]["nodes"]]


async def test_each_level_of_relations_is_one_query(api: Api, keys: dict[str, str]):
    query = """{ books(sorting: [{field: title, direction: ASC}]) {
        nodes { title author { name books { title author { name } } } tags { word } } } }"""
    await api.ask(query)
    with COMMANDS.counted() as reads:
        found = await api.ask(query)
    first, *_, last = found["books"]["nodes"]
    assert first["author"] == {
        "name": "Ann",
        "books": [{"title": "a", "author": {"name": "Ann"}}, {"title": "c", "author": {"name": "Ann"}}],
    }
    assert first["tags"] == [{"word": "red"}, {"word": "blue"}]
    assert last == {"title": "d", "author": None, "tags": []}
    assert reads == ["find"] * 5  # the books, their authors, their tags, the authors' books, the authors of those


async def test_a_relation_is_filtered_by_the_fields_of_what_it_leads_to(api: Api, keys: dict[str, str]):
    assert await titles(api, author={"name": {"eq": "Ann"}}) == ["a", "c"]
    assert await titles(api, author={"is": None}) == ["d"]
    assert await titles(api, author={"isNot": None}) == ["a", "b", "c"]
    assert await titles(api, tags={"some": {"word": {"eq": "blue"}}}) == ["a"]
    assert await titles(api, tags={"none": {"word": {"eq": "red"}}}) == ["c", "d"]
    assert await titles(api, tags={"every": {"word": {"eq": "red"}}}) == ["b", "c", "d"]
    assert await titles(api, tags={"isEmpty": True}) == ["c", "d"]
    assert await titles(api, tags={"size": 2}) == ["a"]


async def test_a_relation_is_changed_by_key_and_taken_away_by_null(api: Api, keys: dict[str, str]):
    update = "mutation ($input: UpdateOneBookInput!) { updateOneBook(input: $input) { author { name } tags { word } } }"
    change = {"id": keys["a"], "update": {"author": keys["Bob"], "tags": [keys["blue"]]}}
    found = await api.ask(update, input=change)
    assert found["updateOneBook"] == {"author": {"name": "Bob"}, "tags": [{"word": "blue"}]}
    found = await api.ask(update, input={"id": keys["a"], "update": {"author": None}})
    assert found["updateOneBook"] == {"author": None, "tags": [{"word": "blue"}]}


async def test_a_link_to_nothing_or_to_what_is_hidden_is_null(api: Api, keys: dict[str, str]):
    await api.ask("mutation ($id: ID!) { deleteOneTag(input: {id: $id}) { id } }", id=keys["red"])
    secret = "mutation ($id: ID!) { updateOneAuthor(input: {id: $id, update: {secret: true}}) { id } }"
    await api.ask(secret, id=keys["Ann"])
    query = "query ($id: ID!) { book(id: $id) { author { name } tags { word } } }"
    assert (await api.ask(query, id=keys["a"]))["book"] == {"author": {"name": "Ann"}, "tags": [{"word": "blue"}]}
    assert (await api.ask(query, READER, id=keys["a"]))["book"] == {"author": None, "tags": [{"word": "blue"}]}
    hidden = await api.ask(TITLES, READER, filter={"author": {"name": {"eq": "Ann"}}})
    assert hidden["books"]["nodes"] == []


async def test_a_mutation_shows_what_the_one_before_it_changed(api: Api, keys: dict[str, str]):
    found = await api.ask(
        """mutation ($author: ID!, $book: ID!) {
            before: updateOneBook(input: {id: $book, update: {title: "x"}}) { author { name } }
            updateOneAuthor(input: {id: $author, update: {name: "Anna"}}) { id }
            after: updateOneBook(input: {id: $book, update: {title: "y"}}) { author { name } }
        }""",
        author=keys["Ann"],
        book=keys["a"],
    )
    assert (found["before"]["author"]["name"], found["after"]["author"]["name"]) == ("Ann", "Anna")


async def test_links_inside_embedded_objects_and_operations_are_ids_in_and_documents_out(registry: Registry):
    class Part(BaseModel):
        tag: Link[Tag] | None = None
        tags: list[Link[Tag]] = Field(default_factory=list)

    class Box(Document):
        parts: list[Part] = Field(default_factory=list)

    datamodel()(Tag)
    datamodel()(Box)

    @operation()
    async def look(part: Part) -> Part:
        return part

    async with serving(registry) as api:
        key = (await api.ask(ADD_TAG, word="red"))["createOneTag"]["id"]
        part = {"tag": key, "tags": [key]}
        made = await api.ask(
            "mutation ($box: CreateBox!) { createOneBox(input: {box: $box}) { parts { tag { word } tags { id } } } }",
            box={"parts": [part]},
        )
        assert made["createOneBox"]["parts"] == [{"tag": {"word": "red"}, "tags": [{"id": key}]}]
        found = await api.ask('{ boxes(filter: {parts: {some: {tag: {word: {eq: "red"}}}}}) { totalCount } }')
        assert found["boxes"]["totalCount"] == 1
        run = await api.ask(
            "mutation ($part: PartInput) { look(input: $part) { output { tag { word } } taskRun { input } } }",
            part=part,
        )
        assert run["look"] == {"output": {"tag": {"word": "red"}}, "taskRun": {"input": part}}
