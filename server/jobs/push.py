"""Web push: lanes of notifications, one per subscription.

A worker leases many ready subscriptions at once and sends what waits for each, oldest first; what became
of it is written in one transaction. A push service that answers 404 or 410 has forgotten the subscription,
so it goes, and all that waits for it. What fails otherwise is sent again later, less and less often, and is
given up after ``MAX_ATTEMPTS``, or when it is old news; meanwhile its own lane waits and no other.

A crash between sending and writing sends again: a telephone rings twice rather than not at all.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
import structlog

from federation import deliver, webpush
from federation.deliver import Result
from federation.errors import Refused, Unreachable
from federation.webpush import Receiver, Sender
from server import i18n
from server.arriving.resolve import Net
from server.domain import sight
from server.domain.members import attention
from server.domain.members import push as push_verbs
from server.domain.tx import Tx
from server.render import push as render
from storage import accounts, instance, lanes, notifications, posts, pushes, users
from storage.db import LOST
from storage.pushes import Push, Subscription

log = structlog.get_logger()

AT_ONCE = 32
EACH = 20
LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 8
OLD = timedelta(hours=48)
HURRY = frozenset({"mention", "follow_request", "poll"})
"""What is worth waking a telephone for (RFC 8030, 5.3)."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A leased subscription with the oldest of what waits for it; None where it may not ring any more."""

    key: str
    subscription: Subscription | None
    queue: list[Push]
    hushed: datetime | None = None
    """When the quiet hours of its owner end, where they have begun."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it is to be encrypted."""

    plain: bytes
    urgency: str
    sender: Sender


@dataclass(slots=True)
class Round:
    """What became of the pushes of one subscription."""

    finished: list[int] = field(default_factory=list[int])
    failed: Push | None = None
    reason: str = ""
    wait: timedelta = timedelta()
    gone: bool = False


async def claim(net: Net, limit: int, worker: int | None = None) -> list[Lane]:
    """Lease subscriptions that are ready, at most ``limit``."""
    async with net.work.transaction() as tx:
        keys = await lanes.claim(tx.conn, lanes.PUSH, tx.now, tx.now + LEASE, limit, worker)
        ids = [int(key) for key in keys]
        waiting = await pushes.waiting(tx.conn, ids, EACH) if ids else []
        known = await pushes.living(tx.conn, ids) if ids else {}
        hushed = await attention.hushed(tx, [s.token_id for s in known.values()])
    return [_lane(key, known.get(int(key)), waiting, hushed) for key in keys]


def _lane(
    key: str, found: Subscription | None, waiting: list[Push], hushed: dict[int, datetime]
) -> Lane:
    queue = [p for p in waiting if str(p.subscription_id) == key]
    return Lane(key, found, queue, hushed.get(found.token_id) if found else None)


async def run(net: Net, lane: Lane) -> None:
    """Send what waits for one subscription, write down what became of it, and give the lane back. In quiet hours
    all of it waits until they are over."""
    if lane.hushed:
        async with net.work.transaction() as tx:
            await pushes.settle(tx.conn, [lane.key], {lane.key: lane.hushed}, tx.now)
        return
    done = Round()
    for push in lane.queue:
        await _one(net, lane.subscription, push, done)
        if done.gone or done.failed:
            break
    await _record(net, lane, done)


async def work_once(net: Net) -> bool:
    """Send what is ready now, to the end. False where nothing was."""
    leased = await claim(net, AT_ONCE)
    await asyncio.gather(*(run(net, lane) for lane in leased))
    return bool(leased)


async def _one(net: Net, subscription: Subscription | None, push: Push, done: Round) -> None:
    old = net.work.clock.now() - push.created_at > OLD
    if subscription is None or old or push.attempts >= MAX_ATTEMPTS:
        done.finished.append(push.id)
        return
    try:
        async with net.work.reading() as tx:
            letter = await _letter(tx, subscription, push)
        if letter:
            await _send(net, subscription, push, letter, done)
        else:
            done.finished.append(push.id)
    except Unreachable as error:
        _again(done, push, error.reason)
    except Refused as error:
        log.info("push.refused", subscription=subscription.id, reason=error.reason)
        done.finished.append(push.id)
    except LOST:
        raise
    except Exception:  # one that cannot be made would come up again for ever
        log.exception("push.fault", subscription=subscription.id)
        done.finished.append(push.id)


