"""Strings in the order of the root collation: letters first, then marks, then case and form."""

import hashlib
from itertools import chain, pairwise

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
    ["", *" _-–,;!¡?.'‘’‚\"“”„«([{§@*/&#%"],
    [*"%`´^¨°©+±<=>|~☕🇦🇿🍊🍎🤔😀々ー$£€09a"],
    ["a", "ae", "az", *"bdehiıjl", "lz", *"mno", "oe", "oz", *"pqr", "s", "ss", "st"],
    [*"tuzþαβωагеиійкяაաאبپتአअகกກကក가あ"],
    [*"अआकखह", *"কখ", *"కఖ", *"กขฮ"],
    ["กา", "เก", "แก", "ขา", "เข"],
    [*"あいうかん一丁丌亐与龥"],
    ["가", "각", "갸", "나", "힣"],
    ["龥", "₿", "🤷", "🥺", "\ufffd"],
    ["a b", "ab", "ac"],
]
# Equal by letters, each before the next by marks.
MARKS = [
    ["a", "á", "à", "ă", "â", "å", "ä", "ã", "ą", "ā"],
    ["d", "đ", "ð"],
    ["dx", "d\u0301x", "ðx"],
    ["o", "ö", "ø"],
    ["ss", "ß"],
    ["ae", "aé", "æ"],
    ["е", "ё"],
    ["cella", "cel·la"],
    ["か", "が"],
    ["ب", "بَ", "بّ"],
    ["cote", "coté", "côte", "côté"],
]
# Equal by letters and marks, each before the next by case or form.
FORMS = [
    ["a", "ａ", "A", "Ａ", "ª"],
    ["resume", "rESUME", "Resume", "RESUME"],
    ["æ", "Æ"],
    ["σ", "ς"],
    ["כ", "ך"],
    ["fi", "ﬁ"],
    ["tm", "TM", "™"],
    ["ok", "OK", "🆗"],
    ["1", "①", "¹"],
    ["ぁ", "あ", "ァ", "ｧ", "ア", "ｱ"],
    ["й", "Й"],
]
# Equal in all.
SAME = [
    ["é", "e\u0301"],
    ["3", "٣", "३"],
    ["a", "a\u200b", "\x01a"],
    ["Å", "\u212b"],
    ["đ", "d\u0335"],
    ["й", "и\u0306"],
    ["أ", "ا\u0654"],
    ["أ\u064e", "ا\u064e\u0654", "ا\u0654\u064e"],
    ["\u09cb", "\u09c7\u09be"],
    ["ŀ", "l·"],
    ["ำ", "\u0e4d\u0e32"],
    ["가", "\u1100\u1161"],
    ["凉", "\uf979"],
    ["👩💻", "👩\u200d💻"],
    ["❤", "❤\ufe0f"],
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


def test_marks_count_in_the_order_they_are_written_in():
    """MongoDB does not normalize texts unless told to."""
    assert [compared(strength, "a\u0301\u0323", "a\u0323\u0301") for strength in STRENGTHS] == [0, -1, -1]


@pytest.mark.parametrize("character", [*"ཀ㐀𠮷ᚡⷠ", "\u0378", "\ufdd0", "\U0010ffff"])
def test_a_character_whose_place_is_not_known_is_refused_by_name(character):
    for text in (character, f"a{character}", f"{character}a"):
        for collation in STRENGTHS.values():
            with pytest.raises(
                CommandError, match=f"texts with U\\+{ord(character):04X}.*; set MONGODB_URI"
            ) as refusal:
                collation.key(text)
            assert refusal.value.code == 2


def test_a_mark_that_another_of_its_class_may_hide_is_refused():
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        STRENGTHS[1].key("и\u0301\u0306")
    assert compared(1, "и\u0301 \u0306", "и \u0306") == 0


def test_what_is_offered_and_its_keys_are_what_was_compared_with_icu():
    """Index keys are stored: with another of them the format of the file changes too."""
    ends = [(0, 0x4E10), (0x9F90, 0xAC10), (0xD790, 0xD800), (0xF8F0, 0x10000), (0x1D400, 0x1D800), (0x1F000, 0x1FC00)]
    digest, offered = hashlib.sha256(), 0
    for code in chain(*(range(*pair) for pair in ends)):
        try:
            key = STRENGTHS[3].key(chr(code))
        except CommandError:
            continue
        offered += 1
        digest.update(f"{code} {key}\n".encode())
    assert (offered, digest.hexdigest()[:16]) == (19_995, "49781f80574debac")


TEXTS = st.text(st.characters(max_codepoint=0x180, exclude_categories=["Cn", "Cs"]), max_size=8)


@given(TEXTS, TEXTS)
def test_a_higher_strength_only_adds_differences(left, right):
    first, second, third = (compared(strength, left, right) for strength in STRENGTHS)
    assert second == first or first == 0
    assert third == second or second == 0


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"strength": 2}, 40414),
        ({"unknown": 2}, 40415),
        ({"locale": None}, 40414),
        ({"locale": 5}, 14),
        ({"locale": "xx"}, 2),
    ],
)
def test_a_wrong_collation_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        Collation.from_spec(spec)
    assert refusal.value.code == code


def test_null_is_an_options_default():
    assert Collation.from_spec({"locale": "en", "strength": None, "caseLevel": None}) == STRENGTHS[3]


def test_a_collation_is_listed_as_it_was_named():
    assert [Collation.from_spec({"locale": locale}).spec["locale"] for locale in ("en", "en_US")] == ["en", "en_US"]
