"""Stages that make one document of one document; update pipelines have the same.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/project/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..collation import Collation
from ..errors import CommandError
from ..evaluation import Evaluate, Score, Variables
from ..expressions import compile_expression
from ..projection import compile_project
from ..projection_tree import Shape, add_fields, exclude, leaves, plant, split_path
from ..values import type_name
from .scope import Document, Row, Stage, StageScope

Evaluator = Callable[[Any], Evaluate]


def compile_shaping(
    name: str,
    argument: Any,
    *,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    score: Score | None = None,
) -> Shape:
    """The function of a document that the stage stands for; ``name`` must be a key of ``SHAPES``."""
    values: Variables = variables if variables is not None else {}

    def evaluate(spec: Any) -> Evaluate:
        return compile_expression(spec, collation=collation, names=values.keys(), score=score)

    return SHAPES[name](name, argument, evaluate, values)


def _project(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    return compile_project(argument, evaluate, variables)


def _add_fields(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    if type(argument) is not dict:
        raise CommandError("Location40272", f"{name} specification stage must be an object, got {type_name(argument)}")
    if not argument:
        message = f"Invalid {name} :: caused by :: specification must have at least one field"
        raise CommandError("Location40177", message)
    add = add_fields(plant([(path, evaluate(value)) for path, value in leaves(argument)]))
    return lambda document: add(document, document, variables)


def _unset(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    paths = argument if type(argument) is list else [argument]
    if not paths or not all(type(path) is str for path in paths):
        message = "$unset specification must be a string or an array containing only string values"
        raise CommandError("Location31002" if type(argument) is not list else "Location31120", message)
    return exclude(plant([(split_path(path), False) for path in paths]))


def _replace_root(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    if name == "$replaceRoot":
        if type(argument) is not dict or argument.keys() != {"newRoot"}:
            raise CommandError(
                "Location40229", "expected an object with the field 'newRoot' as specification for $replaceRoot"
            )
        argument = argument["newRoot"]
    root = evaluate(argument)

    def shape(document: Document) -> Document:
        found = root(document, variables)
        if type(found) is not dict:
            message = (
                f"'newRoot' expression must evaluate to an object, but resulting value was of type: {type_name(found)}"
            )
            raise CommandError("Location40228", message)
        return found

    return shape


SHAPES: dict[str, Callable[[str, Any, Evaluator, Variables], Shape]] = {
    "$project": _project,
    "$addFields": _add_fields,
    "$set": _add_fields,
    "$unset": _unset,
    "$replaceRoot": _replace_root,
    "$replaceWith": _replace_root,
}


def _row(name: str) -> Row:
    def row(argument: Any, scope: StageScope) -> Stage:
        shape = compile_shaping(name, argument, collation=scope.collation, variables=scope.variables, score=scope.score)

        def stage(documents: Iterable[Document]) -> Iterator[Document]:
            return map(shape, documents)

        return stage

    return row


ROWS: dict[str, Row] = {name: _row(name) for name in SHAPES}
