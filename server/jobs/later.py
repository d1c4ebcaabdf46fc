"""Work for later: one handler per kind of job, run in the order of its lane.

A handler that needs no network runs in the transaction that removes its row: both happen, or neither. It
locks what it is about first and its row goes last, in the order in which a verb takes them that adds
such work: the other way round the two would wait for each other. A handler that gives a time is to run
once more then. What a kind does over the network (``OUTSIDE``) is done before, in no transaction, and is
made so that once more does no harm. One that fails is tried again, later each time, and at last dropped
with a line in the log; who waits for it is told, where somebody does (``DROPPED``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain import effects, retention
from server.domain.calling import (
    call_notices,
    call_series,
    calls,
    deleting,
    guests,
    line,
    milestones,
    outcomes,
    participations,
    reminders,
    tallies,
    target_mails,
)
from server.domain.distribution import Reach
from server.domain.groups import (
    community_archives,
    community_settings,
    joining,
    letter_writing,
    letters,
)
from server.domain.groups import histories as history_verbs
from server.domain.mailing import digests, mail_budgets, mail_follows, mail_lists, mails
from server.domain.members import featured as featured_verbs
from server.domain.members import follower_sync as follower_verbs
from server.domain.members import follows, moves, own_archives, sign_up
from server.domain.members import imports as import_verbs
from server.domain.moderating import ban_lists as ban_list_verbs
from server.domain.moderating import held_posts, hold_notices, hold_rules
from server.domain.posting import cards as card_verbs
from server.domain.posting import media, polls, scheduled, tags
from server.domain.posting import threads as thread_verbs
from server.domain.tx import Tx
from server.jobs import (
    ban_lists,
    cards,
    featured,
    follower_sync,
    histories,
    imports,
    mail,
    moved,
    own_archive,
    receipts,
    threads,
)
from storage import (
    accounts,
    budgets,
    conversations,
    group_readers,
    inbox,
    jobs,
    lanes,
    mail_counts,
    mutes,
    oauth,
    outbox,
    taken_back,
)
from storage import cards as card_rows
from storage import threads as thread_rows
from storage.jobs import Job

log = structlog.get_logger()

AT_ONCE = 16
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 10
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=1)
KEEP_ARRIVALS = timedelta(days=30)
"""How long ids of arrivals are known: far longer than any signature is accepted."""
KEEP_CARDS = timedelta(days=30)
KEEP_SENT = timedelta(days=90)
KEEP_HOSTS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Lane:
    """A leased lane with its first job, if one is due."""

    key: str
    job: Job | None


async def claim(net: Net, limit: int, worker: int | None = None) -> list[Lane]:
    """Lease lanes that are ready, at most ``limit``."""
    async with net.work.transaction() as tx:
        names = await lanes.claim(tx.conn, lanes.JOBS, tx.now, tx.now + LEASE, limit, worker)
        due = {job.lane: job for job in await jobs.ready(tx.conn, names, tx.now)} if names else {}
    return [Lane(name, due.get(name)) for name in names]


async def run(net: Net, lane: Lane) -> None:
    """Run the first job of a lane, and give it back."""
    if lane.job:
        await _run(net, lane.job)
    async with net.work.transaction() as tx:
        await jobs.settle(tx.conn, [lane.key], tx.now)


async def work_once(net: Net) -> bool:
    """Run what is due now, to the end. False where nothing was."""
    leased = await claim(net, AT_ONCE)
    await asyncio.gather(*(run(net, lane) for lane in leased))
    return bool(leased)


async def _run(net: Net, job: Job) -> None:
    try:
        if job.kind in OUTSIDE:
            await OUTSIDE[job.kind](net, job)
            async with net.work.transaction() as tx:
                await jobs.done(tx.conn, job.id)
            return
        async with net.work.transaction() as tx:
            again = await HANDLERS[job.kind](tx, job)
            if again:
                await jobs.again(tx.conn, job.id, again)
            else:
                await jobs.done(tx.conn, job.id)
    except Exception as error:
        log.exception("job.failed", kind=job.kind, args=job.args, attempts=job.attempts + 1)
        await _again(net, job, type(error).__name__)


async def _again(net: Net, job: Job, error: str) -> None:
    async with net.work.transaction() as tx:
        if job.attempts + 1 >= MAX_ATTEMPTS:
            log.error("job.dropped", kind=job.kind, args=job.args)
            if job.kind in DROPPED:
                await DROPPED[job.kind](tx, job)
            await jobs.done(tx.conn, job.id)
        else:
            later = tx.now + resolve.backoff(job.attempts + 1)
            await jobs.retry(tx.conn, job.id, error, later)


async def _close_poll(tx: Tx, job: Job) -> None:
    await polls.close(tx, job.args["post_id"])


async def _poll_results(tx: Tx, job: Job) -> None:
    await polls.publish_results(tx, job.args["post_id"])


async def _recount(tx: Tx, job: Job) -> None:
    effects.changed(tx, job.args["post_id"])


async def _send_tally(tx: Tx, job: Job) -> None:
    await calls.send_tally(tx, job.args["post_id"])


async def _target_mails(tx: Tx, job: Job) -> datetime | None:
    return await target_mails.drip(tx, job.args["target_id"])


async def _milestones(tx: Tx, job: Job) -> datetime | None:
    return await milestones.look(tx, job.args["post_id"])


async def _tell_tally(tx: Tx, job: Job) -> datetime | None:
    return await tallies.tell(tx, job.args["post_id"])


async def _call_notice(tx: Tx, job: Job) -> None:
    await call_notices.run(tx, job.args["notice_id"], job.args["after"])


async def _delete_call(tx: Tx, job: Job) -> None:
    reach = Reach(job.args["members"], job.args["instances"])
    await deleting.run(tx, job.args["post_id"], reach)


async def _call_series(tx: Tx, job: Job) -> datetime | None:
    return await call_series.run(tx, job.args["series_id"])


async def _remind(tx: Tx, job: Job) -> None:
    await reminders.run(tx, job.args)


async def _ask_outcome(tx: Tx, job: Job) -> None:
    await outcomes.ask(tx, job.args["post_id"], job.args["closed_at"])


async def _close_call(tx: Tx, job: Job) -> datetime | None:
    return await calls.close(tx, job.args["post_id"])


async def _introduce(tx: Tx, job: Job) -> None:
    community = await accounts.by_id(tx.conn, job.args["community_id"])
    follower = await accounts.by_id(tx.conn, job.args["account_id"])
    if community and follower:
        await calls.introduce(tx, community, follower)


async def _held_post(tx: Tx, job: Job) -> datetime | None:
    return await held_posts.expire(tx, job.args["post_id"])


async def _held_queue(tx: Tx, job: Job) -> datetime | None:
    return await hold_notices.run(tx, job.args["community_id"])


async def _letter(tx: Tx, job: Job) -> None:
    await letter_writing.write(tx, job.args)


async def _admit(tx: Tx, job: Job) -> None:
    args = job.args
    await community_settings.admit(tx, args["community_id"], args["account_id"], admitted=True)


async def _expel(tx: Tx, job: Job) -> None:
    args = job.args
    await community_settings.admit(tx, args["community_id"], args["account_id"], admitted=False)


async def _left(tx: Tx, job: Job) -> None:
    await participations.left(tx, job.args["account_id"], job.args["community_id"])


async def _move_line(tx: Tx, job: Job) -> datetime | None:
    return await follows.move_line(tx, job.args["community_id"])


async def _carry_followers(tx: Tx, job: Job) -> None:
    await moves.carry_followers(tx, job.args["old"], job.args["new"], job.args["after"])


async def _carry_blocks(tx: Tx, job: Job) -> None:
    await moves.carry_blocks(tx, job.args["old"], job.args["new"], job.args["after"])


async def _publish_scheduled(tx: Tx, job: Job) -> datetime | None:
    return await scheduled.publish(tx, job.args["id"])


async def _scheduled_dropped(tx: Tx, job: Job) -> None:
    await scheduled.gave_up(tx, job.args["id"])


async def _letter_dropped(tx: Tx, job: Job) -> None:
    await target_mails.refused(tx, job.args["mail_id"])


async def _archive_community(tx: Tx, job: Job) -> None:
    await community_archives.make(tx, job.args["community_id"])


async def _digest(tx: Tx, job: Job) -> datetime | None:
    return await digests.make(tx, job.args["user_id"])


async def _mail_week(tx: Tx, job: Job) -> datetime | None:
    return await mail_follows.make(tx, job.args["community_id"])


async def _mail_list(tx: Tx, job: Job) -> datetime | None:
    return await mail_lists.drip(tx, job.args["community_id"])


async def _plan_digests(tx: Tx, _job: Job) -> datetime:
    return tx.now + (DAY if await digests.plan(tx) else MOMENT)


async def _clean(tx: Tx, _job: Job) -> datetime:
    """Once a day: what nobody will ask for again."""
    await inbox.forget(tx.conn, tx.now - KEEP_ARRIVALS)
    await outbox.forget(tx.conn, tx.now - KEEP_SENT)
    await outbox.forget_hosts(tx.conn, tx.now - KEEP_HOSTS)
    await oauth.drop_expired(tx.conn, tx.now)
    await conversations.sweep(tx.conn)
    await thread_rows.forget(tx.conn, tx.now - DAY)
    await card_rows.forget(tx.conn, tx.now - KEEP_CARDS)
    await media.clean(tx)
    await tags.forget(tx)
    await mutes.drop_ended(tx.conn, tx.now)
    await group_readers.forget(tx.conn, tx.now - DAY)
    await sign_up.clean(tx)
    await joining.clean(tx)
    await community_archives.forget(tx)
    await own_archives.forget(tx)
    await taken_back.forget(tx.conn, tx.now)
    return tx.now + DAY


async def _clean_cache(tx: Tx, _job: Job) -> datetime:
    """Once an hour: files of other servers that were kept long enough, and budgets of past days."""
    await budgets.forget(tx.conn, tx.now - 2 * DAY)
    await mail_counts.forget(tx.conn, tx.now - mail_budgets.DAY)
    await media.forget_remote(tx)
    return tx.now + HOUR


async def _forget(tx: Tx, _job: Job) -> datetime:
    """Once a day, and at once again while there is more: what was kept for its time."""
    return tx.now if await retention.run(tx) else tx.now + DAY


async def _drop_files(net: Net, job: Job) -> None:
    if net.stores:
        kept = {"own": net.stores.own, "cache": net.stores.cache, "archives": net.stores.archives}
        await kept[job.args["store"]].delete(job.args["keys"])


async def plan(tx: Tx) -> None:
    """Make sure that the cleaning is waiting."""
    await tx.later("clean", "clean", {}, tx.now + DAY)
    await tx.later("clean-cache", "clean_cache", {}, tx.now + HOUR)
    await tx.later("digests", "plan_digests", {}, tx.now + HOUR)
    await tx.later("forget", "forget", {}, tx.now + DAY)


HANDLERS: dict[str, Callable[[Tx, Job], Awaitable[datetime | None]]] = {
    "admit": _admit,
    "expel": _expel,
    community_archives.JOB: _archive_community,
    calls.ASK_OUTCOME: _ask_outcome,
    call_notices.JOB: _call_notice,
    call_series.JOB: _call_series,
    "clean": _clean,
    "clean_cache": _clean_cache,
    "close_call": _close_call,
    "close_poll": _close_poll,
    deleting.JOB: _delete_call,
    digests.JOB: _digest,
    "introduce": _introduce,
    "plan_digests": _plan_digests,
    hold_rules.JOB: _held_post,
    hold_notices.JOB: _held_queue,
    "forget": _forget,
    letters.JOB: _letter,
    follows.LEFT: _left,
    follows.LINE: _move_line,
    mail_follows.WEEK: _mail_week,
    mail_lists.JOB: _mail_list,
    moves.FOLLOWERS: _carry_followers,
    moves.BLOCKS: _carry_blocks,
    "poll_results": _poll_results,
    "publish_scheduled": _publish_scheduled,
    "recount": _recount,
    reminders.JOB: _remind,
    line.RECEIPT: receipts.run,
    guests.REFUSED: receipts.refused,
    "send_tally": _send_tally,
    tallies.JOB: _tell_tally,
    target_mails.DRIP: _target_mails,
    tallies.MILESTONES: _milestones,
}

DROPPED: dict[str, Callable[[Tx, Job], Awaitable[None]]] = {
    import_verbs.JOB: imports.dropped,
    own_archives.JOB: own_archive.dropped,
    target_mails.JOB: _letter_dropped,
    "publish_scheduled": _scheduled_dropped,
}

OUTSIDE: dict[str, Callable[[Net, Job], Awaitable[None]]] = {
    ban_list_verbs.JOB: ban_lists.run,
    card_verbs.JOB: cards.run,
    history_verbs.JOB: histories.run,
    import_verbs.JOB: imports.run,
    own_archives.JOB: own_archive.run,
    target_mails.JOB: mail.send_to_target,
    mails.JOB: mail.send,
    digests.MAIL: mail.send_digest,
    mail_follows.JOB: mail.send_to_follower,
    mails.CONTACT_JOB: mail.send_to_contact,
    moved.JOB: moved.run,
    thread_verbs.JOB: threads.run,
    "drop_files": _drop_files,
    featured_verbs.JOB: featured.run,
    follower_verbs.JOB: follower_sync.run,
}
"""What is done over the network, in no transaction; the row goes when it is done."""
