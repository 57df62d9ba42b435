"""The thin slice, as a client sees it: HTTP and WebSocket, with ``gql``, against the real server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.server import Server

Ask = Any


@pytest.fixture
async def ask(server: Server) -> AsyncIterator[Ask]:
    transport = AIOHTTPTransport(url=f"{server.url}/graphql", ssl=False)
    async with Client(transport=transport, fetch_schema_from_transport=True, execute_timeout=60) as session:

        async def execute(text: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
            request = gql(text)
            request.variable_values = dict(variables or {})
            return await session.execute(request)

        yield execute


CREATE = """
mutation ($input: CreateManyJobsInput!) { createManyJobs(input: $input) { id title } }
"""


async def _some_jobs(ask: Ask, company: str, titles: list[str]) -> list[dict[str, Any]]:
    jobs = [{"title": title, "company": company} for title in titles]
    return (await ask(CREATE, {"input": {"jobs": jobs}}))["createManyJobs"]


async def test_a_list_is_filtered_sorted_paged_and_counted(ask: Ask) -> None:
    await _some_jobs(ask, "Acme", [f"Developer {number}" for number in range(7)])
    await _some_jobs(ask, "Other", ["Baker"])
    found = await ask(
        """
        query ($filter: JobFilter, $paging: OffsetPaging, $sorting: [JobSort!]) {
          jobs(filter: $filter, paging: $paging, sorting: $sorting) { nodes { title company } totalCount }
        }
        """,
        {
            "filter": {"company": {"eq": "Acme"}},
            "paging": {"limit": 5, "offset": 1},
            "sorting": [{"field": "title", "direction": "DESC"}],
        },
    )
    assert found["jobs"]["totalCount"] == 7
    assert [job["title"] for job in found["jobs"]["nodes"]] == [f"Developer {number}" for number in (5, 4, 3, 2, 1)]
    assert {job["company"] for job in found["jobs"]["nodes"]} == {"Acme"}


async def test_one_document_is_created_read_updated_and_deleted(ask: Ask) -> None:
    made = await ask('mutation { createOneJob(input: {job: {title: "Cook", company: "Inn"}}) { id title company } }')
    job_id = made["createOneJob"]["id"]
    one = "query ($id: ID!) { job(id: $id) { title company location } }"
    assert (await ask(one, {"id": job_id}))["job"] == {"title": "Cook", "company": "Inn", "location": None}
    changed = await ask(
        "mutation ($input: UpdateOneJobInput!) { updateOneJob(input: $input) { title company location } }",
        {"input": {"id": job_id, "update": {"location": "Bonn"}}},
    )
    assert changed["updateOneJob"] == {"title": "Cook", "company": "Inn", "location": "Bonn"}
    await ask("mutation ($input: DeleteOneJobInput!) { deleteOneJob(input: $input) { id } }", {"input": {"id": job_id}})
    with pytest.raises(TransportQueryError) as refused:
        await ask("mutation ($input: DeleteOneJobInput!) { deleteOneJob(input: $input) { id } }",
                  {"input": {"id": job_id}})  # fmt: skip
    assert refused.value.errors is not None
    assert refused.value.errors[0]["extensions"]["code"] == "NOT_FOUND"


RUN = """
mutation ($input: CreateItemInput!) {
  createItem(input: $input) {
    taskRun { id status operationName input startedAt finishedAt durationMs resultRefs { model id action } trigger }
    output { success itemId }
  }
}
"""


async def test_an_operation_runs_as_a_mutation_and_its_run_is_recorded(ask: Ask) -> None:
    answer = (await ask(RUN, {"input": {"name": "Test", "value": 42}}))["createItem"]
    run, output = answer["taskRun"], answer["output"]
    assert output["success"] is True
    assert (run["status"], run["operationName"], run["trigger"]) == ("SUCCESS", "create_item", "graphql")
    assert run["input"] == {"name": "Test", "value": 42}
    assert run["finishedAt"] >= run["startedAt"]
    assert run["resultRefs"] == [{"model": "TestItem", "id": output["itemId"], "action": "INSERT"}]

    again = await ask(
        """
        query ($id: ID!, $filter: TaskRunFilter) {
          taskRun(id: $id) { operationName status }
          taskRuns(filter: $filter) { nodes { id } totalCount }
        }
        """,
        {"id": run["id"], "filter": {"id": {"eq": run["id"]}}},
    )
    assert again["taskRun"] == {"operationName": "create_item", "status": "SUCCESS"}
    assert again["taskRuns"] == {"nodes": [{"id": run["id"]}], "totalCount": 1}


async def test_a_run_is_watched_until_it_is_final(server: Server, ask: Ask) -> None:
    run_id = (await ask(RUN, {"input": {"name": "Watched", "value": 1}}))["createItem"]["taskRun"]["id"]
    async with asyncio.timeout(30):
        async with Client(transport=WebsocketsTransport(url=server.websocket_url)) as session:
            request = gql("subscription ($id: ID!) { taskRun(id: $id) { id status } }")
            request.variable_values = {"id": run_id}
            states = [event["taskRun"]["status"] async for event in session.subscribe(request)]
    assert states[-1] == "SUCCESS"


async def test_new_documents_reach_subscribers(server: Server, ask: Ask) -> None:
    async with asyncio.timeout(30):
        async with Client(transport=WebsocketsTransport(url=server.websocket_url)) as session:
            text = 'subscription { createdJob(input: {filter: {company: {eq: "Live"}}}) { title } }'
            events = session.subscribe(gql(text))
            first = asyncio.ensure_future(anext(events))
            await asyncio.sleep(1)
            await _some_jobs(ask, "Elsewhere", ["Not this one"])
            await _some_jobs(ask, "Live", ["This one"])
            assert await first == {"createdJob": {"title": "This one"}}
            await events.aclose()


async def test_a_failing_operation_answers_with_a_code_and_its_run(ask: Ask) -> None:
    with pytest.raises(TransportQueryError) as failed:
        await ask(
            'mutation { updateJob(input: {jobId: "6b071bd25eac3b32dd430752", title: "x"}) { output { success } } }'
        )
    assert failed.value.errors is not None
    extensions = failed.value.errors[0]["extensions"]
    assert extensions["code"] in ("OPERATION_FAILED", "NOT_FOUND")
    run = await ask("query ($id: ID!) { taskRun(id: $id) { status errorMessage } }", {"id": extensions["taskRunId"]})
    assert run["taskRun"]["status"] == "FAILED"
    assert run["taskRun"]["errorMessage"]


async def test_input_that_does_not_validate_names_the_field_and_is_no_run(ask: Ask) -> None:
    before = (await ask("{ taskRuns { totalCount } }"))["taskRuns"]["totalCount"]
    with pytest.raises(TransportQueryError) as refused:
        await ask('mutation { createOneJob(input: {job: {title: "x", company: "y", matchScore: 200}}) { id } }')
    assert refused.value.errors is not None
    extensions = refused.value.errors[0]["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert extensions["fieldErrors"][0]["path"] == ["matchScore"]
    assert (await ask("{ taskRuns { totalCount } }"))["taskRuns"]["totalCount"] == before
