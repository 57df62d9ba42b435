"""The allow-list: all that is offered, by kind. What is not in it is refused.

``python -m core.database.embedded.semantics.offered > docs/embedded-operators.md`` writes it down.
"""

from typing import Final

from .expressions import EXPRESSIONS
from .matching import OPERATORS
from .pipeline import ACCUMULATORS, STAGES
from .updates import UPDATE_OPERATORS

OFFERED: Final[dict[str, tuple[str, ...]]] = {
    "Query operators": tuple(OPERATORS),
    "Update operators": UPDATE_OPERATORS,
    "Aggregation stages": STAGES,
    "Accumulators": tuple(ACCUMULATORS),
    "Expression operators": EXPRESSIONS,
}
_INTRODUCTION = """# Operators of the embedded database

All that the [embedded database](embedded.md) answers. Anything else is refused with MongoDB's error code and a message
that names it. Each one here is shown by a table of cases in `tests/embedded/semantics`.
"""


def listing() -> str:
    """The allow-list as a Markdown page."""
    sections = (f"## {kind}\n\n{' '.join(f'`{name}`' for name in sorted(names))}\n" for kind, names in OFFERED.items())
    return "\n".join((_INTRODUCTION, *sections))


if __name__ == "__main__":
    print(listing(), end="")
