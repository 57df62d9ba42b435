"""Date operators: buckets and parts in any time zone, across changes of the clock."""

from datetime import datetime

import pytest
from bson import Int64, ObjectId, Timestamp

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.values import identical

# A Wednesday; 2024-03-31 01:00 UTC is when Berlin goes from +01:00 to +02:00.
DOCUMENT = {"d": datetime(2024, 7, 17, 22, 45, 30, 123000), "spring": datetime(2024, 3, 31, 12), "n": None}
BERLIN = "Europe/Berlin"


def trunc(unit, **more):
    return {"$dateTrunc": {"date": "$d", "unit": unit, **more}}


TRUNCATED = [
    (trunc("millisecond"), datetime(2024, 7, 17, 22, 45, 30, 123000)),
    (trunc("second"), datetime(2024, 7, 17, 22, 45, 30)),
    (trunc("minute", binSize=20), datetime(2024, 7, 17, 22, 40)),
    (trunc("hour"), datetime(2024, 7, 17, 22)),
    (trunc("hour", binSize=6), datetime(2024, 7, 17, 18)),
    (trunc("day"), datetime(2024, 7, 17)),
    (trunc("day", timezone=BERLIN), datetime(2024, 7, 17, 22)),  # already the 18th there
    (trunc("day", timezone="+05:30"), datetime(2024, 7, 17, 18, 30)),
    (trunc("week"), datetime(2024, 7, 14)),
    (trunc("week", startOfWeek="monday"), datetime(2024, 7, 15)),
    (trunc("week", startOfWeek="fri"), datetime(2024, 7, 12)),
    (trunc("month"), datetime(2024, 7, 1)),
    (trunc("month", timezone=BERLIN), datetime(2024, 6, 30, 22)),
    (trunc("quarter"), datetime(2024, 7, 1)),
    (trunc("year"), datetime(2024, 1, 1)),
    (trunc("year", binSize=5), datetime(2020, 1, 1)),
    (trunc("month", binSize=5), datetime(2024, 3, 1)),  # bins count from 2000
    ({"$dateTrunc": {"date": "$spring", "unit": "day", "timezone": BERLIN}}, datetime(2024, 3, 30, 23)),
    ({"$dateTrunc": {"date": datetime(1999, 12, 31, 23), "unit": "year"}}, datetime(1999, 1, 1)),
    ({"$dateTrunc": {"date": "$n", "unit": "day"}}, None),
]
TEXT = [
    ({"$dateToString": {"date": "$d"}}, "2024-07-17T22:45:30.123Z"),
    ({"$dateToString": {"date": "$d", "timezone": BERLIN}}, "2024-07-18T00:45:30.123"),
    ({"$dateToString": {"date": "$d", "format": "%Y-%m-%d", "timezone": BERLIN}}, "2024-07-18"),
    ({"$dateToString": {"date": "$d", "format": "%G-W%V-%u"}}, "2024-W29-3"),
    ({"$dateToString": {"date": "$d", "format": "%j %U %w %%"}}, "199 28 4 %"),
    ({"$dateToString": {"date": "$d", "format": "%H:%M %z (%Z)", "timezone": BERLIN}}, "00:45 +0200 (120)"),
    ({"$dateToString": {"date": "$d", "format": "%z", "timezone": "-03:30"}}, "-0330"),
    ({"$dateToString": {"date": "$d", "format": "%b %B"}}, "Jul July"),
    ({"$dateToString": {"date": "$n"}}, None),
    ({"$dateToString": {"date": "$nothing", "onNull": "-"}}, "-"),
    ({"$dateFromString": {"dateString": "2024-07-18T00:45:30+02:00"}}, datetime(2024, 7, 17, 22, 45, 30)),
    ({"$dateFromString": {"dateString": "2024-07-18", "timezone": BERLIN}}, datetime(2024, 7, 17, 22)),
    ({"$dateFromString": {"dateString": "18.7.2024", "format": "%d.%m.%Y"}}, datetime(2024, 7, 18)),
    ({"$dateFromString": {"dateString": "2024-W29-3", "format": "%G-W%V-%u"}}, datetime(2024, 7, 17)),
    ({"$dateFromString": {"dateString": "no", "onError": "bad"}}, "bad"),
    ({"$dateFromString": {"dateString": "$n", "onNull": "none"}}, "none"),
]
PARTS = [
    ({"$year": "$d"}, 2024),
    ({"$month": "$d"}, 7),
    ({"$month": {"date": "$d", "timezone": BERLIN}}, 7),
    ({"$dayOfMonth": {"date": "$d", "timezone": BERLIN}}, 18),
    ({"$hour": ["$d"]}, 22),
    ({"$minute": "$d"}, 45),
    ({"$second": "$d"}, 30),
    ({"$millisecond": "$d"}, 123),
    ({"$dayOfYear": "$d"}, 199),
    ({"$dayOfWeek": "$d"}, 4),
    ({"$isoDayOfWeek": "$d"}, 3),
    ({"$week": datetime(2024, 1, 6)}, 0),  # before the first Sunday
    ({"$week": datetime(2024, 1, 7)}, 1),
    ({"$isoWeek": datetime(2027, 1, 3)}, 53),
    ({"$isoWeekYear": datetime(2027, 1, 3)}, Int64(2026)),
    ({"$year": ObjectId("65f000000000000000000001")}, 2024),
    ({"$year": Timestamp(0, 1)}, 1970),
    ({"$year": "$n"}, None),
    (
        {"$dateToParts": {"date": "$d", "timezone": BERLIN}},
        {"year": 2024, "month": 7, "day": 18, "hour": 0, "minute": 45, "second": 30, "millisecond": 123},
    ),
    ({"$dateFromParts": {"year": 2024, "month": 2, "day": 30}}, datetime(2024, 3, 1)),
    ({"$dateFromParts": {"year": 2024, "month": 14}}, datetime(2025, 2, 1)),
    ({"$dateFromParts": {"year": 2024, "timezone": BERLIN}}, datetime(2023, 12, 31, 23)),
    ({"$dateFromParts": {"isoWeekYear": 2024, "isoWeek": 29, "isoDayOfWeek": 3}}, datetime(2024, 7, 17)),
    ({"$dateFromParts": {"year": "$n"}}, None),
]
SHIFTS = [
    ({"$dateAdd": {"startDate": datetime(2024, 1, 31), "unit": "month", "amount": 1}}, datetime(2024, 2, 29)),
    ({"$dateAdd": {"startDate": "$d", "unit": "hour", "amount": 2}}, datetime(2024, 7, 18, 0, 45, 30, 123000)),
    # A day of local time is 23 hours long here.
    ({"$dateAdd": {"startDate": datetime(2024, 3, 30, 12), "unit": "day", "amount": 1, "timezone": BERLIN}},
     datetime(2024, 3, 31, 11)),
    ({"$dateSubtract": {"startDate": datetime(2024, 3, 31), "unit": "quarter", "amount": 1}}, datetime(2023, 12, 31)),
    ({"$dateDiff": {"startDate": datetime(2024, 1, 1, 23), "endDate": datetime(2024, 1, 2), "unit": "day"}}, Int64(1)),
    ({"$dateDiff": {"startDate": datetime(2024, 1, 6), "endDate": datetime(2024, 1, 7), "unit": "week"}}, Int64(1)),
    ({"$dateDiff": {"startDate": datetime(2024, 1, 7), "endDate": datetime(2024, 1, 8), "unit": "week",
                    "startOfWeek": "monday"}}, Int64(1)),
    ({"$dateDiff": {"startDate": datetime(2023, 12, 31), "endDate": datetime(2024, 1, 1), "unit": "year"}}, Int64(1)),
    ({"$dateDiff": {"startDate": datetime(2024, 1, 1), "endDate": datetime(2023, 11, 1), "unit": "month"}}, Int64(-2)),
    ({"$dateDiff": {"startDate": "$n", "endDate": "$d", "unit": "day"}}, None),
]  # fmt: skip
TABLE = TRUNCATED + TEXT + PARTS + SHIFTS


