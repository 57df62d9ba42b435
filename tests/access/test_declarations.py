"""A rule that would not do what it seems stops start-up, naming the place and the remedy."""

import pytest
from beanie import Document
from pydantic import BaseModel, SecretStr

from core.access import Access, FieldRule, Principal, readable_fields, unknown_scopes
from core.decorators import datamodel, operation
from core.errors import DeclarationError
from core.inspection import take_catalog
from core.registries import Registry


class Done(BaseModel):
    text: str = ""


def declare(access: Access, collection: str = "notes") -> type[Document]:
    class Note(Document):
        text: str
        token: SecretStr = SecretStr("")

        class Settings:
            name = collection

    return datamodel(access=access)(Note)


@pytest.mark.parametrize(
    ("access", "message"),
    [
        (Access(fields={"txet": FieldRule()}), "'txet', which is no field.*text"),
        (Access(fields={"text.length": FieldRule()}), "a rule stands on a whole field"),
        (Access(fields={"id": FieldRule(read={"x"})}), "hides 'id'"),
        (Access(run={"x"}), "access.run is for operations"),
        (Access(fields={"text": {"read": "x"}}), r"write FieldRule\("),  # type: ignore[dict-item]
    ],
)
def test_a_rule_of_a_model_that_means_nothing(registry: Registry, access: Access, message: str):
    declare(access)
    with pytest.raises(DeclarationError, match=message) as caught:
        take_catalog(registry)
    assert "model Note" in caught.value.message


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_a_rule_of_an_operation_that_means_nothing(registry: Registry, verb: str):
    @operation(access=Access(**{verb: {"x"}}))
    async def work(name: str) -> Done:
        return Done()

    with pytest.raises(DeclarationError, match=f"operation work.*access.{verb} is for models"):
        take_catalog(registry)


@pytest.mark.parametrize("collection", ["apikeys", "taskruns"])
def test_a_collection_of_cores_own_is_never_served(registry: Registry, collection: str):
    declare(Access(), collection)
    with pytest.raises(DeclarationError, match=f"the collection '{collection}' is Core's own"):
        take_catalog(registry)


def test_roles_are_a_text_or_any_number_of_texts():
    for given in ("viewer", ["viewer"], {"viewer"}, ("viewer",)):
        assert Access(read=given).read == {"viewer"}
        assert FieldRule(write=given).write == {"viewer"}
    assert Access(run=iter(["viewer"])).run == {"viewer"}


def test_a_secret_or_sensitive_field_is_readable_by_nobody(registry: Registry):
    declare(Access())
    note = take_catalog(registry).models["Note"]
    assert readable_fields(note, Principal(id="x", roles=frozenset({"owner"}))) == {"id", "text"}


def test_a_scope_is_a_verb_alone_or_with_a_known_name():
    assert unknown_scopes(["read", "write:Job", "run", "run:search"], ["Job"], ["search"]) == []
    wrong = ["", "see", "read:", "read:Jbo", "run:Job", "write:search", "*"]
    assert unknown_scopes(wrong, ["Job"], ["search"]) == wrong
