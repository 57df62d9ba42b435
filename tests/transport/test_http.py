"""GraphQL over HTTP: media types, statuses, and every malformed request answered as such."""

import asyncio
import json

import httpx
import pytest

from tests.transport.conftest import Server, serving, wait_until
from tests.transport.schema import SECRET, Probe

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
HELLO = json.dumps({"query": "{ hello }"})


async def post(
    client: httpx.AsyncClient, server: Server, content: str | bytes, accept: str = JSON, **headers: str
) -> httpx.Response:
    return await client.post(server.url, content=content, headers={"content-type": JSON, "accept": accept, **headers})


async def ask(
    client: httpx.AsyncClient, server: Server, query: str, accept: str = JSON, **more: object
) -> httpx.Response:
    return await post(client, server, json.dumps({"query": query, **more}), accept)


async def test_a_query_is_answered_in_the_media_type_that_was_asked_for(client: httpx.AsyncClient, server: Server):
    for accept, media in {
        "": JSON, "*/*": JSON, "application/*": JSON, RESPONSE: RESPONSE, f"{RESPONSE}, {JSON};q=0.9": RESPONSE,
        f"{JSON};q=0.5, {RESPONSE};q=0.4": JSON, "text/html;q=0, */*": JSON,
    }.items():  # fmt: skip
        answer = await post(client, server, HELLO, accept)
        assert (answer.status_code, answer.json()) == (200, {"data": {"hello": "hello world"}}), accept
        assert answer.headers["content-type"] == f"{media}; charset=utf-8"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"5", b"null", b'"x"', b"[]", b"{}", b"{", b'{"query":5}', b'{"query":"{hello}","variables":[1]}',
        b'{"query":"{hello}","operationName":{}}', b'{"query":"{hello}","extensions":"x"}', b"\xff\xfe", b"\x00",
        b'{"query":"{hello}","variables":{"a":NaN}}', b'{"query":"{hello}","variables":{"a":"\\ud800"}}',
        b'{"query":"{hello}","variables":{"a":' + b"1" * 5000 + b"}}",
        b'{"query":"{hello}","variables":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"query":"{hello}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"query":"{hello}","variables":{"a":' + b"[" * 200 + b"]" * 200 + b"}}",
    ],
    ids=lambda content: content[:40],
)  # fmt: skip
@pytest.mark.parametrize("accept", [JSON, RESPONSE, "text/event-stream"])
async def test_a_malformed_body_is_400_with_one_clear_error(
    client: httpx.AsyncClient, server: Server, content: bytes, accept: str
):
    answer = await post(client, server, content, accept)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].endswith(".")


async def test_a_batch_is_refused_saying_so(client: httpx.AsyncClient, server: Server):
    answer = await post(client, server, f"[{HELLO}]")
    assert answer.status_code == 400
    assert "Batches" in answer.json()["errors"][0]["message"]


async def test_a_body_that_is_too_large_is_413_whether_it_says_so_or_is_streamed(server: Server, fresh_probe: Probe):
    async def chunks():
        for _ in range(40):
            yield b" " * 50_000

    async with httpx.AsyncClient() as client:
        for content in (b" " * 1_000_001, chunks()):
            try:
                answer = await client.post(server.url, content=content, headers={"content-type": JSON})
            except httpx.WriteError:  # the server stopped reading before the client stopped sending
                continue
            assert answer.status_code == 413
            assert answer.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert fresh_probe.executed == []


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
     "application/json; charset=latin-1"],
)  # fmt: skip
async def test_only_json_bodies_are_taken_so_no_page_can_post_without_a_preflight(
    client: httpx.AsyncClient, server: Server, content_type: str, fresh_probe: Probe
):
    answer = await client.post(server.url, content=HELLO, headers={"content-type": content_type})
    assert answer.status_code == 415
    assert fresh_probe.executed == []


