# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pings by email, through the mail server of the settings (SMTP, RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate

from sunporch.base.clock import SystemClock
from sunporch.web.errors import MAIL_UNSENT
from sunporch.web.pings.config import PingSettings
from sunporch.web.pings.message import Message

# One step of the talk with the mail server waits at most so long.
STEP_SECONDS = 10.0
# Mail is dated by the world's clock; a demo's town clock would make it old.
_WALL = SystemClock()


def send(settings: PingSettings, address: str, message: Message, number: str) -> None:
    """Hand a message to the mail server. Raises `web.mail-unsent`.

    The same `number` twice is the same Message-ID, so that mail programs can show a doubled one once.
    """
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.smtp_from, address, message.text
    mail["Date"] = formatdate(_WALL.now())
    mail["Message-ID"] = f"<{number}@{settings.smtp_from.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{message.text}\n\n{message.url}\n")
    try:
        _hand_over(settings, mail)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:  # ssl's errors are OSErrors
        raise MAIL_UNSENT(where=settings.smtp_host, reason=_why(error)) from error


def _hand_over(settings: PingSettings, mail: EmailMessage) -> None:
    # "localhost": the mail server needs no name of this machine.
    place = {"host": settings.smtp_host, "port": settings.smtp_port, "timeout": STEP_SECONDS}
    secured = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname="localhost", context=secured, **place)  # type: ignore[arg-type]
    else:
        server = smtplib.SMTP(local_hostname="localhost", **place)  # type: ignore[arg-type]
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=secured)
        if settings.smtp_username:
            server.login(settings.smtp_username, settings.smtp_password)
        server.send_message(mail)


def _why(error: OSError | smtplib.SMTPException | UnicodeError) -> str:
    """Return the mail server's or the system's own words on one line, and never what we said to it."""
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {' '.join(str(told).split())}"[:200]
    if isinstance(error, UnicodeError):
        return "the address or the password has letters that mail cannot carry"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it takes nothing for this address"
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
