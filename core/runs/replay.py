"""What changed between a run and its replay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

from core.runs.model import TaskRun

_ABSENT: Any = object()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place where two JSON values differ. ``kind`` is ``added``, ``removed`` or ``changed``."""

    path: tuple[str | int, ...]
    kind: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True, kw_only=True)
class RunDiff:
    """A run and its replay, with what differs in input and output."""

    original: TaskRun
    replay: TaskRun
    input: list[Difference]
    output: list[Difference]


def diff_of(original: TaskRun, replay: TaskRun) -> RunDiff:
    return RunDiff(
        original=original,
        replay=replay,
        input=list(differences(original.input_dump, replay.input_dump)),
        output=list(differences(original.output, replay.output)),
    )


def differences(before: Any, after: Any, path: tuple[str | int, ...] = ()) -> Iterator[Difference]:
    """Every place where two JSON values differ, objects by key and lists by position."""
    if before is _ABSENT:
        yield Difference(path=path, kind="added", after=after)
    elif after is _ABSENT:
        yield Difference(path=path, kind="removed", before=before)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        old, new = cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", after)
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key, _ABSENT), new.get(key, _ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        pairs = zip_longest(cast("list[Any]", before), cast("list[Any]", after), fillvalue=_ABSENT)
        for place, (one, other) in enumerate(pairs):
            yield from differences(one, other, (*path, place))
    elif type(before) is not type(after) or before != after:
        yield Difference(path=path, kind="changed", before=before, after=after)