async def test_a_compressed_body_is_415(client: httpx.AsyncClient, server: Server):
    assert (await post(client, server, HELLO, **{"content-encoding": "gzip"})).status_code == 415


async def test_an_accept_header_that_takes_nothing_offered_is_406(client: httpx.AsyncClient, server: Server):
    for accept in ("image/png", f"{JSON};q=0", "text/html"):
        assert (await post(client, server, HELLO, accept)).status_code == 406, accept


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
async def test_other_methods_are_405_naming_those_that_work(client: httpx.AsyncClient, server: Server, method: str):
    answer = await client.request(method, server.url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_get_executes_queries(client: httpx.AsyncClient, server: Server):
    answer = await client.get(
        server.url,
        params={
            "query": "query A { hello } query B($n: String!) { hello(name: $n) }",
            "operationName": "B",
            "variables": '{"n": "you"}',
        },
    )
    assert answer.json() == {"data": {"hello": "hello you"}}


@pytest.mark.parametrize("accept", [JSON, RESPONSE, "text/event-stream"])
async def test_get_never_executes_a_mutation(
    client: httpx.AsyncClient, server: Server, fresh_probe: Probe, accept: str
):
    answer = await client.get(server.url, params={"query": 'mutation { write(name: "x") }'}, headers={"accept": accept})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert fresh_probe.executed == []


async def test_bad_parameters_of_a_get_are_400(client: httpx.AsyncClient, server: Server):
    for params in ({}, {"query": "{hello}", "variables": "{"}, {"query": "{hello}", "variables": "[]"}):
        assert (await client.get(server.url, params=params)).status_code == 400


async def test_errors_of_the_request_have_no_data_and_their_status_by_media_type(
    client: httpx.AsyncClient, server: Server
):
    for query in ("{", "{ nothing }", "query($n: Int!) { hello }", "query A { hello } query B { hello }", "", "#"):
        for accept, status in ((JSON, 200), (RESPONSE, 400)):
            answer = await ask(client, server, query, accept)
            assert answer.status_code == status, query
            assert "data" not in answer.json()
            assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_USER_INPUT"}


async def test_validation_stops_after_ten_errors(client: httpx.AsyncClient, server: Server):
    answer = await ask(client, server, "{" + " ".join(f"unknown{number}" for number in range(15)) + "}")
    assert len(answer.json()["errors"]) == 11


async def test_a_partial_answer_is_200_under_both_media_types(client: httpx.AsyncClient, server: Server):
    for accept in (JSON, RESPONSE):
        answer = await ask(client, server, "{ hello missing }", accept)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"hello": "hello world", "missing": None}


async def test_a_subscription_by_plain_http_says_where_it_works(client: httpx.AsyncClient, server: Server):
    answer = await ask(client, server, "subscription { ticks }")
    assert answer.status_code == 400
    assert "text/event-stream" in answer.json()["errors"][0]["message"]


async def test_an_unexpected_exception_is_masked_with_an_id_that_stands_in_the_log(
    client: httpx.AsyncClient, server: Server, caplog: pytest.LogCaptureFixture
):
    for query in ("{ crash }", "{ crashHard }"):
        answer = await ask(client, server, query)
        [error] = answer.json()["errors"]
        assert SECRET not in answer.text
        assert "RuntimeError" not in answer.text
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["path"] == [query.strip("{ }")]
        record = next(one for one in caplog.records if error["extensions"]["id"] in one.getMessage())
        assert record.exc_info
        assert SECRET in str(record.exc_info[1])
        assert error["extensions"]["id"] in error["message"]


async def test_expected_errors_keep_their_code_message_and_field_errors(client: httpx.AsyncClient, server: Server):
    answer = await ask(client, server, "{ missing invalid }")
    missing, invalid = answer.json()["errors"]
    assert (missing["message"], missing["extensions"], missing["path"]) == (
        "no thing 7", {"code": "NOT_FOUND"}, ["missing"],
    )  # fmt: skip
    assert invalid["extensions"]["code"] == "BAD_USER_INPUT"
    assert invalid["extensions"]["fieldErrors"] == [{"path": ["title"], "code": "short", "message": "no"}]


