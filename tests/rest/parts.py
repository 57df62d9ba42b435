"""A class that contains itself."""

from pydantic import BaseModel, Field


class Part(BaseModel):
    name: str
    parts: list["Part"] = Field(default_factory=list)
