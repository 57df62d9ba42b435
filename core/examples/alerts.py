"""A mail when a run failed for good, to the address in the setting ``alert_email``."""

import logging

from core.examples import mail
from core.examples.settings import jobhunter_settings
from core.runs.hooks import on_failure
from core.runs.model import TaskRun

log = logging.getLogger("jobhunter.alerts")


@on_failure
async def mail_alert(run: TaskRun) -> None:
    """Nothing where no address or no mail server is set; a mail that is not taken is logged, never raised."""
    settings = jobhunter_settings()
    if settings.alert_email is None or settings.smtp_url is None:
        return
    text = f"Run {run.id} of {run.operation_name}, started by {run.principal} ({run.trigger}), ended as {run.status}."
    alert = mail.message(
        sender=settings.mail_from,
        to=settings.alert_email,
        subject=f"{run.operation_name} {run.status}",
        text=f"{text}\n\n{run.error_message or ''}\n",
    )
    try:
        await mail.send(alert, settings.smtp_url)
    except mail.MailError as error:
        log.error("no alert for run %s: %s", run.id, error)
