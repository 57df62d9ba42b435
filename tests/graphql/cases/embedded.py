"""Embedded objects, nested, with an alias inside."""

from pydantic import BaseModel, ConfigDict, Field

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE


class Country(BaseModel):
    code: str = Field(min_length=2, max_length=2)


class Address(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    city: str
    zip_code: str | None = Field(default=None, alias="PostalCode")
    country: Country | None = None


CASE = Case(
    annotation=Address,
    values=[
        {"city": "Bonn", "zipCode": "53111", "country": {"code": "DE"}},
        {"city": "Graz", "zipCode": None, "country": {"code": "AT"}},
        {"city": "Rom"},
    ],
    shown=[
        {"city": "Bonn", "zipCode": "53111", "country": {"code": "DE"}},
        {"city": "Graz", "zipCode": None, "country": {"code": "AT"}},
        {"city": "Rom", "zipCode": None, "country": None},
    ],
    selection="{ city zipCode country { code } }",
    filters=[
        ({"city": {"startsWith": "B"}}, [0]),
        ({"zipCode": {"eq": "53111"}}, [0]),
        ({"zipCode": {"is": None}}, [1, 2, NONE]),
        ({"country": {"code": {"in": ["DE", "AT"]}}}, [0, 1]),
        ({"country": {"is": None}}, [2, NONE]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1, 2]),
        ({"or": [{"city": {"eq": "Rom"}}, {"country": {"code": {"eq": "AT"}}}]}, [1, 2]),
        ({"not": {"city": {"eq": "Rom"}}}, [0, 1, NONE]),
    ],
    sortable=False,
    refused=[({"zipCode": "1"}, "city"), ({"city": "Bonn", "country": {"code": "DEU"}}, "at most 2 characters")],
)
