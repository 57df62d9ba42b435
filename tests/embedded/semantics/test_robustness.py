"""Whatever a client sends is answered or refused: no other exception leaves the package."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.matching import compile_filter
from core.database.embedded.semantics.offered import OFFERED
from core.database.embedded.semantics.pipeline import compile_pipeline
from core.database.embedded.semantics.projection import compile_projection
from core.database.embedded.semantics.updates import compile_update, upsert_base

from .strategies import documents, scalars

paths = st.sampled_from(["a", "b", "a.b", "a.0", "a.$", "a.$[]", "a.$[e]", "", ".", "a.", "_id"])
words = st.sampled_from(["$a", "$a.b", "$$this", "$$ROOT", "$$x", "$$", "$", "day", "UTC", "%Y", "approximate", "int"])
options = st.sampled_from([
    "input", "in", "as", "cond", "if", "then", "else", "branches", "case", "default", "vars", "date", "unit", "timezone",
    "format", "to", "onError", "field", "value", "initialValue", "sortBy", "n", "p", "method", "from", "localField",
    "foreignField", "pipeline", "let", "path", "newRoot", "boundaries", "groupBy", "output", "buckets", "size", "coll",
    "startDate", "endDate", "amount", "regex", "find", "replacement", "chars", "inputs", "dateString", "e", "e.b",
])  # fmt: skip


def specs(kind):
    """Values in which the operators of a kind stand in all the wrong places."""
    names = st.sampled_from(OFFERED[kind])
    keys = names | paths | options
    return st.recursive(
        scalars | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=8,
    )


def operators(kind):
    return st.dictionaries(st.sampled_from(OFFERED[kind]), specs(kind), min_size=1, max_size=2)


@settings(max_examples=400, deadline=None)
@given(documents, st.dictionaries(paths, specs("Query operators")) | operators("Query operators"))
def test_any_filter(document, query):
    with suppress(CommandError):
        compile_filter(query, text=["a"])(document)
        upsert_base(query)


@settings(max_examples=800, deadline=None)
@given(documents, operators("Expression operators"))
def test_any_expression(document, spec):
    with suppress(CommandError):
        compile_expression(spec, names=("x",))(document, {"x": 1})


@settings(max_examples=300, deadline=None)
@given(documents, st.dictionaries(paths, specs("Expression operators") | specs("Query operators"), max_size=3))
def test_any_projection(document, spec):
    with suppress(CommandError):
        compile_projection(spec, query={"a": 1})(document)


update_specs = st.dictionaries(
    st.sampled_from(OFFERED["Update operators"]) | paths,
    st.dictionaries(paths, specs("Update operators"), max_size=2) | specs("Update operators"),
    max_size=2,
)


@settings(max_examples=500, deadline=None)
@given(
    documents,
    update_specs | st.lists(operators("Aggregation stages"), max_size=2),
    st.none() | st.lists(specs("Query operators"), max_size=2),
)
def test_any_update(document, spec, filters):
    with suppress(CommandError):
        update = compile_update(spec, array_filters=filters, query={"a": 1})
        update.apply({"_id": 1, **document})
        update.apply({}, inserting=True)


groups = st.dictionaries(st.sampled_from(["_id", "x", "y"]), operators("Accumulators") | specs("Expression operators"))
stages = operators("Aggregation stages") | groups.map(lambda spec: {"$group": spec})


@settings(max_examples=500, deadline=None)
@given(st.lists(documents, max_size=3), st.lists(stages, max_size=3))
def test_any_pipeline(found, pipeline):
    with suppress(CommandError):
        list(compile_pipeline(pipeline, sources=lambda name: iter(found), text=["a"]).run(iter(found)))