@pytest.mark.parametrize(("spec", "expected"), TABLE, ids=[str(row[0])[:70] for row in TABLE])
def test_a_date_operator_gives_the_manuals_value(spec, expected):
    found = compile_expression(spec)(DOCUMENT, {})
    assert identical(found, expected), found


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (trunc("fortnight"), 9),
        (trunc("day", binSize=0), 5439017),
        (trunc("day", timezone="Mars/Olympus"), 40485),
        (trunc("day", timezone="../../etc/passwd"), 40485),
        (trunc("day", timezone=5), 40533),
        ({"$year": "2024"}, 16006),
        ({"$dateToString": {"date": "$d", "format": "%Q"}}, 18536),
        ({"$dateToString": {"date": "$d", "format": "%"}}, 18535),
        ({"$dateToString": {"format": "%Y"}}, 9),
        ({"$dateFromString": {"dateString": "30 Feb"}}, 241),
        ({"$dateFromString": {"dateString": "2024-02-30"}}, 241),
        ({"$dateFromParts": {"month": 1}}, 40516),
        ({"$dateAdd": {"startDate": "$d", "unit": "day", "amount": 1.5}}, 5166405),
        ({"$dateAdd": {"startDate": "$d", "unit": "year", "amount": 9000}}, 15),
    ],
)
def test_a_wrong_date_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)(DOCUMENT, {})
    assert refusal.value.code == code
