"""The registry's JSON Schemas fit what the mutations take: a form's data is the variable as it stands."""

import pytest
from beanie import Document
from jsonschema_rs import Draft202012Validator, meta
from pydantic import SecretStr

from core.decorators import datamodel
from core.inspection import take_catalog
from core.registries import Registry
from core.specs import Catalog, ObjectSpec
from graphql_surface.convert import graphql_json, wire_json
from graphql_surface.json_schema import JsonSchemas
from tests.graphql.case import Case
from tests.graphql.every_type import cases

# A number for a Duration, a text for a BigInt, the same twice in a set: forms need not write it so.
NOT_IN_FORMS = {("duration", 1), ("big_integer", 2), ("enum_set", 1)}


@pytest.fixture(params=cases(), ids=cases())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def case(name: str) -> Case:
    return cases()[name]


@pytest.fixture
def catalog(case: Case, registry: Registry) -> Catalog:
    for document in case.documents:
        datamodel()(document)
    datamodel()(case.document())
    return take_catalog(registry)


@pytest.fixture
def thing(catalog: Catalog) -> ObjectSpec:
    return catalog.models["Thing"].object


def test_a_form_accepts_what_the_mutation_takes(name: str, case: Case, catalog: Catalog, thing: ObjectSpec):
    create, update = JsonSchemas(catalog).create(thing), JsonSchemas(catalog).update(thing)
    for schema in (create, update):
        meta.validate(schema)
        validator = Draft202012Validator(schema, validate_formats=True)
        for place, value in enumerate(case.values):
            if (name, place) not in NOT_IN_FORMS:
                validator.validate({"name": "x", "value": value})
        if case.nullable:
            validator.validate({"name": "x", "value": None})
    assert not Draft202012Validator(create).is_valid({})
    assert Draft202012Validator(update).is_valid({})


def test_what_a_run_stored_is_shown_as_it_was_given(case: Case, catalog: Catalog, thing: ObjectSpec):
    for value in case.values:
        given = {"name": "x", "value": value}
        assert graphql_json(catalog, thing, wire_json(catalog, thing, given)) == given


def test_a_secret_may_only_be_written(registry: Registry):
    class Login(Document):
        password: SecretStr

    datamodel()(Login)
    catalog = take_catalog(registry)
    schema = JsonSchemas(catalog).create(catalog.models["Login"].object)
    assert schema["properties"]["password"] == {"type": "string", "title": "Password", "writeOnly": True}
    assert "password" not in JsonSchemas(catalog).output(catalog.models["Login"].object)["properties"]
