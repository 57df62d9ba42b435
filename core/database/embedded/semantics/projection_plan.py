"""What a projection asks for: its fields sorted by kind, in the order given, as MongoDB reads them.

Whether the fields are those to keep or those to drop is said by the first one that tells. A projection of nothing but
``_id``, ``$slice``, ``$elemMatch`` and ``$meta`` follows rules of its own (``_undecided``).
https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#projection
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .clauses import clauses
from .errors import CommandError, bad, unsupported
from .evaluation import Evaluate, Variables
from .expressions import EXPRESSIONS, truthy
from .matching import Scope as MatchScope
from .matching import compile_element
from .paths import REFERENCE_FIELDS
from .projection_tree import Path, Tree, branch, grow, split_path
from .values import MISSING, exact, is_nan, is_number, type_name

Cut = Callable[[list[Any]], list[Any]]
_INT = 2**31


@dataclass(kw_only=True)
class Plan:
    """``inclusive`` is None while undecided."""

    inclusive: bool | None = None
    kept: list[Path] = field(default_factory=list)
    dropped: list[Path] = field(default_factory=list)
    computed: list[tuple[Path, Evaluate]] = field(default_factory=list)
    sliced: list[tuple[Path, Cut]] = field(default_factory=list)
    positional: Path | None = None
    identifier: bool | None = None
    """What is said of ``_id`` itself."""
    names_identifier: bool = False
    """``_id`` or a field of it is named."""


@dataclass(frozen=True, kw_only=True)
class Find:
    """What only the projections of ``find`` and ``findAndModify`` have: their operators, and the command's filter."""

    query: Mapping[str, Any]
    scope: MatchScope
    updated: bool


