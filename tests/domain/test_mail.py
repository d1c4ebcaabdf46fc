"""Mail over real connections: with TLS from the start, with STARTTLS, without, and never by mistake."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
import pytest
import trustme

from server import mail
from server.config import load
from server.errors import SettingsError
from server.mail import Mail
from tests.relay import Kept, relay

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
MAIL = Mail("gardener@people.example", "Tea — and beans", "At four.\nBring ünïque cups.\n", NOW)
SENDER = "The garden <noreply@beckon.example>"


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """The file of a certificate authority, and what a relay on loopback proves itself with."""
    made = trustme.CA()
    file = tmp_path / "ca.pem"
    made.cert_pem.write_to_path(str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.issue_cert("127.0.0.1").configure_cert(context)
    return file, context


def known(url: str, ca_file: Path | None = None) -> mail.Relay:
    environ = {"BECKON_SMTP_URL": url, "BECKON_SMTP_FROM": SENDER}
    if ca_file:
        environ["BECKON_CA_FILE"] = str(ca_file)
    found = mail.relay(load(environ))
    assert found
    return found


def arrived(kept: Kept) -> None:
    (sent,) = kept.mails
    assert (sent["Subject"], sent["To"], sent["From"]) == (MAIL.subject, MAIL.to, SENDER)
    assert sent["Date"].datetime == NOW
    assert sent.get_content().replace("\r\n", "\n") == MAIL.text
    assert kept.senders == ["noreply@beckon.example"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # it looks for STARTTLS alone
@pytest.mark.parametrize("implicit", [True, False])
async def test_with_tls_and_a_password(
    authority: tuple[Path, ssl.SSLContext], free_port: Callable[[], int], implicit: bool
) -> None:
    file, context = authority
    port = free_port()
    scheme = "smtps" if implicit else "smtp"
    async with relay(port, tls=context, implicit=implicit, password="p@ss word") as kept:
        url = f"{scheme}://garden:p%40ss%20word@127.0.0.1:{port}"
        await mail.send(known(url, file), MAIL)
        arrived(kept)
        assert kept.encrypted == [True]
        with pytest.raises(aiosmtplib.SMTPException):
            await mail.send(known(url.replace("p%40ss", "wrong"), file), MAIL)
        with pytest.raises((aiosmtplib.SMTPException, OSError)):  # of an authority not known here
            await mail.send(known(url), MAIL)
        assert len(kept.mails) == 1


async def test_without_tls_where_the_settings_say_so(free_port: Callable[[], int]) -> None:
    port = free_port()
    async with relay(port) as kept:
        await mail.send(known(f"smtp+plain://127.0.0.1:{port}"), MAIL)
        arrived(kept)
        assert kept.encrypted == [False]


async def test_never_without_tls_by_mistake(free_port: Callable[[], int]) -> None:
    port = free_port()
    async with relay(port) as kept:
        with pytest.raises(aiosmtplib.SMTPException):
            await mail.send(known(f"smtp://127.0.0.1:{port}"), MAIL)
        assert kept.mails == []


async def test_a_long_link_to_unsubscribe_arrives_as_it_is(free_port: Callable[[], int]) -> None:
    """Mail programs read it from the header: encoded as words (RFC 2047) it is no link."""
    link = f"https://{'neighbourhood.' * 6}example/by-email/stop/123456.{'0' * 32}"
    port = free_port()
    async with relay(port) as kept:
        sent = Mail(MAIL.to, MAIL.subject * 8, MAIL.text, NOW, unsubscribe=link)
        await mail.send(known(f"smtp+plain://127.0.0.1:{port}"), sent)
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in kept.raw[0]
    assert kept.mails[0]["Subject"] == sent.subject


@pytest.mark.parametrize(
    ("answer", "error"),
    [("550 Nobody here", mail.Refused), ("451 Not now", aiosmtplib.SMTPRecipientsRefused)],
)
async def test_what_is_refused_for_good_is_told_apart(
    free_port: Callable[[], int], answer: str, error: type[Exception]
) -> None:
    port = free_port()
    async with relay(port) as kept:
        kept.refusal = answer
        with pytest.raises(error):
            await mail.send(known(f"smtp+plain://127.0.0.1:{port}"), MAIL)


async def test_a_relay_that_is_not_there(free_port: Callable[[], int]) -> None:
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await mail.send(known(f"smtp+plain://127.0.0.1:{free_port()}"), MAIL)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.example", SENDER),
        ("smtp://", SENDER),
        ("smtp://mail.example/path", SENDER),
        ("smtp://mail.example:0", SENDER),
        ("smtp://mail.example:99999", SENDER),
        ("smtp+plain://name:word@mail.example", SENDER),
        ("smtp://mail.example", ""),
        ("smtp://mail.example", "noreply"),
    ],
)
def test_settings_that_cannot_be(url: str, sender: str) -> None:
    with pytest.raises(SettingsError, match="BECKON_SMTP"):
        load({"BECKON_SMTP_URL": url, "BECKON_SMTP_FROM": sender})


def test_without_a_relay_there_is_none() -> None:
    assert mail.relay(load({})) is None
