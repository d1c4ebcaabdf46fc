"""The lines of a file that a member brought along: some at a time, one after the other, the network before each.

Whoever is known here is not asked for. A server that does not answer is asked again later, a few times; where too much
of its domain was asked for already, the line waits for another hour.
"""

from __future__ import annotations

from datetime import timedelta

from federation.errors import Gone, Refused, Unreachable
from server.arriving import resolve
from server.arriving.budgets import OverBudget
from server.arriving.resolve import Net
from server.domain.members import imports
from server.domain.tx import Tx
from server.errors import BeckonError
from server.i18n import mark
from storage import imports as rows
from storage.accounts import Account
from storage.imports import Import, Line
from storage.jobs import Job
from storage.posts import Post

AT_ONCE = 10
SECONDS = 60.0
"""After so long the next job goes on: far below what a lane is leased for."""
LATER = (timedelta(minutes=5), timedelta(hours=1))
NEXT_HOUR = timedelta(hours=1)
NOBODY = mark("Nobody answers at this address.")
SILENT = mark("Its server does not answer.")


async def run(net: Net, job: Job) -> None:
    """``import_id``; ``turn`` tells one job from the next."""
    import_id, turn = int(job.args["import_id"]), int(job.args["turn"])
    until = net.work.clock.now() + timedelta(seconds=SECONDS)
    for _ in range(AT_ONCE):
        async with net.work.reading() as tx:
            made = await rows.by_id(tx.conn, import_id)
            line = await rows.next_line(tx.conn, import_id, tx.now)
        if made is None or line is None or made.state != "running" or tx.now > until:
            break
        await _work_off(net, made, line)
    async with net.work.transaction() as tx:
        await imports.go_on(tx, import_id, turn)


async def dropped(tx: Tx, job: Job) -> None:
    await imports.give_up(tx, int(job.args["import_id"]))


async def _work_off(net: Net, made: Import, line: Line) -> None:
    try:
        target = await _found(net, made, line)
        async with net.work.transaction() as tx:
            await imports.carry_out(tx, line, target)
    except OverBudget:
        async with net.work.transaction() as tx:
            await imports.postpone(tx, line, NEXT_HOUR, SILENT, counts=False)
    except Unreachable:
        async with net.work.transaction() as tx:
            after = LATER[min(line.tries, len(LATER) - 1)]
            await imports.postpone(tx, line, after, SILENT, counts=True)
    except (Gone, Refused):
        await _fail(net, line, NOBODY)
    except BeckonError as error:
        await _fail(net, line, error.sentence)


async def _fail(net: Net, line: Line, reason: str) -> None:
    async with net.work.transaction() as tx:
        await rows.fail(tx.conn, line.id, reason)


async def _found(net: Net, made: Import, line: Line) -> Account | Post | None:
    """Raises ``Gone``, ``Refused``, ``Unreachable``. What goes is looked for here alone."""
    async with net.work.reading() as tx:
        known = await imports.here(tx, made.kind, line)
    if known or line.removes or made.kind == "domains":
        return known
    if made.kind == "bookmarks":
        return await resolve.post(net, line.subject)
    username, _, host = line.subject.partition("@")
    return await resolve.handle(net, username, host)
