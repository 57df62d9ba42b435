"""What describes the surface: ``/openapi.json``, ``/docs``, ``/models/``, ``/operations/graph``."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode

from rest_surface import docs
from tests.rest.conftest import ENVIRONMENT
from tests.server import Server, running_server
from tests.transport.nodes import run_node

DOCS = Path(docs.__file__).parent
OF_A_RUN = ("OPERATION_FAILED", "TIMEOUT")
thorough = settings(
    max_examples=50, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture
def document(client: httpx.Client) -> Any:
    return client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same application on a server that wants a key."""
    environment = {**ENVIRONMENT, "CORE_AUTH_REQUIRED": "true"}
    with running_server(tmp_path_factory.mktemp("locked"), environment=environment) as server:
        yield server


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def test_the_description_is_valid_openapi(document: Any):
    schemathesis.openapi.from_dict(document).validate()


def test_every_reference_leads_to_a_schema(document: Any):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document)) <= known
    for schema in document["components"]["schemas"].values():
        Draft202012Validator({**schema, "components": document["components"]})


def test_every_route_describes_its_answer_and_its_problems(document: Any):
    ours = {path: methods for path, methods in document["paths"].items() if path not in ("/health", "/ready")}
    for path, methods in ours.items():
        for method, described in methods.items():
            assert set(described["responses"]["default"]["content"]) == {"application/problem+json"}, path
            good = {status: found for status, found in described["responses"].items() if status.startswith("2")}
            assert good, path
            for status, found in good.items():
                assert status == "204" or found["content"]["application/json"]["schema"], (method, path)
    names = [described["operationId"] for methods in ours.values() for described in methods.values()]
    assert len(names) == len(set(names))


def test_an_answer_is_as_it_is_described(client: httpx.Client, document: Any):
    def check(schema: Any, answer: Any) -> None:
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer)

    book = {"title": "x", "published": "2020-01-01T00:00:00Z", "price": "1.50", "author": {"name": "y"}}
    made = client.post("/models/Book/", json=book).json()
    check({"$ref": "#/components/schemas/Book"}, made)
    reader = {"name": "x", "favourite": made["id"], "books": [made["id"]]}
    given = document["paths"]["/models/Reader/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    check(given, reader)
    kept = client.post("/models/Reader/", json=reader).json()
    check({"$ref": "#/components/schemas/Reader"}, kept)
    check({"$ref": "#/components/schemas/Loan"}, client.post("/models/Loan/", json={"reader": kept["id"]}).json())
    listed = document["paths"]["/models/Book/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    check(listed, client.get("/models/Book/").json())
    ran = document["paths"]["/operations/wait/"]["post"]["responses"]
    check(ran["200"]["content"]["application/json"]["schema"], client.post("/operations/wait/", json={}).json())
    pending = client.post("/operations/wait/", params={"mode": "background"}, json={}).json()
    check(ran["202"]["content"]["application/json"]["schema"], pending)
    check({"$ref": "#/components/schemas/Problem"}, client.post("/models/Book/", json={"title": 1}).json())


def test_read_only_models_have_no_routes_that_write(document: Any):
    assert {*document["paths"]["/models/TaskRun/"], *document["paths"]["/models/TaskRun/{id}"]} == {"get"}


def test_models_are_described_for_a_user_interface(client: httpx.Client):
    models = {model["name"]: model for model in client.get("/models/").json()}
    assert set(models) == {"TaskRun", "Book", "Shelf", "Reader", "Loan", "Fragile"}
    book = models["Book"]
    assert set(book) == {"name", "resource", "description", "tags", "ui_hints", "schema"}
    assert (book["resource"], book["description"], book["tags"]) == ("books", "Something to read.", ["library"])
    assert book["ui_hints"] == {"list_fields": ["title", "genre"]}
    assert book["schema"]["required"] == ["title"]
    assert book["schema"]["properties"]["id"]["readOnly"] is True
    assert "readOnly" not in book["schema"]["properties"]["title"]
    assert models["TaskRun"]["schema"]["readOnly"] is True
    for model in models.values():
        Draft202012Validator(model["schema"])


def test_operations_are_described_for_a_user_interface(client: httpx.Client):
    operations = {operation["name"]: operation for operation in client.get("/operations/graph").json()}
    assert set(operations["add_book"]) == {
        "name", "description", "category", "tags", "models_in", "models_out", "async_enabled", "input_schema",
        "output_schema", "ui",
    }  # fmt: skip
    add_book = operations["add_book"]
    assert (add_book["category"], add_book["models_out"], add_book["tags"]) == ("library", ["Book"], ["write"])
    assert (add_book["async_enabled"], operations["wait"]["async_enabled"]) == (False, True)
    assert add_book["input_schema"]["required"] == ["title"]
    assert set(add_book["output_schema"]["properties"]) == {"book_id", "title"}
    assert operations["mirror"]["input_schema"]["properties"]["name"]["type"] == "string"
    for operation in operations.values():
        Draft202012Validator(operation["input_schema"])
        Draft202012Validator(operation["output_schema"])


def test_the_docs_load_only_files_of_this_server(client: httpx.Client):
    page = client.get("/docs")
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [link for link in links if not link.startswith("data:")]
    assert len(files) == 4
    for link in files:
        assert not link.startswith(("http", "/"))  # relative: any mount path will do
        file = client.get(page.url.join(link))
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/docs/assets/../page.py").status_code == 404


def test_a_stranger_learns_nothing_of_what_a_locked_server_serves(locked: Server):
    for path in ("/openapi.json", "/models/", "/operations/graph", "/models/Book/", "/models/Nothing/"):
        answer = httpx.get(locked.url + path)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED"), path
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/", "/docs"):
        answer = httpx.get(locked.url + path)
        assert answer.status_code == 200
        assert "Book" not in answer.text
        assert "add_book" not in answer.text


def test_the_start_page_lists_own_models_before_taskrun_and_operations_by_category(client: httpx.Client):
    page = client.get("/")
    assert "script-src" not in page.headers["content-security-policy"]
    assert "<script" not in page.text
    places = [page.text.index(f"{name}</") for name in ("Book", "Shelf", "TaskRun", "library", "add_book")]
    assert places == sorted(places)


@pytest.mark.node
def test_the_files_of_the_docs_are_what_their_sources_give(tmp_path: Path):
    run_node("build.mjs", str(tmp_path), folder=DOCS / "sources")
    built = DOCS / "built"
    for folder, other in ((built, tmp_path), (tmp_path, built)):
        for file in (one for one in folder.rglob("*") if one.is_file()):
            assert (other / file.relative_to(folder)).read_bytes() == file.read_bytes(), "run `make ui`"


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "text"), [("/docs", "Something to read"), ("/", "library")])
def test_in_a_browser_pages_ask_no_other_host_and_nothing_complains(
    client: httpx.Client, library: Server, tmp_path: Path, path: str, text: str, scheme: str
):
    seen = _look(library.url + path, "add_book" if path == "/" else "library", tmp_path / "page.png", scheme)
    assert all(request.startswith((library.url, "data:")) for request in seen["requests"])
    assert seen["complaints"] == []


