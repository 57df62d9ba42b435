"""``$text`` finds what MongoDB's text index finds, in English and without a language; other languages are refused."""

import pytest

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.matching import compile_filter
from core.database.embedded.semantics.text import text_score
from core.database.embedded.semantics.text_fields import TextIndex

ENGLISH = TextIndex(fields=("t",), language="english")
NONE = TextIndex(fields=("t",))

ENGLISH_FINDS = [
    ("running", "I run every morning", True),
    ("blueberries", "a blueberry", True),
    ("tag", "#tags", True),
    ("the", "the quick fox", False),  # a common word is not looked for
    ("the fox", "the hen", False),
    ("naive", "NAÏVE", True),
    ("cafe\u0301", "Café", True),
    ("don", "don't", False),  # an apostrophe is part of an English word
    ("dog", "dog's", True),
    ("grosse", "große", False),
    ("GROßE", "große", True),
    ("a_b", "a_b", True),
    ("b", "x_b", False),
    ("hello", "hello@world", True),
    ("数据库", "数据库系统", False),
    ("数据库系统", "数据库系统", True),
    ("fox hen", "the hen", True),
    ("hen -fox", "hen and foxes", False),
    ("hen - fox", "fox", True),  # a lone minus negates nothing
    ("hen -red-fox", "hen, fox", False),
    ("red-fox", "fox", True),
    ("-fox", "hen", False),  # nothing but what is negated finds nothing
    ('"brown fox"', "brown foxes", True),
    ('"brown fox"', "fox, brown", False),
    ('"brown fox" "red dog"', "brown fox", False),
    ('fox -"brown fox"', "red fox", True),
    ('fox -"brown fox"', "brown fox", False),
    ('"fox" -brown', "brown fox", False),
    ('"fo"', "fox", False),  # a phrase is looked for as a word too
    ('fox "ox', "ox", True),  # an open quote makes no phrase
    ("fox\thound", "hound", True),
    ("fox\0hen", "fox", True),
    ("fox\0hen", "hen", False),  # a text ends with its first null character
    ("hen", "fox\0hen", False),
]
NONE_FINDS = [
    ("running", "I run", False),
    ("the", "the fox", True),
    ("don", "don't", True),
    ("naive", "NAÏVE", True),
]
SENSITIVE = [
    ({"$caseSensitive": True}, "Fox", "Foxes", True),
    ({"$caseSensitive": True}, "Fox", "foxes", False),
    ({"$caseSensitive": True}, "Cafe", "Café", True),
    ({"$diacriticSensitive": True}, "café", "Café", True),
    ({"$diacriticSensitive": True}, "café", "cafe", False),
    ({"$caseSensitive": True}, '"Brown Fox"', "brown fox", False),
    ({"$caseSensitive": True}, "fox -Brown", "brown fox", True),
    ({"$language": "none"}, "foxes", "foxes", False),  # the index holds stems
    ({"$language": ""}, "foxes", "fox", True),
    ({"$language": "EN"}, "foxes", "fox", True),
]
REFUSED = [
    ({"$text": 5}, 2),
    ({"$text": {}}, 4),
    ({"$text": {"$search": 5}}, 14),
    ({"$text": {"$search": "x", "$language": None}}, 14),
    ({"$text": {"$search": "x", "$caseSensitive": 1}}, 14),
    ({"$text": {"$search": "x", "$diacriticSensitive": "yes"}}, 14),
    ({"$text": {"$search": "x", "$other": 1}}, 2),
    ({"$text": {"$search": "x", "$language": "klingon"}}, 2),
    ({"$and": [{"$text": {"$search": "x"}}, {"$text": {"$search": "y"}}]}, 2),
    ({"$nor": [{"$text": {"$search": "x"}}]}, 2),
    ({"a": {"$elemMatch": {"$text": {"$search": "x"}}}}, 2),
]


def finds(index, search, document, **options):
    document = document if isinstance(document, dict) else {"t": document}
    return compile_filter({"$text": {"$search": search, **options}}, text=index)(document)


@pytest.mark.parametrize(("search", "text", "expected"), ENGLISH_FINDS)
def test_english_is_looked_for_by_stems(search, text, expected):
    assert finds(ENGLISH, search, text) is expected


@pytest.mark.parametrize(("search", "text", "expected"), NONE_FINDS)
def test_without_a_language_words_are_what_they_are(search, text, expected):
    assert finds(NONE, search, text) is expected


@pytest.mark.parametrize(("options", "search", "text", "expected"), SENSITIVE)
def test_case_marks_and_language_count_where_asked(options, search, text, expected):
    assert finds(ENGLISH, search, text, **options) is expected


@pytest.mark.parametrize(("query", "code"), REFUSED)
def test_a_malformed_search_is_refused_with_mongodbs_code(query, code):
    with pytest.raises(CommandError) as refusal:
        compile_filter(query, text=ENGLISH)
    assert refusal.value.code == code


@pytest.mark.parametrize("language", ["german", "fr", "Spanish"])
def test_another_language_is_refused_with_the_remedy(language):
    with pytest.raises(CommandError, match="MONGODB_URI"):
        finds(ENGLISH, "x", "x", **{"$language": language})


@pytest.mark.parametrize(
    ("fields", "document", "expected"),
    [
        (("a.b",), {"a": [{"b": ["x", "y"]}, {"b": "z"}]}, {"x", "y", "z"}),
        (("a",), {"a": [["x"], "y", 5, {"b": "z"}]}, {"y"}),
        (("a", "a.b"), {"a": ["x", {"b": "y"}]}, {"x", "y"}),
        (("a.0",), {"a": ["x"]}, set()),
        (("$**",), {"a": [["x"]], "b": {"c": "y"}, "language": "none"}, {"x", "y"}),
    ],
)
def test_an_index_reads_strings_in_its_fields(fields, document, expected):
    assert TextIndex(fields=fields).terms(document) == expected


def test_a_document_and_what_is_in_it_may_tell_its_own_language():
    document = {"language": "none", "t": "foxes", "u": {"language": "en", "v": "hens"}}
    assert TextIndex(fields=("t", "u.v"), language="english").terms(document) == {"foxes", "hen"}


@pytest.mark.parametrize(("language", "code"), [(5, 17261), ("klingon", 17262)])
def test_a_document_in_an_unknown_language_is_refused_with_mongodbs_code(language, code):
    with pytest.raises(CommandError) as refusal:
        ENGLISH.terms({"t": "x", "language": language})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("search", "text", "score"),
    [
        ("tea", "tea", 1.1),
        ("tea", "Tea", 1.1),
        ("tea", "tea!", 1.0),
        ("teas", "teas", 1.0),  # the stem is not all of the text
        ("tea", "blue tea", 0.75),
        ("tea", "the tea", 1.0),  # a common word is none
        ("tea", "tea tea milk", 1.5 * (0.5 * 2 / 3 + 0.5)),
        ("tea milk", "tea milk", 1.5),
    ],
)
def test_a_score_counts_words_as_mongodb_counts_them(search, text, score):
    assert text_score({"$text": {"$search": search}}, ENGLISH)({"t": text}) == pytest.approx(score)
