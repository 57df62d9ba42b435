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
from core.database.embedded.semantics.values import MISSING, encode

from .strategies import documents, fields, scalars, sorts, values
from .strategies import filters as good_filters
from .strategies import updates as good_updates

paths = st.sampled_from(["a", "b", "a.b", "a.0", "a.$", "a.$[]", "a.$[e]", "", ".", "a.", "_id"])
words = st.sampled_from(["$a", "$a.b", "$$this", "$$ROOT", "$$x", "$$", "$", "day", "UTC", "%Y", "approximate", "int"])
options = st.sampled_from([
    "input", "in", "as", "cond", "if", "then", "else", "branches", "case", "default", "vars", "date", "unit",
    "timezone",
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


@settings(max_examples=200, deadline=None)
@given(documents, st.dictionaries(paths, specs("Query operators")) | operators("Query operators") | good_filters)
def test_any_filter(document, query):
    with suppress(CommandError):
        compile_filter(query, text=["a"])(document)
        upsert_base(query)


NAMED_ARGUMENTS = {
    "$cond": "if then else", "$convert": "input to", "$dateAdd": "startDate unit amount",
    "$dateDiff": "startDate endDate unit", "$dateFromParts": "year month day", "$dateFromString": "dateString",
    "$dateSubtract": "startDate unit amount", "$dateToParts": "date", "$dateToString": "date format",
    "$dateTrunc": "date unit binSize", "$filter": "input cond", "$firstN": "input n", "$getField": "field input",
    "$lastN": "input n", "$ltrim": "input chars", "$map": "input in", "$maxN": "input n", "$median": "input method",
    "$minN": "input n", "$percentile": "input p method", "$reduce": "input initialValue in",
    "$regexFind": "input regex", "$regexFindAll": "input regex", "$regexMatch": "input regex",
    "$replaceAll": "input find replacement", "$replaceOne": "input find replacement", "$rtrim": "input chars",
    "$setField": "field input value", "$sortArray": "input sortBy", "$trim": "input", "$unsetField": "field input",
    "$zip": "inputs",
}  # fmt: skip
arguments = values | words | st.just("$a") | st.lists(values | words, max_size=3)


@st.composite
def calls(draw):
    """An operator with arguments of its form, of any type."""
    name = draw(st.sampled_from(OFFERED["Expression operators"]))
    if name in NAMED_ARGUMENTS:
        return {name: {argument: draw(arguments) for argument in NAMED_ARGUMENTS[name].split()}}
    return {name: draw(st.lists(arguments, max_size=3) | arguments)}


@settings(max_examples=600, deadline=None)
@given(documents, calls() | operators("Expression operators"))
def test_any_expression(document, spec):
    with suppress(CommandError):
        found = compile_expression(spec, names=("x",))(document, {"x": 1})
        encode({} if found is MISSING else {"": found})


@settings(max_examples=200, deadline=None)
@given(documents, st.dictionaries(paths, specs("Expression operators") | specs("Query operators"), max_size=3))
def test_any_projection(document, spec):
    with suppress(CommandError):
        compile_projection(spec, query={"a": 1})(document)


update_specs = good_updates | st.dictionaries(
    st.sampled_from(OFFERED["Update operators"]) | paths,
    st.dictionaries(paths, specs("Update operators"), max_size=2) | specs("Update operators"),
    max_size=2,
)


@settings(max_examples=200, deadline=None)
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


accumulators = st.sampled_from(OFFERED["Accumulators"]).flatmap(
    lambda name: st.fixed_dictionaries({name: arguments | calls() | st.fixed_dictionaries(
        {"input": arguments, "n": st.integers(0, 3), "sortBy": sorts, "output": arguments}
    )})
)  # fmt: skip
shapes = st.sampled_from(["$project", "$set", "$addFields", "$replaceWith", "$unset", "$match", "$sort", "$unwind"])
stages = st.one_of(
    operators("Aggregation stages"),
    st.dictionaries(st.sampled_from(["_id", "x"]), calls() | accumulators).map(lambda spec: {"$group": spec}),
    st.tuples(shapes, st.dictionaries(paths, arguments | calls(), max_size=2) | calls() | words).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    st.tuples(words, st.lists(scalars, max_size=3)).map(
        lambda pair: {"$bucket": {"groupBy": pair[0], "boundaries": pair[1], "default": "other"}}
    ),
    st.tuples(fields, fields, fields).map(
        lambda path: {"$lookup": {"from": "x", "localField": path[0], "foreignField": path[1], "as": path[2]}}
    ),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(documents, max_size=3), st.lists(stages, max_size=3))
def test_any_pipeline(found, pipeline):
    with suppress(CommandError):
        compiled = compile_pipeline(pipeline, sources=lambda name: iter(found), text=["a"])
        for document in compiled.run(iter(found)):
            encode(document)
