"""A public call's page as strangers get it, at an instance with a hundred thousand posts: one of the community with the
most to show, with participants from many servers and a thread below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from statistics import median

from server.domain.calling import calls
from server.domain.calling import participations as taking_part
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.members import accounts
from server.domain.posting import drafts
from server.domain.posting import posts as post_verbs
from server.domain.tx import Tx
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.bench import load, queries, seed
from tests.bench.house import DOMAIN, House, house
from tests.bench.report import Figure, cost
from tests.bench.rounds import one_round

TITLE = "Clearing the river bank"
LEAST = 1000
"""Bytes of a page that has something on it."""


@dataclass(frozen=True)
class Size:
    """``participants``: of as many servers as ``servers``; ``comments``: below the call."""

    statuses: int = 100_000
    participants: int = 300
    servers: int = 40
    comments: int = 40
    seconds: float = 4.0
    rounds: int = 3


async def measure(size: Size, profile: Path | None = None) -> list[Figure]:
    async with house(profile=profile) as here:
        async with here.work.transaction() as tx:
            await seed.readers(tx, 1, size.statuses)
        call = await _call(here, size)
        async with here.work.reading() as tx:
            await tx.conn.execute("vacuum analyze")
        asked = await queries.per_request(here, request(call))
        pages = repeat(request(call))
        await one_round(here, pages, 1, size.seconds / 4, LEAST)  # caches and prepared statements
        rounds = [await one_round(here, pages, 1, size.seconds, LEAST) for _ in range(size.rounds)]
    p50, p99 = (median(getattr(r, part) for r in rounds) * 1000 for part in ("p50", "p99"))
    return [
        Figure("a call's page, 1 connection", p50, "ms", f"the median; p99 {p99:.1f} ms"),
        cost("call's page", [r.cpu for r in rounds]),
        Figure("queries per call's page", asked, "statements"),
        Figure("bytes per call's page", median(r.size for r in rounds), "bytes", "packed"),
    ]


async def _call(here: House, size: Size) -> Post:
    """An event with people from many servers, and a thread of its organiser."""
    async with here.work.transaction() as tx:
        founder = await accounts.create(tx, "person", "organiser")
        group = await communities.create(tx, founder, "river", "The river")
        soon = tx.now + timedelta(days=9)
        details = Details(
            soon, soon + timedelta(hours=3), "Europe/Rome", "The bridge", "Mill street 1",
            goal=size.participants * 2,
        )  # fmt: skip
        post = await calls.create(tx, founder, group, Wanted(TITLE, details, "Bring gloves. " * 40))
    for number in range(size.participants):
        async with here.work.transaction() as tx:
            person = await seed.remote(tx, f"walker{number}", f"s{number % size.servers}.example")
            await taking_part.answer(tx, person, post, "going", "join")
            if number < size.comments:
                await _comment(tx, founder, post, number)
    return post


async def _comment(tx: Tx, author: Account, post: Post, number: int) -> None:
    said = f"<p>Number {number} has a boat and two shovels.</p>"
    await post_verbs.publish(tx, author, drafts.Draft(content=said, in_reply_to=post))


def request(call: Post) -> bytes:
    """As a browser asks that is signed in nowhere."""
    headers = {"Host": DOMAIN, "Accept": "text/html", "Accept-Encoding": "gzip"}
    return load.request("GET", f"/calls/{call.id}", headers)
