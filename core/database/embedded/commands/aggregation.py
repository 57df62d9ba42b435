"""A pipeline over a collection or a view, ready to run; the search of the commands that read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..call import Call
from ..catalog import Collection, check_namespace
from ..engine import Engine
from ..planner import Plan
from ..scans import Reading, matching, scan
from ..search import Search, Watched
from ..semantics.errors import CommandError, bad, unsupported
from ..semantics.expressions import command_variables
from ..semantics.numbers import to_double
from ..semantics.pipeline import STAGES, Pipeline, compile_pipeline
from ..semantics.text_fields import TextIndex
from ..semantics.values import is_number, type_name
from .figures import stage_figures
from .views import DEEPEST

Document = dict[str, Any]
EVERYTHING = "$cmd.aggregate"


def check_target(call: Call, stages: Sequence[Any]) -> None:
    """Raise CommandError for an ``aggregate`` of neither a collection nor everything."""
    if type(call.target) is str:
        check_namespace(call.db, call.target)
        if stages and isinstance(stages[0], Mapping) and "$documents" in stages[0]:
            raise CommandError("InvalidNamespace", "$documents is only for {aggregate: 1}, not for a collection")
    elif not is_number(call.target):
        raise CommandError("InvalidNamespace", f"collection name has invalid type {type_name(call.target)}")
    elif to_double(call.target) != 1:
        raise bad("Invalid command format: the 'aggregate' field must specify a collection name or 1")


def check_database_stages(stages: Sequence[Any]) -> None:
    """Raise CommandError for a pipeline that needs a collection and has none."""
    first = next(iter(stages[0]), "") if stages and isinstance(stages[0], Mapping) else ""
    if first not in STAGES:
        raise unsupported(first, "stage")
    if first != "$documents":
        others = [stage for stage in stages if not (isinstance(stage, Mapping) and "$documents" in stage)]
        compile_pipeline(others, sources=lambda name: ())  # what is malformed is refused as such
        raise CommandError("InvalidNamespace", f"{{aggregate: 1}} is not valid for {first}; it needs a collection")


def tells_figures(stages: Sequence[Any]) -> bool:
    return bool(stages) and isinstance(stages[0], Mapping) and "$collStats" in stages[0]


class Aggregation:
    """A pipeline over one collection; what stands first is left to an index where there is one."""

    def __init__(
        self, engine: Engine, call: Call, reading: Reading, stages: Sequence[Any],
        variables: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._engine, self._call, self._reading = engine, call, reading
        self.name = call.target if type(call.target) is str else EVERYTHING
        source = self.name
        if not tells_figures(stages):  # those are of a view itself
            source, stages = _resolved(engine, call, reading, source, stages)
        self._stages = stages
        self._collection = engine.catalog.find(reading.sqlite, call.db, source)
        text = self._collection.text if self._collection is not None else None
        if variables is None:
            variables = command_variables(call.mapping("let"))
        self.pipeline: Pipeline = compile_pipeline(
            stages, collation=call.collation, variables=variables, sources=self._source,
            views=self._views, search=self._find, text=text, text_of=self._text_of,
            figures=partial(stage_figures, engine, call, reading), step=reading.step,
        )  # fmt: skip
        self.search = Search(
            self._collection, self.pipeline.leading_match or {}, sort=self.pipeline.leading_sort,
            collation=call.collation, hint=_hint(call), variables=variables,
        )  # fmt: skip

    def documents(self, search: Search | Watched | None = None) -> Iterator[Document]:
        """The results; ``search`` stands for the own one."""
        search = search or self.search
        skip, limit = self.pipeline.leading_skip or 0, self.pipeline.leading_limit or 0
        counted = _counted(self._stages)
        if counted is not None:
            return counted(search.count(self._reading, skip, limit))
        return self.pipeline.rest.run(search.documents(self._reading, skip, limit))

    def _source(self, name: str) -> Iterable[Document]:
        collection = self._engine.catalog.find(self._reading.sqlite, self._call.db, name)
        if collection is None:
            return ()
        rows = scan(self._reading, collection, Plan())
        return (document for _, _, document in matching(self._reading, rows, None))

    def _views(self, name: str) -> tuple[str, Sequence[Any]]:
        return _resolved(self._engine, self._call, self._reading, name, ())

    def _text_of(self, name: str) -> TextIndex | None:
        collection = self._engine.catalog.find(self._reading.sqlite, self._call.db, name)
        return collection.text if collection is not None else None

    def _find(self, name: str, path: str, values: list[Any]) -> Iterable[Document] | None:
        """What a stage looks for in another collection, where an index of it leads there."""
        collection = self._engine.catalog.find(self._reading.sqlite, self._call.db, name)
        if collection is None or collection.view is not None:
            return None
        search = Search(collection, {path: {"$in": values}}, collation=self._call.collation)
        if search.plan.index is None:
            return None
        return search.documents(self._reading)


def _hint(call: Call) -> Any:
    """The hint of the command; a natural sort is one too, for a ``find`` on a view is read with an aggregation."""
    hint, sort = call.hint, call.sort
    if not sort or "$natural" not in sort:
        return hint
    if hint is not None and hint != sort:
        raise bad("a hint beside a $natural sort must be $natural too, in the same direction")
    return sort


def _resolved(
    engine: Engine, call: Call, reading: Reading, name: str, stages: Sequence[Any]
) -> tuple[str, Sequence[Any]]:
    """The collection below a view, and the view's stages before the others."""
    for _ in range(DEEPEST + 1):
        found = engine.catalog.find(reading.sqlite, call.db, name)
        if found is None or found.view is None:
            return name, stages
        if call.collation is not None:
            raise CommandError("OptionNotSupportedOnView", f"a view has its own collation, which is simple: {name}")
        name, stages = found.view["viewOn"], [*found.view["pipeline"], *stages]
    raise CommandError("ViewDepthLimitExceeded", f"views lie more than {DEEPEST} deep")


