"""What models may declare beyond the types of their fields."""

from datetime import datetime
from typing import Annotated, ClassVar

import pytest
from beanie import Document, DocumentWithSoftDelete, Insert, Link, before_event
from graphql import GraphQLNonNull
from pydantic import BaseModel, Field, SecretStr, computed_field, field_validator
from pymongo import IndexModel

from core.access import Access, FieldRule, Principal
from core.base import DataModelBase
from core.decorators import datamodel
from core.errors import DeclarationError
from core.inspection import take_catalog
from core.registries import Registry
from graphql_surface.schema import schema_of
from tests.graphql.api import serving

READER = Principal(id="reader", roles=frozenset({"reader"}))


async def test_aliases_are_stored_and_graphql_names_are_of_the_declared_name(registry: Registry):
    @datamodel()
    class Item(Document):
        unit_price: float = Field(alias="UnitPrice")

    async with serving(registry) as api:
        made = await api.ask("mutation { createOneItem(input: {item: {unitPrice: 1.5}}) { id unitPrice } }")
        assert made["createOneItem"]["unitPrice"] == 1.5
        stored = await Item.get_pymongo_collection().find_one({})
        assert stored is not None
        assert stored["UnitPrice"] == 1.5
        found = await api.ask(
            "{ items(filter: {unitPrice: {gt: 1}}, sorting: [{field: unitPrice, direction: ASC}]) { totalCount } }"
        )
        assert found["items"]["totalCount"] == 1


async def test_computed_fields_are_read_and_neither_written_nor_filtered(registry: Registry):
    @datamodel()
    class Person(Document):
        first: str
        last: str

        @computed_field(description="First and last name")
        @property
        def full_name(self) -> str:
            return f"{self.first} {self.last}"

    async with serving(registry) as api:
        made = await api.ask(
            'mutation { createOnePerson(input: {person: {first: "Ada", last: "Byron"}}) { fullName } }'
        )
        assert made["createOnePerson"] == {"fullName": "Ada Byron"}
        found = await api.ask("{ people { nodes { fullName } } }")
        assert found["people"]["nodes"] == [{"fullName": "Ada Byron"}]
        schema = api.schema._schema
        for name in ("CreatePerson", "UpdatePerson", "PersonFilter"):
            assert "fullName" not in schema.get_type(name).fields  # type: ignore[union-attr]


async def test_a_secret_goes_in_and_never_comes_out(registry: Registry):
    @datamodel()
    class Login(Document):
        name: str
        password: SecretStr

    async with serving(registry) as api:
        await api.ask('mutation { createOneLogin(input: {login: {name: "a", password: "hunter2"}}) { name } }')
        stored = await Login.find_one()
        assert stored is not None
        assert stored.password.get_secret_value() == "hunter2"
        schema = api.schema._schema
        for name in ("Login", "LoginFilter"):
            assert "password" not in schema.get_type(name).fields  # type: ignore[union-attr]
        assert "password" not in schema.get_type("LoginSortFields").values  # type: ignore[union-attr]
        meta = await api.ask("{ registry { models { name createSchema fields { name readable writable } } } }")
        login = next(one for one in meta["registry"]["models"] if one["name"] == "Login")
        assert {"name": "password", "readable": False, "writable": True} in login["fields"]
        assert login["createSchema"]["properties"]["password"]["writeOnly"] is True


async def test_children_are_listed_with_their_parent_and_alone(registry: Registry):
    @datamodel()
    class Vehicle(Document):
        wheels: int

        class Settings:
            is_root = True

    @datamodel()
    class Bicycle(Vehicle):
        bell: bool = True

    async with serving(registry) as api:
        await api.ask("mutation { createOneVehicle(input: {vehicle: {wheels: 3}}) { id } }")
        await api.ask("mutation { createOneBicycle(input: {bicycle: {wheels: 2}}) { id bell } }")
        found = await api.ask(
            """{ vehicles(sorting: [{field: wheels, direction: ASC}]) { nodes { wheels } }
                 bicycles { nodes { wheels bell } } }"""
        )
        assert found["vehicles"]["nodes"] == [{"wheels": 2}, {"wheels": 3}]
        assert found["bicycles"]["nodes"] == [{"wheels": 2, "bell": True}]


async def test_a_softly_deleted_document_is_gone_from_reads_and_kept_in_storage(registry: Registry):
    @datamodel()
    class Note(DocumentWithSoftDelete):
        text: str

    async with serving(registry) as api:
        made = await api.ask('mutation { createOneNote(input: {note: {text: "x"}}) { id } }')
        key = made["createOneNote"]["id"]
        await api.ask("mutation ($id: ID!) { deleteOneNote(input: {id: $id}) { id } }", id=key)
        found = await api.ask("query ($id: ID!) { note(id: $id) { id } notes { totalCount } }", id=key)
        assert found == {"note": None, "notes": {"totalCount": 0}}
        assert await Note.get_pymongo_collection().count_documents({}) == 1


