"""Who has a place and who waits: settled after each answer, in the order of receipt, and each is told of theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from server.domain import distribution, effects
from server.domain.calling import shift_roles, tallies
from server.domain.mailing import mails
from server.domain.tx import Tx
from storage import accounts, calls, participations, polls
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post

RECEIPT = "receipt"
"""The job that tells somebody of their place (``receipts.py``)."""
TALLY_INTERVAL = timedelta(minutes=3)


async def tell(tx: Tx, row: Participation) -> None:
    """Let who gave an answer know what became of it, where they do not know."""
    if row.counts and row.account_id:
        await tx.later(f"receipt:{row.id}", RECEIPT, {"id": row.id}, tx.now)


async def reply(
    tx: Tx, post: Post, account: Account, participation: Participation, uri: str | None
) -> None:
    """A Join is answered; a vote on the card cannot be (poll votes have no answer)."""
    if participation.door != "join" or not participation.counts:
        return
    organiser = await accounts.by_id(tx.conn, post.account_id)
    if organiser:
        await distribution.answer_join(
            tx, organiser, post, account, uri, participation.state, participation.guests
        )


async def settle(tx: Tx, post: Post, call: Call) -> None:
    """Give free places to who waits, count again, and let others hear of it in a while.

    The caller holds the lock of the call.
    """
    await fill(tx, post, call)
    await let_hear(tx, call)
    if call.parent_id:
        await settle_above(tx, call.parent_id)


async def settle_above(tx: Tx, parent_id: int) -> None:
    """Count a volunteer call again, as its shifts have changed. The caller holds its lock."""
    await _write(tx, parent_id)
    call = await calls.by_id(tx.conn, parent_id)
    if call:
        await let_hear(tx, call)


async def let_hear(tx: Tx, call: Call) -> None:
    """Other servers, and whoever looks, see in a while what changed."""
    due = max(tx.now, (call.tally_sent_at or tx.now - TALLY_INTERVAL) + TALLY_INTERVAL)
    await tx.later(f"call:{call.post_id}", "send_tally", {"post_id": call.post_id}, due)
    await tallies.moved(tx, call)
    await effects.recount(tx, call.post_id)


async def fill(tx: Tx, post: Post, call: Call) -> None:
    """As ``settle``, without letting others hear of it. Nobody gets a place in what is over or called off."""
    now = await calls.by_id(tx.conn, post.id)
    if now and now.state not in ("cancelled", "closed"):
        await _grant(tx, post, now)
    for post_id in (post.id, call.parent_id) if call.parent_id else (post.id,):
        await _write(tx, post_id)


async def reveal(tx: Tx, call: Call) -> None:
    """What was secret until now is shown from now on. The caller holds the lock of the call."""
    if call.secret_until_closed:
        await _write(tx, call.post_id)


async def _grant(tx: Tx, post: Post, call: Call) -> None:
    tally = await participations.recount(tx.conn, post.id)
    for waiting in await shift_roles.granted(tx, call, tally.taken, tally.waiting):
        await participations.set_participation_state(tx.conn, waiting.id, "granted")
        await _tell_granted(tx, post, waiting)


async def _tell_granted(tx: Tx, post: Post, waiting: Participation) -> None:
    if waiting.contact_id:
        await mails.want_by_contact(tx, waiting.contact_id, "moved")
    account = await accounts.by_id(tx.conn, waiting.account_id or 0)
    if account:
        await reply(tx, post, account, replace(waiting, state="granted"), waiting.uri)
        await tell(tx, waiting)


async def _write(tx: Tx, post_id: int) -> None:
    """What a decision keeps secret until it closes is not written before, so that no reader can show it."""
    tally = await participations.recount(tx.conn, post_id)
    await calls.set_tally(
        tx.conn, post_id, tally.confirmed, tally.expressed, tally.waiting, tally.taken
    )
    given = await participations.given(tx.conn, post_id)
    options = await polls.options(tx.conn, [post_id])
    call = await calls.by_id(tx.conn, post_id)
    hidden = call is not None and call.hides_counts
    counts = [0 if hidden else given.get(option.position, 0) for option in options]
    await polls.set_counts(tx.conn, post_id, counts, tally.people)
