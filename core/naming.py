"""Every generated name, and the one place where two of them are found to clash.

camelCase as npm ``camelcase``, plurals as npm ``pluralize``: the stock Refine providers derive the same names from
the resource. ``@datamodel(plural=…)`` overrides a plural.
"""

import re
from collections.abc import Callable

from core.errors import DeclarationError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")

# The rules of npm pluralize 8 that concern nouns a model may be called; the first match wins.
_IRREGULAR = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "die": "dice", "ox": "oxen", "leaf": "leaves", "loaf": "loaves",
    "knife": "knives", "life": "lives", "wife": "wives", "half": "halves", "self": "selves", "shelf": "shelves",
    "thief": "thieves", "wolf": "wolves", "quiz": "quizzes", "axis": "axes", "echo": "echoes", "hero": "heroes",
    "potato": "potatoes", "tomato": "tomatoes", "torpedo": "torpedoes", "veto": "vetoes", "criterion": "criteria",
    "phenomenon": "phenomena", "datum": "data", "medium": "media", "curriculum": "curricula", "index": "indices",
    "matrix": "matrices", "vertex": "vertices", "appendix": "appendices", "alumnus": "alumni", "focus": "foci",
    "stimulus": "stimuli", "syllabus": "syllabi", "formula": "formulas", "gas": "gases", "bus": "buses",
}  # fmt: skip
_UNCOUNTABLE = frozenset(
    "advice agenda aircraft bison cash chess clothing commerce corn deer debris equipment evidence expertise fish "
    "firmware flux food furniture garbage hardware headquarters health homework information jeans justice labour "
    "literature machinery mail manga media metadata moose mud music news offspring oxygen personnel pike plankton police "
    "pollution premises rain research rice salad salmon scissors series sewage shambles sheep shrimp software species "
    "staff status swine tennis traffic transportation trout wealth welfare wheat wildlife".split()
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(analy|cri|ba|diagno|hypothe|the|parenthe|synop|synthe|the|empha|oa|paraly)sis$", r"\1ses"),
        (r"([^aeiou]|qu)y$", r"\1ies"),
        (r"(ar|l|ea|eo|oa|hoo)f$", r"\1ves"),
        (r"(x|ch|ss|sh|zz)$", r"\1es"),
        (r"(alias|[^aou]us|tlas|gas|ris|campus|virus|status)$", r"\1es"),
        (r"s$", "s"),
        (r"$", "s"),
    )
)

RESERVED_TYPES = frozenset(
    "Query Mutation Subscription String Int Float Boolean ID BigInt DateTime Date Time Duration Decimal UUID Bytes JSON "
    "Registry ModelMeta FieldMeta OperationMeta PageInfo OffsetPaging SortDirection SortNulls DateBucket RunOptions "
    "RunMode TaskRunEvent TaskRunEventType TaskRunLog DocumentRef RefAction UpdateManyResponse DeleteManyResponse".split()
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
    """Plural of the last word of a camelCase noun, its case kept: ``taskRun`` → ``taskRuns``."""
    parts = words(noun)
    last = parts[-1]
    lowered = last.lower()
    if lowered in _UNCOUNTABLE:
        changed = last
    elif lowered in _IRREGULAR:
        changed = _IRREGULAR[lowered]
        changed = changed.capitalize() if last[:1].isupper() else changed
    else:
        pattern, replacement = next(rule for rule in _RULES if rule[0].search(last))
        changed = pattern.sub(replacement, last, count=1)
    return noun[: len(noun) - len(last)] + changed


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
