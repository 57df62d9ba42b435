"""From a match to an application: CV and letter."""

import asyncio
import io
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from core.database.connection import Database
from core.errors import UserError
from core.examples.documents.content import cv_content
from core.examples.documents.pdf import SYSTEM_FONTS, cv_pdf
from core.examples.models.models import (
    Application,
    Cv,
    Experience,
    Job,
    JobStatus,
    TaskRun,
    User,
)
from core.examples.operations.application_ops import apply_job, generate_cv


@pytest.fixture
async def ada(database: Database) -> User:
    user = User(
        name="Ada Müller",
        email="ada@example.org",
        headline="Developer & <gardener>",
        summary="I build – and “finish” – things.",
        skills=["Go", "python", "SQL"],
        experience=[Experience(title="Developer", company="Bread & Co", start=date(2020, 1, 1), summary="Baked.")],
    )
    await user.insert()
    return user


@pytest.fixture
async def job(database: Database) -> Job:
    job = Job(title="Python Developer", company="Acme", required_skills=["Python"], url="https://acme.example/1")
    await job.insert()
    return job


def pdf_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


async def test_a_cv_is_stored_as_html_and_pdf_with_the_wanted_skills_first(ada: User, job: Job) -> None:
    result = await generate_cv(user_id=str(ada.id), job_id=str(job.id))
    assert result.highlighted_skills == ["python"]
    cv = await Cv.get(result.cv_id)
    assert cv is not None
    assert cv.title == "Ada Müller – Python Developer at Acme"
    assert "Developer &amp; &lt;gardener&gt;" in cv.html
    assert "<gardener>" not in cv.html
    assert cv.html.index("<p>python</p>") < cv.html.index("<p>Go · SQL</p>")
    text = pdf_text(cv.pdf)
    for part in (
        "Ada Müller",
        "Skills for Python Developer",
        "python",
        "Developer, Bread & Co",
        "01/2020 - today",
        "Baked.",
    ):
        assert part in text
    assert PdfReader(io.BytesIO(cv.pdf)).metadata is not None
    (run,) = await TaskRun.find_all().to_list()
    assert run.result_refs == [{"model": "Cv", "id": result.cv_id, "action": "insert"}]


async def test_letters_are_never_replaced(ada: User, job: Job, tmp_path: Path) -> None:
    ada.name = "Łukasz Żak 李"
    content = cv_content(ada, job)
    with pytest.raises(UserError, match="JOBHUNTER_PDF_FONT"):
        cv_pdf(content)
    (tmp_path / "no.ttf").write_text("no font")
    with pytest.raises(UserError, match="no TrueType font that can be used"):
        cv_pdf(content, tmp_path / "no.ttf")


@pytest.fixture
def font() -> Path | None:
    return next((Path(name) for name in SYSTEM_FONTS if Path(name).is_file()), None)


async def test_a_truetype_font_sets_what_latin_1_cannot(ada: User, job: Job, font: Path | None) -> None:
    if font is None:
        pytest.skip("this system has none of the fonts that are looked for; DejaVu Sans is one")
    ada.name = "Łukasz Żak"
    assert "Łukasz Żak" in pdf_text(cv_pdf(cv_content(ada, job), font))


async def test_an_application_is_prepared_once_with_cv_and_letter(ada: User, job: Job) -> None:
    ids = {"user_id": str(ada.id), "job_id": str(job.id)}
    result = await apply_job(**ids)
    assert result.apply_url == "https://acme.example/1"
    application = await Application.get(result.application_id, fetch_links=True)
    assert application is not None
    assert application.status == "prepared"  # ready, not handed in: nobody did that
    assert application.submitted_at is None
    assert (application.user.email, application.job.company) == ("ada@example.org", "Acme")  # type: ignore[attr-defined]
    assert application.cv.highlighted_skills == ["python"]  # type: ignore[union-attr]
    assert "Of the skills you ask for I bring python." in application.cover_letter
    assert "Dear Acme team" in application.cover_letter
    applied = await Job.get(job.id)
    assert applied is not None
    assert applied.status == JobStatus.APPLIED
    run = await TaskRun.find_one(TaskRun.operation_name == "apply_job")
    assert run is not None
    assert {(ref["model"], ref["action"]) for ref in run.result_refs} == {
        ("Cv", "insert"), ("Application", "insert"), ("Job", "update"),
    }  # fmt: skip

    with pytest.raises(UserError, match=r"has an application .* already"):
        await apply_job(**ids)


async def test_of_two_applications_at_once_one_is_made(ada: User, job: Job) -> None:
    cv = (await generate_cv(user_id=str(ada.id), job_id=str(job.id))).cv_id
    ids = {"user_id": str(ada.id), "job_id": str(job.id), "cv_id": cv, "cover_letter": "Hello"}
    results = await asyncio.gather(*(apply_job(**ids) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert all(isinstance(result, UserError) for result in results if isinstance(result, Exception))
    assert [application.cover_letter for application in await Application.find_all().to_list()] == ["Hello"]


async def test_what_cannot_be_applied_for_is_told(ada: User, job: Job) -> None:
    other = User(name="Bob", email="bob@example.org")
    await other.insert()
    cv = (await generate_cv(user_id=str(ada.id), job_id=str(job.id))).cv_id
    with pytest.raises(UserError, match="is not Bob's"):
        await apply_job(user_id=str(other.id), job_id=str(job.id), cv_id=cv)
    await job.set({"active": False})
    with pytest.raises(UserError, match="no longer offered"):
        await apply_job(user_id=str(ada.id), job_id=str(job.id))
    assert await Application.count() == 0
