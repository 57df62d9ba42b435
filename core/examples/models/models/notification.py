"""Notification: a message to somebody, stored always and mailed where mail is set up."""

from datetime import datetime
from enum import StrEnum

from beanie import Document, Link
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from core.decorators import datamodel
from core.examples.models.models.user import User
from core.runs.model import now


class NotificationStatus(StrEnum):
    """``stored``: to be read here; ``sent``: the mail server took it; ``failed``: it did not."""

    STORED = "stored"
    SENT = "sent"
    FAILED = "failed"


@datamodel(
    name="Notification",
    description="A message to somebody.",
    tags=["people"],
    ui={
        "icon": "🔔",
        "primary_field": "subject",
        "list_fields": ["subject", "user", "status", "created_at"],
        "searchable": ["subject", "message"],
        "detail_sections": [
            {"title": "Message", "fields": ["subject", "message", "user"]},
            {"title": "Delivery", "fields": ["status", "sent_at", "error", "created_at"]},
        ],
    },
)
class Notification(Document):
    """Stored before it is sent, so that a message is never lost with the mail."""

    user: Link[User] = Field(description="To whom")
    subject: str = Field(description="What it is about")
    message: str = Field(description="Its text", json_schema_extra={"widget": "textarea"})
    status: NotificationStatus = Field(default=NotificationStatus.STORED, description="What became of it")
    error: str | None = Field(default=None, description="Why the mail was not taken")
    created_at: datetime = Field(default_factory=now, description="When it was written")
    sent_at: datetime | None = Field(default=None, description="When the mail server took it")

    class Settings:
        name = "notifications"
        indexes = [IndexModel([("created_at", DESCENDING)])]
