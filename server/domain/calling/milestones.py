"""Milestones of a call with a goal: a quarter, half, three quarters, all of it.

What counts is *at least* (``server/domain/calling/counting.py``). A milestone is reached once: who takes an answer back
takes nothing back of it. Then the community says so in a short public post, which everybody who follows it sees,
Mastodon among them, and can pass on. Of a call for the members of a private community it says so to them alone.
One such post a day for a community: the highest milestone speaks for those below. It is work for later
(``tallies.moved``), so that a crowd of answers is looked at once in a while.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server import text
from server.domain.calling import tallies
from server.domain.posting import drafts, posts
from server.domain.tx import Tx
from storage import accounts, calls
from storage import milestones as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

PERCENTS = (25, 50, 75, 100)
BETWEEN = timedelta(days=1)
WORDS = {
    25: "A quarter of the goal is reached",
    50: "Half of the goal is reached",
    75: "Three quarters of the goal are reached",
    100: "The goal is reached",
}


async def look(tx: Tx, post_id: int) -> datetime | None:
    """Write down what was reached and announce it. Gives the time to come back where that has to wait."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    if post is None or call is None or call.goal is None or call.state == "cancelled":
        return None
    if not (post.local and post.is_shared):
        return None
    people = (await tallies.standing(tx, post)).range.at_least
    reached = [percent for percent in PERCENTS if people * 100 >= percent * call.goal]
    await rows.reach(tx.conn, post_id, reached, tx.now)
    waiting = [m for m in await rows.of_call(tx.conn, post_id) if m.announced_at is None]
    return await _announce(tx, post, call, waiting[-1].percent, people) if waiting else None


async def _announce(tx: Tx, post: Post, call: Call, percent: int, people: int) -> datetime | None:
    last = await rows.last_announced(tx.conn, call.community_id)
    if last and last + BETWEEN > tx.now:
        return last + BETWEEN
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await posts.publish(
        tx, community, _draft(tx, community, post, _said(post, call, percent, people))
    )
    await rows.announced(tx.conn, post.id, tx.now)
    return None


def _said(post: Post, call: Call, percent: int, people: int) -> str:
    assert call.goal, "the caller looked"
    progress = f"At least {people:,} of {call.goal:,} {call.goal_metric}."
    return f"{post.title}\n\n{WORDS[percent]}. {progress}\n\n{post.url}"


def _draft(tx: Tx, community: Account, post: Post, source: str) -> drafts.Draft:
    return drafts.Draft(
        content=text.compose(source, {}, tx.site.urls.tag),
        source=source,
        language=post.language,
        visibility=post.visibility,
        community=community,
    )
