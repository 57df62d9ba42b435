"""notify: a message to somebody, stored, and mailed where they want that and mail is set up."""

from pydantic import BaseModel, Field

from core import current_run
from core.decorators import operation
from core.examples import mail
from core.examples.models.links import link_to
from core.examples.models.models import Notification, NotificationStatus, User
from core.examples.operations._lookup import get_or_fail
from core.examples.settings import jobhunter_settings
from core.runs.model import now


class NotifyInput(BaseModel):
    """To whom, and what."""

    user_id: str = Field(description="Id of the user")
    message: str = Field(min_length=1, description="The text")
    subject: str = Field(default="News from your job hunt", min_length=1, description="What it is about")


class NotifyOutput(BaseModel):
    """What became of it."""

    success: bool = Field(description="Whether it was stored, and mailed if it was to be")
    notification_id: str = Field(description="Id of the notification")
    status: NotificationStatus = Field(description="stored, sent or failed")
    error: str | None = Field(default=None, description="Why the mail was not taken")


@operation(
    name="notify",
    description="Leave a message for a user; it is mailed too where they want that and a mail server is set up",
    category="notifications",
    inputs=NotifyInput,
    outputs=NotifyOutput,
    tags=["notifications"],
    models_in=["User"],
    models_out=["Notification"],
    async_enabled=True,
)
async def notify(input: NotifyInput) -> NotifyOutput:
    user = await get_or_fail(User, input.user_id)
    notification = Notification(user=link_to(user), subject=input.subject, message=input.message)
    await notification.insert()
    if user.notify_by_email and jobhunter_settings().smtp_url:
        await _send(notification, user)
    return NotifyOutput(
        success=notification.status != NotificationStatus.FAILED,
        notification_id=str(notification.id),
        status=notification.status,
        error=notification.error,
    )


async def _send(notification: Notification, user: User) -> None:
    settings = jobhunter_settings()
    assert settings.smtp_url is not None
    text = mail.message(
        sender=settings.mail_from, to=user.email, subject=notification.subject, text=notification.message
    )
    try:
        await mail.send(text, settings.smtp_url)
    except mail.MailError as error:
        current_run().log(str(error), "error")
        changes = {"status": NotificationStatus.FAILED, "error": str(error)}
    else:
        changes = {"status": NotificationStatus.SENT, "sent_at": now()}
    await notification.set(changes)
