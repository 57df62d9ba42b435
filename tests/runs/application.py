"""An application whose operations misbehave in every way runs must survive. Worker processes of the tests load it."""

import asyncio
import os
import time
from datetime import UTC, datetime

from beanie import Document
from pydantic import BaseModel, Field, SecretStr

from core import current_run, datamodel, operation
from tests.runs.inputs import Done, Errand


@datamodel(name="Effect", description="Something a run did", plural="effects")
class Effect(Document):
    """What ran, so that a test can count it from outside."""

    label: str
    process: int = Field(default_factory=os.getpid)
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    class Settings:
        name = "effects"


@operation(async_enabled=True)
async def quick(input: Errand) -> Done:
    """One effect, at once."""
    await Effect(label=input.label).insert()
    return Done(label=input.label)


@operation(async_enabled=True)
async def slow(input: Errand) -> Done:
    """An effect, then a while of awaiting."""
    await Effect(label=input.label).insert()
    await asyncio.sleep(input.seconds)
    return Done(label=input.label)


@operation(async_enabled=True, retries=2)
async def retried(input: Errand) -> Done:
    """The same, to be tried again when it was interrupted."""
    await Effect(label=input.label).insert()
    await asyncio.sleep(input.seconds)
    return Done(label=input.label)


@operation(async_enabled=True, concurrency=2)
async def narrow(input: Errand) -> Done:
    """At most two at once, over all processes."""
    await Effect(label="begin").insert()
    await asyncio.sleep(input.seconds)
    await Effect(label="end").insert()
    return Done()


@operation(async_enabled=True)
async def busy(input: Errand) -> Done:
    """Keeps its event loop from doing anything else."""
    await Effect(label=input.label).insert()
    time.sleep(input.seconds)  # noqa: ASYNC251  (that is the point)
    return Done(label=input.label)


@operation(async_enabled=True)
def threaded(input: Errand) -> Done:
    """A plain function, polling for its cancellation."""
    deadline = time.monotonic() + input.seconds
    while time.monotonic() < deadline:
        current_run().raise_if_cancelled()
        time.sleep(0.01)
    return Done(label=input.label)


@operation(async_enabled=True)
def deaf(input: Errand) -> Done:
    """A plain function that computes and never asks whether it is still wanted."""
    deadline = time.monotonic() + input.seconds
    while time.monotonic() < deadline:
        sum(range(10_000))
    return Done(label=input.label)


class Login(BaseModel):
    user: str
    password: SecretStr
    pin: str = Field("", json_schema_extra={"sensitive": True})


@operation(async_enabled=True)
async def login(input: Login) -> Done:
    """Tells its secrets wherever it can."""
    password = input.password.get_secret_value()
    current_run().log(f"password {password}, pin {input.pin}")
    current_run().progress(0.5, f"trying {password}")
    if input.user == "nobody":
        raise ValueError(f"no user with the password {password} and pin {input.pin}")
    return Done(label=password)
