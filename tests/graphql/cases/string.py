"""Text."""

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE, ordered

CASE = Case(
    annotation=str,
    values=["100% Äpfel", "Birne_a", "birne.b\n"],
    filters=[
        *ordered("100% Äpfel", "Birne_a", "birne.b\n"),
        ({"like": "100% %"}, [0]),
        ({"like": "Birne\\_a"}, [1]),
        ({"like": "Birne"}, []),
        ({"notLike": "Birne%"}, [0, 2, NONE]),
        ({"iLike": "BIRNE%"}, [1, 2]),
        ({"notILike": "BIRNE%"}, [0, NONE]),
        ({"contains": "%"}, [0]),
        ({"contains": "."}, [2]),
        ({"startsWith": "Birne"}, [1]),
        ({"endsWith": "b"}, []),
        ({"endsWith": "a"}, [1]),
        ({"iContains": "RNE_"}, [1]),
        ({"iStartsWith": "BIRNE"}, [1, 2]),
        ({"iEndsWith": "ÄPFEL"}, [0]),
    ],
    refused=[(5, "String cannot represent"), ("nul\x00", "NUL")],
)
