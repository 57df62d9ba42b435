"""Sending mail through the server in the setting ``smtp_url``."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from core.errors import UserError

_TIMEOUT = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


class MailError(UserError):
    """The mail server did not take the mail."""


def message(*, sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """A plain-text mail. Line breaks in a subject, which would begin another header, become spaces."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, " ".join(subject.split())
    mail.set_content(text)
    return mail


async def send(mail: EmailMessage, server: SecretStr) -> None:
    """Hand the mail over; ``server`` is ``smtp://user:password@host:587`` or ``smtps://…``.

    Raises:
        MailError: the address is unusable, or the server cannot be reached or says no.
    """
    try:
        await asyncio.to_thread(_send, mail, urlsplit(server.get_secret_value()))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailError(f"the mail server did not take the mail: {error}") from error


def _send(mail: EmailMessage, server: SplitResult) -> None:
    if server.scheme not in _PORTS or not server.hostname:
        raise ValueError("JOBHUNTER_SMTP_URL must be smtp://host:port or smtps://host:port")
    port = server.port or _PORTS[server.scheme]
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.hostname, port, timeout=_TIMEOUT, context=context)
    else:
        client = smtplib.SMTP(server.hostname, port, timeout=_TIMEOUT)
    with client:
        client.ehlo()
        if server.scheme == "smtp" and client.has_extn("starttls"):
            client.starttls(context=context)
        if server.username:
            _login(client, server)
        client.send_message(mail)


def _login(client: smtplib.SMTP, server: SplitResult) -> None:
    if not isinstance(client.sock, ssl.SSLSocket):
        raise ValueError("the server offers no encryption, so the password is not sent; use smtps:// or no user")
    client.login(unquote(server.username or ""), unquote(server.password or ""))
