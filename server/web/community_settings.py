"""What a community says of itself, and who may come in: for its organisers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from server import text
from server.context import context
from server.domain.groups import community_settings as verbs
from server.domain.groups.community_settings import Changes
from server.errors import Forbidden, Invalid
from server.i18n import mark
from server.web import answers, steering
from server.web.session import Viewer
from storage import communities as rows
from storage.accounts import Account
from storage.communities import Community

LINES = ("rules", "questions", "topics")
"""One in each line, of topics one after each comma."""
WORDS = ("title", "about", "purpose", "norms")
CHOICES: Mapping[str, Mapping[str, str]] = {
    "policy": {
        "open": mark("Everybody who wants to"),
        "request": mark("Who asks, when an organiser says yes"),
        "invited": mark("Only who is invited"),
    },
    "visibility": {
        "public": mark("Everybody"),
        "unlisted": mark("Whoever has the address; it is listed nowhere"),
        "private": mark("Members alone"),
    },
    "proposals": {
        "open": mark("Any member, at once"),
        "seconded": mark("A member whose idea others second"),
        "approved": mark("A member whose idea an organiser approves"),
    },
}


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, and a sentence for each field that cannot stand."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict[str, str])


async def show(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/settings``"""
    return await _show(request, await answers.signed_in(request))


async def _show(request: web.Request, viewer: Viewer, form: Form | None = None) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        row = await rows.by_id(tx.conn, by.community.id)
        assert row, "it is ours"
    return steering.page(
        request, "steer_settings.html", viewer, by, status=422 if form else 200,
        form=form or Form(_values(by.community, row)), choices=CHOICES, limits=verbs,
    )  # fmt: skip


def _values(group: Account, row: Community) -> dict[str, str]:
    return {
        "title": group.display_name,
        "about": text.plain(group.note),
        "purpose": row.purpose,
        "norms": text.plain(row.norms),
        "policy": row.policy,
        "visibility": row.visibility,
        "proposals": row.proposals,
        "seconds": str(row.seconds),
        "capacity": str(row.capacity or ""),
        "rules": "\n".join(row.rules),
        "questions": "\n".join(row.questions),
        "topics": ", ".join(row.topics),
    }


async def save(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/settings``: only what was changed is written."""
    viewer, sent = await answers.form(request)
    typed = {name: sent.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS}
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            row = await rows.by_id(tx.conn, by.community.id)
            assert row, "it is ours"
            before = _values(by.community, row)
            changed = {name: value for name, value in typed.items() if value != before[name]}
            await verbs.edit(tx, viewer.account, by.community, _changes(changed))
    except Invalid as refused:
        named = refused.field if refused.field in FIELDS else "form"
        return await _show(request, viewer, Form(typed, {named or "form": refused.sentence}))
    except Forbidden as refused:
        return await _show(request, viewer, Form(typed, {"form": refused.sentence}))
    return answers.back_to(f"/@{by.community.username}/steer/settings", "saved")


FIELDS = (*WORDS, *CHOICES, *LINES, "seconds", "capacity")


def _changes(changed: Mapping[str, str]) -> Changes:
    """Raises ``Invalid``."""
    return Changes(
        title=changed.get("title"),
        about=changed.get("about"),
        purpose=changed.get("purpose"),
        norms=changed.get("norms"),
        policy=changed.get("policy"),
        visibility=changed.get("visibility"),
        proposals=changed.get("proposals"),
        rules=_lines(changed, "rules", "\n"),
        questions=_lines(changed, "questions", "\n"),
        topics=_lines(changed, "topics", ","),
        seconds=_number(changed, "seconds"),
        capacity=_number(changed, "capacity"),
    )


def _lines(changed: Mapping[str, str], name: str, between: str) -> list[str] | None:
    if name not in changed:
        return None
    return [part.strip() for part in changed[name].split(between) if part.strip()]


def _number(changed: Mapping[str, str], name: str) -> int | None:
    """Nothing typed is 0. Raises ``Invalid``."""
    typed = changed.get(name)
    if typed is None:
        return None
    if typed and (not typed.isascii() or not typed.isdecimal() or len(typed) > 7):
        raise Invalid("This is no number.", field=name)
    return int(typed or "0")


def routes(name: str) -> list[web.AbstractRouteDef]:
    return [web.get(f"{name}/steer/settings", show), web.post(f"{name}/steer/settings", save)]