def search_for(
    engine: Engine, call: Call, reading: Reading, query: str, variables: Mapping[str, Any] | None = None
) -> Search:
    """The search of a ``find``, ``count`` or ``distinct``; ``query`` names the option with the filter."""
    collection = engine.catalog.find(reading.sqlite, call.db, call.collection)
    view = view_of(engine, call, reading, collection, variables)
    if view is None:
        return search_in(collection, call, query, variables)
    return search_in(None, call, query, variables, view.documents())


def view_of(
    engine: Engine, call: Call, reading: Reading, collection: Collection | None, variables: Mapping[str, Any] | None
) -> Aggregation | None:
    """What a view comes to; None for a collection."""
    if collection is None or collection.view is None:
        return None
    return Aggregation(engine, call, reading, [], variables)


def search_in(
    collection: Collection | None, call: Call, query: str, variables: Mapping[str, Any] | None,
    documents: Iterator[Document] | None = None,
) -> Search:  # fmt: skip
    """The search of a collection, or among the documents of a view."""
    return Search(
        collection, call.mapping(query) or {}, sort=call.sort, collation=call.collation, hint=call.hint,
        variables=variables, documents=documents,
    )  # fmt: skip


Counted = Callable[[int], Iterator[Document]]


def _counted(stages: Sequence[Any]) -> Counted | None:
    """For a pipeline that only counts its matches, as drivers' ``count_documents`` sends it: what it answers."""
    if not stages or not all(next(iter(stage)) in ("$match", "$skip", "$limit") for stage in stages[:-1]):
        return None
    order = [next(iter(stage)) for stage in stages[:-1]]
    if (
        order != sorted(order, key=("$match", "$skip", "$limit").index)
        or order.count("$skip") > 1
        or order.count("$limit") > 1
    ):
        return None
    ((name, argument),) = stages[-1].items()
    if name == "$count" and type(argument) is str:
        return lambda count: iter([{argument: count}] if count else [])
    if name != "$group" or type(argument) is not dict or len(argument) != 2 or next(iter(argument)) != "_id":
        return None
    key, total = argument["_id"], list(argument.items())[1]
    plain = key is None or (is_number(key) and type(key) is int)
    if not plain or total[1] != {"$sum": 1} or type(total[1]["$sum"]) is not int:
        return None
    return lambda count: iter([{"_id": key, total[0]: count}] if count else [])
