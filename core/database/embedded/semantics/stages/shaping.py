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
from ..projection_tree import Path, Shape, Tree, add_fields, exclude, plant, split_path
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
    folding: bool = True,
) -> Shape:
    """The function of a document that the stage stands for; ``name`` must be a key of ``SHAPES``.

    Unless ``folding``, constants are computed when a document comes to them, not before.
    """
    values: Variables = variables if variables is not None else {}

    def evaluate(spec: Any) -> Evaluate:
        return compile_expression(spec, collation=collation, names=values.keys(), score=score, folding=folding)

    return SHAPES[name](name, argument, evaluate, values)


def _project(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    return compile_project(argument, evaluate, variables)


def _add_fields(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    if type(argument) is not dict:
        raise CommandError("Location40272", f"{name} specification stage must be an object, got {type_name(argument)}")
    add = add_fields(_assigned([(path, evaluate(value)) for path, value in _assignments(argument)]))
    return lambda document: add(document, document, variables)


def _assignments(spec: Mapping[str, Any], prefix: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Paths and their values; an object that is no operator and not empty stands for the paths below it."""
    for name, value in spec.items():
        if prefix and "." in name:
            message = f"cannot use dotted field name '{name}' in a sub object"
            raise CommandError("Location40183", message)
        path = (*prefix, *split_path(name))
        if type(value) is not dict or not value:
            yield path, value
        elif not next(iter(value)).startswith("$"):
            yield from _assignments(value, path)
        elif len(value) > 1:
            message = f"an expression specification must contain exactly one field, found {list(value)}"
            raise CommandError("Location40181", message)
        else:
            yield path, value


def _assigned(found: Iterable[tuple[Path, Evaluate]]) -> Tree:
    try:
        return plant(found)
    except CommandError as error:
        raise CommandError("Location40176", error.message) from None


def _unset(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    if type(argument) not in (str, list):
        raise CommandError("Location31002", "$unset specification must be a string or an array")
    paths = argument if type(argument) is list else [argument]
    if not paths:
        raise CommandError("Location31119", "$unset specification must have at least one field")
    if not all(type(path) is str for path in paths):
        raise CommandError("Location31120", "$unset specification must be an array containing only string values")
    if any("\0" in path for path in paths):
        raise CommandError("Location9527900", "$unset field paths must not contain null characters")
    return exclude(plant([(split_path(path), False) for path in paths]))


def _replace_root(name: str, argument: Any, evaluate: Evaluator, variables: Variables) -> Shape:
    root = evaluate(argument if name == "$replaceWith" else _new_root(argument))

    def shape(document: Document) -> Document:
        found = root(document, variables)
        if type(found) is not dict:
            message = (
                f"'newRoot' expression must evaluate to an object, but resulting value was of type: {type_name(found)}"
            )
            raise CommandError("Location40228", message)
        return found

    return shape


def _new_root(argument: Any) -> Any:
    if type(argument) is not dict:
        message = f"expected an object as specification for $replaceRoot stage, got {type_name(argument)}"
        raise CommandError("Location40229", message)
    for option in argument:
        if option != "newRoot":
            raise CommandError("Location40415", f"BSON field '$replaceRoot.{option}' is an unknown field.")
    if not argument:
        raise CommandError("Location40414", "BSON field '$replaceRoot.newRoot' is missing but a required field")
    return argument["newRoot"]


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
