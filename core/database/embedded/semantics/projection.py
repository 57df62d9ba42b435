"""Projections of ``find`` and of ``$project``: https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#projection"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .collation import Collation
from .errors import CommandError, bad
from .evaluation import Evaluate, Score, Variables
from .expressions import compile_expression, truthy
from .matching import Scope as MatchScope
from .matching import compile_element
from .numbers import is_whole, to_int
from .positions import compile_position
from .projection_tree import Path, Shape, add_fields, exclude, include, leaves, plant, split_path
from .values import MISSING, is_number

Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""A function of the document as stored and as projected so far."""
Cut = Callable[[list[Any]], list[Any]]


@dataclass(kw_only=True)
class _Plan:
    """What a specification asks for, sorted by kind."""

    kept: list[Path] = field(default_factory=list)
    dropped: list[Path] = field(default_factory=list)
    computed: list[tuple[Path, Evaluate]] = field(default_factory=list)
    scores: list[tuple[Path, Evaluate]] = field(default_factory=list)
    sliced: list[tuple[Path, Cut]] = field(default_factory=list)
    positional: list[Path] = field(default_factory=list)
    matched: bool = False
    """An ``$elemMatch`` is among the computed fields."""
    identifier: bool | None = None
    """What is said of ``_id``."""

    @property
    def inclusive(self) -> bool:
        if self.kept or self.computed or self.positional:
            return True
        return bool(self.identifier) and not self.dropped

    def check(self) -> None:
        if self.kept or self.positional:
            for path in self.dropped:
                message = f"Cannot do exclusion on field {'.'.join(path)} in inclusion projection"
                raise CommandError("Location31254", message)
        if self.dropped and self.computed:
            path = ".".join(self.computed[0][0])
            raise CommandError("Location31252", f"Cannot use an expression for {path} in an exclusion projection")
        if len(self.positional) > 1:
            message = "Cannot specify more than one positional projection per query."
            raise CommandError("Location31276", message)


def compile_projection(
    spec: Mapping[str, Any] | None,
    *,
    query: Mapping[str, Any] | None = None,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    score: Score | None = None,
) -> Shape:
    """What ``find`` makes of a document; the result may share parts with it.

    ``query`` is the command's filter, for a positional ``$``; ``score`` gives the text score. Raises CommandError for a
    malformed projection; the function raises it where a positional ``$`` has no match.
    """
    if not spec:
        return lambda document: document
    values = variables if variables is not None else {}

    def evaluate(expression: Any) -> Evaluate:
        return compile_expression(expression, collation=collation, names=values.keys(), score=score)

    scope = MatchScope(collation=collation, variables=values)
    plan = _parse_find(spec, evaluate, scope)
    plan.check()
    changes = [_slicing(path, cut) for path, cut in plan.sliced]
    if plan.positional:
        changes.append(_at_position(plan.positional[0], query or {}, scope))
    return _compile_plan(plan, values, changes)


def compile_project(spec: Any, evaluate: Callable[[Any], Evaluate], variables: Variables) -> Shape:
    """The stage ``$project``, where every object with an operator is an expression."""
    if type(spec) is not dict or not spec:
        message = "Invalid $project :: caused by :: projection specification must have at least one field"
        raise CommandError("Location51272" if type(spec) is dict else "Location15969", message)
    plan = _Plan()
    for path, value in leaves(spec):
        _sort_in(plan, path, value, evaluate)
    plan.check()
    return _compile_plan(plan, variables, [])


def _parse_find(spec: Mapping[str, Any], evaluate: Callable[[Any], Evaluate], scope: MatchScope) -> _Plan:
    plan = _Plan()
    for path, value in _find_leaves(spec, plan):
        operator = next(iter(value), None) if type(value) is dict else None
        if operator == "$elemMatch":
            plan.computed.append((path, _first_element(path, value["$elemMatch"], scope)))
            plan.matched = True
        elif operator == "$slice" and (cut := _find_slice(value["$slice"])) is not None:
            plan.sliced.append((path, cut))
        else:
            _sort_in(plan, path, value, evaluate)
    if plan.positional and plan.matched:
        raise CommandError("Location31255", "Cannot specify positional operator and $elemMatch.")
    return plan


def _find_leaves(spec: Mapping[str, Any], plan: _Plan) -> Iterable[tuple[Path, Any]]:
    """The leaves that are not positional; those go to the plan at once."""
    for name, value in spec.items():
        if name.endswith(".$"):
            if not truthy(value):
                message = "positional projection cannot be used with exclusion"
                raise CommandError("Location31395", message)
            plan.positional.append(split_path(name[:-2]))
        else:
            yield from leaves({name: value})


