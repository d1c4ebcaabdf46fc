"""Shared ban lists in Beckon's own API."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from server.clock import stamp
from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.ban_lists import BanList, Proposal


class Named(Protocol):
    """Somebody on a list."""

    @property
    def uri(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def until(self) -> datetime | None: ...


def entry(row: Named) -> Json:
    end = stamp(row.until) if row.until else None
    return {"uri": row.uri, "reason": row.reason, "expires_at": end}


def followed(urls: Urls, row: BanList, source: Account) -> Json:
    return {
        "id": str(row.id),
        "account": account.account(urls, source),
        "read_at": stamp(row.read_at) if row.read_at else None,
        "failure": row.failure,
    }


def proposal(row: Proposal) -> Json:
    ids = {"id": str(row.id), "list_id": str(row.list_id)}
    return ids | entry(row) | {"created_at": stamp(row.created_at)}
