"""The mails that people get: which there are, and what stands in them.

A mail is a job, added in the transaction of its cause (``want``), so neither is lost without the other. It
is written when it is about to be sent (``write``): the secret of a one-time link is made then and stands in
the mail alone. Sent twice, after a crash or a doubtful answer of the relay, a mail has another link the
second time, and both are good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from server import i18n, ids
from server.domain.members import attention
from server.domain.tx import Tx
from server.mail import Mail
from server.pages import render_text
from storage import accounts, links, users
from storage.links import Link
from storage.users import User

JOB = "mail"
CONTACT_JOB = "contact_mail"
LIFETIME = {
    "confirm": timedelta(days=2),
    "reset": timedelta(hours=2),
    "email": timedelta(days=1),
}
"""Of the links, by purpose."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A template (``mail_NAME.txt``), with the purpose of the link in it, if it has one. ``waits``: until the user's
    quiet hours are over; what they have just asked for and what guards their account does not."""

    purpose: str | None = None
    waits: bool = False


KINDS = {
    "confirm": Kind("confirm"),
    "reset": Kind("reset"),
    "approved": Kind(waits=True),
    "password": Kind(),
    "sign_in_changed": Kind(),
    "email": Kind("email"),
    "email_changed": Kind(),
    "archive": Kind(),
    "warning": Kind(waits=True),
}


async def want(tx: Tx, user_id: int, kind: str, **said: str) -> None:
    """Send a mail of this kind, soon; nothing where no mail can be sent. The same twice is one.

    ``said``: what its template asks for besides; ``handle``: of the person whom it is about, where that is one of several.
    """
    if tx.site.mail:
        args = {"user_id": user_id, "kind": kind, **said}
        at = await attention.ready_at(tx, user_id) if KINDS[kind].waits else tx.now
        await tx.later(f"mail/{user_id}", JOB, args, at)


async def want_by_contact(tx: Tx, contact_id: int, kind: str, **said: int) -> None:
    """The same to somebody without an account; ``kind`` as in domain/calling/contact_mails.py."""
    if tx.site.mail:
        args = {"contact_id": contact_id, "kind": kind, **said}
        await tx.later(f"contact/{contact_id}", CONTACT_JOB, args, tx.now)


async def write(tx: Tx, user_id: int, kind: str, to: str = "", **said: str) -> Mail | None:
    """The mail as it is to be sent now; None where it has lost its reason. ``to``: where it is not to the user's
    address: to the one that was, or that is to be."""
    user = await users.by_id(tx.conn, user_id)
    disabled = user is not None and user.disabled_at is not None and kind != "warning"
    if user is None or disabled or (kind == "confirm" and user.confirmed_at):
        return None
    purpose = KINDS[kind].purpose
    address = to or user.email
    link = await _link(tx, user, purpose, address) if purpose else ""
    persons = await accounts.of_user(tx.conn, user.id)
    handle = f"@{persons[0].username}" if persons else user.email
    with i18n.speaking(i18n.best(user.language)):
        text = render_text(
            f"mail_{kind}.txt",
            site=tx.site,
            link=link,
            **{"handle": handle, **said},
            hours=int(LIFETIME[purpose].total_seconds() / 3600) if purpose else 0,
        )
    subject, _, body = text.partition("\n\n")
    return Mail(address, " ".join(subject.split()), body, tx.now)


async def _link(tx: Tx, user: User, purpose: str, address: str) -> str:
    secret = ids.secret()
    link = Link(ids.digest(secret), user.id, purpose, address, tx.now + LIFETIME[purpose])
    await links.insert(tx.conn, link)
    urls = tx.site.urls
    page = {"confirm": urls.confirm, "reset": urls.reset, "email": urls.new_email}
    return page[purpose](secret)