async def test_a_stale_revision_is_a_conflict_and_the_fresh_one_is_not(registry: Registry):
    @datamodel()
    class Page(DataModelBase):
        text: str

    update = "mutation ($input: UpdateOnePageInput!) { updateOnePage(input: $input) { id revisionId } }"
    async with serving(registry) as api:
        made = await api.ask('mutation { createOnePage(input: {page: {text: "a"}}) { id revisionId } }')
        key, first = made["createOnePage"]["id"], made["createOnePage"]["revisionId"]
        changed = await api.ask(update, input={"id": key, "update": {"text": "b"}, "ifRevision": first})
        assert changed["updateOnePage"]["revisionId"] != first
        errors = await api.errors(update, input={"id": key, "update": {"text": "c"}, "ifRevision": first})
        assert errors[0].extensions["code"] == "CONFLICT"


async def test_hooks_run_and_validators_speak_with_the_path_of_their_field(registry: Registry):
    class Part(BaseModel):
        sku: str

        @field_validator("sku")
        @classmethod
        def upper(cls, value: str) -> str:
            if not value.isupper():
                raise ValueError("must be upper case")
            return value

    @datamodel()
    class Order(Document):
        line_items: list[Part]
        stamp: str = ""

        @before_event(Insert)
        def set_stamp(self) -> None:
            self.stamp = "set"

    create = "mutation ($input: CreateOneOrderInput!) { createOneOrder(input: $input) { stamp } }"
    async with serving(registry) as api:
        made = await api.ask(create, input={"order": {"lineItems": [{"sku": "A"}]}})
        assert made["createOneOrder"] == {"stamp": "set"}
        errors = await api.errors(create, input={"order": {"lineItems": [{"sku": "A"}, {"sku": "b"}]}})
        assert errors[0].extensions["code"] == "BAD_USER_INPUT"
        assert errors[0].extensions["fieldErrors"] == [
            {"path": ["lineItems", 1, "sku"], "code": "value_error", "message": "Value error, must be upper case"}
        ]
        assert errors[0].extensions["path"] == ["lineItems", 1, "sku"]


async def test_a_unique_field_that_is_taken_is_named(registry: Registry):
    @datamodel()
    class Account(Document):
        user_name: str

        class Settings:
            indexes: ClassVar = [IndexModel("user_name", unique=True)]

    create = 'mutation { createOneAccount(input: {account: {userName: "a"}}) { id } }'
    async with serving(registry) as api:
        await api.ask(create)
        errors = await api.errors(create)
        assert errors[0].extensions["code"] == "DUPLICATE"
        assert errors[0].extensions["fieldErrors"][0]["path"] == ["userName"]


async def test_a_hidden_field_is_an_error_where_selected_and_unknown_where_used(registry: Registry):
    @datamodel(access=Access(fields={"salary": FieldRule(read=frozenset({"boss"}))}))
    class Worker(Document):
        name: str
        salary: int

    async with serving(registry) as api:
        await api.ask('mutation { createOneWorker(input: {worker: {name: "a", salary: 5}}) { salary } }')
        result = await api.execute("{ workers { nodes { name salary } } }", {}, READER)
        assert result.data == {"workers": {"nodes": [{"name": "a", "salary": None}]}}
        assert [error.extensions["code"] for error in result.errors] == ["FORBIDDEN"]
        for arguments in ("filter: {salary: {gt: 1}}", "sorting: [{field: salary, direction: ASC}]"):
            errors = await api.errors(f"{{ workers({arguments}) {{ nodes {{ name }} }} }}", READER)
            assert errors[0].extensions["code"] == "BAD_USER_INPUT"
            assert errors[0].extensions["fieldErrors"][0]["code"] == "unknown_field"
        errors = await api.errors("{ workerAggregate(groupBy: [{field: salary}]) { count { id } } }", READER)
        assert errors[0].extensions["code"] == "BAD_USER_INPUT"
        meta = await api.ask("{ registry { models { name fields { name } } } }", READER)
        fields = next(one["fields"] for one in meta["registry"]["models"] if one["name"] == "Worker")
        assert [one["name"] for one in fields if one["name"] != "salary"] == ["id", "name"]


async def test_a_document_that_breaks_its_model_costs_its_place_and_not_the_list(registry: Registry):
    @datamodel()
    class Thing(Document):
        title: str
        number: int | None = None

    async with serving(registry) as api:
        collection = Thing.get_pymongo_collection()
        await collection.insert_many([{"title": "a"}, {"number": 1}, {"title": "c", "number": "x"}])
        result = await api.execute("{ things { nodes { title number } totalCount } }", {})
        assert result.data["things"] == {
            "nodes": [{"title": "a", "number": None}, {"title": "c", "number": None}],
            "totalCount": 3,
        }
        codes = [(error.extensions["code"], error.path) for error in result.errors]
        assert codes == [
            ("INVALID_DOCUMENT", ["things", "nodes", 1, "title"]),
            ("INVALID_DOCUMENT", ["things", "nodes", 2, "number"]),
        ]


