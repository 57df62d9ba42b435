"""generate_cv and apply_job: from a match to an application that is ready to hand in."""

import asyncio

from pydantic import BaseModel, Field
from pymongo.errors import DuplicateKeyError

from core import current_run
from core.decorators import operation
from core.errors import UserError
from core.examples.documents.content import cv_content
from core.examples.documents.html import cover_letter, cv_html
from core.examples.documents.pdf import cv_pdf
from core.examples.models.links import link_to
from core.examples.models.models import Application, Cv, Job, JobStatus, User
from core.examples.operations._lookup import get_or_fail
from core.examples.settings import jobhunter_settings


class GenerateCvInput(BaseModel):
    """Whose CV, and for which job."""

    job_id: str = Field(description="Id of the job")
    user_id: str = Field(description="Id of the user")


class GenerateCvOutput(BaseModel):
    """The CV that was made."""

    success: bool = Field(description="Whether it was made")
    cv_id: str = Field(description="Id of the stored CV, which holds it as HTML and PDF")
    highlighted_skills: list[str] = Field(description="Skills the job asks for and the user has")


@operation(
    name="generate_cv",
    description="Write a CV for one job, as HTML and PDF, and store it",
    category="applications",
    inputs=GenerateCvInput,
    outputs=GenerateCvOutput,
    tags=["applications"],
    models_in=["Job", "User"],
    models_out=["Cv"],
    async_enabled=True,
)
async def generate_cv(input: GenerateCvInput) -> GenerateCvOutput:
    user, job = await get_or_fail(User, input.user_id), await get_or_fail(Job, input.job_id)
    cv = await _make_cv(user, job)
    return GenerateCvOutput(success=True, cv_id=str(cv.id), highlighted_skills=cv.highlighted_skills)


async def _make_cv(user: User, job: Job) -> Cv:
    content = cv_content(user, job)
    cv = Cv(
        title=content.title,
        user=link_to(user),
        job=link_to(job),
        highlighted_skills=list(content.highlighted_skills),
        html=cv_html(content),
        pdf=await asyncio.to_thread(cv_pdf, content, jobhunter_settings().pdf_font),
    )
    await cv.insert()
    return cv


class ApplyJobInput(BaseModel):
    """Who applies for what, and with which CV."""

    job_id: str = Field(description="Id of the job")
    user_id: str = Field(description="Id of the user")
    cv_id: str | None = Field(default=None, description="Id of the CV; none: one is written")
    cover_letter: str | None = Field(default=None, description="The letter; none: one is written")


class ApplyJobOutput(BaseModel):
    """The application."""

    success: bool = Field(description="Whether it is ready")
    application_id: str = Field(description="Id of the application")
    apply_url: str | None = Field(description="Where it is to be handed in")


@operation(
    name="apply_job",
    description="Prepare an application: CV, letter and where to hand it in; once a person and job",
    category="applications",
    inputs=ApplyJobInput,
    outputs=ApplyJobOutput,
    tags=["applications"],
    models_in=["Job", "User", "Cv"],
    models_out=["Application", "Cv", "Job"],
    async_enabled=True,
)
async def apply_job(input: ApplyJobInput) -> ApplyJobOutput:
    user, job = await get_or_fail(User, input.user_id), await get_or_fail(Job, input.job_id)
    if not job.active:
        raise UserError(f"{job.full_title()} is no longer offered")
    if await Application.find_one({"user.$id": user.id, "job.$id": job.id}):
        raise _twice(user, job)
    cv = await _own_cv(user, input.cv_id) if input.cv_id else await _make_cv(user, job)
    application = Application(
        title=cv.title,
        user=link_to(user),
        job=link_to(job),
        cv=link_to(cv),
        cover_letter=input.cover_letter or cover_letter(user, job, cv.highlighted_skills),
        apply_url=job.url,
    )
    try:
        await application.insert()
    except DuplicateKeyError as error:  # another run was faster
        raise _twice(user, job) from error
    await job.set({"status": JobStatus.APPLIED}, ignore_revision=True)
    current_run().log(f"prepared; hand it in at {job.url}" if job.url else "prepared; the posting names no address")
    return ApplyJobOutput(success=True, application_id=str(application.id), apply_url=job.url)


async def _own_cv(user: User, cv_id: str) -> Cv:
    cv = await get_or_fail(Cv, cv_id)
    if cv.user.to_ref().id != user.id:
        raise UserError(f"the CV {cv_id} is not {user.name}'s")
    return cv


def _twice(user: User, job: Job) -> UserError:
    return UserError(f"{user.name} has an application for {job.full_title()} already")
