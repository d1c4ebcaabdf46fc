"""Pages of home per second: the newest twenty statuses and older ones, for a hundred readers in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from tests.bench import load, queries, seed
from tests.bench.house import DOMAIN, house
from tests.bench.report import Figure, cost
from tests.bench.rounds import Round, one_round

HOME = "/api/v1/timelines/home"
MANY = 32
LEAST = 100
"""Bytes of a page that is not empty."""


@dataclass(frozen=True)
class Size:
    statuses: int = 100_000
    readers: int = 100
    seconds: float = 4.0
    rounds: int = 3


async def measure(size: Size, profile: Path | None = None) -> list[Figure]:
    async with house(profile=profile) as here:
        async with here.work.transaction() as tx:
            tokens = await seed.readers(tx, size.readers, size.statuses)
        async with here.work.reading() as tx:
            await tx.conn.execute("vacuum analyze")
        asked = await queries.per_request(here, request(tokens[0]))
        pages = requests(tokens)
        await one_round(here, pages, 1, size.seconds / 4, LEAST)  # caches and prepared statements
        alone = [await one_round(here, pages, 1, size.seconds, LEAST) for _ in range(size.rounds)]
        many = [await one_round(here, pages, MANY, size.seconds, LEAST) for _ in range(size.rounds)]
    return [
        *figures(alone, "1 connection"),
        *figures(many, f"{MANY} connections"),
        cost("page of home", [r.cpu for r in many]),
        Figure("queries per page of home", asked, "statements"),
        Figure("bytes per page of home", median(r.size for r in many), "bytes", "JSON, not packed"),
    ]


def figures(rounds: Sequence[Round], name: str) -> list[Figure]:
    p50, p99 = (median(getattr(r, part) for r in rounds) * 1000 for part in ("p50", "p99"))
    return [
        Figure(
            f"pages of home, {name}",
            median(r.rate for r in rounds),
            "per second per core",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        )
    ]


def requests(tokens: Sequence[str]) -> Iterator[bytes]:
    whole = [request(token) for token in tokens]
    return (whole[number % len(whole)] for number in count())


def request(token: str) -> bytes:
    return load.request("GET", HOME, {"Host": DOMAIN, "Authorization": f"Bearer {token}"})
