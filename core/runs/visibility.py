"""Which runs a principal may see: their own, and those of operations whose runs they may see."""

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId

from core.access import Principal, visible_runs
from core.errors import NotFound
from core.runs.model import TaskRun
from core.specs import Catalog


def visible(catalog: Catalog, principal: Principal) -> Mapping[str, Any]:
    """The Mongo filter of the runs the principal may see."""
    if principal.is_owner and not principal.scopes:
        return {}
    return visible_runs(catalog.operations.values())(principal) or {}


async def visible_run(catalog: Catalog, run_id: object, principal: Principal) -> TaskRun:
    """One run.

    Raises:
        NotFound: there is none of that id, or the principal may not see it.
    """
    found = None
    if ObjectId.is_valid(run_id):  # pyright: ignore[reportArgumentType]
        found = await TaskRun.find_one({"$and": [{"_id": ObjectId(str(run_id))}, visible(catalog, principal)]})
    if found is None:
        raise NotFound(f"there is no run {run_id}")
    return found


async def visible_runs_by(
    catalog: Catalog, field: str, values: Collection[Any], principal: Principal
) -> dict[str, list[TaskRun]]:
    """The runs whose ``field`` (an id) is one of ``values``, oldest first, by that value: one query for all."""
    ids = [ObjectId(str(value)) for value in values]
    query = TaskRun.find({"$and": [{field: {"$in": ids}}, visible(catalog, principal)]}).sort("+created_at")
    grouped: dict[str, list[TaskRun]] = {str(one): [] for one in ids}
    for run in await query.to_list():
        grouped[str(getattr(run, field))].append(run)
    return grouped
