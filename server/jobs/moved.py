"""An inbox says that it is not there: its actors are read again, from their own addresses.

Who has another inbox now gets there what waited; where a whole server has another shared inbox, all of its
people have. Who is gone for good (the inbox says 410, and the actor's own address has nobody) follows nobody any
more; a 404 takes no follower away, as a misled proxy says it of everything. One that says 410 of everything
takes none away either: only where its host still says what it runs is somebody alone gone.
"""

from __future__ import annotations

from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain.members import follows
from server.domain.tx import Tx
from storage import accounts, lanes, outbox
from storage import follows as follow_rows
from storage.accounts import Account
from storage.jobs import Job

JOB = "inbox_moved"
ASKED = 5
"""Actors of one inbox that are read again."""


async def run(net: Net, job: Job) -> None:
    """Where do those of ``inbox`` at ``host`` read now?"""
    host, inbox = str(job.args["host"]), str(job.args["inbox"])
    async with net.work.reading() as tx:
        readers = await accounts.by_inbox(tx.conn, host, inbox, ASKED)
    for reader in readers:
        try:
            found = await resolve.actor(net, reader.uri, refresh=True)
        except Gone:
            if job.args["gone"] and await resolve.runs(net, host):
                await _leaves(net, reader)
        except (Refused, Unreachable):
            continue
        else:
            async with net.work.transaction() as tx:
                await _redirect(tx, inbox, reader, found)


async def _leaves(net: Net, reader: Account) -> None:
    async with net.work.transaction() as tx:
        for target_id in await follow_rows.followed_by(tx.conn, reader.id):
            target = await accounts.by_id(tx.conn, target_id)
            if target:
                await follows.unfollow(tx, reader, target)


async def _redirect(tx: Tx, inbox: str, before: Account, now: Account) -> None:
    shared = inbox == before.shared_inbox
    follows_to = (now.shared_inbox or now.inbox) if shared else now.inbox
    if follows_to == inbox:
        return
    if shared:
        await accounts.share_inbox(tx.conn, before.host, inbox, now.shared_inbox)
    host = host_of(follows_to)
    await outbox.redirect(tx.conn, inbox, follows_to, host, tx.now)
    tx.wake(lanes.DELIVERY, [host], tx.now)
