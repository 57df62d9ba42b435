"""User: somebody who looks for a job, as far as matching and a CV need to know."""

from datetime import date, datetime

from pydantic import BaseModel, EmailStr, Field
from pymongo import ASCENDING, IndexModel

from core.base import DataModelBase
from core.decorators import datamodel
from core.runs.model import now


class Experience(BaseModel):
    """One station of a working life."""

    title: str = Field(description="What one was")
    company: str = Field(description="Where")
    start: date = Field(description="First day")
    end: date | None = Field(default=None, description="Last day; none while it lasts")
    summary: str = Field(default="", description="What one did there")


@datamodel(
    name="User",
    description="Somebody who looks for a job: profile, wishes and experience.",
    tags=["people"],
    ui={
        "icon": "👤",
        "primary_field": "name",
        "list_fields": ["name", "email", "desired_titles", "locations", "skills"],
        "searchable": ["name", "email", "headline"],
        "detail_sections": [
            {"title": "Person", "fields": ["name", "email", "phone", "headline", "summary"]},
            {
                "title": "Wishes",
                "fields": ["desired_titles", "locations", "remote_ok", "salary_min", "salary_currency"],
            },
            {"title": "Abilities", "fields": ["skills", "experience"]},
            {"title": "Settings", "fields": ["notify_by_email", "created_at"]},
        ],
    },
)
class User(DataModelBase):
    """A person's profile; the CV is made of it and every posting is scored against it."""

    name: str = Field(min_length=1, description="Full name")
    email: EmailStr = Field(description="Where mail reaches them")
    phone: str | None = Field(default=None, description="Telephone number")
    headline: str | None = Field(default=None, description="One line about them")
    summary: str = Field(default="", description="A paragraph about them", json_schema_extra={"widget": "textarea"})
    skills: list[str] = Field(default_factory=list, description="What they can do")
    desired_titles: list[str] = Field(default_factory=list, description="What they would like to be")
    locations: list[str] = Field(default_factory=list, description="Where they would work; none: anywhere")
    remote_ok: bool = Field(default=True, description="Whether they would work remotely")
    salary_min: float | None = Field(default=None, ge=0, description="Least pay a year")
    salary_currency: str | None = Field(
        default=None, pattern="^[A-Z]{3}$", description="ISO 4217 code of that pay's currency"
    )
    experience: list[Experience] = Field(default_factory=list[Experience], description="Working life, latest first")
    notify_by_email: bool = Field(default=False, description="Whether notifications are mailed too")
    created_at: datetime = Field(default_factory=now, description="When the profile was made")

    class Settings(DataModelBase.Settings):
        name = "users"
        indexes = [IndexModel([("email", ASCENDING)], unique=True)]