async def test_a_database_that_does_not_answer_is_unavailable_without_its_address(
    client: httpx.AsyncClient, server: Server
):
    answer = await ask(client, server, "{ databaseDown }")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert SECRET not in answer.text


async def test_a_value_that_json_cannot_hold_is_an_error_not_a_broken_answer(client: httpx.AsyncClient, server: Server):
    answer = await ask(client, server, "{ notANumber }")
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_text_in_any_script_comes_back_as_it_went(client: httpx.AsyncClient, server: Server):
    name = "Zoë 🏃 \u0000 \u202e كتاب"
    answer = await ask(client, server, "query($n: String!) { hello(name: $n) }", variables={"n": name})
    assert answer.json() == {"data": {"hello": f"hello {name}"}}


async def test_a_query_past_its_deadline_is_cancelled_and_answered(
    client: httpx.AsyncClient, server: Server, fresh_probe: Probe
):
    for accept, status in ((JSON, 200), (RESPONSE, 504)):
        answer = await ask(client, server, "{ slow }", accept)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, "TIMEOUT")
    assert fresh_probe.cancelled == ["slow", "slow"]


async def test_mutations_have_no_such_deadline(client: httpx.AsyncClient, server: Server):
    answer = await ask(client, server, 'mutation { write(name: "patient", seconds: 1.2) }')
    assert answer.json() == {"data": {"write": "patient"}}


async def test_a_client_that_leaves_cancels_its_query_and_never_its_mutation(fresh_probe: Probe):
    with serving(query_timeout=30) as other:
        for query in ('{ slow(name: "left") }', 'mutation { write(name: "kept", seconds: 0.3) }'):
            with pytest.raises(httpx.ReadTimeout):
                async with httpx.AsyncClient(timeout=0.1) as client:
                    await client.post(other.url, json={"query": query})
        await asyncio.to_thread(wait_until, lambda: fresh_probe.cancelled and fresh_probe.executed, 2.0)
    assert (fresh_probe.cancelled, fresh_probe.executed) == (["left"], ["kept"])


async def test_credentials_decide_who_asks_and_bad_ones_are_401(client: httpx.AsyncClient, server: Server):
    body = json.dumps({"query": "{ whoami }"})
    for headers, name in ({}, "local"), ({"authorization": "Bearer ann"}, "ann"):
        assert (await post(client, server, body, **headers)).json() == {"data": {"whoami": name}}
    for accept in (JSON, RESPONSE, "text/event-stream"):
        refused = await post(client, server, body, accept, authorization="Bearer intruder")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_database_that_is_down_when_asked_who_it_is_answers_503(client: httpx.AsyncClient, server: Server):
    for name in ("unlucky", "unluckier"):
        answer = await post(client, server, HELLO, authorization=f"Bearer {name}")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
        assert "hunter2" not in answer.text


async def test_other_sites_are_let_in_only_by_the_setting(client: httpx.AsyncClient, server: Server):
    preflight = {"origin": "https://app.example", "access-control-request-method": "POST"}
    refused = await client.options(server.url, headers=preflight)
    assert "access-control-allow-origin" not in refused.headers
    answer = await post(client, server, HELLO, origin="https://app.example")
    assert "access-control-allow-origin" not in answer.headers
    with serving(cors_origins=["https://app.example"]) as other:
        allowed = await client.options(
            other.url, headers={**preflight, "access-control-request-headers": "content-type"}
        )
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        stranger = await client.options(other.url, headers={**preflight, "origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers


async def test_it_works_under_a_path_of_ones_own(client: httpx.AsyncClient):
    with serving("/api/query") as other:
        assert (await post(client, other, HELLO)).status_code == 200
