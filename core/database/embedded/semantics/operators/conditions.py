"""Logic and choice: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#conditional-expression-operators"""

from typing import Any

from ..errors import CommandError, unparsable
from ..evaluation import Evaluate, Row, Scope, Variables, arguments_of, constant, function, is_nullish, rows, truthy


def _listed(argument: Any, scope: Scope) -> list[Evaluate]:
    return [scope.compile(item) for item in (argument if type(argument) is list else [argument])]


def _and(argument: Any, scope: Scope) -> Evaluate:
    items = _listed(argument, scope)
    return lambda document, variables: all(truthy(item(document, variables)) for item in items)


def _or(argument: Any, scope: Scope) -> Evaluate:
    items = _listed(argument, scope)
    return lambda document, variables: any(truthy(item(document, variables)) for item in items)


def _not(value: Any) -> bool:
    return not truthy(value)


def _cond(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is list:
        if len(argument) != 3:
            message = f"Expression $cond takes exactly 3 arguments. {len(argument)} were passed in."
            raise CommandError("Location16020", message)
        argument = dict(zip(("if", "then", "else"), argument, strict=True))
    fields = arguments_of("$cond", argument, ("if", "then", "else"))
    test, then, otherwise = (scope.compile(fields[name]) for name in ("if", "then", "else"))
    return lambda document, variables: (then if truthy(test(document, variables)) else otherwise)(document, variables)


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

    return evaluate


def _switch(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$switch", argument, ("branches",), ("default",))
    if type(fields["branches"]) is not list or not fields["branches"]:
        raise CommandError("Location40068", "$switch requires at least one branch.")
    branches = [arguments_of("$switch", branch, ("case", "then")) for branch in fields["branches"]]
    compiled = [(scope.compile(branch["case"]), scope.compile(branch["then"])) for branch in branches]
    default = scope.compile(fields["default"]) if "default" in fields else _no_branch

    def evaluate(document: Any, variables: Variables) -> Any:
        for case, then in compiled:
            if truthy(case(document, variables)):
                return then(document, variables)
        return default(document, variables)

    return evaluate


def _no_branch(document: Any, variables: Variables) -> Any:
    message = "$switch could not find a matching branch for an input, and no default was specified."
    raise CommandError("Location40066", message)


def _literal(argument: Any, scope: Scope) -> Evaluate:
    return constant(argument)


def _let(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$let", argument, ("vars", "in"))
    if type(fields["vars"]) is not dict:
        raise unparsable("invalid parameter: expected an object (vars)")
    for name in fields["vars"]:
        check_variable(name)
    bound = [(name, scope.compile(spec)) for name, spec in fields["vars"].items()]
    inside = scope.binding(*fields["vars"]).compile(fields["in"])

    def evaluate(document: Any, variables: Variables) -> Any:
        return inside(document, {**variables, **{name: value(document, variables) for name, value in bound}})

    return evaluate


def check_variable(name: Any) -> None:
    """A user's variable begins with a small letter or a character beyond ASCII; raises CommandError otherwise."""
    if type(name) is not str or not name:
        raise unparsable("empty variable names are not allowed")
    if name[0].isascii() and not name[0].islower():
        message = f"'{name}' starts with an invalid character for a user variable name"
        raise CommandError("Location16867", message)
    for character in name:
        if character.isascii() and not character.isalnum() and character != "_":
            message = f"'{name}' contains an invalid character for a variable name: {character!r}"
            raise CommandError("Location16868", message)


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
