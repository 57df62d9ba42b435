"""Text that pydantic checks: addresses on the web."""

from pydantic import HttpUrl

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE, ordered

VALUES = ["https://a.example/", "https://b.example/x?y=1", "https://c.example/X"]

CASE = Case(
    annotation=HttpUrl,
    values=VALUES,
    filters=[
        *ordered(*VALUES),
        ({"like": "%example/"}, [0]),
        ({"notLike": "%example/"}, [1, 2, NONE]),
        ({"iLike": "%/x%"}, [1, 2]),
        ({"notILike": "%/x%"}, [0, NONE]),
        ({"contains": "?"}, [1]),
        ({"startsWith": "https://b"}, [1]),
        ({"endsWith": "/"}, [0]),
        ({"iContains": "EXAMPLE"}, [0, 1, 2]),
        ({"iStartsWith": "HTTPS://B"}, [1]),
        ({"iEndsWith": "x"}, [2]),
    ],
    refused=[("nonsense", "URL")],
)
