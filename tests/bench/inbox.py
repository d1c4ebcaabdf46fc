"""Signed activities per second: received over HTTP, verified, written down, applied, outcome stored.

Senders are known (their keys stand in the database), so no key is fetched. Members accept followers by
hand, so that no Accept leaves: sending is measured in deliveries.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import orjson

from federation.keys import SigningKey
from federation.signatures import Request, sign_cavage
from server.clock import stamp
from storage.accounts import Account
from storage.posts import Post
from tests.bench import load, machine, seed
from tests.bench.house import DOMAIN, House, house, left, postgresql_version, until_empty
from tests.bench.machine import Used
from tests.bench.report import Figure, cost

CONNECTIONS = 16
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
WAITING = "select count(*) from inbox where state = 'waiting'"
REFUSED = "select count(*) from inbox where state = 'refused'"


@dataclass(frozen=True)
class Size:
    """How many of each kind in a round, from how many senders to how many members."""

    each: int = 600
    senders: int = 30
    members: int = 100
    rounds: int = 3


@dataclass(frozen=True)
class Town:
    senders: Sequence[tuple[Account, SigningKey]]
    members: Sequence[Account]
    posts: Sequence[Post]


async def measure(size: Size, profile: Path | None = None) -> list[Figure]:
    async with house(profile=profile) as here:
        version = await postgresql_version(here.dsn)
        town = await settle(here, size)
        rates, costs = [], []
        for number in range(size.rounds):
            rate, used = await one_round(here, town, size, number)
            rates.append(rate)
            costs.append(used)
    return [
        Figure(
            "signed inbox activities, fully processed",
            median(rates),
            "per second per core",
            f"PostgreSQL {version}",
        ),
        cost("inbox activity", costs),
    ]


async def settle(here: House, size: Size) -> Town:
    async with here.work.transaction() as tx:
        members = [await seed.member(tx, f"member{n}", locked=True) for n in range(size.members)]
        senders = [await seed.stranger(tx, f"sender{n}.example") for n in range(size.senders)]
        written = [await seed.post(tx, member) for member in members]
    return Town(senders, members, written)


async def one_round(here: House, town: Town, size: Size, number: int) -> tuple[float, Used]:
    """Activities per second, and what each costs."""
    requests = list(signed(here, town, size, number))
    before = machine.used(here.pid)
    began = time.perf_counter()
    answers = await load.drive(here.port, iter(requests), CONNECTIONS)
    await until_empty(here, WAITING)
    elapsed = time.perf_counter() - began
    used = machine.used(here.pid).per(before, len(requests))
    await check(here, answers)
    return len(requests) / elapsed, used


async def check(here: House, answers: list[load.Answer]) -> None:
    statuses = {answer.status for answer in answers}
    refused = await left(here, REFUSED)
    if statuses != {202} or refused:
        raise RuntimeError(f"Not all was taken: statuses {statuses}, {refused} refused.")


def signed(here: House, town: Town, size: Size, number: int) -> Iterator[bytes]:
    """Requests to the shared inbox, the three kinds in turn; nobody does the same thing twice."""
    now = here.work.clock.now()
    first = number * size.each
    for index in range(first, first + size.each):
        sender, key = town.senders[index % len(town.senders)]
        turn = index // len(town.senders) % len(town.members)
        for activity in (
            mention(sender, town.members[turn], index, now),
            like(sender, town.posts[turn], index),
            follow(sender, town.members[turn], index),
        ):
            yield post(activity, key, now)


def post(activity: dict[str, object], key: SigningKey, now: datetime) -> bytes:
    body = orjson.dumps(activity)
    headers = {"host": DOMAIN, "content-type": "application/activity+json"}
    added = sign_cavage(Request("POST", "/inbox", headers, body), key, now)
    return load.request("POST", "/inbox", headers | added, body)


def mention(sender: Account, member: Account, number: int, now: datetime) -> dict[str, object]:
    """A Create of a Note that mentions somebody, in Mastodon's shape."""
    uri = f"{sender.uri}/statuses/{number}"
    audience = {"to": [PUBLIC], "cc": [f"{sender.uri}/followers", member.uri]}
    handle = f"@{member.username}@{DOMAIN}"
    content = f'<p><a href="{member.url}" class="u-url mention">{handle}</a> number {number}</p>'
    note: dict[str, object] = {
        "id": uri,
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": stamp(now),
        "url": f"https://{sender.host}/@{sender.username}/{number}",
        "attributedTo": sender.uri,
        **audience,
        "sensitive": False,
        "atomUri": uri,
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [{"type": "Mention", "href": member.uri, "name": handle}],
    }
    return {
        "@context": CONTEXT,
        "id": f"{uri}/activity",
        "type": "Create",
        "actor": sender.uri,
        "published": stamp(now),
        **audience,
        "object": note,
    }


def like(sender: Account, liked: Post, number: int) -> dict[str, object]:
    return {
        "@context": CONTEXT,
        "id": f"{sender.uri}#likes/{number}",
        "type": "Like",
        "actor": sender.uri,
        "object": liked.uri,
    }


def follow(sender: Account, member: Account, number: int) -> dict[str, object]:
    return {
        "@context": CONTEXT,
        "id": f"{sender.uri}#follows/{number}",
        "type": "Follow",
        "actor": sender.uri,
        "object": member.uri,
    }
