"""The end of a remote account: what it wrote and did here goes with it, and every count stays true."""

from __future__ import annotations

from server.domain import calls, effects
from server.domain.tx import Tx
from storage import accounts, posts
from storage import calls as call_rows
from storage.accounts import Account

SHOWN = 100
"""How many of its posts leave the screens of those who look just now; the others go when they load again."""


async def forget(tx: Tx, account: Account) -> None:
    """Its origin says that an actor is gone (or it says so itself). Ours are never forgotten so."""
    if account.local:
        return
    for participation in await call_rows.all_of_account(tx.conn, account.id):
        post = await posts.by_id(tx.conn, participation.post_id)
        if post and post.local:
            await calls.withdraw(tx, account, post)
    for post in await posts.latest(tx.conn, account.id, SHOWN):
        await effects.vanish(tx, post)
    await posts.bury(tx.conn, account.uri, tx.now)
    await accounts.delete(tx.conn, account.id)