async def test_a_field_missing_in_an_old_document_has_its_default(registry: Registry):
    @datamodel()
    class Thing(Document):
        title: str = "untitled"
        tags: list[str] = Field(default_factory=lambda: ["new"])
        made: datetime | None = None

    async with serving(registry) as api:
        await Thing.get_pymongo_collection().insert_one({})
        found = await api.ask("{ things { nodes { title tags made } } }")
        assert found["things"]["nodes"] == [{"title": "untitled", "tags": ["new"], "made": None}]


def test_deprecations_and_descriptions_are_those_of_the_declaration(registry: Registry):
    @datamodel(description="a thing")
    class Thing(Document):
        old: Annotated[str | None, Field(deprecated="use new")] = None
        new: str = Field(description="the new one")

    schema = schema_of(take_catalog(registry))._schema
    thing = schema.get_type("Thing")
    assert thing is not None
    assert thing.description == "A thing"
    assert thing.fields["old"].deprecation_reason == "use new"  # type: ignore[attr-defined]
    assert thing.fields["new"].description == "The new one"  # type: ignore[attr-defined]
    assert isinstance(thing.fields["new"].type, GraphQLNonNull)  # type: ignore[attr-defined]


def test_a_clash_of_a_generated_name_stops_start_up_naming_both(registry: Registry):
    class JobFilter(BaseModel):
        text: str

    @datamodel()
    class Job(Document):
        filter_used: JobFilter | None = None

    with pytest.raises(DeclarationError, match=r"JobFilter.*the filter of.*JobFilter"):
        schema_of(take_catalog(registry))


async def test_who_may_write_and_not_read_is_told_so_before_anything_is_written(registry: Registry):
    @datamodel(access=Access(read=frozenset({"boss"})))
    class Report(Document):
        text: str

    create = 'mutation { createOneReport(input: {report: {text: "x"}}) { %s } }'
    async with serving(registry) as api:
        errors = await api.errors(create % "id text", READER)
        assert errors[0].extensions["code"] == "FORBIDDEN"
        assert await Report.count() == 0
        assert (await api.ask(create % "id", READER))["createOneReport"]["id"]


async def test_a_model_one_may_not_read_costs_its_relation_and_not_the_list(registry: Registry):
    @datamodel(access=Access(read=frozenset({"boss"})))
    class Tag(Document):
        word: str

    @datamodel()
    class Post(Document):
        title: str
        tags: list[Link[Tag]] = Field(default_factory=list)
        main: Link[Tag] | None = None

    async with serving(registry) as api:
        tag = (await api.ask('mutation { createOneTag(input: {tag: {word: "x"}}) { id } }'))["createOneTag"]["id"]
        create = "mutation ($post: CreatePost!) { createOnePost(input: {post: $post}) { main { word } tags { word } } }"
        made = await api.ask(create, post={"title": "a", "tags": [tag], "main": tag})
        assert made["createOnePost"] == {"main": {"word": "x"}, "tags": [{"word": "x"}]}
        result = await api.execute("{ posts { nodes { title main { word } tags { word } } } }", {}, READER)
        assert result.data["posts"]["nodes"] == [{"title": "a", "main": None, "tags": None}]
        assert {error.extensions["code"] for error in result.errors} == {"FORBIDDEN"}


async def test_one_value_where_a_list_may_stand_is_shown_as_a_list_of_one(registry: Registry):
    @datamodel()
    class Search(Document):
        words: str | list[str] = "all"

    async with serving(registry) as api:
        made = await api.ask('mutation { createOneSearch(input: {search: {words: "one"}}) { words } }')
        assert made["createOneSearch"] == {"words": ["one"]}
        made = await api.ask("mutation { createOneSearch(input: {search: {}}) { words } }")
        assert made["createOneSearch"] == {"words": ["all"]}


async def test_hints_for_showing_a_model_name_its_fields_as_graphql_does(registry: Registry):
    ui = {
        "primary_field": "full_title",
        "list_fields": ["full_title", "sold_at"],
        "detail_sections": [{"title": "Sale", "fields": ["sold_at"]}],
        "fields": {"sold_at": {"label": "Sold"}},
    }

    @datamodel(ui=ui)
    class Thing(Document):
        full_title: str
        sold_at: datetime | None = None

    async with serving(registry) as api:
        found = await api.ask("{ registry { models { name ui } } }")
        assert next(one["ui"] for one in found["registry"]["models"] if one["name"] == "Thing") == {
            "primary_field": "fullTitle",
            "list_fields": ["fullTitle", "soldAt"],
            "detail_sections": [{"title": "Sale", "fields": ["soldAt"]}],
            "fields": {"soldAt": {"label": "Sold"}},
        }
