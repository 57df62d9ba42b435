"""Maps from text to models: JSON in declared names."""

from pydantic import BaseModel

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE


class Rate(BaseModel):
    per_hour: float


CASE = Case(
    annotation=dict[str, Rate],
    values=[{"day": {"per_hour": 10.5}}, {"night": {"per_hour": 20}}],
    shown=[{"day": {"per_hour": 10.5}}, {"night": {"per_hour": 20.0}}],
    filters=[
        ({"hasKey": "day.per_hour"}, [0]),
        ({"pathEquals": {"path": "night.per_hour", "value": 20}}, [1]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1]),
    ],
    sortable=False,
    refused=[({"day": {"per_hour": "x"}}, "number")],
)
