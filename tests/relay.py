"""A mail relay on loopback: what it is sent, it keeps."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Kept:
    """``refusal``: what it answers to every recipient, if it takes none."""

    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refusal: str = ""
    port: int = 0

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        made = message_from_bytes(content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        self.mails.append(made)
        self.raw.append(content)
        self.senders.append(envelope.mail_from or "")
        assert server.transport
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 kept"

    def text(self, at: int = -1) -> str:
        return self.mails[at].get_content()


def authenticator(password: str):
    def check(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=good)

    return check


@asynccontextmanager
async def relay(
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    password: str = "",
) -> AsyncIterator[Kept]:
    """``tls`` alone: STARTTLS is offered; with ``implicit`` it is spoken from the start."""
    kept = Kept(port=port)
    options = {"require_starttls": True, "tls_context": tls} if tls and not implicit else {}
    if password:
        options |= {"authenticator": authenticator(password), "auth_required": True}
    controller = Controller(
        kept,
        hostname="127.0.0.1",
        port=port,
        ssl_context=tls if implicit else None,
        auth_require_tls=tls is not None and not implicit,
        **options,
    )
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()
