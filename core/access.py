"""Who asks, and what they may do: one declaration and one set of decisions for every surface.

``Access`` stands on a model or an operation; ``Principal`` comes with every request. ``core.actions``, ``core.events``
and ``core.runs`` ask the functions below before they read, write or run; nothing else decides.

A scope is a verb (``read``, ``create``, ``update``, ``delete``, ``run``; ``write`` is create, update and delete), alone
or narrowed to one model or operation: ``read``, ``write:Job``, ``run:search_jobs``. A principal with scopes may do only
what both a scope and its roles allow. Who may run something may read TaskRun, to see how it went.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:  # the specs carry an Access
    from core.specs import Catalog, FieldSpec, ModelSpec, OperationSpec

Verb = Literal["read", "create", "update", "delete", "run"]

ANYONE = "*"
"""A role everybody holds, also those who are not logged in."""

TASK_RUN = "TaskRun"
"""Name of the built-in model of runs, whose rows follow the operations' rules."""

SCOPE_VERBS: Mapping[str, tuple[str, ...]] = {
    "read": ("read",),
    "write": ("create", "update", "delete"),
    "create": ("create",),
    "update": ("update",),
    "delete": ("delete",),
    "run": ("run",),
}


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Whoever makes a request: a person, a key or the local owner.

    ``id`` is stored with every run. ``roles`` are matched against ``Access``; the role ``owner`` passes every rule.
    ``scopes`` narrow a key: empty means no narrowing. ``expires_at`` is timezone-aware; a subscription ends then.
    """

    id: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_owner(self) -> bool:
        return "owner" in self.roles

    @property
    def is_anonymous(self) -> bool:
        return self.id == ANONYMOUS.id


LOCAL_OWNER = Principal(id="local", roles=frozenset({"owner"}))
"""The principal of the local CLI, of Python callers, and of a server without authentication (loopback only)."""

ANONYMOUS = Principal(id="anonymous")
"""A request without credentials, where those are served at all: passes only rules that name ``ANYONE``."""


RowFilter = Callable[[Principal], Mapping[str, Any] | None]


def _as_roles(rule: object, names: Iterable[str]) -> None:
    """A string is one role, any other iterable several; kept as a frozenset."""
    for name in names:
        roles = getattr(rule, name)
        if roles is not None:
            object.__setattr__(rule, name, frozenset({roles} if isinstance(roles, str) else roles))


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """Which roles may read and write one field. None: whoever may read or write the model; empty: the owner alone.

    Hidden is ``FieldRule(read=(), write=())``, read-only ``FieldRule(write=())``, write-only ``FieldRule(read=())``.
    """

    read: Iterable[str] | None = None
    write: Iterable[str] | None = None

    def __post_init__(self) -> None:
        _as_roles(self, ("read", "write"))


@dataclass(frozen=True, kw_only=True)
class Access:
    """Roles a verb needs, any one of them; None lets every known principal pass, empty the owner alone.

    ``row_filter(principal)`` gives a Mongo filter that is AND-ed into every read and write, or None for all rows; the
    owner sees all rows. ``fields`` maps declared field names to rules. On an operation only ``run`` and ``read`` mean
    something: who may run it, and who may see its runs (by default those who may run it).
    """

    read: Iterable[str] | None = None
    create: Iterable[str] | None = None
    update: Iterable[str] | None = None
    delete: Iterable[str] | None = None
    run: Iterable[str] | None = None
    row_filter: RowFilter | None = None
    fields: Mapping[str, FieldRule] = field(default_factory=dict[str, FieldRule])

    def __post_init__(self) -> None:
        _as_roles(self, ("read", "create", "update", "delete", "run"))


OPEN = Access()


def check(access: Access, verb: Verb, principal: Principal, what: str) -> None:
    """Pass, or say why not. ``what`` is the name of the model or operation.

    Raises:
        Unauthenticated: nobody is logged in, and the rule wants somebody.
        Forbidden: the principal's roles or scopes do not allow it.
    """
    if may(access, verb, principal, what):
        return
    if principal.is_anonymous:
        raise Unauthenticated(f"log in to {verb} {what}")
    if not _in_scopes(principal, verb, what):
        raise Forbidden(f"your key has no scope for {verb}:{what}")
    raise Forbidden(f"your roles do not allow you to {verb} {what}")


def may(access: Access, verb: Verb, principal: Principal, what: str) -> bool:
    """Whether ``check`` passes."""
    return _in_scopes(principal, verb, what) and _has_role(getattr(access, verb), principal)


def row_query(model: "ModelSpec", principal: Principal) -> Mapping[str, Any] | None:
    """The Mongo filter to AND into everything the principal does with the model's documents; None for all of them."""
    if principal.is_owner and not (principal.scopes and model.name == TASK_RUN):
        return None
    return model.access.row_filter(principal) if model.access.row_filter else None


