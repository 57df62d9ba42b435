"""MongoDB's unified tests of its drivers, against the embedded server: each passes or is listed with its reason."""

from collections.abc import Iterator
from typing import Any

import pytest
from bson import json_util
from pymongo.errors import OperationFailure

from tests.conftest import SHARED
from tests.embedded.foreground import foreground

from .refused import NOT_RUN, REFUSED, is_refusal, reason
from .runner import JSON, SERVER_VERSION, Version, run_test, runs_here

FOLDER = SHARED / "data" / "mongodb-unified-tests"
_SORTED_UPDATES: Version = (8, 0, 0)
LATER = {
    "crud/bulkWrite-replaceOne-sort": _SORTED_UPDATES,
    "crud/bulkWrite-updateOne-sort": _SORTED_UPDATES,
    "crud/replaceOne-sort": _SORTED_UPDATES,
    "crud/updateOne-sort": _SORTED_UPDATES,
}
"""Files about what is offered as a later version of MongoDB has it; all others are for 7.0."""


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
    if (why := _not_run(file, test, name)) is not None:
        pytest.skip(why)
    refused = reason(REFUSED, name)
    try:
        run_test(uri, file, test)
    except OperationFailure as error:
        if refused is None or not is_refusal(error):
            raise
        pytest.xfail(refused)
    assert refused is None, f"{refused}: listed as refused, but the server answers"


def _not_run(file: dict[str, Any], test: dict[str, Any], name: str) -> str | None:
    version = LATER.get(name.split(":")[0], SERVER_VERSION)
    if test.get("skipReason") or not all(runs_here(one.get("runOnRequirements"), version) for one in (file, test)):
        return "not for a replica set of MongoDB 7.0"
    return reason(NOT_RUN, name)


def test_only_a_code_of_a_refusal_with_its_remedy_is_a_refusal() -> None:
    said = "the embedded database does not offer the stage $merge; set MONGODB_URI to use a full MongoDB server"
    assert is_refusal(OperationFailure(said, 40324))
    assert not is_refusal(OperationFailure(said, 11000))
    assert not is_refusal(OperationFailure("Unrecognized pipeline stage name: '$merge'", 40324))
    assert not is_refusal(AssertionError(said))


@pytest.mark.skipif(not FOLDER.exists(), reason=f"{FOLDER} is not here: it is laid beside the checkout")
def test_every_listed_case_exists() -> None:
    names = [case.values[2] for case in _cases()]
    assert [start for start in (*REFUSED, *NOT_RUN, *LATER) if not any(name.startswith(start) for name in names)] == []
