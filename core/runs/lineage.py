"""Which documents a run touched: the first ones on its record, all of them in an indexed collection that also answers
which runs touched a document."""

import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from bson import Binary, ObjectId, json_util
from bson.binary import UUID_SUBTYPE
from pymongo.errors import BulkWriteError

from core.registries import ModelRegistry
from core.runs import store
from core.runs.collections import REFS
from core.runs.collections import Collection as References
from core.runs.model import MOST_REFS, TaskRun
from core.runs.touched import Touch

Visible = Callable[[Collection[ObjectId]], Awaitable[Collection[ObjectId]]]
"""Those of the runs that somebody may see."""

_LONGEST_FILTER = 2_000
_MOST_LOOKED_AT = 10_000
_BATCH = 200
_DUPLICATE = 11000


def references() -> References:
    """The collection of all references, through the running loop's client."""
    return store.records().database[REFS]


async def keep(run: TaskRun, touches: Collection[Touch]) -> None:
    """Write what the run touched, in one command, and put the first of it on ``run``; no command for nothing."""
    models = {info.document_cls.get_collection_name(): info.name for info in ModelRegistry.list_all()}
    named = [_ref(touch, models.get(touch.collection, touch.collection)) for touch in touches]
    run.result_refs, run.result_refs_total = named[:MOST_REFS], len(named)
    if not named:
        return
    documents = [{"_id": _key(run, place), "run": run.id, **ref} for place, ref in enumerate(named)]
    try:
        await references().insert_many(documents, ordered=False)
    except BulkWriteError as error:  # written before, and the answer was lost
        if any(found["code"] != _DUPLICATE for found in error.details["writeErrors"]):
            raise


async def runs_that_touched(
    model: str, ids: Collection[object], limit: int, visible: Visible
) -> dict[str, list[ObjectId]]:
    """Ids of the newest runs among the ``visible`` (``limit`` of each document at most) that touched these documents,
    by document id.

    Of several documents together the newest 10,000 references are looked at, so one that is touched all the time may
    leave the others with fewer.
    """
    wanted = [str(one) for one in ids]
    found: dict[str, list[ObjectId]] = {one: [] for one in wanted}
    query = references().find({"model": model, "id": {"$in": wanted}}, {"id": 1, "run": 1, "_id": 0})
    async with query.sort("run", -1).limit(_MOST_LOOKED_AT) as newest:
        while any(len(runs) < limit for runs in found.values()) and (batch := await newest.to_list(_BATCH)):
            seen = await visible({reference["run"] for reference in batch})
            for reference in batch:
                runs = found[reference["id"]]
                if len(runs) < limit and reference["run"] in seen:
                    runs.append(reference["run"])
    return found


def _key_text(key: Any) -> str:
    """The key as every surface shows it: commands carry a UUID as the binary that BSON keeps."""
    return str(key.as_uuid() if isinstance(key, Binary) and key.subtype == UUID_SUBTYPE else key)


def _ref(touch: Touch, model: str) -> dict[str, Any]:
    if touch.id is not None:
        return {"model": model, "id": _key_text(touch.id), "action": touch.action}
    if touch.filter is None:
        return {"model": model, "action": touch.action, "filter": None, "count": touch.count}
    text = json_util.dumps(touch.filter, json_options=json_util.RELAXED_JSON_OPTIONS)
    whole = len(text) <= _LONGEST_FILTER
    shown = json.loads(text) if whole else {"truncated": text[:_LONGEST_FILTER]}
    return {"model": model, "action": touch.action, "filter": shown, "count": touch.count}


def _key(run: TaskRun, place: int) -> str:
    """The same at every try, so that a repeated write adds nothing."""
    return f"{run.id}:{place}"
