"""Accounts as moderators see them."""

from __future__ import annotations

from server.clock import stamp
from server.render import account as accounts
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.users import User


def account(urls: Urls, row: Account, user: User | None) -> Json:
    """``Admin::Account``. Addresses on the network are not kept, so there are none."""
    return {
        "id": str(row.id),
        "username": row.username,
        "domain": row.host or None,
        "created_at": stamp(row.created_at),
        "email": user.email if user else None,
        "ip": None,
        "ips": [],
        "locale": "en" if user else None,
        "invite_request": (user.reason or None) if user else None,
        "role": accounts.ROLES[user.role] if user else None,
        "confirmed": user is not None and user.confirmed_at is not None,
        "approved": user is not None and user.approved_at is not None,
        "disabled": user is not None and user.disabled_at is not None,
        "suspended": row.suspended_at is not None,
        "silenced": False,
        "sensitized": False,
        "created_by_application_id": str(user.app_id) if user and user.app_id else None,
        "account": accounts.account(urls, row),
    }
