"""CPU milliseconds of this process for a list of 100 documents with 12 fields over GraphQL, compiled and not.

    python bench/graphql_list.py

Parsing, validation and the database's own time are left out; what is measured is the read, and the execution.
"""

import asyncio
import os
import tempfile
import time
from typing import Any

from beanie import Document
from graphql import execute, parse
from pydantic import create_model
from startup import FIELDS

from core.access import LOCAL_OWNER
from core.decorators import datamodel
from core.registries import isolated_registry
from core.services import Services, build_services
from core.settings import Settings
from core.testing import test_database
from graphql_surface.context import make_context
from graphql_surface.executor import Executor
from graphql_surface.schema import build_schema
from graphql_surface.shapes import Shapes

QUERY = parse(
    """{ things(paging: {limit: 100}) { nodes {
        id title text number score active createdAt colour size place { city } words } } }"""
)
ROUNDS = 50


class Plain(Executor):
    """Without compiled selections."""

    def _shapes_of(self, type_: Any, selected: Any) -> Shapes:
        return Shapes({}, selected)


async def measure(schema: Any, services: Services, executor: type[Executor]) -> float:
    begun = time.process_time()
    for _ in range(ROUNDS):
        context = make_context(services, LOCAL_OWNER)
        result: Any = execute(schema, QUERY, context_value=context, executor_class=executor)
        found = await result
        assert found.errors is None
        assert len(found.data["things"]["nodes"]) == 100
    return (time.process_time() - begun) / ROUNDS * 1000


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, isolated_registry() as registry:
        os.environ["CORE_DATA_DIR"] = folder
        thing = create_model("Thing", __base__=Document, **FIELDS)
        datamodel()(thing)
        settings = Settings()
        async with test_database([info.document_cls for info in registry.models.values()], settings):
            services = build_services(settings, registry)
            place = {"city": "Bonn"}
            documents = [{"title": f"t{number}", "place": place, "words": ["a", "b"]} for number in range(100)]
            await services.data.create_many(services.catalog.models["Thing"], LOCAL_OWNER, documents)
            schema = build_schema(services)._schema
            for name, executor in (("compiled", Executor), ("not compiled", Plain)):
                await measure(schema, services, executor)
                print(f"{name:>12}: {await measure(schema, services, executor):5.2f} ms CPU a list")


if __name__ == "__main__":
    asyncio.run(main())
