"""Application: somebody applies for a job with a CV."""

from datetime import datetime
from enum import StrEnum

from beanie import Link
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from core.base import DataModelBase
from core.decorators import datamodel
from core.examples.models.models.cv import Cv
from core.examples.models.models.job import Job
from core.examples.models.models.user import User
from core.runs.model import now


class ApplicationStatus(StrEnum):
    """How an application stands. ``prepared``: everything is ready, the applicant has yet to hand it in."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    INTERVIEW = "interview"
    OFFER = "offer"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@datamodel(
    name="Application",
    description="One person's application for one job.",
    tags=["applications"],
    ui={
        "icon": "📨",
        "primary_field": "title",
        "list_fields": ["title", "user", "job", "status", "created_at"],
        "searchable": ["title", "notes"],
        "detail_sections": [
            {"title": "Application", "fields": ["title", "user", "job", "cv", "status"]},
            {"title": "Text", "fields": ["cover_letter", "notes"]},
            {"title": "Record", "fields": ["apply_url", "created_at", "submitted_at"]},
        ],
    },
)
class Application(DataModelBase):
    """There is one of them a person and job; the unique index sees to it."""

    title: str = Field(description="Who applies for what")
    user: Link[User] = Field(description="Who applies")
    job: Link[Job] = Field(description="For what")
    cv: Link[Cv] | None = Field(default=None, description="With which CV")
    status: ApplicationStatus = Field(default=ApplicationStatus.PREPARED, description="How it stands")
    cover_letter: str = Field(
        default="", description="The letter that goes with it", json_schema_extra={"widget": "textarea"}
    )
    notes: str = Field(
        default="", description="Whatever one wants to remember", json_schema_extra={"widget": "textarea"}
    )
    apply_url: str | None = Field(default=None, description="Where it is to be handed in")
    created_at: datetime = Field(default_factory=now, description="When it was prepared")
    submitted_at: datetime | None = Field(default=None, description="When it was handed in")

    class Settings(DataModelBase.Settings):
        name = "applications"
        indexes = [
            IndexModel([("user.$id", ASCENDING), ("job.$id", ASCENDING)], unique=True),
            IndexModel([("created_at", DESCENDING)]),
        ]
