"""Declarations that hold every type there is a case for."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from beanie import Document
from pydantic import Field, create_model

from tests.graphql.case import Case


def cases() -> dict[str, Case]:
    folder = Path(__file__).parent / "cases"
    names = sorted(path.stem for path in folder.glob("[a-z]*.py"))
    return {name: import_module(f"tests.graphql.cases.{name}").CASE for name in names}


def declare_every_type(datamodel: Callable[..., Any]) -> None:
    """A model ``Everything`` with a field of every type."""
    fields: dict[str, Any] = {
        f"a_{name}": (case.annotation | None if case.nullable else case.annotation, Field(default=None))
        for name, case in cases().items()
    }
    datamodel()(create_model("Everything", __base__=Document, __module__=__name__, **fields))
