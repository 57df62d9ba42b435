"""Projections of ``find`` and of ``$project``: https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#projection"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .collation import Collation
from .errors import CommandError
from .evaluation import Evaluate, Score, Variables
from .expressions import compile_expression
from .matching import Scope as MatchScope
from .positions import Position, compile_position
from .projection_plan import Cut, Find, Parser, Plan
from .projection_tree import Path, Shape, add_fields, exclude, include, plant

Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""A function of the document as stored and as projected so far."""
_IN_FIND = "Executor error during find command :: caused by :: "


def compile_projection(
    spec: Mapping[str, Any] | None,
    *,
    query: Mapping[str, Any] | None = None,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    score: Score | None = None,
    view: bool = False,
    updated: bool = False,
) -> Shape:
    """What ``find`` makes of a document; the result may share parts with it.

    ``query`` is the command's filter, for a positional ``$``; ``score`` gives the text score; of a ``view`` the rules
    are those of ``$project``; ``updated`` documents may match the filter no more. Raises CommandError for a malformed
    projection; the function raises it where a positional ``$`` has no match.
    """
    if not spec:
        return lambda document: document
    values = variables if variables is not None else {}

    def evaluate(expression: Any) -> Evaluate:
        return compile_expression(expression, collation=collation, names=values.keys(), score=score)

    find = Find(query=query or {}, scope=MatchScope(collation=collation, variables=values), updated=updated)
    plan = Parser(evaluate, None if view else find).parse(spec)
    changes = [_slicing(path, cut) for path, cut in plan.sliced]
    if plan.positional is not None:
        changes.append(_at_position(plan.positional, compile_position(find.query, find.scope)))
    return _compile_plan(plan, values, changes)


def compile_project(spec: Any, evaluate: Callable[[Any], Evaluate], variables: Variables) -> Shape:
    """The stage ``$project``, where every object with an operator is an expression."""
    if type(spec) is not dict or not spec:
        message = "Invalid $project :: caused by :: projection specification must have at least one field"
        raise CommandError("Location51272" if type(spec) is dict else "Location15969", message)
    return _compile_plan(Parser(evaluate, None).parse(spec), variables, [])


def _compile_plan(plan: Plan, variables: Variables, changes: list[Change]) -> Shape:
    shape = _included(plan) if plan.inclusive else _excluded(plan)
    if plan.computed:
        changes = [_adding(plan.computed, variables), *changes]
    if not changes:
        return shape

    def project(document: dict[str, Any]) -> dict[str, Any]:
        out = shape(document)
        for change in changes:
            out = change(document, out)
        return out

    return project


def _included(plan: Plan) -> Shape:
    kept = [*plan.kept, *(path for path, _ in plan.sliced)]
    if plan.positional is not None:
        kept.append(plan.positional)
    if plan.identifier or not plan.names_identifier:
        kept.append(("_id",))
    return include(plant([*((path, True) for path in kept), *plan.computed]))


def _excluded(plan: Plan) -> Shape:
    dropped = [*plan.dropped, *([("_id",)] if plan.identifier is False else [])]
    return exclude(plant([(path, False) for path in dropped])) if dropped else lambda document: document


def _adding(computed: list[tuple[Path, Evaluate]], variables: Variables) -> Change:
    add = add_fields(plant(computed))
    return lambda document, out: add(out, document, variables)


def _slicing(path: Path, cut: Cut) -> Change:
    return lambda document, out: _at_path(out, path, cut)


def _at_path(document: dict[str, Any], path: Sequence[str], cut: Cut) -> dict[str, Any]:
    """The document with the arrays at the path cut; those on the way are gone through, arrays in arrays are not."""
    name, *rest = path
    value = document.get(name)
    if type(value) is list:
        inner = (_at_path(item, rest, cut) if type(item) is dict else item for item in value) if rest else cut(value)
        return {**document, name: list(inner)}
    if type(value) is dict and rest:
        return {**document, name: _at_path(value, rest, cut)}
    return document


def _at_position(path: Path, position: Position) -> Change:
    return lambda document, out: _only_element(out, path, lambda: position(document))


def _only_element(value: Any, path: Path, position: Callable[[], int | None]) -> Any:
    """The first array on the path becomes an array of the element that the filter matched; without one nothing does."""
    if type(value) is list:
        place = position()
        if place is None:
            message = "positional operator '.$' couldn't find a matching element in the array"
            raise CommandError("Location51246", f"{_IN_FIND}{message}")
        if place >= len(value):
            raise CommandError("Location51247", f"{_IN_FIND}positional operator '.$' element mismatch")
        return value[place : place + 1]
    if path and type(value) is dict and path[0] in value:
        return {**value, path[0]: _only_element(value[path[0]], path[1:], position)}
    return value
