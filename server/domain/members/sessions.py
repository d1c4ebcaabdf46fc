"""Where a member is signed in: browsers, and apps with what they may do; and how each of them ends."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, oauth
from storage.accounts import Account
from storage.oauth import Browser, Grant

MOST = 100
"""Of either; those used least recently are left out."""


@dataclass(frozen=True, slots=True)
class Sessions:
    browsers: list[Browser]
    apps: list[Grant]


async def of_user(tx: Tx, user_id: int) -> Sessions:
    return Sessions(
        await oauth.browsers(tx.conn, user_id, tx.now, MOST),
        await oauth.grants(tx.conn, user_id, MOST),
    )


async def end_browser(tx: Tx, user_id: int, session_id: int) -> None:
    """Raises ``NotFound`` where it is not the user's."""
    if not await oauth.drop_browser(tx.conn, user_id, session_id):
        raise NotFound


async def end_others(tx: Tx, user_id: int, current: bytes) -> None:
    """Every other browser; ``current``: the digest of the one that stays. Apps stay too."""
    await oauth.drop_of_user(tx.conn, user_id, but=current, tokens=False)


async def end_app(tx: Tx, user_id: int, app_id: int, account_id: int) -> None:
    """All tokens of an app for one person of the user. Raises ``NotFound``."""
    if not await oauth.drop_grant(tx.conn, user_id, app_id, account_id):
        raise NotFound


async def act_as(tx: Tx, user_id: int, current: bytes, person_id: int) -> Account:
    """The browser of this session acts as another person of its user. Raises ``NotFound``."""
    mine = {p.id: p for p in await accounts.of_user(tx.conn, user_id) if not p.is_hidden}
    if person_id not in mine:
        raise NotFound
    await oauth.act_as(tx.conn, current, person_id)
    return mine[person_id]
