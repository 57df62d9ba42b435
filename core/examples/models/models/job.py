"""Job: a posting, whichever source it came from."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from beanie import Replace, Save, SaveChanges, before_event
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from core.base import DataModelBase
from core.decorators import datamodel
from core.runs.model import now


class EmploymentType(StrEnum):
    """How one is employed; the members are those of https://schema.org/employmentType."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"
    CONTRACTOR = "contractor"
    TEMPORARY = "temporary"
    INTERN = "intern"
    VOLUNTEER = "volunteer"
    PER_DIEM = "per_diem"
    OTHER = "other"


class JobStatus(StrEnum):
    """How far a posting has come on its way through the hunt."""

    NEW = "new"
    PROCESSED = "processed"
    MATCHED = "matched"
    APPLIED = "applied"
    CLOSED = "closed"


class Address(BaseModel):
    """Where a job is done."""

    city: str | None = Field(default=None, description="Town or city")
    region: str | None = Field(default=None, description="State or region")
    country: str | None = Field(default=None, description="Country, as the source writes it")
    postal_code: str | None = Field(default=None, description="Postal code")
    street: str | None = Field(default=None, description="Street and number")


class CompanyInfo(BaseModel):
    """What an outside directory says of a company."""

    name: str = Field(description="Name of the company there")
    description: str | None = Field(default=None, description="A sentence or two")
    url: str | None = Field(default=None, description="Where the directory describes it")
    fetched_at: datetime = Field(default_factory=now, description="When it was looked up")


@datamodel(
    name="Job",
    description="A job posting, with where it came from and how well it fits.",
    tags=["jobs", "scraping"],
    ui={
        "icon": "💼",
        "primary_field": "title",
        "list_fields": ["title", "company", "location", "match_score", "status", "source", "posted_at"],
        "searchable": ["title", "company", "location", "description"],
        "detail_sections": [
            {"title": "Posting", "fields": ["title", "company", "url", "description", "employment_type", "remote"]},
            {"title": "Place", "fields": ["location", "address"]},
            {
                "title": "Fit",
                "fields": ["match_score", "required_skills", "salary_min", "salary_max", "salary_currency"],
            },
            {"title": "Company", "fields": ["company_info"]},
            {
                "title": "Source",
                "fields": ["source", "external_id", "source_fields", "posted_at", "valid_through", "active"],
            },
            {"title": "Record", "fields": ["status", "is_verified", "created_at", "updated_at"]},
        ],
    },
)
class Job(DataModelBase):
    """A posting. ``(source, external_id)`` says which one, so that reading a source again updates it."""

    title: str = Field(min_length=1, description="What the job is called")
    company: str = Field(min_length=1, description="Who offers it")
    location: str | None = Field(default=None, description="Where, in the posting's own words")
    address: Address | None = Field(default=None, description="Where, in parts")
    remote: bool = Field(default=False, description="Whether it can be done from anywhere")
    description: str = Field(default="", description="The posting's text", json_schema_extra={"widget": "textarea"})
    url: str | None = Field(default=None, description="The posting's page")
    employment_type: EmploymentType | None = Field(default=None, description="How one is employed")
    required_skills: list[str] = Field(default_factory=list, description="Skills the posting asks for")
    salary_min: float | None = Field(default=None, ge=0, description="Lowest pay a year")
    salary_max: float | None = Field(default=None, ge=0, description="Highest pay a year")
    salary_currency: str | None = Field(
        default=None, pattern="^[A-Z]{3}$", description="ISO 4217 code of the pay's currency"
    )
    match_score: float | None = Field(default=None, ge=0, le=100, description="How well it fits, from 0 to 100")
    status: JobStatus = Field(default=JobStatus.NEW, description="How far it has come")
    active: bool = Field(default=True, description="Whether the source still offers it")
    is_verified: bool = Field(default=False, description="Whether somebody has checked it")
    company_info: CompanyInfo | None = Field(default=None, description="What a directory says of the company")
    source: str | None = Field(default=None, description="Where it was found")
    external_id: str | None = Field(default=None, description="The source's own id for it")
    source_fields: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="What only its source knows, by the source's name"
    )
    posted_at: datetime | None = Field(default=None, description="When the source published it")
    valid_through: datetime | None = Field(default=None, description="Last moment to apply")
    created_at: datetime = Field(default_factory=now, description="When it was first stored")
    updated_at: datetime = Field(default_factory=now, description="When it was last stored")

    class Settings(DataModelBase.Settings):
        name = "jobs"
        indexes = [
            IndexModel([("company", ASCENDING), ("created_at", DESCENDING)]),
            IndexModel([("created_at", DESCENDING)]),
            IndexModel([("match_score", DESCENDING)]),
            # Partial: postings typed in by hand have no source, and any number of them may exist.
            IndexModel(
                [("source", ASCENDING), ("external_id", ASCENDING)],
                unique=True,
                partialFilterExpression={"external_id": {"$type": "string"}},
            ),
            IndexModel([("title", TEXT), ("description", TEXT)]),
        ]

    @before_event(Save, SaveChanges, Replace)
    def touch(self) -> None:
        """Keep ``updated_at`` true."""
        self.updated_at = now()

    def full_title(self) -> str:
        return f"{self.title} at {self.company}"

    def get_source_field(self, name: str, default: Any = None, *, source: str | None = None) -> Any:
        """A value of the extension bag of ``source``, by default the job's own, else the first that has it."""
        owner = source or self.source
        bags = [self.source_fields.get(bag_key(owner), {})] if owner else list(self.source_fields.values())
        return next((bag[name] for bag in bags if name in bag), default)

    def set_source_field(self, name: str, value: Any, *, source: str | None = None) -> None:
        """Put a value into the extension bag of ``source``, by default the job's own, or its only one.

        Raises:
            ValueError: the job names no source, and it has not exactly one bag.
        """
        owner = source or self.source or (next(iter(self.source_fields)) if len(self.source_fields) == 1 else None)
        if owner is None:
            raise ValueError(f"cannot tell whose field {name!r} is: set Job.source or give source=")
        self.source_fields.setdefault(bag_key(owner), {})[name] = value


def bag_key(name: str) -> str:
    """A source's name as a key that MongoDB takes in a path: ``"jobs.example"`` → ``"jobs_example"``."""
    return re.sub(r"[.$\x00]", "_", name)
