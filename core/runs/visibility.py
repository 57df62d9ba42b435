"""Which runs a principal may see, and what of them."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from bson import ObjectId

from core.access import TASK_RUN, Principal, may, readable_fields, row_query
from core.errors import NotFound
from core.queries import NOTHING
from core.runs import store
from core.runs.model import TaskRun
from core.specs import Catalog


class VisibleRuns:
    """The runs of a catalog, as one principal may see them."""

    def __init__(self, catalog: Catalog, principal: Principal) -> None:
        self._model = catalog.models[TASK_RUN]
        self._principal = principal
        readable = readable_fields(self._model, principal)
        self._hidden = {one.name: one.default for one in self._model.object.fields if one.wire not in readable}

    async def get(self, run_id: object) -> TaskRun:
        """One run.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        found = None
        if ObjectId.is_valid(run_id):  # pyright: ignore[reportArgumentType]
            found = await store.records().find_one(self.query({"_id": ObjectId(str(run_id))}))
        if found is None:
            raise NotFound(f"there is no run {run_id}")
        return self.shown(TaskRun.model_validate(found))

    async def find(self, query: Mapping[str, Any], *, limit: int = 0) -> AsyncIterator[TaskRun]:
        """Runs that match a Mongo query, oldest first."""
        async for found in store.records().find(self.query(query)).sort("created_at", 1).limit(limit):
            yield self.shown(TaskRun.model_validate(found))

    async def among(self, ids: Collection[ObjectId]) -> set[ObjectId]:
        """Those of the runs that are there and visible."""
        return {
            found["_id"] async for found in store.records().find(self.query({"_id": {"$in": list(ids)}}), {"_id": 1})
        }

    async def by(self, field: str, values: Collection[object]) -> dict[str, list[TaskRun]]:
        """The runs whose ``field`` (an id) is one of ``values``, by that value, oldest first: one query for all."""
        ids = [ObjectId(str(value)) for value in values]
        grouped: dict[str, list[TaskRun]] = {str(one): [] for one in ids}
        async for run in self.find({field: {"$in": ids}}):
            grouped[str(getattr(run, field))].append(run)
        return grouped

    def query(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The query, of visible runs only."""
        if not may(self._model.access, "read", self._principal, self._model.name):
            return NOTHING
        rows = row_query(self._model, self._principal)
        return dict(query) if rows is None else {"$and": [query, rows]}

    def shown(self, run: TaskRun) -> TaskRun:
        """The run without what the principal may not read."""
        return run.model_copy(update=self._hidden) if self._hidden else run
