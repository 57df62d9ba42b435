"""Schema evolution: documents stored by an older model are read by a newer one; a rename needs a migration."""

from beanie import Document

from core.decorators import datamodel
from core.registries import Registry
from core.testing import test_database
from tests.document.sections import proves


@proves("Schema Evolution", 1)
async def test_old_documents_get_new_optional_fields_as_none_and_defaulted_ones_by_default(registry: Registry) -> None:
    @datamodel()
    class Posting(Document):
        title: str
        company: str
        match_score: float | None = None
        is_verified: bool = False

    async with test_database() as database:
        # As version 1 of the model, which had title and company alone, stored it.
        await database[Posting.get_collection_name()].insert_one({"title": "Dev", "company": "Acme"})
        old = await Posting.find_one(Posting.company == "Acme")
        assert old is not None
        assert old.match_score is None
        assert old.is_verified is False
        old.match_score = 70
        await old.save()
        assert await Posting.find(Posting.match_score > 50).count() == 1


@proves("Schema Evolution", 2)
async def test_a_migration_renames_a_field_in_every_document(registry: Registry) -> None:
    @datamodel()
    class Posting(Document):
        title: str
        company_name: str

    async def migrate_company_field() -> None:
        await Posting.find_all().update_many({"$rename": {"company": "company_name"}})

    async with test_database() as database:
        stored = database[Posting.get_collection_name()]
        await stored.insert_many([{"title": f"Dev {number}", "company": "Acme"} for number in range(3)])
        await migrate_company_field()
        assert {posting.company_name for posting in await Posting.find_all().to_list()} == {"Acme"}
        assert await stored.count_documents({"company": {"$exists": True}}) == 0
