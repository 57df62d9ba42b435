"""MongoDB's unified tests of its drivers, against the embedded server: each passes, or is listed with its reason."""

from collections.abc import Iterator
from typing import Any

import pytest
from bson import json_util

from tests.conftest import SHARED
from tests.embedded.foreground import foreground

from .entities import Unsupported
from .refused import reason
from .runner import JSON, run_test, runs_here

FOLDER = SHARED / "data" / "mongodb-unified-tests"


def _cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*/*.json")):
        file = json_util.loads(path.read_text(), json_options=JSON)
        for number, test in enumerate(file["tests"]):
            name = f"{path.parent.name}/{path.stem}: {test['description']}"
            yield pytest.param(file, test, name, id=f"{path.parent.name}-{path.stem}-{number}")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with foreground(tmp_path_factory.mktemp("unified"), "--test-commands") as server:
        yield f"mongodb://127.0.0.1:{server.port}/?replicaSet=core"


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.exists(), reason=f"{FOLDER} is not here: it is laid beside the checkout")
@pytest.mark.parametrize(("file", "test", "name"), list(_cases()))
def test_the_server_answers_as_mongodb(uri: str, file: dict[str, Any], test: dict[str, Any], name: str) -> None:
    if (
        test.get("skipReason")
        or not runs_here(file.get("runOnRequirements"))
        or not runs_here(test.get("runOnRequirements"))
    ):
        pytest.skip("not for a replica set of MongoDB 7.0")
    known = reason(name)
    try:
        run_test(uri, file, test)
    except Unsupported as error:
        pytest.skip(f"the runner has no means for {error}")
    except Exception as error:
        if known is None:
            raise
        pytest.xfail(f"{known} ({type(error).__name__})")


def test_every_refusal_has_a_reason() -> None:
    assert reason("crud/aggregate-merge: Aggregate with $merge")
    assert reason("crud/find: Find with filter") is None
