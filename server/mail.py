"""Sending mail through the relay that the settings name. Network only: who writes what is decided elsewhere.

``BECKON_SMTP_URL`` says how: ``smtps://`` speaks TLS from the start, ``smtp://`` asks for TLS and sends
nothing without it (RFC 8314 wants the one or the other), ``smtp+plain://`` goes without, for a relay on the
same machine or network. Certificates are checked, against ``BECKON_CA_FILE`` too.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from server.config import SMTP_PORTS, Settings

SECONDS = 30.0  # for each step of the conversation


class Refused(Exception):  # noqa: N818 - the state of a mail
    """The relay will never take this mail (5yz, RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """``unsubscribe``: where a POST ends mails of this kind; every mail that nobody asked for has it."""

    to: str
    subject: str
    text: str
    at: datetime
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Relay:
    """``scheme`` is one of ``SMTP_PORTS``."""

    scheme: str
    host: str
    port: int
    username: str | None
    password: str | None
    sender: str
    trust: ssl.SSLContext


def relay(settings: Settings) -> Relay | None:
    """None where no mail is sent."""
    if not settings.smtp_url:
        return None
    parts = urlsplit(settings.smtp_url)
    trust = ssl.create_default_context()
    if settings.ca_file:
        trust.load_verify_locations(settings.ca_file)
    return Relay(
        parts.scheme,
        parts.hostname or "",
        parts.port or SMTP_PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        settings.smtp_from,
        trust,
    )


def message(mail: Mail, sender: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = sender
    made["To"] = mail.to
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(mail.at)
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes in answer
    if mail.unsubscribe:  # RFC 2369, 3.2, and in one click RFC 8058, 3.1
        made["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.text)
    return made


async def send(relay: Relay, mail: Mail) -> None:
    """Raises ``Refused`` for good; ``aiosmtplib.SMTPException`` or ``OSError`` where it may go later."""
    try:
        await aiosmtplib.send(
            message(mail, relay.sender),
            hostname=relay.host,
            port=relay.port,
            username=relay.username,
            password=relay.password,
            use_tls=relay.scheme == "smtps",
            start_tls=relay.scheme == "smtp",
            tls_context=None if relay.scheme == "smtp+plain" else relay.trust,
            timeout=SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        if all(each.code >= 500 for each in error.recipients):
            raise Refused(str(error)) from error
        raise
