"""What the operations of these tests take and give. Apart from ``application``, whose declarations are for processes of
their own and have no place in the registry of the tests."""

from pydantic import BaseModel


class Errand(BaseModel):
    label: str = "job"
    seconds: float = 0.0


class Done(BaseModel):
    label: str = ""
