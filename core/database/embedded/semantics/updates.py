"""Updates, compiled once: operators, pipelines and replacements. https://www.mongodb.com/docs/manual/reference/operator/update/"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .array_filters import Elements, check_identifiers, compile_array_filters, concrete_paths
from .collation import Collation
from .errors import CommandError, bad, unparsable, unsupported
from .matching import Scope
from .positions import compile_position
from .stages.shaping import compile_shaping
from .update_arrays import ARRAY_ROWS
from .update_log import UpdateLog
from .update_operators import FIELD_ROWS, UNCHANGED, Appended, Target, Tick, check_operand, this_second
from .update_paths import (
    Path,
    application_order,
    check_conflicts,
    check_names,
    check_viable,
    check_ways,
    is_positional,
    parse_path,
    put,
    remove,
    value_at,
)
from .upserts import upsert_base
from .values import MISSING, copy, equal

__all__ = ["UPDATE_OPERATORS", "Changed", "Update", "compile_update", "upsert_base"]

_ROWS = {**FIELD_ROWS, **ARRAY_ROWS}
UPDATE_OPERATORS = (*_ROWS, "$unset", "$rename", "$", "$[]", "$[<identifier>]", "$each", "$position", "$slice", "$sort")
"""The update operators and modifiers offered."""
PIPELINE_STAGES = ("$set", "$addFields", "$unset", "$project", "$replaceRoot", "$replaceWith")
"""The stages of update pipelines."""

Act = Callable[[dict[str, Any], Path, UpdateLog], None]
"""Changes a copy of a document at a path without ``$``, ``$[]`` and ``$[identifier]``."""
Step = tuple[Path, Act]
Change = Callable[[dict[str, Any], bool, UpdateLog], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A document after an update; ``log`` is what operators did, None of a pipeline or a replacement."""

    document: dict[str, Any]
    log: UpdateLog | None = None
    replacement: bool = False
    moved: bool = False
    """``_id`` was left out or did not stand first: MongoDB compares the documents before it puts it there."""


class Update:
    """``change`` gives the new document and leaves the old one as it was."""

    def __init__(
        self,
        change: Change,
        *,
        replacement: bool = False,
        logs: bool = False,
    ) -> None:
        self._change, self._logs = change, logs
        self.replacement = replacement
        """A whole document takes the place of the old one."""

    def change(self, document: dict[str, Any], *, inserting: bool = False) -> Changed:
        """The document after the update; ``inserting`` for an upsert, whose base is ``upsert_base``.

        Raises CommandError where the update cannot be made of this document, ``_id`` among it.
        """
        log = UpdateLog()
        made = self._change(document, inserting, log)
        after = _with_identifier(document, made)
        if self._logs:
            return Changed(document=after, log=log)
        return Changed(document=after, replacement=self.replacement, moved=next(iter(made), "") != "_id")

    def apply(self, document: dict[str, Any], *, inserting: bool = False) -> dict[str, Any]:
        """The document of ``change``."""
        return self.change(document, inserting=inserting).document


def compile_update(
    update: Mapping[str, Any] | Sequence[Any],
    *,
    array_filters: Sequence[Any] | None = None,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    tick: Tick = this_second,
) -> Update:
    """``query`` is the command's filter, for a positional ``$``; ``variables`` those of ``let``, for pipelines;
    ``tick`` gives the timestamps of ``$currentDate``.

    Raises CommandError for a malformed update, conflicting paths, or an operator that is not offered.
    """
    if not isinstance(update, Mapping):
        return Update(_pipeline(update, array_filters, collation, variables))
    if not next(iter(update), "").startswith("$"):
        compile_array_filters(array_filters, Scope(collation=collation, variables=variables))  # they do nothing here
        return Update(_replacement(dict(update)), replacement=True)
    scope = Scope(collation=collation, variables=variables)
    filters = compile_array_filters(array_filters, scope)
    return Update(_operators(update, filters, scope, query or {}, tick), logs=True)


