"""A declaration that cannot be served stops start-up, and says where it stands and what to do."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import pytest
from beanie import Document, Link
from pydantic import BaseModel, Field

from core import datamodel, operation
from core.errors import DeclarationError
from core.inspection import take_catalog
from core.registries import Registry


class Empty(BaseModel):
    pass


def _unknown_list_field() -> None:
    @datamodel(name="Book", ui={"list_fields": ["title", "autor"]})
    class Book(Document):
        title: str
        author: str


def _unknown_field_in_a_section() -> None:
    @datamodel(name="Book", ui={"detail_sections": [{"title": "Book", "fields": ["title", "autor"]}]})
    class Book(Document):
        title: str
        author: str


def _unknown_primary_field() -> None:
    @datamodel(name="Book", ui={"primary_field": "name"})
    class Book(Document):
        title: str


def _unsupported_annotation() -> None:
    @datamodel(name="Book")
    class Book(Document):
        cover: complex


def _unsupported_in_embedded() -> None:
    class Cover(BaseModel):
        colour: Callable[[], int]

    @datamodel(name="Book")
    class Book(Document):
        cover: Cover


def _tuple_of_several_types() -> None:
    @datamodel(name="Book")
    class Book(Document):
        place: tuple[int, str]


def _link_to_unregistered() -> None:
    class Author(Document):
        name: str

    @datamodel(name="Book")
    class Book(Document):
        author: Link[Author]


def _unknown_models_in() -> None:
    @operation(name="shelve", inputs=Empty, outputs=Empty, models_in=["Shelf"])
    async def shelve(input: Empty) -> Empty:
        return input


def _output_is_no_model() -> None:
    @operation(name="count_books")
    async def count_books(input: Empty) -> int:
        return 0


def _parameter_without_annotation() -> None:
    @operation(name="lend")
    async def lend(book, days: int) -> Empty:  # type: ignore[no-untyped-def]
        return Empty()


def _duplicate_model() -> None:
    @datamodel(name="Book")
    class First(Document):
        title: str

    @datamodel(name="Book")
    class Second(Document):
        title: str


def _duplicate_operation() -> None:
    @operation(name="shelve", inputs=Empty, outputs=Empty)
    async def first(input: Empty) -> Empty:
        return input

    @operation(name="shelve", inputs=Empty, outputs=Empty)
    async def second(input: Empty) -> Empty:
        return input


def _two_classes_of_one_name() -> None:
    def other() -> type[BaseModel]:
        class Cover(BaseModel):
            price: int

        return Cover

    class Cover(BaseModel):
        colour: str

    @datamodel(name="Book")
    class Book(Document):
        cover: Cover
        back: other()  # type: ignore[valid-type]


def _operation_called_like_a_mutation() -> None:
    @datamodel(name="Book")
    class Book(Document):
        title: str

    @operation(name="create_one_book", inputs=Empty, outputs=Empty)
    async def create(input: Empty) -> Empty:
        return input


def _fields_of_one_generated_name() -> None:
    @datamodel(name="Book")
    class Book(Document):
        page_count: int
        pageCount: int


def _reserved_type_name() -> None:
    @datamodel(name="Query")
    class Query(Document):
        title: str


def _members_of_one_generated_name() -> None:
    @datamodel(name="Book")
    class Book(Document):
        size: Literal["a-b", "a b"]


def _plural_equals_singular() -> None:
    @datamodel(name="Sheep")
    class Sheep(Document):
        name: str


def _plural_that_does_not_lead_back() -> None:
    @datamodel(name="Axis")
    class Axis(Document):
        name: str


def _union_of_model_and_value() -> None:
    class Cover(BaseModel):
        colour: str

    @datamodel(name="Book")
    class Book(Document):
        cover: Cover | int


CASES: list[tuple[Callable[[], None], tuple[str, ...]]] = [
    (_unknown_list_field, ("model Book", __name__, "list_fields", "'autor'", "author, id, title")),
    (_unknown_field_in_a_section, ("model Book", "detail_sections", "'autor'", "author, id, title")),
    (_unknown_primary_field, ("model Book", "primary_field", "'name'")),
    (_unsupported_annotation, ("model Book", __name__, "cover", "complex", "use a supported type")),
    (_unsupported_in_embedded, ("model Book", "Cover", "colour", "use a supported type")),
    (_tuple_of_several_types, ("place", "use a model with named fields")),
    (_link_to_unregistered, ("author", "Author", "put @datamodel on it")),
    (_unknown_models_in, ("operation shelve", __name__, "models_in", "'Shelf'", "known:")),
    (_output_is_no_model, ("operation count_books", "annotate it or give outputs=")),
    (_parameter_without_annotation, ("operation lend", "'book'", "annotation")),
    (_duplicate_model, ("model Book", "First", "Second", "another name=")),
    (_duplicate_operation, ("operation shelve", "first", "second", "another name=")),
    (_two_classes_of_one_name, ("'Cover'", "other", "rename one of the classes")),
    (_operation_called_like_a_mutation, ("createOneBook", "model Book", "operation create_one_book", "another name=")),
    (_fields_of_one_generated_name, ("pageCount", "page_count", "rename one of the fields")),
    (_reserved_type_name, ("'Query'", "Core itself", "rename")),
    (_members_of_one_generated_name, ("A_B", "'a-b'", "'a b'")),
    (_plural_equals_singular, ("model Sheep", "give plural=")),
    (_plural_that_does_not_lead_back, ("model Axis", "'axe'", "'axes'", "rename the model", "plural=")),
    (_union_of_model_and_value, ("cover", "union of models, or Any")),
]


@pytest.mark.parametrize(("declare", "words"), CASES, ids=[case[0].__name__.strip("_") for case in CASES])
def test_a_bad_declaration_names_place_and_remedy(
    registry: Registry, declare: Callable[[], None], words: tuple[str, ...]
) -> None:
    with pytest.raises(DeclarationError) as found:
        declare()
        take_catalog(registry)
    for word in words:
        assert word in found.value.message
    assert not re.search(r"Traceback|object at 0x", found.value.message)


def test_every_supported_declaration_is_described(registry: Registry) -> None:
    class Colour(Enum):
        RED = "red"

    class Tree(BaseModel):
        label: str
        children: "list[Tree]" = []

    @datamodel(name="Everything")
    class Everything(Document):
        colour: Colour
        kind: Literal["full-time", "part-time"] = "full-time"
        tree: Tree | None = None
        names: list[str] = Field(default_factory=list)
        bag: dict[str, Any] = Field(default_factory=dict)
        trees: dict[str, Tree] = Field(default_factory=dict)

    described = {field.name: field for field in take_catalog(registry).models["Everything"].object.fields}
    assert set(described) == {"id", "colour", "kind", "tree", "names", "bag", "trees"}
    assert [choice.name for choice in described["kind"].type.choices] == ["FULL_TIME", "PART_TIME"]  # type: ignore[union-attr]
    assert described["colour"].required
    assert not described["tree"].required
