"""Beckon's own API for what reaches a member: of each community how much, at which hours, and the digest.

``Attention``: timezone, quiet_from and quiet_until (``HH:MM`` there, null: no quiet hours), digest (mail,
message: a direct post by the server, or none), digest_day (0 is Monday), digest_hour. ``Level``: level (everything, calls, mentions, nothing).
"""

from __future__ import annotations

import re
from dataclasses import replace

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, choice, integer, op
from server.api.params import Params
from server.api.reading import id_of
from server.context import context
from server.domain import sight
from server.domain.mailing import digests
from server.domain.members import attention as verbs
from server.errors import Invalid
from server.render.view import Json
from storage import attention
from storage.attention import DIGESTS, LEVELS, Attention

BASE = "/api/beckon/v1/attention"
ONE = "/api/beckon/v1/communities/{id}/attention"
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _entity(row: Attention) -> Json:
    return {
        "timezone": row.timezone,
        "quiet_from": _clock(row.quiet_from),
        "quiet_until": _clock(row.quiet_until),
        "digest": row.digest,
        "digest_day": row.digest_day,
        "digest_hour": row.digest_hour,
    }


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(_entity(await attention.of(tx.conn, caller.user.id)))


async def save(request: web.Request, caller: Caller) -> web.Response:
    """What is left out stays; empty ``quiet_from`` and ``quiet_until``: no quiet hours."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        stands = await attention.of(tx.conn, caller.user.id)
        chosen = await verbs.choose(tx, caller.user.id, _changed(stands, sent))
        await digests.plan_one(tx, caller.user.id)
    return ok(_entity(chosen))


def _changed(stands: Attention, sent: Params) -> Attention:
    day, hour = sent.integer("digest_day", 0, 6), sent.integer("digest_hour", 0, 23)
    return replace(
        stands,
        timezone=sent.text("timezone") or stands.timezone,
        quiet_from=_minute(sent, "quiet_from", stands.quiet_from),
        quiet_until=_minute(sent, "quiet_until", stands.quiet_until),
        digest=sent.text("digest") or stands.digest,
        digest_day=stands.digest_day if day is None else day,
        digest_hour=stands.digest_hour if hour is None else hour,
    )


def _minute(sent: Params, name: str, stands: int | None) -> int | None:
    if name not in sent:
        return stands
    given = sent.text(name)
    if not given:
        return None
    found = CLOCK.fullmatch(given)
    if not found:
        raise Invalid("A time of the day is written as 22:00.", field=name)
    return int(found[1]) * 60 + int(found[2])


async def level(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        return ok({"level": await verbs.level(tx, caller.account, group)})


async def set_level(request: web.Request, caller: Caller) -> web.Response:
    """``level``. 403 for who is no member."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await verbs.set_level(tx, caller.account, group, sent.text("level") or "")
        return ok({"level": await verbs.level(tx, caller.account, group)})


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", BASE, show, "read:notifications"),
        for_member("PUT", BASE, save, "write:notifications"),
        for_member("GET", ONE, level, "read:notifications"),
        for_member("PUT", ONE, set_level, "write:notifications"),
    ]


_CHOSEN = (
    a_text("timezone"),
    a_text("quiet_from"),
    a_text("quiet_until"),
    choice("digest", *DIGESTS),
    integer("digest_day", 0, 6),
    integer("digest_hour", 0, 23),
)
DESCRIBED: Described = {
    f"GET {BASE}": op("Attention"),
    f"PUT {BASE}": op("Attention", *_CHOSEN),
    f"GET {ONE}": op("Level"),
    f"PUT {ONE}": op("Level", choice("level", *LEVELS, required=True)),
}
