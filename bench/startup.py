"""CPU seconds from declarations to a schema, for growing numbers of models and operations.

    python bench/startup.py [NUMBER …]

Each number is measured in a process of its own: so many models of ten fields, and as many operations. The target is
at most 3 seconds for 200, and time linear in the number.
"""

import subprocess
import sys
import time
from datetime import datetime
from enum import Enum
from typing import Any, Literal

from beanie import Document
from pydantic import BaseModel, create_model

from core.decorators import datamodel, operation
from core.inspection import take_catalog
from core.registries import Registry, isolated_registry

NUMBERS = (50, 100, 200, 400)
TARGET_NUMBER, TARGET_SECONDS = 200, 3.0


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Place(BaseModel):
    city: str
    zip_code: str | None = None


FIELDS: dict[str, Any] = {
    "title": (str, ...),
    "text": (str | None, None),
    "number": (int, 0),
    "score": (float | None, None),
    "active": (bool, True),
    "created_at": (datetime | None, None),
    "colour": (Colour | None, None),
    "size": (Literal["small", "large"], "small"),
    "place": (Place | None, None),
    "words": (list[str], []),
}


def declare(number: int) -> Registry:
    """So many models and operations in a registry of their own."""
    with isolated_registry() as registry:
        for place in range(number):
            document = create_model(f"Model{place}", __base__=Document, __module__=__name__, **FIELDS)
            datamodel()(document)
            taken = create_model(f"Do{place}Input", __module__=__name__, name=(str, ...), count=(int, 1))
            given = create_model(f"Do{place}Output", __module__=__name__, done=(bool, ...), count=(int, 0))
            operation(name=f"do_{place}", inputs=taken, outputs=given)(_work)
        return registry


def _work(input: BaseModel) -> BaseModel:
    return input


def measure(number: int) -> None:
    registry = declare(number)
    from graphql_surface.schema import schema_of

    begun = time.process_time()
    catalog = take_catalog(registry)
    inspected = time.process_time()
    schema_of(catalog)
    built = time.process_time()
    print(
        f"{number:4} models and operations: {built - begun:5.2f} s CPU "
        f"(catalog {inspected - begun:.2f}, schema {built - inspected:.2f}), "
        f"{(built - begun) / number * 1000:.1f} ms each; with imports {built:.2f} s{_verdict(number, built - begun)}"
    )


def _verdict(number: int, seconds: float) -> str:
    if number != TARGET_NUMBER:
        return ""
    return f" (target {TARGET_SECONDS}: {'ok' if seconds <= TARGET_SECONDS else 'MISSED'})"


def main() -> None:
    if len(sys.argv) == 2:
        measure(int(sys.argv[1]))
        return
    for number in sys.argv[1:] or NUMBERS:
        subprocess.run([sys.executable, __file__, str(number)], check=True)


if __name__ == "__main__":
    main()
