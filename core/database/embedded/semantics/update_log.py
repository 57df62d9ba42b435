"""What the operators of an update did, path by path: a change stream tells it so.

MongoDB tells the operators' own paths, not the least difference between the documents: ``$set`` of a document tells the
whole of it, ``$pop`` the whole array, ``$push`` and ``$addToSet`` the elements they append.
https://www.mongodb.com/docs/manual/reference/change-events/update/
"""

from dataclasses import dataclass
from typing import Literal

from .update_paths import Path


@dataclass(frozen=True)
class Entry:
    """``size`` is the new length of an array that was cut (``resize``)."""

    kind: Literal["update", "insert", "delete", "resize"]
    path: Path
    size: int = 0


class UpdateLog:
    """Filled while operators are applied, in their order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._inserted: set[Path] = set()
        self._places: dict[Path, set[str]] = {}

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return bool(self._entries)

    def reached(self, path: Path, place: Path) -> None:
        """An operator goes through ``$[]`` or ``$[identifier]`` of its path to ``place``, to change it or not."""
        for depth, part in enumerate(path):
            if part.startswith("$["):
                self._places.setdefault(place[:depth], set()).add(place[depth])

    def put(self, path: Path, created: int | None) -> None:
        """A value was put; ``created`` is where on the path something new begins. What lies in that is its part."""
        if any(path[:end] in self._inserted for end in range(1, len(path))):
            return
        if created is None:
            self._entries.append(Entry("update", path))
        else:
            self._inserted.add(path[: created + 1])
            self._entries.append(Entry("insert", path[: created + 1]))

    def deleted(self, path: Path) -> None:
        self._entries.append(Entry("delete", path))

    def entries(self) -> list[Entry]:
        """Of an array in which several elements were reached the whole, or its one element that changed."""
        wide = sorted((array for array, places in self._places.items() if len(places) > 1), key=len)
        groups: dict[Path, list[Entry]] = {}
        for entry in self._entries:
            array = next((one for one in wide if entry.path[: len(one)] == one), entry.path)
            groups.setdefault(array, []).append(entry)
        return [_merged(path, group) if path in wide else group[0] for path, group in groups.items()]


def _merged(array: Path, entries: list[Entry]) -> Entry:
    changed = {entry.path[: len(array) + 1] for entry in entries}
    return Entry("update", array if len(changed) > 1 else changed.pop())
