"""Sending mail through the relay that the settings name. Network only: who writes what is decided elsewhere.

``BECKON_SMTP_URL`` says how: ``smtps://`` speaks TLS from the start, ``smtp://`` asks for TLS and sends
nothing without it (RFC 8314 wants the one or the other), ``smtp+plain://`` goes without, for a relay on the
same machine or network. Certificates are checked, against ``BECKON_CA_FILE`` too.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from server.config import SMTP_PORTS, Settings

SECONDS = 30.0  # for each step of the conversation


class Refused(Exception):  # noqa: N818 - the state of a mail
    """The relay will never take this mail (5yz, RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """``unsubscribe``: where a POST ends mails of this kind; every mail that nobody asked for has it.
    ``key``: what the mail is, so that the same sent twice has the same Message-ID, and is shown once.
    ``reply_to``: where an answer goes, if not to the sender.
    """

    to: str
    subject: str
    text: str
    at: datetime
    unsubscribe: str = ""
    key: str = ""
    reply_to: str = ""


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
    if mail.reply_to:
        made["Reply-To"] = mail.reply_to
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(mail.at)
    made["Message-ID"] = _id(mail, sender.rpartition("@")[2].rstrip(">"))
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes in answer
    if mail.unsubscribe:  # RFC 2369, 3.2, and in one click RFC 8058, 3.1
        made["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.text)
    return made


def written(mail: Mail, sender: str) -> bytes:
    """Its bytes. Lines of headers may have 998 characters (RFC 5322, 2.1.1): the 78 that Python's library keeps to
    would have it encode a longer address as words (RFC 2047), which no mail program opens."""
    return message(mail, sender).as_bytes(policy=SMTP.clone(max_line_length=998))


def _id(mail: Mail, domain: str) -> str:
    if not mail.key:
        return make_msgid(domain=domain)
    return f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:40]}@{domain}>"


FAILURES = (Refused, aiosmtplib.SMTPException, OSError)
"""What ``send`` raises."""


async def send(relay: Relay, mail: Mail) -> str:
    """Gives what the relay said. Raises ``Refused`` for good; ``aiosmtplib.SMTPException`` or ``OSError`` where it may go later."""
    try:
        _, said = await aiosmtplib.send(
            written(mail, relay.sender),
            sender=parseaddr(relay.sender)[1],
            recipients=[mail.to],
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
    return said
