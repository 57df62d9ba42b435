"""Cv: a curriculum vitae written for one posting, kept as HTML and PDF."""

from datetime import datetime

from beanie import Document, Link
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from core.decorators import datamodel
from core.examples.models.models.job import Job
from core.examples.models.models.user import User
from core.runs.model import now


@datamodel(
    name="Cv",
    description="A curriculum vitae made for one posting.",
    tags=["people", "applications"],
    ui={
        "icon": "📄",
        "primary_field": "title",
        "list_fields": ["title", "user", "job", "created_at"],
        "detail_sections": [
            {"title": "CV", "fields": ["title", "user", "job", "highlighted_skills", "created_at"]},
            {"title": "Renderings", "fields": ["html", "pdf"]},
        ],
    },
)
class Cv(Document):
    """What was rendered is what is stored: a later change of the profile leaves it as it was sent."""

    title: str = Field(description="For whom and for what")
    user: Link[User] = Field(description="Whose it is")
    job: Link[Job] = Field(description="The posting it was made for")
    highlighted_skills: list[str] = Field(default_factory=list, description="Skills the posting asks for and they have")
    html: str = Field(description="The CV as a web page", json_schema_extra={"widget": "html"})
    pdf: bytes = Field(description="The CV as PDF")
    created_at: datetime = Field(default_factory=now, description="When it was made")

    class Settings:
        name = "cvs"
        indexes = [IndexModel([("created_at", DESCENDING)])]
