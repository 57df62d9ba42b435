"""The allow-list: all that is offered, by kind. What is not in it is refused."""

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
