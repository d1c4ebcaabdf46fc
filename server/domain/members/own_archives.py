"""All that a member has here, as one file for them alone: asked for once a week, made by a job, kept as long.

The row names the file before it is there, so that a crash leaves none that nobody knows. It is behind no address:
whoever asks for it is signed in as the one whom it is of. What is in it: server/jobs/own_archive.py.
"""

from __future__ import annotations

from datetime import timedelta

from server import blobs
from server.domain.mailing import mails
from server.domain.posting import media
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import follows
from storage import own_archives as rows
from storage.accounts import Account
from storage.own_archives import OwnArchive

JOB = "own_archive"
KEPT = timedelta(days=7)


async def ask(tx: Tx, account: Account) -> OwnArchive:
    """It is made soon. Raises ``Invalid`` within ``KEPT`` of the last one."""
    await follows.hold_all(tx.conn, [account.id])
    known = await rows.of(tx.conn, account.id)
    if known and known.asked_at > tx.now - KEPT:
        raise Invalid("You can ask for your archive once in 7 days.")
    await drop(tx, account.id)
    made = await rows.insert(tx.conn, account.id, blobs.new_key(blobs.ARCHIVE), tx.now)
    # By the name alone: a job that outlives its owner says nothing of them.
    await tx.later(f"own-archive:{made.key}", JOB, {"key": made.key}, tx.now)
    return made


async def ready(tx: Tx, account: Account) -> OwnArchive:
    """The one that can be fetched. Raises ``NotFound``."""
    found = await rows.of(tx.conn, account.id)
    if found is None or found.made_at is None or found.asked_at <= tx.now - KEPT:
        raise NotFound
    return found


async def finish(tx: Tx, account: Account, key: str, size: int, left_out: int) -> None:
    """The file is there: its owner is told. Where nobody waits for it any more, it goes.
    Made twice, by workers of which one seemed dead, is made once."""
    if await rows.finish(tx.conn, account.id, key, tx.now, size, left_out):
        if account.user_id:
            await mails.want(tx, account.user_id, "archive", handle=f"@{account.username}")
    elif await rows.by_key(tx.conn, key) is None:
        await media.drop_files(tx, "archives", [key])


async def drop(tx: Tx, account_id: int) -> None:
    """Whatever there is of it."""
    await media.drop_files(tx, "archives", await rows.delete(tx.conn, account_id))


async def give_up(tx: Tx, key: str) -> None:
    """It could not be made: it can be asked for anew at once."""
    found = await rows.by_key(tx.conn, key)
    if found:
        await drop(tx, found.account_id)


async def forget(tx: Tx) -> None:
    """What was kept for its time."""
    await media.drop_files(tx, "archives", await rows.forget(tx.conn, tx.now - KEPT))
