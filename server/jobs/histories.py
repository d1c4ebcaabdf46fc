"""Reading the past of a group of another server, a page of its outbox with each job.

Outboxes of groups list Announces, newest first, with the activity in them (Lemmy, PieFed, Mbin, Beckon) or
with an id. A post counts by its author's own proof, or it is fetched from its own server; what the group
says of it counts for nothing (FEP-fe34). What is found is history: it enters no home and notifies nobody.
How far it came is a row, so after a crash the page is read again, and what was stored is known by then.
What the group features is read by another job (featured.py). Bounded are the pages, what is looked at and fetched of each,
the hosts that are asked, and the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from federation import activities, parse
from federation.errors import Gone, Refused, Unreachable
from federation.fields import mapping
from federation.objects import Collection, Post
from federation.origin import host_of
from server.arriving import passed_on, resolve
from server.arriving.resolve import Net
from server.domain.groups import histories as verbs
from server.errors import BeckonError
from storage import accounts, follows, histories
from storage import posts as post_rows
from storage.accounts import Account
from storage.histories import History
from storage.jobs import Job

log = structlog.get_logger()

PAGES = 4
ITEMS = 50  # of a page
FETCHES = 30  # for a page
HOSTS = 10  # for a page
SECONDS = 90.0
PAUSE = timedelta(seconds=20)  # between two pages of one host
FAILURES = (Gone, Refused, Unreachable, BeckonError)


@dataclass(slots=True)
class Budget:
    """What may still be asked of whom."""

    fetches: int = FETCHES
    hosts: set[str] = field(default_factory=set[str])

    def take(self, uri: str) -> bool:
        """Counts it. Raises ``Refused`` for what is no address."""
        host = host_of(uri)
        if self.fetches <= 0 or (host not in self.hosts and len(self.hosts) >= HOSTS):
            return False
        self.fetches -= 1
        self.hosts.add(host)
        return True


async def run(net: Net, job: Job) -> None:
    """Read what is next of the group ``group_id``, while somebody here is in it."""
    async with net.work.reading() as tx:
        group = await accounts.by_id(tx.conn, int(job.args["group_id"]))
        history = await histories.of(tx.conn, group.id) if group else None
        wanted = group is not None and await follows.has_local_follower(tx.conn, group.id)
    if group is None or history is None or history.finished_at or not wanted:
        return
    following: str | None = None
    with suppress(TimeoutError, *FAILURES):
        async with asyncio.timeout(SECONDS):
            following = await _read(net, group, history)
    await _turn(net, group, history, following)


async def _turn(net: Net, group: Account, history: History, following: str | None) -> None:
    seen = following is None or following == history.next
    last = seen or history.pages + 1 >= PAGES
    async with net.work.transaction() as tx:
        next_page = None if last else following
        await histories.turn(tx.conn, group.id, next_page, tx.now if last else None)
        if not last:
            await verbs.go_on(tx, group, history.pages + 1, PAUSE)


async def _read(net: Net, group: Account, history: History) -> str | None:
    """One page; gives the address of the next one."""
    budget = Budget()
    page = await _page(net, group, history.next)
    if page is None:
        return None
    for item in page.items[:ITEMS]:
        with suppress(*FAILURES):
            await _item(net, group, item, budget)
    return page.next


async def _page(net: Net, group: Account, following: str | None) -> Collection | None:
    """The page to go on with; at first what the outbox itself carries, or its first page."""
    if following:
        return await _collection(net, following, group)
    if group.outbox is None:
        return None
    found = await _collection(net, group.outbox, group)
    if found.items or found.first_page:
        return found if found.items else found.first_page
    return await _collection(net, found.first, group) if found.first else None


async def _collection(net: Net, url: str, group: Account) -> Collection:
    return parse.parse_collection(await resolve.own_document(net, url, group.uri))


async def _item(net: Net, group: Account, item: str | Mapping[str, object], budget: Budget) -> None:
    """A line of an outbox: an Announce of an activity or of an id, an activity, or an id."""
    said = item
    if isinstance(said, Mapping) and said.get("type") == "Announce":
        said = mapping(said.get("object")) or str(said.get("object"))
    if isinstance(said, Mapping) and said.get("type") not in ("Create", "Update"):
        return
    if isinstance(said, Mapping) and await _by_proof(net, group, said):
        return
    uri = said if isinstance(said, str) else _object_of(said)
    await _kept(net, group, uri, budget)


def _object_of(activity: Mapping[str, object]) -> str:
    inner = mapping(activity.get("object"))
    return str(inner.get("id") if inner else activity.get("object"))


async def _by_proof(net: Net, group: Account, document: Mapping[str, object]) -> bool:
    """Whether the author's proof stands on it; then nothing is fetched."""
    said = parse.parse_activity(document)
    if not isinstance(said, activities.Create) or said.post is None:
        return False
    if net.work.site.urls.is_ours(said.actor) or await resolve.known_post(net, said.post.id):
        return True
    if said.post.attributed_to != said.actor:
        return False
    if not await passed_on.proven(net, document, said.actor):
        return False
    await _keep(net, group, said.post)
    return True


async def _kept(net: Net, group: Account, uri: str, budget: Budget) -> post_rows.Post | None:
    known = await resolve.known_post(net, uri)
    if known or net.work.site.urls.is_ours(uri) or not budget.take(uri):
        return known
    value = parse.parse_object(await resolve.unknown_post(net, uri))
    return await _keep(net, group, value) if isinstance(value, Post) else None


async def _keep(net: Net, group: Account, value: Post) -> post_rows.Post | None:
    """Only what says itself that it belongs to the group."""
    if group.uri not in (value.audience, *value.to, *value.cc):
        return None
    post = await resolve.keep(net, value, history=True)
    if post:
        async with net.work.transaction() as tx:
            await histories.count(tx.conn, group.id)
    return post
