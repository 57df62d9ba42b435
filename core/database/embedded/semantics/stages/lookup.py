"""``$lookup``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..errors import CommandError, unparsable
from ..evaluation import Evaluate
from ..operators.conditions import check_variable
from ..paths import path_values
from ..projection_tree import split_path
from ..values import MISSING
from .foreign import Foreign, matching
from .options import check_type, fields_of
from .scope import Document, Row, Stage, StageScope, refuse_stages
from .unwinding import with_value

Join = Callable[[Document], list[Document]]
"""Gives the documents that belong to one."""
_OPTIONS = ("from", "as", "let", "pipeline", "localField", "foreignField")


def _lookup(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise unparsable("the $lookup stage specification must be an object")
    name, options = _parsed(argument)
    parts, join = split_path(options["as"]), _joining(name, options, scope)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            yield with_value(document, parts, join(document))

    return stage


def _parsed(argument: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The other collection, None where the pipeline makes its own documents, and the options as they are to be."""
    name = _collection(argument)
    check_type("$lookup", argument, "pipeline", list)
    options = fields_of("$lookup", argument, _OPTIONS, ("as",))
    for option, wanted in (("as", str), ("let", dict), ("localField", str), ("foreignField", str)):
        check_type("$lookup", options, option, wanted)
    options = {option: value for option, value in options.items() if value != "" or option == "as"}
    if ("localField" in options) != ("foreignField" in options):
        raise unparsable("$lookup requires both or neither of 'localField' and 'foreignField' to be specified")
    if "pipeline" not in options and "localField" not in options:
        raise unparsable("$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified")
    if "pipeline" not in options and "let" in options:
        raise unparsable("$lookup with a 'let' argument must also specify 'pipeline'")
    return name, options


def _collection(argument: dict[str, Any]) -> str | None:
    own = makes_documents(argument.get("pipeline"))
    if "from" not in argument and own:
        return None
    found = argument.get("from")
    if type(found) is dict:
        fields_of("$lookup.from", found, ("db", "coll"), ())
        check_type("$lookup.from", found, "db", str)
    if type(found) is not str:
        raise unparsable("must specify the 'from' option of $lookup as a collection of the same database")
    return check_collection(found, valid=not own)


def check_collection(name: str, *, valid: bool = True) -> str:
    """The name; raises CommandError for one that no collection can have."""
    if not valid or not name or name.startswith(".") or "\0" in name:
        raise CommandError("InvalidNamespace", f"Invalid namespace specified: {name!r}")
    return name


def makes_documents(stages: Any) -> bool:
    return type(stages) is list and bool(stages) and type(stages[0]) is dict and "$documents" in stages[0]


def _joining(name: str | None, options: Mapping[str, Any], scope: StageScope) -> Join:
    stages = options.get("pipeline")
    local, field = _fields(options)
    foreign = Foreign(name, scope) if name is not None else None
    if stages is None and foreign is not None and local is not None:
        return lambda document: foreign.find(field, _local_values(document, local))
    refuse_stages("$lookup", stages, "Location51047")
    bind, inside = _variables(options.get("let", {}), name or "", scope)
    if foreign is None:
        return _joining_own(stages, local, field, bind, inside)
    run, equality = inside.compile(stages), _first_equality(stages, inside)

    def join(document: Document) -> list[Document]:
        bind(document)
        if local is not None:
            found = foreign.find(field, _local_values(document, local))
        elif equality is not None:
            found = foreign.find(*equality(document))
        else:
            found = foreign.all
        return list(run(inside.paced(found)))

    return join


def _fields(options: Mapping[str, Any]) -> tuple[str | None, str]:
    """``localField`` and ``foreignField``; None for the first where they are not given."""
    if "localField" not in options:
        return None, ""
    for name in ("localField", "foreignField"):
        split_path(options[name])
    return options["localField"], options["foreignField"]


def _joining_own(
    stages: Any, local: str | None, field: str, bind: Callable[[Document], None], inside: StageScope
) -> Join:
    """A pipeline that begins with ``$documents``: the fields are compared with those of its documents."""
    make, run = inside.compile(stages[:1]), inside.compile([{"$match": {}}, *stages[1:]])

    def join(document: Document) -> list[Document]:
        bind(document)
        found = list(make(()))
        if local is not None:
            found = matching(found, field, _local_values(document, local), inside)
        return list(run(found))

    return join


def _local_values(document: Document, path: str) -> list[Any]:
    return path_values(document, path) or [None]


def _variables(let: dict[str, Any], name: str, scope: StageScope) -> tuple[Callable[[Document], None], StageScope]:
    """A function that sets the variables for a document, and the scope that reads them."""
    for variable in let:
        _check_variable(variable)
    bound = [(variable, scope.expression(spec)) for variable, spec in let.items()]
    variables = {**scope.variables, **dict.fromkeys(let, MISSING)}

    def bind(document: Document) -> None:
        # Outer variables may have changed too, where this lookup stands inside another.
        variables.update(scope.variables)
        variables.update({variable: value(document, scope.variables) for variable, value in bound})

    return bind, scope.inside(name, variables)


def _check_variable(name: str) -> None:
    try:
        check_variable(name)
    except CommandError as error:
        raise unparsable(error.message) from None


def _first_equality(stages: Any, scope: StageScope) -> Callable[[Document], tuple[str, list[Any]]] | None:
    """The field and the value of a first ``$match: {$expr: {$eq: ["$field", "$$variable"]}}``.

    It narrows down what the pipeline, which still makes its own test, has to see: ``$in`` finds equal values too.
    """
    match = stages[0].get("$match") if type(stages) is list and stages else None
    expression = match.get("$expr") if type(match) is dict else None
    for condition in _conjuncts(expression):
        for one, other in (condition, condition[::-1]):
            if _is_field(one) and _is_variable(other, scope):
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


def _is_variable(spec: Any, scope: StageScope) -> bool:
    """One that is bound before the pipeline runs, not ROOT or CURRENT, which are the documents in it."""
    return type(spec) is str and spec.startswith("$$") and spec[2:].partition(".")[0] in scope.variables


def _equality(field: str, value: Evaluate, scope: StageScope) -> Callable[[Document], tuple[str, list[Any]]]:
    def read(document: Document) -> tuple[str, list[Any]]:
        found = value({}, scope.variables)
        return field, [None if found is MISSING else found]

    return read


ROWS: dict[str, Row] = {"$lookup": _lookup}
