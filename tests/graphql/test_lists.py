"""Lists: counted, paged, grouped, written together, and what stock clients send for them."""

from datetime import datetime

from beanie import Document
from pydantic import Field

from core.access import Principal
from core.decorators import datamodel
from core.registries import Registry
from tests.graphql.api import serving

READER = Principal(id="reader", roles=frozenset({"reader"}))


async def test_many_forms_write_all_or_nothing_and_count(registry: Registry):
    @datamodel()
    class Thing(Document):
        number: int = Field(ge=0)

    create = "mutation ($input: CreateManyThingsInput!) { createManyThings(input: $input) { number } }"
    async with serving(registry) as api:
        made = await api.ask(create, input={"things": [{"number": 1}, {"number": 2}, {"number": 3}]})
        assert made["createManyThings"] == [{"number": 1}, {"number": 2}, {"number": 3}]
        errors = await api.errors(create, input={"things": [{"number": 4}, {"number": -1}]})
        assert errors[0].extensions["fieldErrors"][0]["path"][-1] == "number"
        found = await api.ask(
            """mutation {
                updateManyThings(input: {filter: {number: {gte: 2}}, update: {number: 9}}) { updatedCount }
                deleteManyThings(input: {filter: {number: {eq: 9}}}) { deletedCount }
            }"""
        )
        assert found == {"updateManyThings": {"updatedCount": 2}, "deleteManyThings": {"deletedCount": 2}}
        assert (await api.ask("{ things { totalCount } }"))["things"]["totalCount"] == 1


async def test_total_count_is_counted_only_when_it_is_selected(registry: Registry):
    from tests.graphql.commands import COMMANDS

    @datamodel()
    class Thing(Document):
        number: int

    async with serving(registry) as api:
        await api.ask("mutation { createOneThing(input: {thing: {number: 1}}) { id } }")
        with COMMANDS.counted() as reads:
            await api.ask("query ($no: Boolean = false) { things { nodes { number } totalCount @include(if: $no) } }")
        assert len(reads) == 1
        with COMMANDS.counted() as reads:
            await api.ask("{ things { totalCount } }")
        assert len(reads) == 1
        with COMMANDS.counted() as reads:
            await api.ask("{ things { nodes { number } totalCount } }")
        assert len(reads) == 2


async def test_stock_clients_may_send_empty_and_null_arguments_and_a_huge_limit(registry: Registry):
    @datamodel()
    class Thing(Document):
        number: int

    many = (
        "query ($filter: ThingFilter, $paging: OffsetPaging, $sorting: [ThingSort!], $search: String) {"
        " things(filter: $filter, paging: $paging, sorting: $sorting, search: $search) { nodes { number } } }"
    )
    async with serving(registry) as api:
        await api.ask("mutation { createOneThing(input: {thing: {number: 1}}) { id } }")
        for variables in (
            {},
            {"filter": {}, "paging": {}, "sorting": []},
            {"filter": None, "paging": None, "sorting": None, "search": None},
            {"paging": {"limit": 2147483647, "offset": None, "after": None}},
            {"filter": {"and": [], "number": None, "not": None, "or": None}},
        ):
            assert (await api.ask(many, **variables))["things"]["nodes"] == [{"number": 1}], variables


async def test_pages_follow_each_other_by_offset_and_by_cursor(registry: Registry):
    @datamodel()
    class Thing(Document):
        number: int

    page = """query ($paging: OffsetPaging) { things(paging: $paging, sorting: [{field: number, direction: DESC}]) {
        nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    async with serving(registry) as api:
        await api.ask(
            "mutation ($input: CreateManyThingsInput!) { createManyThings(input: $input) { id } }",
            input={"things": [{"number": number} for number in range(5)]},
        )
        seen: list[int] = []
        after = None
        while True:
            found = (await api.ask(page, paging={"limit": 2, "after": after}))["things"]
            seen += [node["number"] for node in found["nodes"]]
            if not found["pageInfo"]["hasNextPage"]:
                break
            after = found["pageInfo"]["endCursor"]
        assert seen == [4, 3, 2, 1, 0]
        found = (await api.ask(page, paging={"limit": 2, "offset": 3}))["things"]
        assert [node["number"] for node in found["nodes"]] == [1, 0]
        assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_aggregates_by_group_and_date_bucket(registry: Registry):
    @datamodel()
    class Sale(Document):
        shop: str
        amount: int
        at: datetime

    async with serving(registry) as api:
        await api.ask(
            "mutation ($input: CreateManySalesInput!) { createManySales(input: $input) { id } }",
            input={
                "sales": [
                    {"shop": "a", "amount": 1, "at": "2026-01-05T10:00:00Z"},
                    {"shop": "a", "amount": 4, "at": "2026-01-20T10:00:00Z"},
                    {"shop": "b", "amount": 7, "at": "2026-02-01T10:00:00Z"},
                ]
            },
        )
        found = await api.ask(
            """{ saleAggregate(filter: {amount: {gt: 0}}, groupBy: [{field: shop}]) {
                groupBy { shop } count { id } sum { amount } avg { amount } min { at } max { amount } } }"""
        )
        assert found["saleAggregate"] == [
            {
                "groupBy": {"shop": "a"},
                "count": {"id": 2},
                "sum": {"amount": 5},
                "avg": {"amount": 2.5},
                "min": {"at": "2026-01-05T10:00:00+00:00"},
                "max": {"amount": 4},
            },
            {
                "groupBy": {"shop": "b"},
                "count": {"id": 1},
                "sum": {"amount": 7},
                "avg": {"amount": 7.0},
                "min": {"at": "2026-02-01T10:00:00+00:00"},
                "max": {"amount": 7},
            },
        ]
        found = await api.ask(
            "{ saleAggregate(groupBy: [{field: at, bucket: MONTH}]) { groupBy { at } sum { amount } } }"
        )
        assert found["saleAggregate"] == [
            {"groupBy": {"at": "2026-01-01T00:00:00+00:00"}, "sum": {"amount": 5}},
            {"groupBy": {"at": "2026-02-01T00:00:00+00:00"}, "sum": {"amount": 7}},
        ]
        assert (await api.ask("{ saleAggregate { sum { amount } } }"))["saleAggregate"] == [{"sum": {"amount": 12}}]