class Parser:
    """Reads one specification, raises CommandError where it is malformed; for ``$project`` ``find`` is None."""

    def __init__(self, evaluate: Callable[[Any], Evaluate], find: Find | None) -> None:
        self._evaluate = evaluate
        self._find = find
        self._plan = Plan()
        self._tree: Tree = {}
        self._matched = self._scored = False

    def parse(self, spec: Mapping[str, Any]) -> Plan:
        plan = self._plan
        for name, value in spec.items():
            plan.names_identifier = plan.names_identifier or name == "_id" or name.startswith("_id.")
            self._field((), name, value)
        if plan.inclusive is None:
            plan.inclusive = self._undecided()
        return plan

    def _undecided(self) -> bool:
        plan = self._plan
        if plan.sliced or not self._matched:
            alone = not plan.sliced and self._scored and self._find is None
            return alone or plan.identifier is True
        return True

    def _field(self, above: Path, name: str, value: Any) -> None:
        positional = name.endswith(".$")
        if positional and self._find is None:
            raise CommandError("Location31324", "Cannot use positional projection in aggregation projection")
        if ".$." in name:
            message = "it's illegal to specify positional operator in the middle of a path, only at its end: a.b.$"
            raise CommandError("Location31394", message)
        if positional:
            self._positional(above, name, value)
        elif type(value) is dict:
            self._object(above, name, value)
        elif type(value) is not bool and not is_number(value):
            self._literal((*above, *split_path(name)), value)
        elif truthy(value):
            self._inclusion((*above, *split_path(name)))
        else:
            self._exclusion((*above, *split_path(name)))

    def _inclusion(self, path: Path) -> None:
        grow(self._tree, path, True)
        if path == ("_id",):
            self._plan.identifier = True
            return
        self._plan.kept.append(path)
        self._include(path)

    def _include(self, path: Path) -> None:
        if self._plan.inclusive is False:
            message = f"Cannot do inclusion on field {'.'.join(path)} in exclusion projection"
            raise CommandError("Location31253", message)
        self._plan.inclusive = True

    def _exclusion(self, path: Path) -> None:
        grow(self._tree, path, False)
        if path == ("_id",):
            self._plan.identifier = False
            return
        self._plan.dropped.append(path)
        if self._plan.inclusive:
            message = f"Cannot do exclusion on field {'.'.join(path)} in inclusion projection"
            raise CommandError("Location31254", message)
        self._plan.inclusive = False

    def _literal(self, path: Path, value: Any) -> None:
        self._compute(path, self._evaluate(value))
        if self._plan.inclusive is False:
            message = f"Cannot use an expression {'.'.join(path)}: {value!r} in an exclusion projection"
            raise CommandError("Location31310", message)
        self._plan.inclusive = True

    def _compute(self, path: Path, evaluate: Evaluate) -> None:
        grow(self._tree, path, evaluate)
        self._plan.computed.append((path, evaluate))

    # Objects: an operator, or the fields below

    def _object(self, above: Path, name: str, value: dict[str, Any]) -> None:
        if not value:
            message = f"An empty sub-projection is not a valid value. Found empty object at path {name}"
            raise CommandError("Location51270", message)
        path = (*above, *split_path(name))
        operator = next(iter(value))
        if len(value) == 1 and operator.startswith("$") and operator not in REFERENCE_FIELDS:
            self._operator(path, operator, value)
            return
        branch(self._tree, path)
        for inner, item in value.items():
            self._field(path, inner, item)

    def _operator(self, path: Path, name: str, value: dict[str, Any]) -> None:
        if name == "$elemMatch":
            self._element(path, value[name])
        elif name == "$slice" and self._find is not None:
            self._slice(path, value)
        elif name in EXPRESSIONS:
            self._expression(path, value)
        else:
            raise CommandError("Location31325", unsupported(name, "expression").message)

    def _expression(self, path: Path, value: dict[str, Any]) -> None:
        scored = "$meta" in value
        if not scored:
            if self._plan.inclusive is False:
                message = "Cannot use expression other than $meta in exclusion projection"
                raise CommandError("Location31252", message)
            self._plan.inclusive = True
        self._compute(path, self._evaluate(value))
        self._scored = self._scored or scored

    def _slice(self, path: Path, value: dict[str, Any]) -> None:
        """Where it cannot be the operator of find, it is the expression of that name."""
        cut = _find_slice(value["$slice"])
        if cut is not None:
            try:
                grow(self._tree, path, cut)
            except CommandError:
                cut = None
        if cut is not None:
            self._plan.sliced.append((path, cut))
            return
        self._expression(path, value)

    def _element(self, path: Path, argument: Any) -> None:
        if self._find is None:
            raise CommandError("InvalidPipelineOperator", "Cannot use $elemMatch in this context")
        if type(argument) is not dict:
            found = type_name(argument)
            raise CommandError("Location31274", f"elemMatch: Invalid argument, object required, but got {found}")
        if self._plan.positional is not None:
            raise CommandError("Location31255", "Cannot specify positional operator and $elemMatch.")
        name, *below = path
        if below:
            raise CommandError("Location31275", "Cannot use $elemMatch projection on a nested field")
        self._compute(path, _first_element(name, argument, self._find.scope))
        self._matched = True

    def _positional(self, above: Path, name: str, value: Any) -> None:
        if type(value) is dict:
            message = "positional projection cannot be used with an expression or sub object"
            raise CommandError("Location31271", message)
        if type(value) is not bool and not is_number(value):
            raise CommandError("Location31308", "positional projection cannot be used with a literal")
        if not truthy(value):
            raise CommandError("Location31395", "positional projection cannot be used with exclusion")
        if self._plan.positional is not None:
            raise CommandError("Location31276", "Cannot specify more than one positional projection per query.")
        if self._matched:
            raise CommandError("Location31256", "Cannot specify positional operator and $elemMatch.")
        if name == ".$":
            raise CommandError("Location5392900", "Projection on field .$ is invalid")
        assert self._find is not None
        _check_plain(self._find.query)
        if self._find.updated:
            raise bad("cannot use a positional projection and return the new document")
        path = (*above, *split_path(name.removesuffix(".$")))
        grow(self._tree, path, True)
        self._plan.positional = path
        self._include(path)


def _find_slice(argument: Any) -> Cut | None:
    """How arrays are cut: so many elements from the front (below zero: the end), or how many to skip and to keep.

    None for what is no such argument.
    """
    if is_number(argument):
        count = _saturated(argument)
        return lambda items: items[:count] if count >= 0 else items[count:]
    if type(argument) is not list or len(argument) != 2 or not all(map(is_number, argument)):
        return None
    skip, limit = map(_saturated, argument)
    if limit <= 0:
        return None

    def cut(items: list[Any]) -> list[Any]:
        start = skip if skip >= 0 else max(0, len(items) + skip)
        return items[start : start + limit]

    return cut


def _saturated(number: Any) -> int:
    """A number as a 32-bit integer: cut towards zero, the nearest one where it is out of reach."""
    return 0 if is_nan(number) else int(min(max(exact(number), -_INT), _INT - 1))


def _first_element(name: str, argument: dict[str, Any], scope: MatchScope) -> Evaluate:
    matches = compile_element(argument, scope)

    def evaluate(document: Any, variables: Variables) -> Any:
        items = document.get(name)
        found = [item for item in items if matches(item)][:1] if type(items) is list else []
        return found or MISSING

    return evaluate


def _check_plain(query: Mapping[str, Any]) -> None:
    """A positional projection needs a filter of conditions on fields."""
    for name, _ in clauses(query):
        if name == "$expr":
            raise CommandError("QueryFeatureNotAllowed", "$expr is not allowed in this context")
        if name == "$text":
            raise bad("$text is not allowed in this context")
