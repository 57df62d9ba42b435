"""Strings in the order of the root collation: letters first, then marks, then case and form."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database.embedded.semantics.collation import Collation
from core.database.embedded.semantics.errors import CommandError

STRENGTHS = {strength: Collation.from_spec({"locale": "en", "strength": strength}) for strength in (1, 2, 3)}


def compared(strength, left, right):
    keys = STRENGTHS[strength].key(left), STRENGTHS[strength].key(right)
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


# Each is before the next, by letters alone.
LETTERS = [
    [
        "",
        " ",
        "_",
        "-",
        "–",
        ",",
        ";",
        "!",
        "¡",
        "?",
        ".",
        "'",
        '"',
        "«",
        "(",
        "[",
        "{",
        "§",
        "@",
        "*",
        "/",
        "&",
        "#",
        "%",
    ],
    [
        "%",
        "`",
        "´",
        "^",
        "¨",
        "°",
        "©",
        "+",
        "±",
        "<",
        "=",
        ">",
        "|",
        "~",
        "☕",
        "🍊",
        "🍎",
        "$",
        "£",
        "€",
        "0",
        "9",
        "a",
    ],
    [
        "a",
        "ae",
        "az",
        "b",
        "d",
        "e",
        "h",
        "i",
        "ı",
        "j",
        "l",
        "lz",
        "m",
        "n",
        "o",
        "oe",
        "oz",
        "p",
        "q",
        "r",
        "s",
        "ss",
        "st",
    ],
    [
        "t",
        "u",
        "z",
        "þ",
        "α",
        "β",
        "ω",
        "а",
        "г",
        "е",
        "и",
        "і",
        "й",
        "к",
        "я",
        "ა",
        "ա",
        "א",
        "ب",
        "پ",
        "ت",
        "अ",
        "가",
        "あ",
    ],
    ["あ", "い", "う", "一", "丁"],
    ["a b", "ab", "ac"],
]
# Equal by letters, each before the next by marks.
MARKS = [
    ["a", "á", "à", "ă", "â", "å", "ä", "ã", "ą", "ā"],
    ["d", "đ", "ð"],
    ["o", "ö", "ø"],
    ["ss", "ß"],
    ["ae", "aé", "æ"],
    ["е", "ё"],
    ["'", "‘", "’"],
    ["cote", "coté", "côte", "côté"],
]
# Equal by letters and marks, each before the next by case or form.
FORMS = [
    ["a", "ａ", "A", "Ａ"],
    ["resume", "rESUME", "Resume", "RESUME"],
    ["æ", "Æ"],
    ["σ", "ς"],
    ["fi", "ﬁ"],
    ["1", "①", "¹"],
    ["あ", "ア"],
    ["й", "Й"],
]
# Equal in all.
SAME = [
    ["é", "e\u0301"],
    ["3", "٣", "३"],
    ["a", "a\u200b", "\x01a"],
    ["Å", "\u212b"],
    ["đ", "d\u0335"],
    ["가", "\u1100\u1161"],
]


@pytest.mark.parametrize("row", LETTERS)
def test_letters_decide_first(row):
    assert [compared(strength, *pair) for strength in STRENGTHS for pair in pairwise(row)] == [-1] * 3 * (len(row) - 1)


@pytest.mark.parametrize("row", MARKS)
def test_marks_decide_at_strength_2(row):
    assert [[compared(strength, *pair) for strength in STRENGTHS] for pair in pairwise(row)] == [[0, -1, -1]] * (
        len(row) - 1
    )


@pytest.mark.parametrize("row", FORMS)
def test_case_and_form_decide_at_strength_3(row):
    assert [[compared(strength, *pair) for strength in STRENGTHS] for pair in pairwise(row)] == [[0, 0, -1]] * (
        len(row) - 1
    )


@pytest.mark.parametrize("row", SAME)
def test_some_texts_are_the_same_at_every_strength(row):
    assert [compared(strength, *pair) for strength in STRENGTHS for pair in pairwise(row)] == [0] * 3 * (len(row) - 1)


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_higher_strength_only_adds_differences(left, right):
    first, second, third = (compared(strength, left, right) for strength in STRENGTHS)
    assert second == first or first == 0
    assert third == second or second == 0


@pytest.mark.parametrize(
    ("spec", "code"), [({"strength": 2}, 40414), ({"locale": None}, 40414), ({"locale": 5}, 14), ({"locale": "xx"}, 2)]
)
def test_a_wrong_collation_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        Collation.from_spec(spec)
    assert refusal.value.code == code


def test_null_is_an_options_default():
    assert Collation.from_spec({"locale": "en", "strength": None, "caseLevel": None}) == STRENGTHS[3]
