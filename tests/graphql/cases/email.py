"""Text that pydantic checks: addresses of mail."""

from pydantic import EmailStr

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE, ordered

VALUES = ["ada@a.example.org", "bob@b.example.org", "cy@c.example.com"]

CASE = Case(
    annotation=EmailStr,
    values=VALUES,
    filters=[
        *ordered(*VALUES),
        ({"like": "%.org"}, [0, 1]),
        ({"notLike": "%.org"}, [2, NONE]),
        ({"iLike": "%.ORG"}, [0, 1]),
        ({"notILike": "%.ORG"}, [2, NONE]),
        ({"contains": "@b."}, [1]),
        ({"startsWith": "cy"}, [2]),
        ({"endsWith": "com"}, [2]),
        ({"iContains": "EXAMPLE"}, [0, 1, 2]),
        ({"iStartsWith": "BOB"}, [1]),
        ({"iEndsWith": "COM"}, [2]),
    ],
    refused=[("nonsense", "email")],
)