@pytest.mark.node
def test_in_a_browser_the_docs_of_a_locked_server_ask_for_a_key(locked: Server, tmp_path: Path):
    folder = locked.log.parent
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONGODB_")}
    made = subprocess.run(
        [sys.executable, "-m", "cli", "keys", "create", "reader"], cwd=folder, capture_output=True, text=True,
        env={**kept, **ENVIRONMENT, "CORE_DATA_DIR": str(folder / "data")}, check=True,
    )  # fmt: skip
    seen = _look(f"{locked.url}/docs", "library", tmp_path / "page.png", "light", made.stdout.split()[0])
    assert "Authorize" in seen["text"]
    assert len([request for request in seen["requests"] if request.endswith("/openapi.json")]) == 2


def _look(url: str, text: str, screenshot: Path, scheme: str, *password: str) -> Any:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("Chromium is not installed")
    return json.loads(run_node("page.mjs", url, chromium, text, str(screenshot), scheme, *password))


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_generated_request_is_an_internal_error(library: Server, document: Any, mode: GenerationMode):
    """Operations may fail by themselves; what may not happen is an error nobody foresaw, or another form of answer."""
    del document["paths"]["/operations/wait/"]  # would wait as long as it is told to
    document["paths"]["/models/Fragile/"].pop("post")  # breaks down on purpose
    schema = schemathesis.openapi.from_dict(document)
    statuses: set[int] = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @thorough
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            answer = case.call(base_url=library.url)
            statuses.add(answer.status_code)
            assert answer.status_code < 500 or answer.json()["code"] in OF_A_RUN, answer.text
            case.operation.validate_response(answer)

        with suppress(Unsatisfiable):  # there is nothing to get wrong
            check()
    assert statuses >= ({200, 404} if mode is GenerationMode.POSITIVE else {400, 404, 422})