def _sort_in(plan: _Plan, path: Path, value: Any, evaluate: Callable[[Any], Evaluate]) -> None:
    if type(value) is bool or is_number(value):
        if path == ("_id",):
            plan.identifier = truthy(value)
        else:
            (plan.kept if truthy(value) else plan.dropped).append(path)
        _check_mixture(plan, path)
    elif type(value) is dict and "$meta" in value:
        plan.scores.append((path, evaluate(value)))
    else:
        plan.computed.append((path, evaluate(value)))


def _check_mixture(plan: _Plan, path: Path) -> None:
    """An exclusion projection that began so is named as such in the error."""
    if plan.dropped and plan.kept and plan.kept[-1] == path:
        message = f"Cannot do inclusion on field {'.'.join(path)} in exclusion projection"
        raise CommandError("Location31253", message)


def _compile_plan(plan: _Plan, variables: Variables, changes: list[Change]) -> Shape:
    computed = [*plan.computed, *plan.scores]
    sliced = [path for path, _ in plan.sliced]
    plant([(path, True) for path in (*plan.kept, *plan.dropped, *sliced, *plan.positional)] + computed)
    shape = _base_shape(plan, sliced)
    if computed:
        changes = [_adding(computed, variables), *changes]
    if not changes:
        return shape

    def project(document: dict[str, Any]) -> dict[str, Any]:
        out = shape(document)
        for change in changes:
            out = change(document, out)
        return out

    return project


def _base_shape(plan: _Plan, sliced: list[Path]) -> Shape:
    if plan.inclusive:
        kept, computed = [*plan.kept, *sliced, *plan.positional], [path for path, _ in plan.computed]
        if plan.identifier is not False and not any(path[0] == "_id" for path in (*kept, *computed)):
            kept.append(("_id",))
        return include(plant([*((path, True) for path in kept), *plan.computed]))
    dropped = [*plan.dropped, *([("_id",)] if plan.identifier is False else [])]
    return exclude(plant([(path, False) for path in dropped])) if dropped else lambda document: document


def _adding(computed: list[tuple[Path, Evaluate]], variables: Variables) -> Change:
    add = add_fields(plant(computed))
    return lambda document, out: add(out, document, variables)


# Operators of find


def _first_element(path: Path, argument: Any, scope: MatchScope) -> Evaluate:
    name, *rest = path
    if rest:
        raise CommandError("Location31275", "Cannot use $elemMatch projection on a nested field")
    matches = compile_element(argument, scope)

    def evaluate(document: Any, variables: Variables) -> Any:
        items = document.get(name)
        found = [item for item in items if matches(item)][:1] if type(items) is list else []
        return found or MISSING

    return evaluate


def _find_slice(argument: Any) -> Cut | None:
    """How arrays are cut: so many elements from the front (below zero: the end), or how many to skip and to keep.

    None for the expression ``$slice``, which begins with an array.
    """
    numbers = argument if type(argument) is list else [argument]
    if not all(map(is_number, numbers)) or not 1 <= len(numbers) <= 2:
        if type(argument) is list and len(argument) in (2, 3):
            return None
        raise CommandError("Location28667", "$slice takes a number, or an array of how many to skip and to keep")
    if not all(map(is_whole, numbers)):
        raise bad("$slice needs whole numbers")
    first, *rest = map(to_int, numbers)
    if not rest:
        return lambda items: items[:first] if first >= 0 else items[first:]
    count = rest[0]
    if count <= 0:
        raise CommandError("Location28724", "First argument to $slice must be an array, but is of type: int")

    def cut(items: list[Any]) -> list[Any]:
        start = first if first >= 0 else max(0, len(items) + first)
        return items[start : start + count]

    return cut


def _slicing(path: Path, cut: Cut) -> Change:
    return lambda document, out: _at_path(out, path, cut)


def _at_path(value: Any, path: Sequence[str], change: Callable[[list[Any]], Any]) -> Any:
    """The value with the arrays at the path changed; arrays on the way are gone through."""
    if not path:
        return change(value) if type(value) is list else value
    name, *rest = path
    if type(value) is list:
        return [_at_path(item, path, change) for item in value]
    if type(value) is dict and name in value:
        return {**value, name: _at_path(value[name], rest, change)}
    return value


_IN_FIND = "Executor error during find command :: caused by :: "


def _at_position(path: Path, query: Mapping[str, Any], scope: MatchScope) -> Change:
    position = compile_position(query, scope)

    def change(document: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
        place = position(document)
        if place is None:
            message = "positional operator '.$' couldn't find a matching element in the array"
            raise CommandError("Location51246", f"{_IN_FIND}{message}")
        return _only_element(out, path, place)

    return change


def _only_element(value: Any, path: Path, place: int) -> Any:
    """The first array on the path becomes an array of its element at the place."""
    if type(value) is list:
        if place >= len(value):
            raise CommandError("Location51247", f"{_IN_FIND}positional operator '.$' element mismatch")
        return value[place : place + 1]
    if path and type(value) is dict and path[0] in value:
        return {**value, path[0]: _only_element(value[path[0]], path[1:], place)}
    return value
