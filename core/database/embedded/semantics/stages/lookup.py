"""``$lookup`` and ``$graphLookup``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from bson import Int64

from ..errors import CommandError, only_options, unparsable
from ..evaluation import Evaluate
from ..keys import encode_key
from ..numbers import is_whole, to_int
from ..operators.conditions import check_variable
from ..paths import index_values
from ..projection_tree import split_path
from ..values import MISSING, UNDEFINED, is_number
from .flow import with_value
from .foreign import Foreign
from .scope import Document, Row, Stage, StageScope

Join = Callable[[Document], list[Document]]
"""Gives the documents that belong to one."""


def _values(document: Document, path: str) -> list[Any]:
    """The values the path leads to, those in an array one by one."""
    return [value for value in index_values(document, path) if value is not MISSING and value is not UNDEFINED]


def _lookup(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise unparsable("the $lookup stage specification must be an object")
    only_options("$lookup", argument, ("from", "localField", "foreignField", "let", "pipeline", "as"))
    foreign, target = Foreign(_collection(argument, "$lookup"), scope), argument.get("as")
    if type(target) is not str:
        raise unparsable("must specify 'as' field for a $lookup")
    by_fields = "localField" in argument or "foreignField" in argument
    if by_fields and not (type(argument.get("localField")) is str and type(argument.get("foreignField")) is str):
        raise unparsable("$lookup requires both or neither of 'localField' and 'foreignField' to be specified")
    if not by_fields and "pipeline" not in argument:
        raise unparsable("$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified")
    parts, join = split_path(target), _joining(foreign, argument, scope)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            yield with_value(document, parts, join(document))

    return stage


def _collection(argument: dict[str, Any], stage: str) -> str:
    if type(argument.get("from")) is not str:
        raise unparsable(f"missing 'from' option to {stage} stage specification")
    return argument["from"]


def _joining(foreign: Foreign, argument: dict[str, Any], scope: StageScope) -> Join:
    by_fields = _by_fields(foreign, argument) if "localField" in argument else None
    if "pipeline" not in argument and by_fields is not None:
        return by_fields
    bind, inside = _variables(argument.get("let", {}), scope)
    run, equality = inside.compile(argument["pipeline"]), _first_equality(argument["pipeline"], inside)

    def join(document: Document) -> list[Document]:
        bind(document)
        if by_fields is not None:
            found = by_fields(document)
        elif equality is not None:
            found = foreign.find(*equality(document))
        else:
            found = foreign.all
        return list(run(found))

    return join


def _by_fields(foreign: Foreign, argument: dict[str, Any]) -> Join:
    local, field = argument["localField"], argument["foreignField"]
    for path in (local, field):
        split_path(path)
    return lambda document: foreign.find(field, _values(document, local) or [None])


def _variables(let: Any, scope: StageScope) -> tuple[Callable[[Document], None], StageScope]:
    """A function that sets the variables for a document, and the scope that reads them."""
    if type(let) is not dict:
        raise unparsable("$lookup argument 'let' must be an object")
    for name in let:
        check_variable(name)
    bound = [(name, scope.expression(spec)) for name, spec in let.items()]
    variables = {**scope.variables, **dict.fromkeys(let, MISSING)}

    def bind(document: Document) -> None:
        # Outer variables may have changed too, where this lookup stands inside another.
        variables.update(scope.variables)
        variables.update({name: value(document, scope.variables) for name, value in bound})

    return bind, replace(scope, variables=variables, text=None, score=None)


def _first_equality(stages: Any, scope: StageScope) -> Callable[[Document], tuple[str, list[Any]]] | None:
    """The field and the value of a first ``$match: {$expr: {$eq: ["$field", "$$variable"]}}``.

    It narrows down what the pipeline, which still makes its own test, has to see: ``$in`` finds equal values too.
    """
    match = stages[0].get("$match") if type(stages) is list and stages else None
    expression = match.get("$expr") if type(match) is dict else None
    for condition in _conjuncts(expression):
        for one, other in (condition, condition[::-1]):
            if _is_field(one) and type(other) is str and other.startswith("$$") and other != "$$ROOT":
                return _equality(one[1:], scope.expression(other), scope)
    return None


def _conjuncts(expression: Any) -> list[list[Any]]:
    """The arguments of the ``$eq`` that must all hold."""
    if type(expression) is not dict:
        return []
    if type(expression.get("$and")) is list:
        return [found for part in expression["$and"] for found in _conjuncts(part)]
    pair = expression.get("$eq")
    return [pair] if type(pair) is list and len(pair) == 2 else []


def _is_field(spec: Any) -> bool:
    """A top-level field: a longer path may lead through arrays, whose values an expression puts together."""
    return type(spec) is str and spec.startswith("$") and not spec.startswith("$$") and "." not in spec


def _equality(field: str, value: Evaluate, scope: StageScope) -> Callable[[Document], tuple[str, list[Any]]]:
    def read(document: Document) -> tuple[str, list[Any]]:
        found = value({}, scope.variables)
        return field, [None if found is MISSING else found]

    return read


# $graphLookup

_GRAPH_OPTIONS = (
    "from", "startWith", "connectFromField", "connectToField", "as", "maxDepth", "depthField",
    "restrictSearchWithMatch",
)  # fmt: skip


def _graph_lookup(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise unparsable("the $graphLookup stage specification must be an object")
    only_options("$graphLookup", argument, _GRAPH_OPTIONS)
    foreign = Foreign(_collection(argument, "$graphLookup"), scope)
    for option in ("connectFromField", "connectToField", "as"):
        if type(argument.get(option)) is not str:
            raise CommandError("Location40100", f"$graphLookup requires the string option '{option}'")
    if "startWith" not in argument:
        raise CommandError("Location40105", "$graphLookup requires 'startWith'")
    start, target = scope.expression(argument["startWith"]), split_path(argument["as"])
    inside = replace(scope, text=None, score=None)
    restrict = inside.compile([{"$match": argument.get("restrictSearchWithMatch", {})}])
    limit = _depth(argument.get("maxDepth"))

    def connected(values: list[Any]) -> Iterator[Document]:
        return restrict(foreign.find(argument["connectToField"], values))

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            first = start(document, scope.variables)
            frontier = first if type(first) is list else [] if first is MISSING else [first]
            yield with_value(document, target, _reached(frontier, connected, argument, limit))

    return stage


def _depth(value: Any) -> float:
    if value is None:
        return float("inf")
    if not is_number(value) or not is_whole(value) or to_int(value) < 0:
        raise CommandError("Location40101", f"maxDepth requires a nonnegative argument, found: {value!r}")
    return to_int(value)


def _reached(
    frontier: list[Any], connected: Callable[[list[Any]], Iterator[Document]], argument: dict[str, Any], limit: float
) -> list[Document]:
    """Breadth first; each document once, at its least depth."""
    path, depth_field = argument["connectFromField"], argument.get("depthField")
    known: dict[bytes, Document] = {}
    depth = 0
    while frontier and depth <= limit:
        following: list[Any] = []
        for document in connected(frontier):
            key = encode_key(document["_id"])
            if key not in known:
                known[key] = {**document, depth_field: Int64(depth)} if depth_field else document
                following += _values(document, path)
        frontier, depth = following, depth + 1
    return list(known.values())


ROWS: dict[str, Row] = {
    "$lookup": _lookup,
    "$graphLookup": _graph_lookup,
}
