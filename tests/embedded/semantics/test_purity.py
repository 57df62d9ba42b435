"""Nothing that is computed from a document changes the document."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.pipeline import compile_pipeline
from core.database.embedded.semantics.projection import compile_projection
from core.database.embedded.semantics.updates import compile_update
from core.database.embedded.semantics.values import decode, encode

from .strategies import documents, fields, updates


@settings(max_examples=300, deadline=None)
@given(documents, st.lists(updates, min_size=1, max_size=2))
def test_an_update_never_changes_its_input(document, specs):
    before = encode({"_id": 1, **document})
    given_document = decode(before)
    with suppress(CommandError):
        update = compile_update({name: spec for one in specs for name, spec in one.items()})
        changed = update.apply(given_document)
        again = encode(changed)
        # A second update of the result leaves the first result and the specification as they were.
        with suppress(CommandError):
            update.apply(changed)
        assert encode(changed) == again
        assert changed["_id"] == 1
    assert encode(given_document) == before


@settings(max_examples=100, deadline=None)
@given(documents, fields, st.sampled_from([0, 1, {"$slice": 1}, "$a"]))
def test_a_projection_never_changes_its_input(document, path, value):
    before = encode(document)
    with suppress(CommandError):
        compile_projection({path: value})(document)
    assert encode(document) == before


@settings(max_examples=100, deadline=None)
@given(st.lists(documents, max_size=4), fields)
def test_a_pipeline_never_changes_its_input(found, path):
    before = [encode(document) for document in found]
    for stages in (
        [{"$set": {f"{path}.x": 1}}],
        [{"$unset": path}],
        [{"$unwind": {"path": f"${path}", "preserveNullAndEmptyArrays": True}}, {"$set": {path: 1}}],
        [{"$group": {"_id": f"${path}", "all": {"$push": "$$ROOT"}}}, {"$set": {"all.x": 1}}],
        [{"$lookup": {"from": "self", "localField": path, "foreignField": path, "as": path}}],
    ):
        pipeline = compile_pipeline(stages, sources=lambda name: iter(found))
        with suppress(CommandError):
            list(pipeline.run(found))
    assert [encode(document) for document in found] == before
