"""Polls: one vote each, counted by the server of the poll. Voting on a call is taking part in it."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain import effects, policy
from server.domain.calling import line, participations
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, follows, persons, polls, posts
from storage import calls as call_rows
from storage.accounts import Account
from storage.posts import Post


async def vote(
    tx: Tx, voter: Account, post: Post, choices: Sequence[int], *, uris: Sequence[str] = ()
) -> None:
    """Vote for the options at these positions. ``uris``: of the votes, where they come from elsewhere.

    Raises ``Invalid`` (with the reason as its sentence) and ``NotFound`` (no poll).
    """
    call = await call_rows.by_id(tx.conn, post.id)
    # A call is locked before its poll, by all who answer it: the other way round they would stand still.
    find = polls.by_id if call else polls.lock
    poll = await find(tx.conn, post.id)
    if poll is None:
        raise NotFound
    options = await polls.options(tx.conn, [post.id])
    picked = sorted(set(choices))
    if not picked or any(not 0 <= at < len(options) for at in picked):
        raise Invalid("Validation failed: The chosen option does not exist", field="choices")
    if len(picked) > 1 and not poll.multiple:
        raise Invalid("Validation failed: This poll takes one choice only", field="choices")
    if call:
        door = "client" if voter.local else "card"
        uri = uris[0] if uris else None
        said = (await participations.answers(tx, call))[picked[0]].key
        await participations.answer(tx, voter, post, said, door, uri=uri)
        return
    await _require_vote(tx, voter, post, poll, picked)
    named = dict(zip(choices, uris, strict=True)) if uris else {}
    votes = [(at, named.get(at) or await effects.new_id(tx)) for at in picked]
    await polls.vote(tx.conn, post.id, voter.id, votes, tx.now)
    await effects.recount(tx, post.id)
    if post.local:
        due = tx.now + line.TALLY_INTERVAL
        args = {"post_id": post.id}
        await tx.later(f"results:{post.id}", "poll_results", args, due)
    if voter.local:
        cast = [(uri, options[at].title) for at, uri in votes]
        await effects.votes(tx, voter, post, cast)


async def _require_vote(
    tx: Tx, voter: Account, post: Post, poll: polls.Poll, picked: Sequence[int]
) -> None:
    await communities.require_part(tx, post.community_id, voter)
    mine = await polls.choices(tx.conn, voter.id, [post.id])
    # Other servers send the choices of one voter one by one (FEP-9967).
    again = (
        bool(mine)
        if voter.local or not poll.multiple
        else {c.position for c in mine} >= set(picked)
    )
    verdict = policy.may_vote(
        own=voter.id == post.account_id,
        expired=poll.expired(tx.now),
        voted=again or (voter.local and await persons.voted(tx.conn, post.id, voter.id)),
        blocked=await follows.blocked(tx.conn, voter.id, post.account_id),
    )
    if not verdict.allowed:
        raise Invalid(
            mark("Validation failed: %(sentence)s", sentence=verdict.sentence), field=verdict.reason
        )


async def close(tx: Tx, post_id: int) -> None:
    """The end of a poll: those who made it and voted are told, and other servers see the result."""
    post = await posts.by_id(tx.conn, post_id)
    if post is None or not await polls.close(tx.conn, post_id, tx.now):
        return
    author = await accounts.by_id(tx.conn, post.account_id)
    if author is None:
        return
    voters = await accounts.by_ids(tx.conn, await polls.voters(tx.conn, post_id))
    await effects.tell(
        tx, [author, *(a for a in voters.values() if a.id != author.id)], "poll", author, post_id
    )
    effects.changed(tx, post_id)
    await effects.publish_edit(tx, author, post)


async def publish_results(tx: Tx, post_id: int) -> None:
    """Update(Question) with the present counts, for a poll of ours."""
    await polls.lock(tx.conn, post_id)  # a vote that comes now waits, and asks for this job again
    post = await posts.by_id(tx.conn, post_id)
    author = await accounts.by_id(tx.conn, post.account_id) if post else None
    if post and author:
        await effects.publish_edit(tx, author, post)
