"""Whether anything changed: every row of every table, before and after.

Left out is what only says that somebody knocked: the inbox with its lanes, what was asked about hosts or used up, and
when something was last asked for. Whoever is met for the first time is written down with their keys, so
remote accounts that are new may be there afterwards; nothing of those that were there may differ.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from server.domain.tx import Work
from tests.federation.instance import Instance

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[Row]]

BOOKKEEPING = frozenset({"budgets", "inbox", "lanes", "hosts"})
TIMES = ("fetched_at", "featured_at", "last_used_at")
TABLES = """
    select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'r' order by 1"""


async def dump(work: Work) -> Rows:
    """All that stands in the database, by table, each row without the times of asking."""
    async with work.reading() as tx:
        names = [row[0] for row in await tx.conn.fetch(TABLES)]
        found: Rows = {}
        for name in names:
            if name not in BOOKKEEPING:
                rows = await tx.conn.fetch(f"select to_jsonb(t)::text as row from {name} t")
                found[name] = sorted((_of(row["row"]) for row in rows), key=json.dumps)
    return found


def _of(text: str) -> Row:
    return {name: value for name, value in json.loads(text).items() if name not in TIMES}


def without(rows: Rows, strangers: set[int]) -> Rows:
    """The same without these accounts and their keys."""
    kept = dict(rows)
    kept["accounts"] = [row for row in rows["accounts"] if row["id"] not in strangers]
    kept["keys"] = [row for row in rows["keys"] if row["account_id"] not in strangers]
    return kept


def remote(rows: Rows) -> set[int]:
    return {row["id"] for row in rows["accounts"] if not row["local"]}


async def snapshot(ours: Instance) -> Rows:
    """All that stands here but what is written of people elsewhere, who may be met meanwhile."""
    rows = await dump(ours.work)
    return without(rows, remote(rows))


@asynccontextmanager
async def same_rows(work: Work, *but: str) -> AsyncIterator[None]:
    """Whatever happens inside leaves every row as it was. ``but``: tables that tell what was asked for."""
    before = await dump(work)
    yield
    after = await dump(work)
    expected = {name: [] if name in but else rows for name, rows in before.items()}
    found = {name: [] if name in but else rows for name, rows in after.items()}
    assert without(found, remote(after) - remote(before)) == expected


@asynccontextmanager
async def unchanged(ours: Instance) -> AsyncIterator[None]:
    """As ``same_rows``, after all work that came of it is done, and none of what waited before."""
    await ours.settle()
    async with same_rows(ours.work):
        yield
        await ours.settle()
