"""docs/guide.md does what it says: its files are written, its commands run, its queries asked, its output compared."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import core.examples.operations  # noqa: F401  (registers the example)
from core.examples.settings import JobhunterSettings
from core.registries import ModelRegistry, OperationRegistry
from tests.examples.loopback import Answer, serve
from tests.server import running_server

ROOT = Path(__file__).parent.parent.parent
GUIDE = ROOT / "docs" / "guide.md"
PAGES = "127.0.0.1:8765"
_FILE = re.compile(r"^(?:# |<!-- )(?P<path>[\w/]+\.\w+)(?: -->)?$")


@dataclass(frozen=True)
class Block:
    language: str
    text: str

    @property
    def path(self) -> str | None:
        """The file it is to be saved as, where its first line says so."""
        found = _FILE.match(self.text.partition("\n")[0])
        return found["path"] if found else None


def blocks() -> Iterator[Block]:
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL):
        yield Block(found[1], found[2])


class Reader:
    """Does what somebody who reads the guide does."""

    def __init__(self, home: Path, pages: str) -> None:
        self.home = home
        self._pages = pages
        self.output = ""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
        self.environment = {
            **kept,
            "PATH": path,
            "CORE_DATA_DIR": str(home / "data"),
            "JOBHUNTER_FETCH_DELAY": "0",
            "NO_PROXY": "*",
        }

    def text(self, block: Block) -> str:
        return block.text.replace(PAGES, self._pages)

    def save(self, block: Block) -> None:
        assert block.path is not None
        target = self.home / block.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.text(block))

    def run(self, block: Block) -> None:
        done = subprocess.run(
            ["bash", "-e", "-c", self.text(block)], cwd=self.home, env=self.environment, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        self.output = done.stdout


def test_the_guide_from_the_first_model_to_the_application(tmp_path: Path) -> None:
    found = list(blocks())
    with serve() as pages:
        reader = Reader(tmp_path, pages.address.removeprefix("http://"))
        for block in found:
            if block.path:
                reader.save(block)
        pages.pages["/jobs.html"] = Answer((tmp_path / "pages" / "jobs.html").read_text())
        settings = {"CORE_DATA_DIR": reader.environment["CORE_DATA_DIR"]}
        with running_server(tmp_path, "--no-sample", environment=settings) as server:
            for block in found:
                if block.language == "graphql":
                    answer = server.graphql(reader.text(block))
                    assert "errors" not in answer, answer
                elif block.language == "bash":
                    reader.run(block)
                elif block.language == "text":
                    assert reader.output == reader.text(block)
            counted = server.graphql(
                "{ jobs { totalCount } applications { nodes { status } } taskRuns { totalCount } }"
            )
    assert counted["data"]["jobs"] == {"totalCount": 2}  # type: ignore[index]
    assert counted["data"]["applications"]["nodes"] == [{"status": "PREPARED"}]  # type: ignore[index]


def test_every_kind_of_block_is_handled_and_none_is_forgotten() -> None:
    kinds = {block.language for block in blocks()}
    assert kinds <= {"python", "html", "toml", "graphql", "bash", "text", "console"}
    unsaved = [block.text for block in blocks() if block.language in ("python", "html", "toml") and not block.path]
    assert unsaved == []


def test_the_reference_names_every_model_operation_and_setting() -> None:
    text = (ROOT / "docs" / "example.md").read_text()
    declared = [(info.name, info.document_cls) for info in ModelRegistry.list_all()]
    declared += [(found.name, found.implementation) for found in OperationRegistry.list_all()]
    names = [name for name, python in declared if python.__module__.startswith("core.examples")]
    names += [f"JOBHUNTER_{name.upper()}" for name in JobhunterSettings.model_fields]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_settings_the_guide_names_exist() -> None:
    named = set(re.findall(r"JOBHUNTER_(\w+)", GUIDE.read_text()))
    assert named <= {name.upper() for name in JobhunterSettings.model_fields}