def _with_identifier(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``_id`` stays equal, though a number may change its type, and stands first."""
    known, found = old.get("_id", MISSING), new.get("_id", MISSING)
    if known is MISSING:
        return new if found is MISSING or next(iter(new)) == "_id" else {"_id": found, **new}
    if found is MISSING:
        return {"_id": known, **new}
    if not equal(known, found):
        raise _immutable(f"from {known!r} to {found!r}")
    return new if next(iter(new)) == "_id" else {"_id": found, **new}


def _immutable(change: str) -> CommandError:
    message = "Performing an update on the path '_id' would modify the immutable field '_id'"
    return CommandError("ImmutableField", f"{message}: {change}")


def _replacement(document: dict[str, Any]) -> Change:
    dollars = [name for name in document if name.startswith("$")]

    def change(old: dict[str, Any], inserting: bool, log: UpdateLog) -> dict[str, Any]:
        if dollars and not inserting:
            where = f"in '{dollars[0]}' is not allowed in the context of an update's replacement document."
            raise CommandError("DollarPrefixedFieldName", f"The dollar ($) prefixed field '{dollars[0]}' {where}")
        return document

    return change


def _pipeline(
    stages: Sequence[Any], filters: Any, collation: Collation | None, variables: Mapping[str, Any] | None
) -> Change:
    if filters:
        raise unparsable("arrayFilters may not be specified for pipeline-style updates")
    shapes = [_pipeline_stage(stage, collation, variables) for stage in stages]

    def change(document: dict[str, Any], inserting: bool, log: UpdateLog) -> dict[str, Any]:
        for shape in shapes:
            document = shape(document)
        return document

    return change


def _pipeline_stage(stage: Any, collation: Collation | None, variables: Mapping[str, Any] | None) -> Any:
    if type(stage) is not dict or len(stage) != 1:
        raise CommandError("Location40323", "A pipeline stage specification object must contain exactly one field.")
    ((name, argument),) = stage.items()
    if name not in PIPELINE_STAGES:
        raise CommandError("InvalidOptions", f"{name} is not allowed to be used within an update")
    return compile_shaping(name, argument, collation=collation, variables=variables, folding=False)


# Operators


def _operators(
    update: Mapping[str, Any], filters: Elements, scope: Scope, query: Mapping[str, Any], tick: Tick
) -> Change:
    steps = [(name, step) for name, operand in update.items() for step in _steps(name, operand, scope, tick)]
    paths = [path for _, (path, _) in steps]
    check_conflicts([*paths, *_rename_sources(update)])
    check_identifiers(paths, filters)
    steps.sort(key=lambda row: application_order(row[1][0]))
    always = [step for name, step in steps if name != "$setOnInsert"]
    inserted = [step for _, step in steps]
    position = compile_position(query, scope) if any("$" in path for path in paths) else _no_position
    flexible = any(is_positional(part) for path in paths for part in path)
    if flexible:
        check_ways(paths)

    def placed(document: dict[str, Any], chosen: list[Step], log: UpdateLog) -> list[Step]:
        """The steps at every place they stand for, in the order of those."""
        found: list[Step] = []
        for which, one in concrete_paths(document, [path for path, _ in chosen], position(document), filters):
            path, act = chosen[which]
            log.reached(path, one)
            found.append((one, act))
        return sorted(found, key=lambda step: application_order(step[0]))

    def change(document: dict[str, Any], inserting: bool, log: UpdateLog) -> dict[str, Any]:
        chosen = inserted if inserting else always
        acts = placed(document, chosen, log) if flexible else chosen
        new = copy(document)
        for path, act in acts:
            act(new, path, log)
        if not inserting:
            check_names((path for path, _ in chosen), document, new)
        return new

    return change


def _no_position(document: dict[str, Any]) -> int | None:
    return None


def _steps(name: str, operand: Any, scope: Scope, tick: Tick) -> list[Step]:
    if name not in _ROWS and name not in ("$unset", "$rename"):
        if not name.startswith("$"):
            expected = "Expected a valid update modifier or pipeline-style update specified as an array"
            raise unparsable(f"Unknown modifier: {name}. {expected}")
        raise unsupported(name, "update operator")
    fields = check_operand(name, operand)
    if name == "$rename":
        return [_rename(source, target) for source, target in fields.items()]
    return [_step(name, path, argument, scope, tick) for path, argument in fields.items()]


def _step(name: str, text: str, argument: Any, scope: Scope, tick: Tick) -> Step:
    path = parse_path(text)
    if name == "$unset":
        return path, _unset
    modify = _ROWS[name](argument, Target(path=text, scope=scope, tick=tick))
    return path, lambda document, place, log: _modify(document, place, modify, log)


def _modify(document: dict[str, Any], path: Path, modify: Callable[[Any], Any], log: UpdateLog) -> None:
    old = value_at(document, path)
    new = modify(old)
    if new is UNCHANGED:
        if old is MISSING:
            check_viable(document, path)
        return
    _check_identifier(document, path)
    if type(new) is Appended:
        put(document, path, copy(new.items))
        for place in range(len(new.items) - new.count, len(new.items)):
            log.put((*path, str(place)), len(path))
    else:
        log.put(path, put(document, path, copy(new)))


def _check_identifier(document: dict[str, Any], path: Path) -> None:
    """Raise CommandError for a change at or below an ``_id`` that is there, be the new value an equal one."""
    if path[0] == "_id" and "_id" in document:
        raise _immutable(f"at '{'.'.join(path)}'")


def _unset(document: dict[str, Any], path: Path, log: UpdateLog) -> None:
    if value_at(document, path) is MISSING:
        return
    _check_identifier(document, path)
    if type(value_at(document, path[:-1])) is list:
        log.put(path, None)
    else:
        log.deleted(path)
    remove(document, path)


# $rename


def _rename_sources(update: Mapping[str, Any]) -> list[Path]:
    return [parse_path(source) for source in update.get("$rename", {})]


def _rename(source_text: str, target_text: Any) -> Step:
    if type(target_text) is not str:
        raise bad(f"The 'to' field for $rename must be a string: {source_text}: {target_text!r}")
    if "\x00" in target_text:
        raise CommandError("Location9867600", f"The 'to' field for $rename must not hold a null byte: {source_text}")
    source, target = parse_path(source_text), parse_path(target_text)
    for text, path in ((source_text, source), (target_text, target)):
        if any(map(is_positional, path)):
            raise bad(f"The source and target field for $rename must not be dynamic: {text}")
    shorter = min(len(source), len(target))
    if source[:shorter] == target[:shorter]:
        rule = "must differ" if source == target else "must not be on the same path"
        raise bad(f"The source and target field for $rename {rule}: {source_text}: {target_text}")

    def act(document: dict[str, Any], place: Path, log: UpdateLog) -> None:
        value = value_at(document, source)
        if value is MISSING:
            check_viable(document, source)
            return
        for path, role in ((source, "source"), (target, "destination")):
            _check_no_array(document, path, role)
            _check_identifier(document, path)
        remove(document, source)
        log.put(target, put(document, target, value))
        log.deleted(source)

    # Steps run in the order of their paths: a rename acts where its target stands.
    return target, act


def _check_no_array(document: dict[str, Any], path: Path, role: str) -> None:
    for depth in range(1, len(path)):
        if type(value_at(document, path[:depth])) is list:
            raise bad(f"The {role} field cannot be an array element, '{'.'.join(path)}' has an array in it")
