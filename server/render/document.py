"""Documents of a community in Beckon's own API."""

from __future__ import annotations

from collections.abc import Mapping

from server import text
from server.clock import stamp
from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.documents import Document, Version


def listed(urls: Urls, row: Document, people: Mapping[int, Account]) -> Json:
    """Without its text. ``people``: authors by id."""
    return {
        "id": str(row.id),
        "community_id": str(row.community_id),
        "title": row.title,
        "url": urls.document(row.id),
        "editors": row.editors,
        "pinned": row.pinned,
        "version": row.version,
        "author": _author(urls, row.author_id, people),
        "created_at": stamp(row.created_at),
        "changed_at": stamp(row.changed_at),
    }


def whole(urls: Urls, row: Document, people: Mapping[int, Account]) -> Json:
    return listed(urls, row, people) | _text(urls, row.source)


def version(urls: Urls, row: Version, people: Mapping[int, Account]) -> Json:
    """Without its text."""
    return {
        "number": row.number,
        "title": row.title,
        "author": _author(urls, row.author_id, people),
        "created_at": stamp(row.created_at),
    }


def whole_version(urls: Urls, row: Version, people: Mapping[int, Account]) -> Json:
    return version(urls, row, people) | _text(urls, row.source)


def _text(urls: Urls, source: str) -> Json:
    return {"content": text.compose_long(source, urls.tag), "text": source}


def _author(urls: Urls, author_id: int | None, people: Mapping[int, Account]) -> Json | None:
    found = people.get(author_id or 0)
    return account.account(urls, found) if found else None
