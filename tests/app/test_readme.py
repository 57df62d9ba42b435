"""What the README shows works, and what it promises appears."""

import re
from pathlib import Path
from typing import Any

from beanie import Document

from core.inspection import take_catalog
from core.registries import OperationRegistry, Registry
from core.testing import test_database as a_database
from graphql_surface.schema import schema_of

README = (Path(__file__).parent.parent.parent / "README.md").read_text()


def _declared() -> dict[str, Any]:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "readme"}
    exec(code, namespace)
    return namespace


async def test_its_model_and_operation_run(registry: Registry) -> None:
    namespace = _declared()
    book: type[Document] = namespace["Book"]
    async with a_database():
        added = await namespace["add_book"](namespace["AddBook"](title="The Dispossessed", author="Le Guin"))
        stored = await book.get(added.book_id)
        assert stored is not None
        assert stored.model_dump()["author"] == "Le Guin"
    assert OperationRegistry.get("add_book") is not None


def test_every_name_it_promises_is_in_the_schema(registry: Registry) -> None:
    _declared()
    fields = schema_of(take_catalog(registry)).as_str()
    for name in ("books(", "book(", "bookAggregate(", "createOneBook(", "deleteManyBooks(", "createdBook(", "addBook("):
        assert f"  {name}" in fields
