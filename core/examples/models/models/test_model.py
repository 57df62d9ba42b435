"""TestItem: the smallest model there can be."""

from beanie import Document
from pydantic import Field

from core.decorators import datamodel


@datamodel(
    name="TestItem",
    description="A name and a number, to try things out with.",
    tags=["test"],
    ui={"icon": "🧪", "primary_field": "name", "list_fields": ["name", "value"]},
)
class TestItem(Document):
    """A plain Beanie document."""

    __test__ = False  # its name looks like a test's to pytest

    name: str = Field(description="What it is called")
    value: int = Field(description="Any number")

    class Settings:
        name = "test_items"
