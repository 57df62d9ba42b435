"""``$graphLookup``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/graphLookup/"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from bson import Int64

from ..errors import CommandError, unparsable
from ..keys import encode_key
from ..matching import compile_filter
from ..numbers import fits_long, is_whole, to_int
from ..paths import path_values
from ..projection_tree import split_path
from ..values import MISSING, is_number, type_name
from .foreign import Foreign
from .lookup import check_collection
from .options import known_options
from .scope import Document, Row, Stage, StageScope
from .unwinding import with_value

_REQUIRED = ("from", "startWith", "connectFromField", "connectToField", "as")
_OPTIONS = (*_REQUIRED, "maxDepth", "depthField", "restrictSearchWithMatch")


def _graph_lookup(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise unparsable("the $graphLookup stage specification must be an object")
    _check(argument)
    foreign = Foreign(check_collection(argument["from"]), scope)
    start, target = scope.expression(argument["startWith"]), split_path(argument["as"])
    inside = replace(scope, text=None, score=None)
    restrict = inside.compile([{"$match": argument.get("restrictSearchWithMatch", {})}])
    limit = _depth(argument)

    present = compile_filter({argument["connectToField"]: {"$exists": True}})

    def connected(values: list[Any]) -> Iterator[Document]:
        found = restrict(scope.paced(foreign.find(argument["connectToField"], values)))
        return filter(present, found) if None in values else found  # here null is not what a missing field equals

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            first = start(document, scope.variables)
            frontier = first if type(first) is list else [] if first is MISSING else [first]
            yield with_value(document, target, _reached(frontier, connected, argument, limit))

    return stage


def _check(argument: dict[str, Any]) -> None:
    if "from" not in argument:
        raise unparsable("missing 'from' option to $graphLookup stage specification")
    known_options("$graphLookup", argument, _OPTIONS, "Location40104")
    if type(argument["from"]) is not str:
        raise unparsable("must specify the 'from' option of $graphLookup as a collection of the same database")
    for option in ("connectFromField", "connectToField", "as", "depthField"):
        if type(argument.get(option, "")) is not str:
            message = f"expected string as argument for {option}, found: {type_name(argument[option])}"
            raise CommandError("Location40103", message)
    if type(argument.get("restrictSearchWithMatch", {})) is not dict:
        raise CommandError("Location40185", "restrictSearchWithMatch must be an object")
    if any(option not in argument for option in _REQUIRED):
        raise CommandError("Location40105", f"$graphLookup requires {', '.join(_REQUIRED)} to be specified")
    for option in ("connectFromField", "connectToField"):
        split_path(argument[option])


def _depth(argument: dict[str, Any]) -> float:
    """How many steps may follow the first."""
    value = argument.get("maxDepth", 2**63 - 1)
    if not is_number(value):
        raise CommandError("Location40100", f"maxDepth requires numeric argument, found {type_name(value)}")
    if not is_whole(value) or not fits_long(to_int(value)):
        raise CommandError("Location40102", f"maxDepth could not be represented as a long long: {value!r}")
    if to_int(value) < 0:
        raise CommandError("Location40101", f"maxDepth requires a nonnegative argument, found: {value!r}")
    return to_int(value)


def _reached(
    frontier: list[Any], connected: Callable[[list[Any]], Iterator[Document]], argument: dict[str, Any], limit: float
) -> list[Document]:
    """Breadth first; each document once, at its least depth."""
    path, depth_field = argument["connectFromField"], argument.get("depthField")
    depth_path = split_path(depth_field) if depth_field is not None else None
    known: dict[bytes, Document] = {}
    depth = 0
    while frontier and depth <= limit:
        following: list[Any] = []
        for document in connected(frontier):
            key = _identity(document)
            if key not in known:
                known[key] = with_value(document, depth_path, Int64(depth)) if depth_path else document
                following += path_values(known[key], path)
        frontier, depth = following, depth + 1
    return list(known.values())


def _identity(document: Document) -> bytes:
    if "_id" not in document:
        message = "Documents in the 'from' collection must contain an _id for de-duplication in $graphLookup"
        raise CommandError("Location40271", message)
    return encode_key(document["_id"])


ROWS: dict[str, Row] = {"$graphLookup": _graph_lookup}
