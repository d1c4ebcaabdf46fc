"""The end of a remote account: what it wrote and did here goes with it, and every count stays true."""

from __future__ import annotations

from server.domain import calls
from server.domain.tx import Tx
from storage import accounts, posts
from storage import calls as call_rows
from storage.accounts import Account


async def forget(tx: Tx, account: Account) -> None:
    """Its origin says that an actor is gone (or it says so itself). Ours are never forgotten so."""
    if account.local:
        return
    for participation in await call_rows.all_of_account(tx.conn, account.id):
        post = await posts.by_id(tx.conn, participation.post_id)
        if post and post.local:
            await calls.withdraw(tx, account, post)
    await posts.bury(tx.conn, account.uri, tx.now)
    await accounts.delete(tx.conn, account.id)
