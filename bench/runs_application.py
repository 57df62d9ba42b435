"""The operation that ``bench/runs.py`` measures: it does nothing, so what is left is the cost of its run."""

from pydantic import BaseModel

from core import operation


class Number(BaseModel):
    number: int = 0


@operation(async_enabled=True)
async def nothing(input: Number) -> Number:
    """Give back what came in."""
    return input
