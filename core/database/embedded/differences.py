"""What an update changed, as a change stream tells it.

https://www.mongodb.com/docs/manual/reference/change-events/update/ describes ``updateDescription``.
"""

from typing import Any

from .semantics.values import MISSING, identical

Description = dict[str, Any]


def describe_update(old: dict[str, Any], new: dict[str, Any]) -> Description:
    """Fields set and removed, by dotted path, and arrays cut short."""
    found: Description = {"updatedFields": {}, "removedFields": [], "truncatedArrays": []}
    _documents(old, new, "", found)
    return found


def _documents(old: dict[str, Any], new: dict[str, Any], prefix: str, found: Description) -> None:
    for name in old:
        if name not in new:
            found["removedFields"].append(prefix + name)
    for name, value in new.items():
        _values(old.get(name, MISSING), value, prefix + name, found)


def _values(old: Any, new: Any, path: str, found: Description) -> None:
    if old is MISSING:
        found["updatedFields"][path] = new
    elif type(old) is dict and type(new) is dict and old and new:
        _documents(old, new, path + ".", found)
    elif type(old) is list and type(new) is list:
        _arrays(old, new, path, found)
    elif not identical(old, new):
        found["updatedFields"][path] = new


def _arrays(old: list[Any], new: list[Any], path: str, found: Description) -> None:
    """Elements that changed or were added, by place; an array that lost others than its last ones is named whole."""
    changed = [place for place in range(min(len(old), len(new))) if not identical(old[place], new[place])]
    if len(new) < len(old):
        if changed:
            found["updatedFields"][path] = new
        else:
            found["truncatedArrays"].append({"field": path, "newSize": len(new)})
        return
    for place in [*changed, *range(len(old), len(new))]:
        found["updatedFields"][f"{path}.{place}"] = new[place]
