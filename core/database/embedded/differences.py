"""What an update changed, as a change stream tells it.

https://www.mongodb.com/docs/manual/reference/change-events/update/ describes ``updateDescription``. Of operators it
tells what they did (``semantics.update_log``). Of an update pipeline it tells the difference between the documents; one
that would be longer than the new document is told as a replacement. How long it would be in MongoDB's log:
https://github.com/mongodb/mongo/blob/master/src/mongo/db/update/document_diff_calculator.h
"""

from typing import Any, Literal

from .semantics.update_log import Entry
from .semantics.update_paths import Path
from .semantics.updates import Changed
from .semantics.values import encode, identical

Document = dict[str, Any]
_AROUND = 15  # bytes around the difference in MongoDB's log
_DOCUMENT, _ARRAY, _SECTION, _RESIZE = 5, 9, 8, 7  # bytes of what is empty yet, and of what is written once


def describe_update(old: Document, changed: Changed) -> Document | None:
    """The ``updateDescription``, or None where the new document is told instead."""
    if changed.replacement:
        return None
    entries = changed.log.entries() if changed.log is not None else _difference(old, changed.document)
    if entries is None:
        return None
    found: Document = {"updatedFields": {}, "removedFields": [], "truncatedArrays": []}
    _tell_document(entries, 0, changed.document, found)
    return found


# Telling


def _tell_document(entries: list[Entry], depth: int, document: Document, found: Document) -> None:
    """The entries below one document: values set, values added, fields removed, then what lies deeper."""
    for kind in ("update", "insert"):
        for entry in entries:
            if entry.kind == kind and len(entry.path) == depth + 1:
                found["updatedFields"][".".join(entry.path)] = document[entry.path[depth]]
    found["removedFields"] += [
        ".".join(one.path) for one in entries if one.kind == "delete" and len(one.path) == depth + 1
    ]
    for name, inner in _deeper(entries, depth).items():
        _tell_inner(inner, depth + 1, document[name], found)


def _tell_array(entries: list[Entry], depth: int, array: list[Any], found: Document) -> None:
    for entry in entries:
        if len(entry.path) == depth:
            found["truncatedArrays"].append({"field": ".".join(entry.path), "newSize": entry.size})
    inner = _deeper(entries, depth)
    leaves = {entry.path[depth]: entry for entry in entries if len(entry.path) == depth + 1 and entry.kind != "resize"}
    for place in sorted({*inner, *leaves}, key=int):
        if place in leaves:
            found["updatedFields"][".".join(leaves[place].path)] = array[int(place)]
        else:
            _tell_inner(inner[place], depth + 1, array[int(place)], found)


def _tell_inner(entries: list[Entry], depth: int, value: Any, found: Document) -> None:
    if type(value) is list:
        _tell_array(entries, depth, value, found)
    else:
        _tell_document(entries, depth, value, found)


def _deeper(entries: list[Entry], depth: int) -> dict[str, list[Entry]]:
    """Entries about what lies within a field, by its name."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if len(entry.path) > depth + (entry.kind != "resize"):
            found.setdefault(entry.path[depth], []).append(entry)
    return found


# Comparing


class _Difference:
    """Entries, and how many bytes they take in MongoDB's log."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size
        self.entries: list[Entry] = []
        self._sections: set[str] = set()

    def add(self, kind: Literal["update", "insert", "delete"], name: str, value: Any = None) -> None:
        if kind not in self._sections:
            self._sections.add(kind)
            self.size += _SECTION
        self._entry(kind, name, 1 if kind == "delete" else _size(value))

    def _entry(self, kind: Literal["update", "insert", "delete"], name: str, size: int) -> None:
        self.entries.append(Entry(kind, (*self.path, name)))
        self.size += len(name.encode()) + 2 + size

    def change(self, name: str, old: Any, new: Any) -> None:
        """Within the value where that is shorter than the new one."""
        if identical(old, new):
            return
        inner = _inner(old, new, (*self.path, name))
        if inner is None:
            self.add("update", name, new)
        else:
            self.entries += inner.entries
            self.size += len(name.encode()) + 3 + inner.size


class _ArrayDifference(_Difference):
    """Its elements stand in one section, each with a letter before its place."""

    def add(self, kind: Literal["update", "insert", "delete"], name: str, value: Any = None) -> None:
        self._entry(kind, name, 1 + _size(value))


def _size(value: Any) -> int:
    """Bytes of the value alone."""
    return len(encode({"": value})) - 7


def _difference(old: Document, new: Document) -> list[Entry] | None:
    found = _document_difference(old, new, (), _AROUND)
    return found.entries if found is not None else None


def _inner(old: Any, new: Any, path: Path) -> _Difference | None:
    if type(old) is dict and type(new) is dict:
        return _document_difference(old, new, path)
    return _array_difference(old, new, path) if type(old) is list and type(new) is list else None


def _document_difference(old: Document, new: Document, path: Path, around: int = 0) -> _Difference | None:
    """A field that changed its place among the others is told as added."""
    found = _Difference(path, _DOCUMENT + around)
    names, passed = list(new), set[str]()
    place = 0
    for name, value in old.items():
        if place == len(names):
            found.add("delete", name)
        elif name == names[place]:
            found.change(name, value, new[name])
            place += 1
        else:
            passed.add(name)
    for name in names[place:]:
        found.add("insert", name, new[name])
    for name in sorted(passed.difference(names[place:])):
        found.add("delete", name)
    return found if len(encode(new)) > found.size else None


def _array_difference(old: list[Any], new: list[Any], path: Path) -> _Difference | None:
    found = _ArrayDifference(path, _ARRAY)
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        found.change(str(place), one, other)
    for place in range(len(old), len(new)):
        found.add("insert", str(place), new[place])
    if len(new) < len(old):
        found.entries.append(Entry("resize", path, len(new)))
        found.size += _RESIZE
    return found if _size(new) > found.size else None
