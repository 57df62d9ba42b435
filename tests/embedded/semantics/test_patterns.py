"""Patterns mean what they mean to PCRE, or are refused."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.patterns import Pattern

from . import pcre

MATCHES = [
    (r"\p{L}", "", "é", True),
    (r"\p{L}", "", "1", False),
    (r"\pL", "", "x", True),
    (r"^\P{L}+$", "", "12!", True),
    (r"\p{^L}", "", "x", False),
    (r"\p{Latin}", "", "hello", True),
    (r"^\p{Cyrillic}+$", "", "Привет", True),
    (r"^\p{Han}+$", "", "你好", True),
    (r"\p{Lu}", "i", "x", False),  # a property knows case whatever the options
    (r"[\p{Lu}]", "i", "x", False),
    (r"[[:alpha:]]", "", "a", True),
    (r"[[:alpha:]]", "", "é", False),
    (r"[[:^digit:]]", "", "é", True),
    (r"[[:upper:]]", "i", "a", True),
    (r"(*UCP)[[:alpha:]]", "", "é", True),
    (r"(*UCP)\byster", "", "Öyster", False),
    (r"\byster", "", "Öyster", True),
    (r"(*UCP)^\w+$", "", "café", True),
    (r"(*UCP)^\d+$", "", "١٢٣", True),
    (r"^\d+$", "", "١٢٣", False),
    (r"(*UTF)é", "", "é", True),
    ("istanbul", "i", "İstanbul", False),
    ("istanbul", "i", "ISTANBUL", True),
    ("ı", "i", "I", False),
    ("[a-z]", "i", "İ", False),
    ("[^a-z]", "i", "İ", True),
    ("[à-ÿ]", "i", "É", True),
    ("straße", "i", "STRASSE", False),
    ("k", "i", "\u212a", True),  # the Kelvin sign folds to k
    (r"\w", "i", "\u212a", False),
    (r"\W", "i", "\u212a", True),
    ("(?i)a(?-i)bc", "", "Abc", True),
    ("(?i)a(?-i)bc", "", "aBc", False),
    ("(?:a(?i)b|c)", "", "C", True),  # an option holds in the alternatives that follow
    ("^$", "m", "a\n", False),  # a newline that ends the text begins no line
    ("^b$", "m", "a\nb\nc", True),
    ("a.c", "", "a\nc", False),
    ("a.c", "s", "a\nc", True),
    ("a b # c\nd", "x", "abd", True),
    (r"a\ b", "x", "a b", True),
    ("[a b]", "x", " ", True),
    ("a{,2}", "", "a{,2}", True),
    ("a{,2}", "", "aa", False),
    (r"[\w-]", "", "-", True),
    ("[]a]", "", "]", True),
    ("[[.]", "", "[", True),
    (r"\Qa.b\E", "", "a.b", True),
    (r"\x{e9}\x41", "", "éA", True),
    (r"(?<word>a)-\k<word>", "", "a-a", True),
    (r"(a)\1", "i", "aA", True),
    (r"\v", "", "\x0b", True),
    (r"\H", "", " ", False),
    (r"a\R", "", "a\r\n", True),
    ("(?<=a|bc)d", "", "bcd", True),
]
INVALID = [
    "(", ")", "[a", "[b-a]", "a\\", "*", "a**", "^*", r"\b+", "(?i)*", "a{2,1}", "a{70000}", r"\x{", r"\x{110000}",
    r"\x{d800}", "[[:nothing:]]", "[:alpha:]", r"[\w-z]", "(?<a>x)(?<a>y)", "(?#", r"\2(a)", "a" * 16_385,
]  # fmt: skip
REFUSED = [
    r"a\Kb", "(?R)", "(?1)(a)", "(?(1)a|b)", "(?|a|b)", r"\X", r"\C", r"\cA", r"\g1", "(*ACCEPT)", r"\p{Any}",
    r"\p{Vai}", "(?<=a+)b", "(?<=(a|bc))d", r"(a\1)", r"[\W\p{L}]", r"[\p{L}\P{L}]", r"\R??a", r"\12", "(?J)a",
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "options", "text", "expected"), MATCHES)
def test_a_pattern_matches_as_in_pcre(pattern, options, text, expected):
    assert (Pattern(pattern, options).search(text) is not None) is expected


@pytest.mark.parametrize("pattern", INVALID, ids=lambda pattern: pattern[:10])
def test_what_pcre_does_not_take_is_an_error(pattern):
    with pytest.raises(CommandError) as refusal:
        Pattern(pattern)
    assert refusal.value.code == 51091


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_would_differ_is_refused_with_the_remedy(pattern):
    with pytest.raises(CommandError, match="MONGODB_URI"):
        Pattern(pattern)


LONG = ["a" * 16_384, "(?i)" + "ab" * 8_000, r"\Q" + "a" * 16_000, "[a]" * 5_000, "a{1}" * 4_000]


@pytest.mark.parametrize("pattern", LONG, ids=[pattern[:6] for pattern in LONG])
def test_a_long_pattern_keeps_nobody_waiting(pattern):
    begin = time.monotonic()
    assert Pattern(pattern).search("ab" * 10_000 + "a" * 20_000)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("length", [63, 64, 65, 128])
def test_what_parts_a_long_text_changes_no_match(length):
    run = "a" * length
    for pattern, begin in (
        (f"{run}b+", 200 - length),
        (f"{run}a*bbc", 0),
        (rf"\Q{run}b\E+c", 200 - length),
        ("[a]" * length + "b{2}", 200 - length),
        (f"(?<={run})b", 200),
    ):
        found = Pattern(pattern).search("a" * 200 + "bbc")
        assert (found and found.start()) == begin, pattern


def test_a_reference_without_regard_to_case_is_refused_for_the_texts_that_it_might_misread():
    pattern = Pattern(r"(.)\1", "i")
    assert pattern.search("aA")
    with pytest.raises(CommandError, match="MONGODB_URI"):
        pattern.search("iİ")


_ATOMS = st.sampled_from([
    *"abiIkKs1_- éÉßİıſK.,^$|]", r"\n", r"\x41", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\h", r"\H", r"\v",
    r"\b", r"\B", r"\A", r"\z", r"\Z", r"\N", r"\R", r"\p{L}", r"\P{L}", r"\p{Lu}", r"\p{Latin}", "[a-z]", "[^a-z]",
    "[À-ſ]", "[^À-ſ]", r"[\w-]", r"[^\d_k]", r"[\p{Lu}i]", r"[^\p{Lu}i]", "[[:alpha:]]", "[^[:upper:]]", "[[:^space:]]",
    "(?i)", r"\1",
])  # fmt: skip
_OPENINGS = st.sampled_from(["(", "(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!", "(?i:", "(?-i:", "(?s:", "(?m:", "(?x:"])
_REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??", "*+", "?+", "{,3}"])
_PATTERNS = st.recursive(
    st.builds("".join, st.lists(st.builds("{}{}".format, _ATOMS, _REPEATS), min_size=1, max_size=4)),
    lambda inner: st.builds("{}{}){}{}".format, _OPENINGS, inner, _REPEATS, inner),
    max_leaves=4,
)
_TEXTS = st.lists(st.text(alphabet="abiIkKsS1_- éÉßİıſK\n\r.,]z日", max_size=8), min_size=5, max_size=10)
_FLAGS = st.sets(st.sampled_from("imsx")).map("".join)


@pytest.mark.skipif(pcre.LIBRARY is None, reason="this machine has not the PCRE2 release of MongoDB")
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(pattern=_PATTERNS, options=_FLAGS, texts=_TEXTS)
def test_any_pattern_finds_what_pcre_finds_or_is_refused(pattern, options, texts):
    try:
        translated = Pattern(pattern, options)
        found = [translated.search(text) for text in texts]
    except CommandError as error:
        if error.code == 51091:
            with pytest.raises(pcre.Refused):
                pcre.search(pattern, options, texts)
        return
    spans = [match and tuple(None if span == (-1, -1) else span for span in match.regs) for match in found]
    assert spans == pcre.search(pattern, options, texts)
