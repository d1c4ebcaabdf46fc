"""The lists that a member takes along to another server, as the CSV files that Mastodon makes and reads.

Headers and order of columns are those of Mastodon's ``app/models/export.rb``: three of the files have no header.
Members of ours are named with our domain, as the file is read elsewhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from server.domain.tx import Tx
from server.errors import NotFound
from storage import takeout
from storage.accounts import Account

Subject: TypeAlias = tuple[str, dict[str, str]]
Maker: TypeAlias = Callable[[Tx, Account], Awaitable[str]]


async def make(tx: Tx, account: Account, name: str) -> str:
    """The file of this name, about ``account`` alone. Raises ``NotFound``."""
    if name not in FILES:
        raise NotFound
    return await FILES[name](tx, account)


async def _following(tx: Tx, account: Account) -> str:
    head = ("Account address", "Show boosts", "Notify on new posts", "Languages")
    rows = await takeout.following(tx.conn, account.id)
    lines = [
        (
            _address(tx, row.username, row.host),
            _truth(row.reblogs),
            _truth(row.notify),
            ", ".join(row.languages or ()),
        )
        for row in rows
    ]
    return table([head, *lines])


async def _blocked(tx: Tx, account: Account) -> str:
    rows = await takeout.blocked(tx.conn, account.id)
    return table([(_address(tx, row.username, row.host),) for row in rows])


async def _muted(tx: Tx, account: Account) -> str:
    rows = await takeout.muted(tx.conn, account.id)
    lines = [(_address(tx, row.username, row.host), _truth(row.notifications)) for row in rows]
    return table([("Account address", "Hide notifications"), *lines])


async def _domains(tx: Tx, account: Account) -> str:
    return table([(host,) for host in await takeout.domains(tx.conn, account.id)])


async def _listed(tx: Tx, account: Account) -> str:
    rows = await takeout.listed(tx.conn, account.id)
    return table([(row.title, _address(tx, row.username, row.host)) for row in rows])


async def _bookmarked(tx: Tx, account: Account) -> str:
    return table([(uri,) for uri in await takeout.bookmarked(tx.conn, account.id)])


async def subjects(tx: Tx, account: Account, kind: str) -> list[Subject]:
    """The same, as an import knows them (imports.py, ``KINDS``): what each line is about, and the list it is in."""
    conn, of = tx.conn, account.id
    if kind == "domains":
        return [(host, {}) for host in await takeout.domains(conn, of)]
    if kind == "bookmarks":
        return [(uri, {}) for uri in await takeout.bookmarked(conn, of)]
    if kind == "lists":
        rows = await takeout.listed(conn, of)
        return [(_address(tx, row.username, row.host), {"list": row.title}) for row in rows]
    people = {"following": takeout.following, "blocks": takeout.blocked, "mutes": takeout.muted}
    return [(_address(tx, row.username, row.host), {}) for row in await people[kind](conn, of)]


def _address(tx: Tx, username: str, host: str | None) -> str:
    return f"{username}@{host or tx.site.urls.domain}"


def _truth(value: bool) -> str:
    return "true" if value else "false"


def table(lines: Iterable[Sequence[str]]) -> str:
    """A CSV file."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(lines)
    return written.getvalue()


FILES: Mapping[str, Maker] = {
    "following_accounts.csv": _following,
    "lists.csv": _listed,
    "blocked_accounts.csv": _blocked,
    "muted_accounts.csv": _muted,
    "blocked_domains.csv": _domains,
    "bookmarks.csv": _bookmarked,
}
