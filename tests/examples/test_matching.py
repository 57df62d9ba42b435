"""The score is the documented one: weighted parts, silence left out, from 0 to 1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database.connection import Database
from core.errors import UserError
from core.examples.matching import match
from core.examples.models.models import Address, Job, JobStatus, User
from core.examples.operations.matching_ops import MatchJobsInput, match_jobs
from core.examples.processing import address_of, is_remote
from core.examples.skills import normal, same_skills, skills_in
from core.runs.model import TaskRun

SKILLS = ["Python", "Go", "SQL", "React", "Docker", "golang", "k8s", "Something Else"]


def user(**fields: object) -> User:
    return User.model_construct(**{"name": "Ada", "email": "a@example.org", **_defaults(User), **fields})


def job(**fields: object) -> Job:
    return Job.model_construct(**{"title": "Dev", "company": "Acme", **_defaults(Job), **fields})


def _defaults(model: type) -> dict[str, object]:
    return {
        name: info.get_default(call_default_factory=True, validated_data={})
        for name, info in model.model_fields.items()  # type: ignore[attr-defined]
        if not info.is_required()
    }


def test_the_parts_are_weighted_as_documented() -> None:
    ada = user(
        skills=["python", "k8s"], desired_titles=["Python Developer"], locations=["Berlin"], salary_min=60_000,
        salary_currency="EUR",
    )  # fmt: skip
    found = match(ada, job(
        title="Senior Python Engineer", required_skills=["Python", "Kubernetes", "Go", "SQL"], location="Berlin, Mitte",
        salary_max=45_000, salary_currency="EUR",
    ))  # fmt: skip
    assert found.parts == {"skills": 0.5, "title": 0.5, "location": 1.0, "salary": 0.75}
    assert found.score == pytest.approx(0.5 * 0.5 + 0.2 * 0.5 + 0.15 * 1 + 0.15 * 0.75, abs=1e-4)


def test_what_nobody_speaks_of_is_left_out() -> None:
    found = match(user(skills=["Go"]), job(required_skills=["Go", "SQL"]))
    assert (found.parts, found.score) == ({"skills": 0.5}, 0.5)
    assert match(user(), job()).score == 0


@pytest.mark.parametrize(
    ("person", "offer", "part"),
    [
        ({"locations": ["Bonn"]}, {"location": "Berlin"}, 0.0),
        ({"locations": ["Bonn"]}, {"location": "Berlin", "remote": True}, 1.0),
        ({"locations": ["Bonn"], "remote_ok": False}, {"location": "Berlin", "remote": True}, 0.0),
        ({"locations": ["bonn"]}, {"address": Address(city="Bonn")}, 1.0),
        ({"locations": ["Bonn"]}, {}, None),
        ({}, {"location": "Berlin"}, None),
    ],
)
def test_places(person: dict[str, object], offer: dict[str, object], part: float | None) -> None:
    assert match(user(**person), job(**offer)).parts.get("location") == part


def test_amounts_of_two_currencies_are_not_compared() -> None:
    assert match(user(salary_min=1, salary_currency="EUR"), job(salary_max=1, salary_currency="USD")).parts == {}


amounts = st.none() | st.floats(min_value=0, max_value=1e7)


@given(
    st.lists(st.sampled_from(SKILLS)), st.lists(st.sampled_from(SKILLS)), st.lists(st.text(max_size=20), max_size=3),
    st.text(max_size=20), amounts, amounts, st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_score_is_between_nothing_and_all_and_another_skill_never_lowers_it(
    has: list[str], wanted: list[str], titles: list[str], title: str, asked: float | None, paid: float | None,
    remote: bool, remote_ok: bool,
) -> None:  # fmt: skip
    offer = job(title=title, required_skills=wanted, salary_max=paid, remote=remote)
    person = user(skills=has, desired_titles=titles, salary_min=asked, remote_ok=remote_ok)
    before = match(person, offer)
    assert 0 <= before.score <= 1
    assert all(0 <= part <= 1 for part in before.parts.values())
    assert match(user(**{**person.__dict__, "skills": [*has, "Python"]}), offer).score >= before.score


async def test_scores_are_kept_from_0_to_100_and_given_from_0_to_1_best_first(database: Database) -> None:
    ada = User(name="Ada", email="ada@example.org", skills=["Python"])
    await ada.insert()
    jobs = [
        Job(title="Go", company="A", required_skills=["Go"]),
        Job(title="Python", company="B", required_skills=["Python"], status=JobStatus.APPLIED),
        Job(title="Both", company="C", required_skills=["Python", "Go"], status=JobStatus.PROCESSED),
        Job(title="Closed", company="D", required_skills=["Python"], active=False),
    ]
    for one in jobs:
        await one.insert()
    go, python, both, closed = [str(one.id) for one in jobs]
    found = await match_jobs(MatchJobsInput(user_id=str(ada.id)))
    assert list(found.scores.items()) == [(python, 1.0), (both, 0.5), (go, 0.0)]
    assert found.parts[both] == {"skills": 0.5}
    stored = {str(one.id): (one.match_score, one.status) for one in await Job.find_all().to_list()}
    assert stored == {
        go: (0, "matched"), python: (100, "applied"), both: (50, "matched"), closed: (None, "new"),
    }  # fmt: skip
    (run,) = await TaskRun.find_all().to_list()
    assert {ref["id"] for ref in run.result_refs} == {go, python, both}

    named = await match_jobs(MatchJobsInput(user_id=str(ada.id), job_ids=[closed, closed]))
    assert named.scores == {closed: 1.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"user_id": "nobody"}, "no id of a User"),
        ({"user_id": "507f1f77bcf86cd799439011"}, "no User with the id"),
    ],
)
async def test_an_unknown_user_is_told(database: Database, given: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        await match_jobs(**given)


def test_skills_are_found_in_text_and_compared_however_they_are_written() -> None:
    text = "Senior C++/Python dev in R&D: golang or k8s, ReactJS, fast-api, Spring Boot, c/o HR. Go!"
    assert set(skills_in(text)) == {"C++", "Python", "Go", "Kubernetes", "React", "FastAPI", "Spring"}
    assert same_skills(["Go", "golang", "FastAPI", "fast api"]) == {"go", "fastapi"}
    assert (normal("postgres"), normal("  Underwater Basketry ")) == ("PostgreSQL", "Underwater Basketry")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("San Jose, CA; NYC", ("San Jose", "CA", "US")),
        ("London, UK", ("London", None, "GB")),
        ("Toronto, ON, Canada", ("Toronto", "ON", "CA")),
        ("NYC", ("New York", "NY", "US")),
        ("Berlin", ("Berlin", None, "DE")),
        ("Remote in USA", None),
        ("United States", None),
        ("somewhere nice", None),
        ("", None),
        (None, None),
    ],
)
def test_places_of_known_forms_become_addresses_and_others_are_left(
    text: str | None, expected: tuple[str, str | None, str] | None
) -> None:
    found = address_of(text)
    assert (found and (found.city, found.region, found.country)) == expected


@pytest.mark.parametrize(("text", "expected"), [("Remote in USA", True), ("no remote work", False), ("Berlin", False)])
def test_remote_work_is_seen(text: str, expected: bool) -> None:
    assert is_remote(text) is expected