async def _letter(tx: Tx, subscription: Subscription, push: Push) -> Letter | None:
    """None where there is nothing to tell any more."""
    here = await instance.get(tx.conn)
    pem = here.vapid_private if here else None
    assert here, "a subscription was made with its key"
    assert pem, "a subscription was made with it"
    secret = push_verbs.unseal(pem, subscription.token_id, subscription.sealed_token)
    plain = await _plain(tx, push, secret)
    if plain is None:
        return None
    contact = f"mailto:{here.contact_email}" if here.contact_email else tx.site.urls.base
    body, type_ = plain
    urgency = "high" if type_ in HURRY else "normal"
    return Letter(body, urgency, Sender(webpush.load_private(pem), contact))


async def _plain(tx: Tx, push: Push, secret: str) -> tuple[bytes, str] | None:
    """The message and the notification's type; None where it is gone, or about what may not be seen."""
    row = await notifications.find(tx.conn, push.notification_id)
    if row is None:
        return None
    people = await accounts.by_ids(tx.conn, [row.account_id, row.from_account_id])
    post = None
    if row.post_id is not None:
        post = await posts.by_id(tx.conn, row.post_id)
        if post is None or not await sight.visible(tx, [post], people[row.account_id]):
            return None
    sender = people[row.from_account_id]
    if not await sight.knowable(tx, [sender], people[row.account_id]):
        return None
    reader = people[row.account_id]
    user = await users.by_id(tx.conn, reader.user_id) if reader.user_id else None
    with i18n.speaking(i18n.best(user and user.language)):
        message = render.message(tx.site.urls, row, sender, post, secret)
    return orjson.dumps(message), row.type


async def _send(
    net: Net, subscription: Subscription, push: Push, letter: Letter, done: Round
) -> None:
    to = subscription
    receiver = Receiver(to.endpoint, to.public_key, to.auth, standard=to.standard)
    now = net.work.clock.now()
    left = int((OLD - (now - push.created_at)).total_seconds())
    made = webpush.message(
        letter.plain, receiver, letter.sender, now, ttl=max(left, 0), urgency=letter.urgency
    )
    answer = await net.egress.post(
        to.endpoint,
        made.body,
        "application/octet-stream",
        deadline=webpush.DEADLINE,
        sign=None,
        more=made.headers,
    )
    outcome = deliver.classify(answer)
    if outcome.status in (404, 410):
        done.gone = True
    elif outcome.result is Result.RETRY:
        _again(done, push, outcome.reason, outcome.retry_after)
    else:
        done.finished.append(push.id)
        if outcome.result is Result.FINAL:
            log.warning("push.refused", subscription=to.id, reason=outcome.reason)


def _again(done: Round, push: Push, reason: str, asked: timedelta | None = None) -> None:
    done.failed, done.reason = push, reason
    own = deliver.backoff(push.attempts + 1, random.random())  # noqa: S311 - spreads load
    done.wait = max(own, asked or timedelta())


async def _record(net: Net, lane: Lane, done: Round) -> None:
    async with net.work.transaction() as tx:
        if done.gone and lane.subscription:
            log.info("push.gone", subscription=lane.subscription.id)
            await pushes.gone(tx.conn, lane.subscription.id, lane.subscription.endpoint)
        await pushes.done(tx.conn, done.finished)
        later: dict[str, datetime] = {}
        if done.failed:
            log.info("push.failed", lane=lane.key, reason=done.reason)
            await pushes.failed(tx.conn, done.failed.id, done.reason)
            later[lane.key] = tx.now + done.wait
        await pushes.settle(tx.conn, [lane.key], later, tx.now)
