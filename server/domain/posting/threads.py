"""The rest of a thread: when a member opens one of another server, its origin is asked for what is missing.

At most once in ``COOL_DOWN`` for each thread, by a job (server/jobs/threads.py). The client is told that it
runs, and may ask how it goes. One that a crash has ended counts as running no longer than ``LONGEST``.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domain.tx import Tx
from storage import threads
from storage.posts import Post
from storage.threads import Refresh

COOL_DOWN = timedelta(minutes=15)
LONGEST = timedelta(minutes=2)
JOB = "fetch_replies"


def may_refresh(focus: Post) -> bool:
    """Only what its origin shows to everybody can be asked of it without naming the reader."""
    return not focus.local and focus.is_public and focus.reblog_of_id is None


def is_running(refresh: Refresh, now: datetime) -> bool:
    return refresh.finished_at is None and now - refresh.started_at < LONGEST


async def begin(tx: Tx, focus: Post) -> Refresh | None:
    """Have the thread of a post completed; None where that was done lately."""
    refresh = await threads.begin(tx.conn, focus.thread_id, tx.now, tx.now - COOL_DOWN)
    if refresh:
        args = {"thread_id": focus.thread_id, "post_id": focus.id}
        await tx.later(f"thread:{focus.thread_id}", JOB, args, tx.now)
    return refresh
