"""Date operators: buckets and parts in any time zone, across changes of the clock."""

from datetime import datetime, timedelta

import pytest
from bson import Int64, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.values import identical

# A Wednesday; 2024-03-31 01:00 UTC is when Berlin goes from +01:00 to +02:00.
DOCUMENT = {"d": datetime(2024, 7, 17, 22, 45, 30, 123000), "spring": datetime(2024, 3, 31, 12), "n": None}
BERLIN = "Europe/Berlin"
FAR = DatetimeMS(2**63 - 1)


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
    ({"$tsSecond": Timestamp(1234567890, 5)}, Int64(1234567890)),
    ({"$tsIncrement": [Timestamp(1234567890, 5)]}, Int64(5)),
    ({"$tsSecond": "$n"}, None),
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
# A BSON date holds years that Python's does not.
BEYOND = [
    ({"$year": FAR}, 292278994),
    ({"$month": DatetimeMS(-(2**63))}, 5),
    ({"$year": DatetimeMS(-(2**63))}, -292275055),
    ({"$dayOfWeek": DatetimeMS(253402300800000)}, 7),
    ({"$isoWeekYear": DatetimeMS(253402300800000)}, Int64(9999)),
    ({"$hour": {"date": DatetimeMS(253402300800000), "timezone": BERLIN}}, 1),
    ({"$dateTrunc": {"date": DatetimeMS(253402300800001), "unit": "year"}}, DatetimeMS(253402300800000)),
    ({"$dateAdd": {"startDate": datetime(9999, 1, 1), "unit": "year", "amount": 1}}, DatetimeMS(253402300800000)),
    ({"$dateDiff": {"startDate": DatetimeMS(-(2**63)), "endDate": FAR, "unit": "year"}}, Int64(584554049)),
    ({"$dateToString": {"date": FAR, "format": "%m"}}, "08"),
    ({"$year": ObjectId("ffffffff0000000000000000")}, 1969),
]  # fmt: skip
# An offset may be longer than a day. Of an hour that clocks show twice the later is meant, one they skip is shifted.
ZONES = [
    ({"$dayOfMonth": {"date": "$d", "timezone": "+25:00"}}, 18),
    ({"$dateToString": {"date": "$d", "format": "%d %H:%M", "timezone": "-9999"}}, "13 18:06"),
    ({"$dateToString": {"date": "$d", "timezone": "GMT"}}, "2024-07-17T22:45:30.123"),
    ({"$dateFromParts": {"year": 2024, "month": 10, "day": 27, "hour": 2, "timezone": BERLIN}},
     datetime(2024, 10, 27, 1)),
    ({"$dateFromParts": {"year": 2024, "month": 3, "day": 31, "hour": 2, "timezone": BERLIN}},
     datetime(2024, 3, 31, 1)),
    ({"$dateDiff": {"startDate": datetime(2024, 3, 31), "endDate": datetime(2024, 3, 31, 2), "unit": "hour",
                    "timezone": BERLIN}}, Int64(2)),
    ({"$dateToString": {"date": "$d", "timezone": "$nothing"}}, None),
    ({"$dateTrunc": {"date": "$d", "unit": "day", "binSize": "$nothing"}}, None),
]  # fmt: skip
WORDS = [
    ("oct 20 2020", datetime(2020, 10, 20)),
    ("Oct 20, 2020 5:30 PM", datetime(2020, 10, 20, 17, 30)),
    ("Tue, 20 Oct 2020 10:00:00 GMT", datetime(2020, 10, 20, 10)),
    ("20/Oct/2020:10:00:00 +0100", datetime(2020, 10, 20, 9)),
    ("10/20/2020", datetime(2020, 10, 20)),
    ("20.10.2020", datetime(2020, 10, 20)),
    ("20-10-20", datetime(2020, 10, 20)),
    ("20201020T101500", datetime(2020, 10, 20, 10, 15)),
    ("October 2020", datetime(2020, 10, 1)),
    ("2020-W43-2", datetime(2020, 10, 20)),
    ("4.XI.1999", datetime(1999, 11, 4)),
    ("Mon jan 31 1996", datetime(1996, 2, 5)),  # the next Monday
    ("2020-10-20 12:05:28 +03:30", datetime(2020, 10, 20, 8, 35, 28)),
    ("2020-10-20T12:00:00.123999Z", datetime(2020, 10, 20, 12, 0, 0, 123000)),
    ("2020-01-01 EST", datetime(2020, 1, 1, 5)),
    *((text, None) for text in ("", "no", "20 Oct", "2020-10-20T24:00:00", "2019-02-29", "5pm")),
    ("2020-10-20 2020-10-21", None),
]  # fmt: skip
FORMATS = [
    ("2024 167", "%Y %j", datetime(2024, 6, 16)),  # MongoDB counts the days of a year from 0 here
    ("2024-06-15 +330", "%Y-%m-%d %Z", datetime(2024, 6, 14, 18, 30)),
    ("100% 2024-06-15", "100%% %Y-%m-%d", datetime(2024, 6, 15)),
    ("january 15 2020", "%B %d %Y", datetime(2020, 1, 15)),
    ("2024", "%G", datetime(2024, 1, 1)),
    ("2024-W24", "%G-W%V", datetime(2024, 6, 10)),
    ("2024-06-15 14", "%Y-%m-%d %H", datetime(2024, 6, 15, 14)),
    ("2024-06-15T1:05", "%Y-%m-%dT%H:%M", datetime(2024, 6, 15, 1, 5)),
    ("2024-06-15 1:5", "%Y-%m-%d %H:%M", None),
    ("2024-06-15 ", "%Y-%m-%d", None),
    ("2024-06", "%Y-%m", None),
    ("2024-06-15", "%Y-%m-%d %H", None),
    ("2024-24", "%Y-%V", None),
]
TABLE = TRUNCATED + TEXT + PARTS + SHIFTS + BEYOND + ZONES


