"""A new password: by who knows the old one, or by who reads the mail of the address.

A password had by mail ends every session and every token, because whoever else has one may be the reason.
Changed by who knows the old one, other browsers are signed out, and apps too where that is asked for. Both
are told by mail. Asking for a mail is answered in one way, whether the address is known or not.
"""

from __future__ import annotations

from server import ids
from server.domain.mailing import mails
from server.domain.members import users
from server.domain.tx import Tx, Work
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import links, oauth
from storage import users as rows

NOT_YOURS = mark("This is not your password.")


async def forgot(tx: Tx, email: str) -> None:
    """Send a link to this address, where somebody has it; nobody is told whether."""
    user = await rows.by_email(tx.conn, email.strip())
    if user and not user.disabled_at:
        await mails.want(tx, user.id, "reset")


async def may_reset(tx: Tx, secret: str) -> bool:
    return await links.get(tx.conn, ids.digest(secret), "reset", tx.now) is not None


async def reset(work: Work, secret: str, password: str) -> None:
    """Use a link up. Raises ``Invalid`` for a password that cannot be, ``NotFound`` for a link that is not good.

    The mail was read, so the address is confirmed by it; that is left to its own link, which can be had anew.
    """
    hashed = await users.hash_password(password)
    async with work.transaction() as tx:
        link = await links.take(tx.conn, ids.digest(secret), "reset", tx.now)
        user = await rows.by_id(tx.conn, link.user_id) if link else None
        if link is None or user is None or user.email != link.email:
            raise NotFound("This link was used already, or is too old.")
        await rows.set_password(tx.conn, user.id, hashed)
        await links.drop_of_user(tx.conn, user.id, "reset")
        await oauth.drop_of_user(tx.conn, user.id)
        await mails.want(tx, user.id, "password")


async def change(
    work: Work, user_id: int, old: str, new: str, *, session: bytes, apps: bool
) -> None:
    """``session``: the digest of the one that stays; ``apps``: end their tokens too. Raises ``Invalid``."""
    async with work.reading() as tx:
        user = await rows.by_id(tx.conn, user_id)
    if user is None or not await users.is_password(user, old):
        raise Invalid(NOT_YOURS, field="old")
    hashed = await users.hash_password(new)
    async with work.transaction() as tx:
        await rows.set_password(tx.conn, user_id, hashed)
        await links.drop_of_user(tx.conn, user_id, "reset")
        await oauth.drop_of_user(tx.conn, user_id, but=session, tokens=apps)
        await mails.want(tx, user_id, "password")
