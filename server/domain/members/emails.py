"""Another e-mail address for a member: theirs from when they open the link in a mail to it.

Who asks gives their password, and the old address is told when it is changed. Where no mail can be sent, nobody
can show that an address is theirs, and it is changed at once. An address that somebody has here is not told from
one that is free: the mail goes to neither.
"""

from __future__ import annotations

from server import ids
from server.domain.mailing import mails
from server.domain.members import users
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import links
from storage import users as rows
from storage.db import UniqueViolation
from storage.users import User

SAME = mark("This is your address already.")
REFUSED = mark("Addresses of this provider cannot be used here.")
GONE = mark("This link was used already, or is too old.")
TAKEN = mark("This e-mail address cannot be used.")


async def ask(tx: Tx, user: User, email: str) -> bool:
    """Whether it is changed already; else a mail is on its way. Raises ``Invalid``."""
    users.check_email(email)
    if email.lower() == user.email.lower():
        raise Invalid(SAME, field="email")
    if await barriers.refuses_email(tx, email):
        raise Invalid(REFUSED, field="email")
    if not tx.site.mail:
        await _change(tx, user, email)
        return True
    await links.drop_of_user(tx.conn, user.id, "email")
    if await rows.by_email(tx.conn, email) is None:
        await mails.want(tx, user.id, "email", to=email)
    return False


async def waiting(tx: Tx, secret: str) -> str | None:
    """The address that a link is about; None for a link that is not good."""
    link = await links.get(tx.conn, ids.digest(secret), "email", tx.now)
    return link.email if link else None


async def confirm(tx: Tx, secret: str) -> None:
    """Use a link up. Raises ``NotFound``, or ``Invalid`` where somebody else took the address meanwhile."""
    link = await links.take(tx.conn, ids.digest(secret), "email", tx.now)
    user = await rows.by_id(tx.conn, link.user_id) if link else None
    if link is None or user is None:
        raise NotFound(GONE)
    await _change(tx, user, link.email)


async def _change(tx: Tx, user: User, email: str) -> None:
    """Links that were sent to the old address are good no more."""
    try:
        async with tx.conn.transaction():
            await rows.change_email(tx.conn, user.id, email)
    except UniqueViolation as error:
        raise Invalid(TAKEN, field="email") from error
    for purpose in ("email", "reset"):
        await links.drop_of_user(tx.conn, user.id, purpose)
    await mails.want(tx, user.id, "email_changed", to=user.email)
