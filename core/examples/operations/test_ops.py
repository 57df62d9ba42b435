"""create_item and create_test_item: the smallest operations there can be."""

from pydantic import BaseModel, Field

from core.decorators import operation
from core.examples.models.models import TestItem


class CreateItemInput(BaseModel):
    """What the item shall hold."""

    name: str = Field(min_length=1, description="What it is called")
    value: int = Field(description="Any number")


class CreateItemOutput(BaseModel):
    """Which item was made."""

    success: bool = Field(description="Whether it was made")
    item_id: str = Field(description="Its id")


class CreateTestItemInput(CreateItemInput):
    """What the test item shall hold."""


class CreateTestItemOutput(CreateItemOutput):
    """Which test item was made."""


async def _insert(input: CreateItemInput) -> str:
    item = TestItem(name=input.name, value=input.value)
    await item.insert()
    return str(item.id)


@operation(
    name="create_item",
    description="Store a TestItem",
    category="testing",
    inputs=CreateItemInput,
    outputs=CreateItemOutput,
    tags=["test"],
    models_out=["TestItem"],
)
async def create_item(input: CreateItemInput) -> CreateItemOutput:
    return CreateItemOutput(success=True, item_id=await _insert(input))


@operation(
    name="create_test_item",
    description="Store a TestItem, in the background if asked to",
    category="testing",
    inputs=CreateTestItemInput,
    outputs=CreateTestItemOutput,
    tags=["test"],
    models_out=["TestItem"],
    async_enabled=True,
)
async def create_test_item(input: CreateTestItemInput) -> CreateTestItemOutput:
    return CreateTestItemOutput(success=True, item_id=await _insert(input))
