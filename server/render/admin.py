"""Accounts, reports and blocked hosts as moderators see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.clock import stamp
from server.render import account as accounts
from server.render import report, status
from server.render.view import Json, View
from server.urls import Urls
from storage import accounts as account_rows
from storage import posts, users
from storage.accounts import Account
from storage.reports import Report
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
        "silenced": row.silenced_at is not None,
        "sensitized": row.sensitized_at is not None,
        "created_by_application_id": str(user.app_id) if user and user.app_id else None,
        "account": accounts.account(urls, row),
    }


async def accounts_by_id(view: View, ids: Sequence[int]) -> dict[int, Json]:
    """``Admin::Account`` of each, by id; who is gone is left out."""
    rows = await account_rows.by_ids(view.conn, ids)
    signed_in = await users.by_ids(view.conn, [a.user_id for a in rows.values() if a.user_id])
    return {i: account(view.urls, a, signed_in.get(a.user_id or 0)) for i, a in rows.items()}


@dataclass(frozen=True, slots=True)
class _Around:
    """What the reports of a page name."""

    people: Mapping[int, Json]
    posts: Mapping[int, Json]
    rules: Sequence[str]


async def reports(view: View, rows: Sequence[Report], rules: Sequence[str]) -> list[Json]:
    """``Admin::Report`` each, with a fixed number of queries.

    The posts are shown as they are, whoever may see them elsewhere: somebody who could asked the
    moderators to look.
    """
    ids = {i for r in rows for i in (r.account_id, r.target_id, r.assigned_id, r.resolved_by_id)}
    people = await accounts_by_id(view, sorted(i for i in ids if i is not None))
    named = sorted({i for r in rows for i in r.post_ids})
    found = [p for p in (await posts.by_ids(view.conn, named)).values() if p.reblog_of_id is None]
    shown = await status.statuses(view, found, {}) if found else []
    around = _Around(people, {int(s["id"]): s for s in shown}, rules)
    return [_report(r, around) for r in rows]


def _report(row: Report, around: _Around) -> Json:
    return report.facts(row) | {
        "updated_at": stamp(row.updated_at),
        "account": around.people[row.account_id],
        "target_account": around.people[row.target_id],
        "assigned_account": around.people.get(row.assigned_id or 0),
        "action_taken_by_account": around.people.get(row.resolved_by_id or 0),
        "statuses": [around.posts[i] for i in row.post_ids if i in around.posts],
        "rules": [
            {"id": str(n), "text": around.rules[n - 1], "hint": ""}
            for n in row.rule_ids
            if n <= len(around.rules)
        ],
    }
