"""Logic and choice: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#conditional-expression-operators"""

from typing import Any

from ..errors import CommandError, unparsable
from ..evaluation import (
    Constant,
    Evaluate,
    Faults,
    Row,
    Scope,
    Variables,
    arguments_of,
    function,
    is_nullish,
    rows,
    truthy,
)
from ..values import type_name


def _listed(argument: Any, scope: Scope) -> list[Evaluate]:
    return [scope.compile(item) for item in (argument if type(argument) is list else [argument])]


def _decided(items: list[Evaluate], by: bool, scope: Scope) -> bool:
    """Whether a constant among the items decides, wherever it stands: then the others are not evaluated."""
    return scope.folding and any(isinstance(item, Constant) and truthy(item.value) is by for item in items)


def _and(argument: Any, scope: Scope) -> Evaluate:
    items = _listed(argument, scope)
    if _decided(items, False, scope):
        return Constant(False)
    return scope.fold(lambda document, variables: all(truthy(item(document, variables)) for item in items), items)


def _or(argument: Any, scope: Scope) -> Evaluate:
    items = _listed(argument, scope)
    if _decided(items, True, scope):
        return Constant(True)
    return scope.fold(lambda document, variables: any(truthy(item(document, variables)) for item in items), items)


def _not(value: Any) -> bool:
    return not truthy(value)


_COND = Faults(
    unknown="Location17083",
    missing={"if": "Location17080", "then": "Location17081", "else": "Location17082"},
)


def _cond(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is not dict:
        given: list[Any] = argument if type(argument) is list else [argument]
        if len(given) != 3:
            message = f"Expression $cond takes exactly 3 arguments. {len(given)} were passed in."
            raise CommandError("Location16020", message)
        argument = dict(zip(("if", "then", "else"), given, strict=True))
    fields = arguments_of("$cond", argument, ("if", "then", "else"), faults=_COND)
    test, then, otherwise = parts = [scope.compile(fields[name]) for name in ("if", "then", "else")]
    return scope.fold(
        lambda document, variables: (then if truthy(test(document, variables)) else otherwise)(document, variables),
        parts,
    )


def _if_null(argument: Any, scope: Scope) -> Evaluate:
    items = _listed(argument, scope)
    if len(items) < 2:
        raise CommandError("Location1257300", f"$ifNull needs at least two arguments, had: {len(items)}")
    *tried, last = items

    def evaluate(document: Any, variables: Variables) -> Any:
        for item in tried:
            value = item(document, variables)
            if not is_nullish(value):
                return value
        return last(document, variables)

    return scope.fold(evaluate, items)


_SWITCH = Faults(not_object="Location40060", unknown="Location40067")
_BRANCH = Faults(
    not_object="Location40062", unknown="Location40063", missing={"case": "Location40064", "then": "Location40065"}
)


def _switch(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$switch", argument, (), ("branches", "default"), _SWITCH)
    branches = fields.get("branches", [])
    if type(branches) is not list:
        raise CommandError("Location40061", f"$switch expected an array for 'branches', found {type_name(branches)}")
    given = [arguments_of("$switch", branch, ("case", "then"), faults=_BRANCH) for branch in branches]
    if not given:
        raise CommandError("Location40068", "$switch requires at least one branch.")
    default = scope.compile(fields["default"]) if "default" in fields else None
    compiled, default = _reachable(given, default, scope)
    if not compiled:
        return default
    return _choice(compiled, default)


_Branch = tuple[Evaluate, Evaluate]


def _reachable(given: list[dict[str, Any]], default: Evaluate | None, scope: Scope) -> tuple[list[_Branch], Evaluate]:
    """The branches without those of a constant false case, up to the first constant true one: it is the default then.

    The others are not evaluated, not even their constants.
    """
    compiled: list[_Branch] = []
    for place, branch in enumerate(given):
        case = scope.compile(branch["case"])
        if not scope.folding or not isinstance(case, Constant):
            compiled.append((case, scope.compile(branch["then"])))
        elif not truthy(case.value):
            scope.check(branch["then"])
        else:
            for later in given[place + 1 :]:
                scope.check([later["case"], later["then"]])
            return compiled, scope.compile(branch["then"])
    if default is None and not compiled:
        message = "One cannot execute a switch statement where all the cases evaluate to false without a default."
        raise CommandError("Location40069", message)
    return compiled, default or _no_branch


def _choice(branches: list[_Branch], default: Evaluate) -> Evaluate:
    def evaluate(document: Any, variables: Variables) -> Any:
        for case, then in branches:
            if truthy(case(document, variables)):
                return then(document, variables)
        return default(document, variables)

    return evaluate


def _no_branch(document: Any, variables: Variables) -> Any:
    message = "$switch could not find a matching branch for an input, and no default was specified."
    raise CommandError("Location40066", message)


def _literal(argument: Any, scope: Scope) -> Evaluate:
    return Constant(argument)


_LET = Faults(
    not_object="Location16874", unknown="Location16875", missing={"vars": "Location16876", "in": "Location16877"}
)


def _let(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$let", argument, ("vars", "in"), faults=_LET)
    given = _variables(fields["vars"])
    for name in given:
        check_variable(name)
    bound = [(name, scope.compile(spec)) for name, spec in given.items()]
    inside = scope.binding(*given).compile(fields["in"])
    if not given:
        return inside

    def evaluate(document: Any, variables: Variables) -> Any:
        return inside(document, {**variables, **{name: value(document, variables) for name, value in bound}})

    return evaluate


def _variables(given: Any) -> dict[str, Any]:
    if type(given) is list and given:  # MongoDB reads an array as an object whose names are the places
        check_variable("0")
    if type(given) not in (dict, list):
        raise CommandError("Location10065", f"invalid parameter: expected an object (vars), found {type_name(given)}")
    return dict(given)


def check_variable(name: Any) -> None:
    """A user's variable begins with a small letter or a character beyond ASCII; raises CommandError otherwise.

    CURRENT may be bound too: it is where paths begin.
    """
    if type(name) is not str or not name:
        raise unparsable("empty variable names are not allowed")
    if name == "CURRENT":
        return
    if name[0].isascii() and not name[0].islower():
        raise unparsable(f"'{name}' starts with an invalid character for a user variable name")
    _check_characters(name)


def check_readable(name: str) -> None:
    """The name of any variable, the system's too; raises CommandError for what cannot be one."""
    if not name:
        raise unparsable("empty variable names are not allowed")
    if name[0].isascii() and not name[0].isalpha():
        raise unparsable(f"'{name}' starts with an invalid character for a variable name")
    _check_characters(name)


def _check_characters(name: str) -> None:
    for character in name:
        if character.isascii() and not character.isalnum() and character != "_":
            raise unparsable(f"'{name}' contains an invalid character for a variable name: {character!r}")


ROWS: dict[str, Row] = {
    "$and": _and,
    "$or": _or,
    "$cond": _cond,
    "$ifNull": _if_null,
    "$switch": _switch,
    "$literal": _literal,
    "$let": _let,
    **rows({"$not": function(_not, null=False)}),
}
