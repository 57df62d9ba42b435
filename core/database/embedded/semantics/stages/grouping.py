"""Stages that make one document of many: https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bson import Code, MaxKey, MinKey

from ..errors import CommandError, unsupported
from ..evaluation import Evaluate
from ..keys import encode_key
from ..numbers import whole
from ..values import MISSING, is_number
from .accumulation import Plan, compile_accumulator
from .options import is_expression
from .scope import Document, Row, Stage, StageScope

Outputs = list[tuple[str, Plan]]
COUNT = {"count": {"$sum": 1}}


class Group:
    """The accumulators of one group; ``add`` takes a document."""

    def __init__(self, outputs: Outputs, scope: StageScope, identifier: Any = None) -> None:
        self._fields = [(name, plan.evaluate, plan.make(identifier)) for name, plan in outputs]
        self._steps = [(evaluate, accumulator.add) for _, evaluate, accumulator in self._fields]
        self._variables = scope.variables

    def add(self, document: Document) -> None:
        for evaluate, add in self._steps:
            add(evaluate(document, self._variables))

    def result(self, identifier: Any) -> Document:
        return {"_id": identifier, **{name: accumulator.result() for name, _, accumulator in self._fields}}


def compile_outputs(spec: dict[str, Any], scope: StageScope) -> Outputs:
    """The accumulators by the names of their fields; raises CommandError for a name or accumulator that is none."""
    for name in spec:
        if name == "_id":
            raise CommandError("Location15948", "a group's _id may only be specified once")
        if "." in name:
            raise CommandError("Location40235", f"The field name '{name}' cannot contain '.'")
        if name.startswith("$"):
            raise CommandError("Location40236", f"The field name '{name}' cannot be an operator name")
    return [(name, compile_accumulator(name, item, scope)) for name, item in spec.items()]


def _group(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise CommandError("Location15947", "a group's fields must be specified in an object")
    if "_id" not in argument:
        raise CommandError("Location15955", "a group specification must include an _id")
    with engine_errors(scope):
        identify = _identifier(argument["_id"], scope)
        outputs = compile_outputs({name: item for name, item in argument.items() if name != "_id"}, scope)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        with engine_errors(scope):
            groups = grouped(documents, identify, outputs, scope)
        for identifier, group in groups:
            yield group.result(identifier)

    return stage


def _identifier(spec: Any, scope: StageScope) -> Evaluate:
    compound = type(spec) is dict and not is_expression(spec)
    if compound and any(type(item) is bool or is_number(item) for item in spec.values()):
        raise CommandError("Location17390", "$group does not support inclusion-style expressions")
    identify = scope.expression(spec)
    if not compound or len(spec) != 1:
        return identify
    (name,) = spec
    # MongoDB takes a missing value for null where the document has this one field, not where it has several.
    return lambda document, variables: identify(document, variables) or {name: None}


def grouped(
    documents: Iterable[Document], identify: Evaluate, outputs: Outputs, scope: StageScope
) -> Iterable[tuple[Any, Group]]:
    """The groups with what identifies them, in the order of their first documents."""
    groups: dict[bytes, tuple[Any, Group]] = {}
    for document in documents:
        identifier = identify(document, scope.variables)
        if identifier is MISSING:
            identifier = None
        key = encode_key(identifier, scope.collation)
        found = groups.get(key)
        if found is None:
            found = groups[key] = (identifier, Group(outputs, scope, identifier))
        found[1].add(document)
    return groups.values()


def leaves_engine(name: str, argument: Any) -> bool:
    """Whether MongoDB runs a stage that groups outside of its newer engine, for its name or what is in it."""
    return name == "$bucketAuto" or (name in ("$group", "$bucket") and _mentions(argument, ("$percentile", "$median")))


def _mentions(spec: Any, names: tuple[str, ...]) -> bool:
    if type(spec) is dict:
        return any(name in names or _mentions(item, names) for name, item in spec.items())
    return type(spec) is list and any(_mentions(item, names) for item in spec)


def handed_on(spec: Any, stage: Stage) -> Stage:
    """What a leading group gives to a stage behind it: MongoDB's engine for groups changes MinKey, MaxKey and code on
    that way, to documents and texts, but not within documents that it did not build itself."""
    deep = any(map(_builds, spec.values()))

    def guarded(documents: Iterable[Document]) -> Iterator[Document]:
        for document in stage(documents):
            if any(_holds_changed(value, deep) for value in document.values()):
                raise unsupported("$group that hands on MinKey, MaxKey or code", "stage")
            yield document

    return guarded


def _builds(spec: Any) -> bool:
    """Whether an expression has a document among its parts."""
    if type(spec) is not dict:
        return type(spec) is list and any(map(_builds, spec))
    return not is_expression(spec) or any(map(_builds, spec.values()))


def _holds_changed(value: Any, deep: bool) -> bool:
    kind = type(value)
    if kind is list or (deep and kind is dict):
        return any(_holds_changed(item, deep) for item in (value if kind is list else value.values()))
    return kind in _CHANGED


_CHANGED = frozenset({MinKey, MaxKey, Code})
_ENGINE_CODES = {
    2: ("$divide", "Location4848401"),
    16610: ("$mod", "Location4848403"),
    40400: ("$mergeObjects", "Location5911200"),
    5787902: ("'n'", "Location7548606"),
    5787903: ("'n'", "Location7548606"),
    5787908: ("'n'", "Location7548606"),
}
"""Codes with a word of the message, and the codes of MongoDB's newer engine for the same."""


@contextmanager
def engine_errors(scope: StageScope) -> Iterator[None]:
    """Errors as the engine words them that runs a group behind nothing but matches, sorts and groups."""
    try:
        yield
    except CommandError as error:
        word, name = _ENGINE_CODES.get(error.code, ("", ""))
        if not scope.leads or not name or word not in error.message:
            raise
        raise CommandError(name, error.message) from None


def _sort_by_count(argument: Any, scope: StageScope) -> Stage:
    if type(argument) not in (str, dict):
        raise CommandError("Location40149", "the sortByCount field must be specified as a string or as an object")
    if not is_expression(argument):
        message = "the sortByCount field must be defined as a $-prefixed path or an expression inside an object"
        raise CommandError("Location40148" if type(argument) is str else "Location40147", message)
    return scope.compile([{"$group": {"_id": argument, **COUNT}}, {"$sort": {"count": -1}}])


def _count(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not str:
        raise CommandError("Location40156", "the count field must be a non-empty string")
    for code, wrong, message in (
        ("Location40157", not argument, "be empty"),
        ("Location40158", argument.startswith("$"), "begin with '$'"),
        ("Location40159", "\0" in argument, "contain '\\0'"),
        ("Location40160", "." in argument, "contain '.'"),
        ("Location9039800", argument == "_id", "be '_id'"),
    ):
        if wrong:
            raise CommandError(code, f"the count field cannot {message}: {argument!r}")

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        count = sum(1 for _ in documents)
        if count:
            yield {argument: whole(count, 0)}

    return stage


ROWS: dict[str, Row] = {
    "$group": _group,
    "$sortByCount": _sort_by_count,
    "$count": _count,
}
