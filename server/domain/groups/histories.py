"""The past of a group of another server: its first member here finds what was written before.

A job reads it page by page (server/jobs/histories.py), in a lane of the group's host, so that one host is
never asked by two. It is not read again for ``AGAIN``, however many come and go.
"""

from __future__ import annotations

from datetime import timedelta

from server.domain.tx import Tx
from storage import histories
from storage.accounts import Account

AGAIN = timedelta(days=7)
JOB = "read_history"


async def begin(tx: Tx, group: Account) -> None:
    """Have the past of a group read, if that was not done lately. A repeat is no event."""
    if await histories.begin(tx.conn, group.id, tx.now, tx.now - AGAIN):
        await go_on(tx, group, 0, timedelta(0))


async def go_on(tx: Tx, group: Account, page: int, wait: timedelta) -> None:
    """Have a page read; the first is 0."""
    args = {"group_id": group.id, "page": page}
    await tx.later(f"history:{group.host}", JOB, args, tx.now + wait)
