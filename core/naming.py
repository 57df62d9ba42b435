"""Every generated name, and the one place where two of them are found to clash.

camelCase as npm ``camelcase``, plurals as npm ``pluralize`` (of which ``pluralizer`` is a port): the stock Refine
providers derive the same names from the resource. ``@datamodel(plural=…)`` overrides a plural.
"""

import re
from collections.abc import Callable

from pluralizer import Pluralizer

from core.errors import DeclarationError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")

_pluralizer = Pluralizer()

RESERVED_TYPES = frozenset(
    "Query Mutation Subscription String Int Float Boolean ID BigInt DateTime Date Time Duration Decimal UUID Bytes "
    "JSON Registry ModelMeta FieldMeta OperationMeta PageInfo OffsetPaging SortDirection SortNulls DateBucket "
    "RunOptions RunMode TaskRunEvent TaskRunEventType TaskRunLog TaskRunDiff TaskRunDifference TaskRunStats "
    "TaskRunSummary DifferenceKind DocumentRef RefAction UpdateManyResponse DeleteManyResponse".split()
)


def words(name: str) -> list[str]:
    return _WORD.findall(name)


def camel(name: str) -> str:
    """``created_at`` → ``createdAt``, ``HTTPServer`` → ``httpServer``; a leading underscore is dropped."""
    first, *rest = words(name) or [name]
    return first.lower() + "".join(word[:1].upper() + word[1:].lower() for word in rest)


def pascal(name: str) -> str:
    """``create_item`` → ``CreateItem``; a name already in PascalCase stays as it is."""
    return name if name[:1].isupper() and "_" not in name else camel(name)[:1].upper() + camel(name)[1:]


def snake(name: str) -> str:
    return "_".join(word.lower() for word in words(name))


def label(name: str) -> str:
    """``created_at`` → ``Created at``."""
    return " ".join(words(name)).lower().capitalize()


def plural(noun: str) -> str:
    """Plural of a camelCase noun: ``taskRun`` → ``taskRuns``, ``company`` → ``companies``."""
    return _pluralizer.pluralize(noun)


def singular(noun: str) -> str:
    """What the stock Refine providers make of a resource's name to find its mutations: ``jobs`` → ``job``."""
    return _pluralizer.singular(noun)


def enum_member(value: object) -> str:
    """A GraphQL enum member for a Literal or enum value: ``"full-time"`` → ``FULL_TIME``, ``1`` → ``VALUE_1``."""
    text = re.sub(r"[^0-9A-Za-z]+", "_", str(value)).strip("_").upper()
    if not text or text[0].isdigit() or text in ("TRUE", "FALSE", "NULL"):
        text = f"VALUE_{text}".rstrip("_")
    return text


def is_graphql_name(name: str) -> bool:
    """https://spec.graphql.org/October2021/#Name, without the reserved double underscore."""
    return bool(_NAME.match(name)) and not name.startswith("__")


class Names:
    """A namespace in which every name has one definer. ``claim`` raises when a second one wants it."""

    def __init__(self, kind: str, reserved: frozenset[str] = frozenset()) -> None:
        self._kind = kind
        self._owners: dict[str, str] = dict.fromkeys(reserved, "Core itself")

    def claim(self, name: str, definer: str, remedy: str | Callable[[], str] = "rename one of them") -> str:
        if not is_graphql_name(name):
            raise DeclarationError(f"{definer}: {name!r} is no GraphQL name; {remedy}")
        owner = self._owners.setdefault(name, definer)
        if owner != definer:
            raise DeclarationError(f"the {self._kind} {name!r} is wanted by {owner} and by {definer}; {remedy}")
        return name
