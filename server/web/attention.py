"""``/settings/notifications``: how much a member is told, of what, by whom, and at which hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from zoneinfo import available_timezones

from aiohttp import web

from server import ids
from server.context import context
from server.domain.mailing import digests
from server.domain.members import attention as verbs
from server.domain.tx import Tx
from server.errors import BadRequest, Invalid, NotFound
from server.i18n import mark
from server.web.answers import back_to, choice, form, page, signed_in
from server.web.forms import Form, refused
from server.web.session import Viewer
from storage import accounts, attention, call_notices, notification_requests
from storage.attention import DIGESTS, LEVELS, Attention
from storage.notification_requests import Policy

PATH = "/settings/notifications"
COMMUNITIES = 200
SENDERS = {
    "for_not_following": mark("People whom you do not follow"),
    "for_not_followers": mark("People who do not follow you"),
    "for_new_accounts": mark("Accounts made in the last days"),
    "for_private_mentions": mark("Strangers who write to you alone"),
    "for_limited_accounts": mark("Accounts that moderators have limited"),
    "for_bots": mark("Automated accounts"),
}
VERDICTS = {
    "accept": mark("Tell me"),
    "filter": mark("Keep apart"),
    "drop": mark("Leave out"),
}
NAMED = {
    "everything": mark("Everything new"),
    "calls": mark("Calls and announcements"),
    "mentions": mark("When somebody speaks to me"),
    "nothing": mark("Only what I take part in"),
}


@cache
def zones() -> list[str]:
    """Time zones by their places, and UTC."""
    return ["UTC", *sorted(z for z in available_timezones() if "/" in z and "Etc/" not in z)]


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _values(row: Attention, *, reminders: bool) -> dict[str, str]:
    return {
        "timezone": row.timezone,
        "quiet_from": _clock(row.quiet_from),
        "quiet_until": _clock(row.quiet_until),
        "digest": row.digest,
        "digest_day": str(row.digest_day),
        "digest_hour": str(row.digest_hour),
        "reminders": "yes" if reminders else "",
    }


async def show(request: web.Request) -> web.Response:
    """``GET /settings/notifications``"""
    viewer = await signed_in(request)
    async with context(request).work.reading() as tx:
        stands = await attention.of(tx.conn, viewer.user_id)
        off = await call_notices.reminders_off(tx.conn, viewer.account.id)
        return await _page(tx, request, viewer, Form(_values(stands, reminders=not off)))


async def _page(
    tx: Tx, request: web.Request, viewer: Viewer, typed: Form, status: int = 200
) -> web.Response:
    return page(
        request, "settings_notifications.html", viewer, status=status, form=typed, zones=zones(),
        digests=DIGESTS, named=NAMED, senders=SENDERS, verdicts=VERDICTS,
        communities=await attention.levels_of(tx.conn, viewer.account.id, COMMUNITIES),
        policy=await notification_requests.policy(tx.conn, viewer.account.id),
    )  # fmt: skip


async def save_hours(request: web.Request) -> web.Response:
    """``POST /settings/notifications/hours``: quiet hours, the digest and reminders."""
    viewer, sent = await form(request)
    try:
        async with context(request).work.transaction() as tx:
            stands = await attention.of(tx.conn, viewer.user_id)
            await verbs.choose(tx, viewer.user_id, _changed(stands, sent))
            await digests.plan_one(tx, viewer.user_id)
            await call_notices.turn_reminders(
                tx.conn, viewer.account.id, on=sent.get("reminders") == "yes"
            )
    except Invalid as error:
        typed = refused(_values(Attention(), reminders=False) | sent, error, {})
        async with context(request).work.reading() as tx:
            return await _page(tx, request, viewer, typed, error.status)
    return back_to(PATH, "saved")


def _changed(stands: Attention, sent: Mapping[str, str]) -> Attention:
    return replace(
        stands,
        timezone=sent.get("timezone", ""),
        quiet_from=_minute(sent, "quiet_from"),
        quiet_until=_minute(sent, "quiet_until"),
        digest=sent.get("digest", ""),
        digest_day=_number(sent, "digest_day", 6),
        digest_hour=_number(sent, "digest_hour", 23),
    )


def _minute(sent: Mapping[str, str], name: str) -> int | None:
    """Raises ``Invalid``; a browser sends ``22:00``, or ``22:00:00``."""
    given = sent.get(name, "").strip()
    if not given:
        return None
    hour, _, minute = given[:5].partition(":")
    numbers = [int(n) for n in (hour, minute) if n.isascii() and n.isdigit()]
    if len(numbers) != 2 or numbers[0] > 23 or numbers[1] > 59:
        raise Invalid(mark("A time of the day is written as 22:00."), field=name)
    return numbers[0] * 60 + numbers[1]


def _number(sent: Mapping[str, str], name: str, most: int) -> int:
    found = ids.parse(sent.get(name, ""))
    if found is None or found > most:
        raise BadRequest("This form is not one of ours.", cause=name)
    return found


async def save_levels(request: web.Request) -> web.Response:
    """``POST /settings/notifications/communities``: ``level_ID`` each; what is not sent stays."""
    viewer, sent = await form(request)
    async with context(request).work.transaction() as tx:
        stands = await attention.levels_of(tx.conn, viewer.account.id, COMMUNITIES)
        for row in stands:
            name = f"level_{row.id}"
            if name in sent and choice(sent, name, LEVELS) != row.level:
                group = await accounts.by_id(tx.conn, row.id)
                if group is None:
                    raise NotFound
                await verbs.set_level(tx, viewer.account, group, sent[name])
    return back_to(PATH, "saved")


async def save_policy(request: web.Request) -> web.Response:
    """``POST /settings/notifications/senders``"""
    viewer, sent = await form(request)
    chosen = {f.name: choice(sent, f.name, VERDICTS) for f in fields(Policy)}
    async with context(request).work.transaction() as tx:
        await notification_requests.put_policy(tx.conn, viewer.account.id, Policy(**chosen))
    return back_to(PATH, "saved")


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(f"{PATH}/hours", save_hours),
        web.post(f"{PATH}/communities", save_levels),
        web.post(f"{PATH}/senders", save_policy),
    ]
