"""Reading who of ours another server takes for followers, and setting right what differs (FEP-8fcf)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import orjson
import structlog

from federation import follower_sync
from federation.errors import Gone, Refused, Unreachable
from federation.follower_sync import Synchronization
from federation.origin import host_of
from federation.vocab import PUBLIC
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain.members import follower_sync as verbs
from server.jobs import listing
from storage.jobs import Job
from storage.outbox import Delivery

log = structlog.get_logger()

PAGES = 20


async def headers(net: Net, delivery: Delivery) -> Mapping[str, str]:
    """With what is for followers alone goes the digest of those at the host that takes it.

    ``digest_for`` counts them anew each time: one such post is one delivery to a host.
    """
    followers = _followers_alone(delivery.body)
    if followers is None:
        return resolve.NO_HEADERS
    async with net.work.reading() as tx:
        digest = await verbs.digest_for(tx, delivery.account_id, host_of(delivery.inbox))
    if digest is None:
        return resolve.NO_HEADERS
    said = Synchronization(followers, f"{followers}_synchronization", digest)
    return {follower_sync.HEADER: follower_sync.write(said)}


def _followers_alone(body: bytes) -> str | None:
    """The collection of followers for whom a Create is, if it is for nobody else but who is named."""
    document = cast("dict[str, object]", orjson.loads(body))
    followers = f"{document['actor']}/followers"
    named = [*cast("list[str]", document.get("to", [])), *cast("list[str]", document.get("cc", []))]
    alone = document["type"] == "Create" and followers in named and PUBLIC not in named
    return followers if alone else None


async def run(net: Net, job: Job) -> None:
    """The followers of ours of ``account_id``. A list that is not the one announced is left alone: it
    has changed, and the next activity tells of it."""
    async with net.work.transaction() as tx:
        found = await verbs.to_check(tx, int(job.args["account_id"]))
        if found is None:
            return
        sender, known = found
        await verbs.begun(tx, sender)
    try:
        listed = await listing.ids(net, known.url, sender.uri, pages=PAGES, most=verbs.LISTED_MAX)
    except (Gone, Refused, Unreachable) as error:
        log.info("followers.unread", account=sender.uri, reason=str(error))
        return
    if follower_sync.digest(listed) != known.digest:
        log.info("followers.changed", account=sender.uri)
        return
    async with net.work.transaction() as tx:
        await verbs.obey(tx, sender, known, listed)
