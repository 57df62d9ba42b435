"""Secrets of inputs and outputs stand nowhere in what a run stores."""

import contextlib
import json
from typing import Any

import pytest
from bson import json_util
from pydantic import BaseModel, Field, SecretBytes, SecretStr

from core import operation
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.errors import InputError, OperationFailed
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.collections import OWN
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from core.runs.stored import MASK, stored
from core.settings import Settings
from tests.runs.inputs import Done


async def everything_stored(database: Database) -> str:
    """All documents of all of Core's own collections, as text."""
    texts = [json_util.dumps(await database[name].find().to_list()) for name in sorted(OWN)]
    return "\n".join(texts)


@pytest.mark.parametrize("user", ["somebody", "nobody"], ids=["success", "failure"])
async def test_no_secret_is_stored_wherever_the_operation_puts_it(runs: Runs, database: Database, user: str) -> None:
    data = {"user": user, "password": "swordfish", "pin": "48151"}
    with contextlib.suppress(OperationFailed):
        done = await runs.start("login", data, principal=LOCAL_OWNER, trigger="cli")
        assert done.output.label == "swordfish", "the caller gets what the operation answered"
    text = await everything_stored(database)
    assert "swordfish" not in text
    assert "48151" not in text
    assert MASK in text


async def test_a_replay_needs_the_secrets_anew(runs: Runs) -> None:
    data = {"user": "somebody", "password": "swordfish"}
    done = await runs.start("login", data, principal=LOCAL_OWNER, trigger="cli")
    with pytest.raises(InputError, match="password"):
        await runs.replay(done.run.id, LOCAL_OWNER)
    again = await runs.replay(done.run.id, LOCAL_OWNER, input=data)
    assert again.run.replay_of == done.run.id


async def test_secrets_cannot_wait_for_a_runner(runs: Runs) -> None:
    with pytest.raises(InputError, match="password"):
        await runs.start(
            "login", {"user": "x", "password": "swordfish"}, principal=LOCAL_OWNER, trigger="cli",
            options=RunOptions(mode=RunMode.BACKGROUND),
        )  # fmt: skip


async def test_secrets_of_an_output_are_masked_in_the_store(app: Registry, database: Database) -> None:
    class Token(BaseModel):
        token: SecretStr
        plain: str = Field("", json_schema_extra={"sensitive": True})

    @operation()
    async def issue(input: Done) -> Token:
        return Token(token=SecretStr("swordfish"), plain="48151")

    runs = Runs(take_catalog(app), Settings())
    done = await runs.start("issue", {}, principal=LOCAL_OWNER, trigger="cli")
    assert done.output.token.get_secret_value() == "swordfish"
    assert (await runs.get(done.run.id, LOCAL_OWNER)).output == {"token": MASK, "plain": MASK}
    text = await everything_stored(database)
    assert "swordfish" not in text
    assert "48151" not in text


class Inner(BaseModel):
    key: SecretStr
    note: str = ""


class Nested(BaseModel):
    by_name: dict[str, SecretStr] = {}
    several: list[Inner] = []
    raw: SecretBytes = SecretBytes(b"")
    card: dict[str, Any] = Field({}, json_schema_extra={"sensitive": True})
    renamed: str = Field("", serialization_alias="shown-as", json_schema_extra={"sensitive": True})
    open: str = ""


def test_secrets_are_found_in_models_lists_and_maps_and_named_by_their_path() -> None:
    found = stored(
        Nested(
            by_name={"a": SecretStr("one-secret")},
            several=[Inner(key=SecretStr("two-secret"), note="kept")],
            raw=SecretBytes(b"three-secret"),
            card={"number": "four-secret"},
            renamed="five-secret",
            open="kept too",
        )
    )
    text = json.dumps(found.value)
    assert "-secret" not in text
    assert found.value["several"][0]["note"] == "kept"
    assert found.value["open"] == "kept too"
    assert found.value["shown-as"] == MASK
    assert sorted(found.hidden) == ["by_name.a", "card", "raw", "renamed", "several.0.key"]
    assert found.secrets == {"one-secret", "two-secret", "three-secret", "four-secret", "five-secret"}
