"""Documents that a community keeps, with their last versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Document:
    """With its newest version. ``author_id`` wrote that one; None: their account is gone."""

    id: int
    community_id: int
    editors: str
    pinned: bool
    version: int
    created_at: datetime
    title: str
    source: str
    author_id: int | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    document_id: int
    number: int
    title: str
    source: str
    author_id: int | None
    created_at: datetime


INSERT = Query(
    "insert into documents (community_id, editors, version, created_at) values ($1, $2, 1, $3)"
    " returning id",
    int,
)
BY_ID = Query(
    """
    select d.*, v.title, v.source, v.author_id, v.created_at as changed_at
    from documents d join document_versions v on v.document_id = d.id and v.number = d.version
    where d.id = $1
    """,
    Document,
)
OF_COMMUNITY = Query(
    """
    select d.*, v.title, v.source, v.author_id, v.created_at as changed_at
    from documents d join document_versions v on v.document_id = d.id and v.number = d.version
    where d.community_id = $1 order by d.pinned desc, v.created_at desc, d.id desc
    """,
    Document,
)
COUNT = Query("select count(*) from documents where community_id = $1", int)
LOCK = Query("select version from documents where id = $1 for update", int)
WRITE = Command(
    "insert into document_versions (document_id, number, title, source, author_id, created_at)"
    " values ($1, $2, $3, $4, $5, $6)"
)
TURN = Command("update documents set version = $2 where id = $1")
FORGET = Command("delete from document_versions where document_id = $1 and number <= $2")
VERSIONS = Query(
    "select * from document_versions where document_id = $1 order by number desc", Version
)
VERSION = Query("select * from document_versions where document_id = $1 and number = $2", Version)
SET_EDITORS = Command("update documents set editors = $2 where id = $1")
PIN = Command("update documents set pinned = $2 where id = $1 and pinned <> $2")
DELETE = Command("delete from documents where id = $1")


async def insert(conn: Connection, community_id: int, editors: str, now: datetime) -> int:
    """Its first version is to be written in the same transaction."""
    return await INSERT.one(conn, community_id, editors, now)


async def by_id(conn: Connection, document_id: int) -> Document | None:
    return await BY_ID.first(conn, document_id)


async def of_community(conn: Connection, community_id: int) -> list[Document]:
    """All of them: what is pinned first, then the last changed."""
    return await OF_COMMUNITY.all(conn, community_id)


async def count(conn: Connection, community_id: int) -> int:
    return await COUNT.one(conn, community_id)


async def lock(conn: Connection, document_id: int) -> int | None:
    """Nobody else changes it until the transaction ends; gives its newest version."""
    return await LOCK.first(conn, document_id)


async def write(conn: Connection, version: Version, keep: int) -> None:
    """This is what the document says now; the last ``keep`` versions stay."""
    await WRITE.run(
        conn, version.document_id, version.number, version.title, version.source,
        version.author_id, version.created_at,
    )  # fmt: skip
    await TURN.run(conn, version.document_id, version.number)
    await FORGET.run(conn, version.document_id, version.number - keep)


async def versions(conn: Connection, document_id: int) -> list[Version]:
    """Those that are kept, the newest first."""
    return await VERSIONS.all(conn, document_id)


async def version(conn: Connection, document_id: int, number: int) -> Version | None:
    return await VERSION.first(conn, document_id, number)


async def set_editors(conn: Connection, document_id: int, editors: str) -> None:
    await SET_EDITORS.run(conn, document_id, editors)


async def pin(conn: Connection, document_id: int, *, pinned: bool) -> bool:
    """False where it was so already."""
    return await PIN.run(conn, document_id, pinned) == 1


async def delete(conn: Connection, document_id: int) -> None:
    await DELETE.run(conn, document_id)
