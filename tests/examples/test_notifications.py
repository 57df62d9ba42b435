"""Messages: stored always, mailed where that is wanted and set up; failed runs are told of."""

import socket
from collections.abc import Iterator
from email.header import decode_header, make_header

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from core.database.connection import Database
from core.errors import UserError
from core.examples.models.models import Notification, NotificationStatus, User
from core.examples.operations.job_ops import update_job
from core.examples.operations.notification_ops import notify
from tests.examples.conftest import Configure


@pytest.fixture
async def ada(database: Database) -> User:
    user = User(name="Ada", email="ada@example.org")
    await user.insert()
    return user


class Mails(Message):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[object] = []

    def handle_message(self, message: object) -> None:
        self.arrived.append(message)


@pytest.fixture
def mails() -> Iterator[tuple[Mails, str]]:
    handler = Mails()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


async def notification(notification_id: str) -> Notification:
    found = await Notification.get(notification_id)
    assert found is not None
    return found


async def test_a_notification_is_stored_and_not_mailed_unless_wanted(
    ada: User, mails: tuple[Mails, str], configure: Configure
) -> None:
    configure(smtp_url=mails[1])
    result = await notify(user_id=str(ada.id), message="Hello")
    assert (result.success, result.status) == (True, NotificationStatus.STORED)
    assert (await notification(result.notification_id)).message == "Hello"
    assert mails[0].arrived == []


async def test_a_wanted_mail_arrives_whatever_stands_in_it(
    ada: User, mails: tuple[Mails, str], configure: Configure
) -> None:
    configure(smtp_url=mails[1], mail_from="hunt@example.org")
    await ada.set({"notify_by_email": True})
    result = await notify(user_id=str(ada.id), subject="Grüße\r\nBcc: all@example.org", message="Schöne\nNachricht")
    assert (result.status, result.error) == (NotificationStatus.SENT, None)
    (mail,) = mails[0].arrived
    assert str(make_header(decode_header(mail["Subject"]))) == "Grüße Bcc: all@example.org"  # type: ignore[index]
    assert (mail["To"], mail["From"], mail["Bcc"]) == ("ada@example.org", "hunt@example.org", None)  # type: ignore[index]
    assert mail.get_payload(decode=True).decode().splitlines() == ["Schöne", "Nachricht"]  # type: ignore[attr-defined]
    assert (await notification(result.notification_id)).sent_at is not None


async def test_a_mail_that_is_not_taken_is_told_and_the_message_is_kept(ada: User, configure: Configure) -> None:
    await ada.set({"notify_by_email": True})
    configure(smtp_url="smtp://127.0.0.1:9")
    result = await notify(user_id=str(ada.id), message="Hello")
    assert (result.success, result.status) == (False, NotificationStatus.FAILED)
    assert "did not take the mail" in (result.error or "")
    assert (await notification(result.notification_id)).error == result.error


async def test_a_password_is_not_sent_in_the_clear(ada: User, mails: tuple[Mails, str], configure: Configure) -> None:
    await ada.set({"notify_by_email": True})
    configure(smtp_url=mails[1].replace("smtp://", "smtp://ada:hunter2@"))
    result = await notify(user_id=str(ada.id), message="Hello")
    assert "no encryption" in (result.error or "")
    assert "hunter2" not in (result.error or "")
    assert mails[0].arrived == []


@pytest.mark.parametrize("address", ["http://host", "smtp://", "nonsense", "smtp://host:port"])
async def test_a_wrong_address_of_the_mail_server_is_told(ada: User, address: str, configure: Configure) -> None:
    await ada.set({"notify_by_email": True})
    configure(smtp_url=address)
    assert (await notify(user_id=str(ada.id), message="Hello")).status == NotificationStatus.FAILED


async def test_a_failed_run_is_mailed_to_whoever_is_set(
    database: Database, mails: tuple[Mails, str], configure: Configure
) -> None:
    with pytest.raises(UserError):
        await update_job(job_id="nothing", title="x")
    assert mails[0].arrived == []  # nobody is set
    configure(smtp_url=mails[1], alert_email="ops@example.org")
    with pytest.raises(UserError) as caught:
        await update_job(job_id="nothing", title="x")
    (mail,) = mails[0].arrived
    assert (mail["To"], mail["Subject"]) == ("ops@example.org", "update_job failed")  # type: ignore[index]
    text = mail.get_payload(decode=True).decode()  # type: ignore[attr-defined]
    assert caught.value.task_run_id in text  # type: ignore[attr-defined]
    assert "'nothing' is no id of a Job" in text


async def test_an_alert_that_cannot_be_sent_does_not_hide_the_failure(database: Database, configure: Configure) -> None:
    configure(smtp_url="smtp://127.0.0.1:9", alert_email="ops@example.org")
    with pytest.raises(UserError, match="is no id of a Job"):
        await update_job(job_id="nothing", title="x")
