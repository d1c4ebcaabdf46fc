"""Messages to those who take part: written one by one, so many a day to each domain.

Who votes on a card of a huge server among thousands may get none that day: the words on the card say how an answer
is taken back.
"""

from __future__ import annotations

from server.arriving import budgets
from server.domain.calling import receipts
from server.domain.tx import Tx
from storage import accounts, posts
from storage.jobs import Job


async def run(tx: Tx, job: Job) -> None:
    """Tell one person what they do not know yet."""
    due = await receipts.due(tx, job.args["id"])
    if due is None:
        return
    try:
        if not due.person.local:
            await budgets.take(tx, budgets.RECEIPTS, due.person.host)
    except budgets.OverBudget:
        return
    await receipts.tell(tx, due)


async def refused(tx: Tx, job: Job) -> None:
    """Say why a reply is no answer."""
    person = await accounts.by_id(tx.conn, job.args["account_id"])
    post = await posts.by_id(tx.conn, job.args["post_id"])
    if person is None or post is None:
        return
    try:
        if not person.local:
            await budgets.take(tx, budgets.RECEIPTS, person.host)
    except budgets.OverBudget:
        return
    await receipts.tell_refused(tx, person, post, job.args["sentence"])