def readable_fields(model: "ModelSpec", principal: Principal) -> frozenset[str]:
    """Wire names the principal may select, filter, sort, group and search by; the key alone where it may not read the
    model, so that a filter of a write tells nothing either."""
    if not may(model.access, "read", principal, model.name):
        return frozenset({"id"})
    return frozenset(
        one.wire for one in model.object.fields if one.readable and _field_allows(model, one, "read", principal)
    )


def writable_fields(model: "ModelSpec", principal: Principal) -> frozenset[str]:
    """Wire names the principal may set."""
    return frozenset(
        one.wire for one in model.object.fields if one.writable and _field_allows(model, one, "write", principal)
    )


def check_readable(model: "ModelSpec", principal: Principal, fields: Iterable[str]) -> None:
    """Refuse hidden fields (wire names) by name, whatever they hold.

    Raises:
        Forbidden: the principal may not read one of them.
    """
    _none_hidden(model, "read", set(fields) - readable_fields(model, principal))


def check_writable(model: "ModelSpec", principal: Principal, fields: Iterable[str]) -> None:
    """The same for fields somebody wants to set.

    Raises:
        Forbidden: the principal may not write one of them.
    """
    _none_hidden(model, "write", set(fields) - writable_fields(model, principal))


def visible_runs(operations: Iterable["OperationSpec"]) -> RowFilter:
    """The row filter of TaskRun: one's own runs, and those of operations whose runs one may see."""
    known = tuple(operations)

    def row_filter(principal: Principal) -> Mapping[str, Any]:
        of_others = {"operation_name": {"$in": [one.name for one in known if sees_runs_of(one, principal)]}}
        # Those who did not log in share one id, so none of them has runs of one's own.
        return of_others if principal.is_anonymous else {"$or": [{"principal": principal.id}, of_others]}

    return row_filter


def sees_runs_of(operation: "OperationSpec", principal: Principal) -> bool:
    """Whether the principal may see runs of others: by the operation's ``read``, or by its ``run`` without one."""
    access = operation.access
    in_scopes = _scoped(principal, "read", TASK_RUN) or _scoped(principal, "run", operation.name)
    return in_scopes and _has_role(access.run if access.read is None else access.read, principal)


def unknown_scopes(scopes: Iterable[str], models: Collection[str] = (), operations: Collection[str] = ()) -> list[str]:
    """Those of no meaning: an unknown verb or, where names are given, an unknown model or operation."""
    return [scope for scope in scopes if not _means_something(scope, models, operations)]


def known_roles(catalog: "Catalog") -> frozenset[str]:
    """Roles some rule names, and ``owner``."""
    rules: list[Access | FieldRule] = [one.access for one in (*catalog.models.values(), *catalog.operations.values())]
    rules += [rule for model in catalog.models.values() for rule in model.access.fields.values()]
    named = (getattr(rule, verb, None) or () for rule in rules for verb in (*get_args(Verb), "write"))
    return frozenset({"owner"}.union(*named)) - {ANYONE}


def _has_role(roles: Iterable[str] | None, principal: Principal) -> bool:
    if principal.is_owner:
        return True
    if roles is None:
        return not principal.is_anonymous
    return ANYONE in roles or not principal.roles.isdisjoint(roles)


def _in_scopes(principal: Principal, verb: str, what: str) -> bool:
    if _scoped(principal, verb, what):
        return True
    runs_something = any(scope.partition(":")[0] == "run" for scope in principal.scopes)
    return verb == "read" and what == TASK_RUN and runs_something


def _scoped(principal: Principal, verb: str, what: str) -> bool:
    if not principal.scopes:
        return True
    parts = (scope.partition(":") for scope in principal.scopes)
    return any(verb in SCOPE_VERBS.get(first, ()) and (not colon or name == what) for first, colon, name in parts)


def _field_allows(model: "ModelSpec", found: "FieldSpec", verb: Literal["read", "write"], principal: Principal) -> bool:
    rule = model.access.fields.get(found.name)
    roles = getattr(rule, verb) if rule else None
    return roles is None or _has_role(roles, principal)


def _none_hidden(model: "ModelSpec", verb: str, hidden: Collection[str]) -> None:
    ruled = sorted(name for name in hidden if name in model.object.by_wire)
    if ruled:
        raise Forbidden(f"you may not {verb} {', '.join(f'{model.name}.{name}' for name in ruled)}")


def _means_something(scope: str, models: Collection[str], operations: Collection[str]) -> bool:
    verb, colon, name = scope.partition(":")
    if verb not in SCOPE_VERBS or (colon and not name):
        return False
    known = operations if verb == "run" else models
    return not (name and known) or name in known
