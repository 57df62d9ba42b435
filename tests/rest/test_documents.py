"""Documents over REST, through a real server."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

BOOKS = "/models/Book/"
DUNE = {
    "title": "Dune", "pages": 412, "genre": "novel", "published": "1965-08-01T00:00:00Z", "price": "9.90",
    "author": {"name": "Frank Herbert", "born": 1920}, "isbn": "1", "keywords": ["desert"],
}  # fmt: skip


def create(client: httpx.Client, **given: Any) -> dict[str, Any]:
    answer = client.post(BOOKS, json={"title": "A book", **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def titles(client: httpx.Client, **parameters: Any) -> list[str]:
    answer = client.get(BOOKS, params=parameters)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_a_created_document_is_where_location_says_and_as_it_was_given(client: httpx.Client):
    answer = client.post(BOOKS, json=DUNE)
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in DUNE if name != "published"} == {
        name: value for name, value in DUNE.items() if name != "published"
    }
    assert made["published"].startswith("1965-08-01T00:00:00")
    assert client.get(answer.headers["location"]).json() == made


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_writes_the_given_fields_only(client: httpx.Client, method: str):
    made = create(client, pages=10, isbn="2")
    answer = client.request(method, BOOKS + made["id"], json={"pages": 11})
    assert answer.status_code == 200
    assert answer.json() == {**made, "pages": 11}
    assert client.get(BOOKS + made["id"]).json()["pages"] == 11


def test_a_deleted_document_is_gone(client: httpx.Client):
    made = create(client)
    answer = client.delete(BOOKS + made["id"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(BOOKS + made["id"]).status_code == 404
    assert client.delete(BOOKS + made["id"]).status_code == 404


def test_filter_sort_and_page_answer_in_one_grammar(client: httpx.Client):
    for pages, title in ((100, "Ab"), (200, "Bc"), (300, "Cd")):
        create(client, title=title, pages=pages, author={"name": f"by {title}"})
    assert titles(client, filter=json.dumps({"pages": {"gte": 200}})) == ["Bc", "Cd"]
    assert titles(client, filter=json.dumps({"author": {"name": {"eq": "by Ab"}}})) == ["Ab"]
    assert titles(client, sort="-pages") == ["Cd", "Bc", "Ab"]
    assert titles(client, sort="genre,-title", limit=2) == ["Cd", "Bc"]
    assert titles(client, sort="author.name", offset=1, limit=1) == ["Bc"]
    assert titles(client, search="ab") == ["Ab"]


def test_next_leads_through_every_document_once(client: httpx.Client):
    made = {create(client, title=f"Volume {number}")["title"] for number in range(5)}
    seen: list[str] = []
    after: str | None = None
    while True:
        page = client.get(BOOKS, params={"limit": 2, "sort": "-title", **({"after": after} if after else {})}).json()
        seen += [item["title"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == sorted(made, reverse=True)


def test_total_is_counted_where_it_is_asked_for(client: httpx.Client):
    for number in range(3):
        create(client, title=f"Volume {number}")
    page = client.get(BOOKS, params={"limit": 1, "total": "true", "filter": '{"title": {"neq": "Volume 0"}}'}).json()
    assert (len(page["items"]), page["total"]) == (1, 2)
    assert "total" not in client.get(BOOKS, params={"total": "false"}).json()


def test_fields_narrow_the_answer(client: httpx.Client):
    made = create(client)
    assert client.get(BOOKS, params={"fields": "title,pages"}).json()["items"] == [{"title": "A book", "pages": 1}]
    assert client.get(BOOKS + made["id"], params={"fields": "id"}).json() == {"id": made["id"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_with_an_old_etag_changes_nothing(client: httpx.Client, method: str):
    made = client.post(BOOKS, json={"title": "First"})
    place, old = made.headers["location"], made.headers["etag"]
    new = client.patch(place, json={"title": "Second"}, headers={"If-Match": old})
    assert new.status_code == 200
    assert new.headers["etag"] != old
    body = None if method == "DELETE" else {"title": "Third"}
    for tag in (old, '"no revision"', f'"{"0" * 32}"'):
        late = client.request(method, place, json=body, headers={"If-Match": tag})
        assert (late.status_code, late.json()["code"]) == (412, "CONFLICT")
    found = client.get(place)
    assert (found.json()["title"], found.headers["etag"]) == ("Second", new.headers["etag"])
    assert client.request(method, place, json=body, headers={"If-Match": f"W/{new.headers['etag']}"}).is_success


def test_if_match_any_takes_the_document_as_it_stands(client: httpx.Client):
    made = create(client)
    assert client.patch(BOOKS + made["id"], json={"pages": 2}, headers={"If-Match": "*"}).status_code == 200


def test_a_model_without_revisions_says_that_it_has_no_etag(client: httpx.Client):
    client.post("/operations/put_up_shelf/", json={"name": "first"})
    assert "etag" not in client.get("/models/Shelf/first").headers
    answer = client.patch("/models/Shelf/first", json={}, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == ["If-Match"]


@pytest.mark.parametrize("key", ["plain", "a/b", "a b", "ä%2F?", "..", "a/"])
def test_a_key_may_be_any_text(client: httpx.Client, key: str):
    assert client.post("/operations/put_up_shelf/", json={"name": key}).status_code == 200
    place = "/models/Shelf/" + quote(key, safe="").replace("..", "%2E%2E")  # two dots are the folder above to a client
    assert client.get(place).json()["id"] == key
    assert client.delete(place).status_code == 204


def test_links_are_ids_and_what_links_back_is_listed_by_a_filter(client: httpx.Client):
    book = create(client)["id"]
    reader = client.post("/models/Reader/", json={"name": "Ann", "favourite": book, "books": [book]}).json()
    assert reader == {"id": reader["id"], "name": "Ann", "favourite": book, "books": [book]}
    loan = client.post("/models/Loan/", json={"reader": reader["id"]}).json()
    linked = json.dumps({"reader": {"id": {"eq": reader["id"]}}})
    assert client.get("/models/Loan/", params={"filter": linked}).json()["items"] == [loan]
    answer = client.get(f"/models/Reader/{reader['id']}", params={"fields": "loans"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, ["fields"])
    absent = client.post("/models/Loan/", json={"reader": "0" * 24})
    assert (absent.status_code, absent.json()["errors"][0]["code"]) == (422, "not_found")
