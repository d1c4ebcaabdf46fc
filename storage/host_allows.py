"""The hosts, each with all below it, that a limited instance speaks with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class HostAllow:
    id: int
    host: str
    created_at: datetime


LISTED = Query(
    "select * from host_allows where id < $1 and id > $2 order by id desc limit $3", HostAllow
)
LISTED_UP = Query(
    "select * from (select * from host_allows where id < $1 and id > $2 order by id limit $3) a"
    " order by id desc",
    HostAllow,
)
EVERY = Query("select * from host_allows order by host", HostAllow)
BY_ID = Query("select * from host_allows where id = $1", HostAllow)
BY_HOST = Query("select * from host_allows where host = $1", HostAllow)
INSERT = Query(
    "insert into host_allows (host, created_at) values ($1, $2)"
    " on conflict (host) do nothing returning *",
    HostAllow,
)
DELETE = Command("delete from host_allows where id = $1")


async def listed(conn: Connection, page: Page) -> list[HostAllow]:
    """Newest first."""
    return await (LISTED_UP if page.upward else LISTED).all(conn, *page.bounds, page.limit)


async def every(conn: Connection) -> list[HostAllow]:
    """By host."""
    return await EVERY.all(conn)


async def by_id(conn: Connection, allow_id: int) -> HostAllow | None:
    return await BY_ID.first(conn, allow_id)


async def by_host(conn: Connection, host: str) -> HostAllow | None:
    """Of this very name."""
    return await BY_HOST.first(conn, host)


async def insert(conn: Connection, host: str, now: datetime) -> HostAllow | None:
    """None where it is on the list."""
    return await INSERT.first(conn, host, now)


async def delete(conn: Connection, allow_id: int) -> None:
    await DELETE.run(conn, allow_id)
