"""Completing a thread of another server from the collections of replies that its posts name.

Where the head of the thread names the collection of the whole thread (``context``, FEP-f228), that is read.
Where it does not, or nothing can be had there, from the head and the post that was opened each post's
replies are read. Every collection is read at the post's own origin (FEP-fe34), at most ``PAGES`` pages of it;
every post that it lists is fetched from its own id, and counts only if it answers a post that we have. Then
the replies of that one are read, as long as posts, hosts and seconds are left. What is found is history: it enters no home and notifies nobody. What was published in
the last minutes is left to its delivery, which does both.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from federation import parse
from federation.errors import Gone, Refused, Unreachable
from federation.objects import Collection, Post
from federation.origin import host_of
from server.arriving import resolve
from server.arriving.resolve import Net
from server.errors import BeckonError
from storage import posts as post_rows
from storage import threads
from storage.jobs import Job

log = structlog.get_logger()

PAGES = 2
POSTS = 40
HOSTS = 10
COLLECTIONS = 12
SECONDS = 60.0
UNDER_WAY = timedelta(minutes=10)
FAILURES = (Gone, Refused, Unreachable, BeckonError)


@dataclass(slots=True)
class Search:
    """What is left to ask, and what was asked.

    ``posts``: new documents whose replies are to be read; ``known``: ids of posts that we had, whose
    documents are fetched for their replies when nothing new is left.
    """

    thread_id: int
    known: deque[str] = field(default_factory=deque[str])
    posts: deque[dict[str, object]] = field(default_factory=deque[dict[str, object]])
    seen: set[str] = field(default_factory=set[str])
    hosts: set[str] = field(default_factory=set[str])
    fetched: int = 0
    collections: int = 0
    whole: bool = False
    """Whether the collection of the whole thread was read: then no replies are asked for."""

    def may_fetch(self, uri: str) -> bool:
        """Counts it. Raises ``Refused`` for what is no address."""
        host = host_of(uri)
        known = host in self.hosts or len(self.hosts) < HOSTS
        if uri in self.seen or not known or self.fetched >= POSTS:
            return False
        self.seen.add(uri)
        self.hosts.add(host)
        self.fetched += 1
        return True


async def run(net: Net, job: Job) -> None:
    """Complete the thread ``thread_id``, as it is seen from the post ``post_id``."""
    search = Search(int(job.args["thread_id"]))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                await _complete(net, search, int(job.args["post_id"]))
    finally:
        async with net.work.transaction() as tx:
            await threads.finish(tx.conn, search.thread_id, tx.now)


async def _complete(net: Net, search: Search, post_id: int) -> None:
    async with net.work.reading() as tx:
        known = await post_rows.by_ids(tx.conn, [search.thread_id, post_id])
    for row in (known.get(search.thread_id), known.get(post_id)):
        if row and not row.local and row.is_public:
            search.known.append(row.uri)
    while search.collections < COLLECTIONS and (document := await _next(net, search)):
        with suppress(*FAILURES):
            for uri in await _listed(net, search, document):
                await _fetch(net, search, uri)
        if search.whole:
            return


async def _next(net: Net, search: Search) -> dict[str, object] | None:
    if search.posts:
        return search.posts.popleft()
    while search.known:
        with suppress(*FAILURES):
            uri = search.known.popleft()
            if search.may_fetch(uri):
                return await resolve.document(net, uri)
    return None


async def _listed(net: Net, search: Search, document: dict[str, object]) -> list[str]:
    """The posts of the whole thread, of whose head this is the document; else what answers a post."""
    with suppress(*FAILURES):
        found = await _whole_thread(net, search, document)
        if found:
            return found
    return await _replies(net, search, document)


async def _whole_thread(net: Net, search: Search, document: dict[str, object]) -> list[str]:
    address = parse.parse_context(document)
    if address is None or document.get("inReplyTo") or search.collections:
        return []
    search.collections += 1
    owner = str(document["id"])
    listed = await _pages(net, await _collection(net, address, owner), owner)
    search.whole = any(uri != owner for uri in listed)
    return listed if search.whole else []


async def _replies(net: Net, search: Search, document: dict[str, object]) -> list[str]:
    """The ids that a post's collection lists, whatever they are."""
    owner = str(document["id"])
    found = parse.parse_replies(document)
    if found is None:
        return []
    search.collections += 1
    if isinstance(found, str):
        found = await _collection(net, found, owner)
    return await _pages(net, found, owner)


async def _pages(net: Net, found: Collection, owner: str) -> list[str]:
    """What a collection lists, with the pages that follow; none is asked for twice."""
    listed = _ids(found)
    if found.first_page:
        listed += _ids(found.first_page)
    following = found.first_page.next if found.first_page else found.first or found.next
    asked: set[str] = set()
    while following and following not in asked and len(asked) < PAGES:
        asked.add(following)
        page = await _collection(net, following, owner)
        listed += _ids(page)
        following = page.next
    return list(dict.fromkeys(listed))


async def _collection(net: Net, url: str, owner: str) -> Collection:
    return parse.parse_collection(await resolve.own_document(net, url, owner))


def _ids(found: Collection) -> list[str]:
    """An embedded reply proves nothing: it is fetched from its own id."""
    named = (item if isinstance(item, str) else item.get("id") for item in found.items)
    return [uri for uri in named if isinstance(uri, str)]


async def _fetch(net: Net, search: Search, uri: str) -> None:
    with suppress(*FAILURES):
        if net.work.site.urls.is_ours(uri):
            return
        if await resolve.known_post(net, uri):
            search.known.append(uri)
            return
        if not search.may_fetch(uri):
            return
        document = await resolve.unknown_post(net, uri)
        value = parse.parse_object(document)
        if isinstance(value, Post) and await _belongs(net, search, value):
            await _keep(net, search, value, document)
            search.posts.append(document)


async def _belongs(net: Net, search: Search, value: Post) -> bool:
    """Whether a post answers one of this thread, and is not just on its way to us."""
    if value.in_reply_to is None:
        return False
    now = net.work.clock.now()
    if value.published and value.published > now - UNDER_WAY:
        return False
    parent = await resolve.known_post(net, value.in_reply_to)
    return parent is not None and parent.thread_id == search.thread_id


async def _keep(net: Net, search: Search, value: Post, document: dict[str, object]) -> None:
    if await resolve.keep(net, value, history=True):
        async with net.work.transaction() as tx:
            await threads.count(tx.conn, search.thread_id)