@pytest.mark.parametrize(("spec", "expected"), TABLE, ids=[str(row[0])[:70] for row in TABLE])
def test_a_date_operator_gives_the_manuals_value(spec, expected):
    found = compile_expression(spec)(DOCUMENT, {})
    assert identical(found, expected), found


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (trunc("fortnight"), 9),
        (trunc("day", binSize=0), 5439018),
        (trunc("day", binSize=1.5), 5439017),
        (trunc("hour", binSize=2**60), 5439002),
        (trunc("year", binSize=10**12), 5439006),
        (trunc("week", startOfWeek="someday"), 5439016),
        (trunc(5), 5439013),
        (trunc("day", timezone="Mars/Olympus"), 40485),
        (trunc("day", timezone="../../etc/passwd"), 40485),
        (trunc("day", timezone=5), 40517),
        (trunc("day", timezone="Z"), 40485),
        ({"$dateTrunc": {"date": "text", "unit": "day"}}, 5166307),
        ({"$dateTrunc": {"unit": "day"}}, 5439009),
        ({"$year": "2024"}, 16006),
        ({"$tsSecond": "$d"}, 5687301),
        ({"$tsIncrement": "$d"}, 5687302),
        ({"$dateToString": {"date": "$d", "format": "%Q"}}, 18536),
        ({"$dateToString": {"date": "$d", "format": "%"}}, 18535),
        ({"$dateToString": {"format": "%Y"}}, 18628),
        ({"$dateToString": {"date": FAR}}, 18537),
        ({"$year": {"date": "$d", "zone": "UTC"}}, 40535),
        ({"$year": []}, 40536),
        ({"$dateFromString": {"dateString": "30 Feb"}}, 241),
        ({"$dateFromString": {"dateString": "2024-02-30"}}, 241),
        ({"$dateFromString": {"dateString": "2024", "format": "%Y"}}, 241),
        ({"$dateFromString": {"dateString": "2024-07-18T00:45:30Z", "timezone": BERLIN}}, 241),
        ({"$dateFromParts": {"month": 1}}, 40516),
        ({"$dateFromParts": {"year": 2024, "isoWeek": 1}}, 40489),
        ({"$dateFromParts": {"year": 10000}}, 40523),
        ({"$dateFromParts": {"year": 2024, "day": 40_000}}, 31034),
        ({"$dateFromParts": {"year": 2024, "millisecond": 2**63 // 1000 + 1}}, 159),
        ({"$dateFromParts": {"year": 2024, "second": 2**63 // 1000}}, 159),
        ({"$dateToParts": {"date": "$d", "iso8601": 1}}, 40521),
        ({"$dateAdd": {"startDate": "$d", "unit": "day", "amount": 1.5}}, 5166405),
        ({"$dateAdd": {"startDate": "$d", "unit": "year", "amount": 10**9}}, 5976500),
        ({"$dateAdd": {"startDate": "$d", "unit": "millisecond", "amount": Int64(2**63 - 1)}}, 159),
        ({"$dateAdd": {"startDate": "text", "unit": "day", "amount": 1}}, 5166403),
    ],
)
def test_a_wrong_date_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)(DOCUMENT, {})
    assert refusal.value.code == code


@pytest.mark.parametrize(("text", "pattern", "expected"), [(text, None, date) for text, date in WORDS] + FORMATS)
def test_text_is_read_as_the_date_it_states_or_fails(text, pattern, expected):
    spec = {"dateString": text, "onError": None, **({"format": pattern} if pattern else {})}
    assert compile_expression({"$dateFromString": spec})({}, {}) == expected


@pytest.mark.parametrize(
    "text", ["2020-10-20 tomorrow", "2020-10-20 + 2 days", "@1603152000", "2020-10-20 CEST", "." * 1_001]
)
def test_text_that_may_be_a_date_elsewhere_is_refused_and_no_error_of_its_own(text):
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        compile_expression({"$dateFromString": {"dateString": text, "onError": "wrong"}})({}, {})
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        compile_expression({"$convert": {"input": text, "to": "date", "onError": "wrong"}})({}, {})


@given(st.datetimes(), st.integers(-30_000, 30_000))
def test_a_year_that_python_knows_not_has_the_parts_of_one_400_years_away(moment, cycles):
    parts = compile_expression({"$dateToParts": {"date": "$d", "timezone": "+05:45"}})
    milliseconds = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    near = parts({"d": DatetimeMS(milliseconds)}, {})
    far = parts({"d": DatetimeMS(milliseconds + cycles * 146_097 * 86_400_000)}, {})
    assert far == {**near, "year": near["year"] + 400 * cycles}


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.sampled_from([BERLIN, "Asia/Kolkata", "-03:30"]))
def test_a_date_is_what_its_parts_make(moment, zone):
    moment = moment.replace(microsecond=0)
    parts = compile_expression({"$dateToParts": {"date": "$d", "timezone": zone}})({"d": moment}, {})
    again = compile_expression({"$dateFromParts": {**parts, "timezone": zone}})({}, {})
    assert abs(again - moment) in (timedelta(), timedelta(hours=1))  # an hour that clocks show twice
