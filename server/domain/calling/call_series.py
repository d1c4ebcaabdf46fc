"""Calls that repeat: a template, of which the next three are always there as ordinary calls.

    made → three ahead; each that begins makes room for one more → asked each quarter whether it goes on
         → confirmed, or after 14 days of silence paused: nothing new is made → confirmed, and on again → ended

Each is a call of its own, with its card and its answers; to change, move or call off one is to do so to that
call, and what is called off or deleted is not made again. To change *all to come* changes the template with
them. People stop tending what repeats before they stop repeating it, so somebody has to say each quarter that it is
still true. A job per series carries all of this (``run``); after a standstill it makes what lies ahead, and
nothing of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from server.domain.calling import calls, drafting, kinds, outcomes, pictures, recurrence, sources
from server.domain.calling.drafting import Wanted
from server.domain.calling.questions import Asked
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from server.i18n import mark
from storage import accounts
from storage import call_series as rows
from storage import communities as community_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.call_series import NewSeries, Occurrence, Series
from storage.calls import Details
from storage.next_steps import Next
from storage.online import Online

JOB = "call_series"
AHEAD = 3
MOST = 50
"""Series of one community."""
QUARTER = timedelta(days=91)
PATIENCE = timedelta(days=14)
IN_PARTS = ("details", "options", "sources", "online", "questions", "next", "rules")
"""Fields of ``Wanted`` that are no plain values."""
TIMES = ("starts_at", "ends_at", "closes_at")


async def create(tx: Tx, author: Account, community: Account, wanted: Wanted, rule: str) -> Series:
    """``wanted``: the first of them. Raises as ``calls.create``, and ``Invalid`` for the rule."""
    await communities.require_steward(tx, community, author)
    drafting.check(wanted)
    first = _first(wanted)
    await rows.take_turns(tx.conn, community.id)
    if await rows.alive(tx.conn, community.id) >= MOST:
        raise Invalid(mark("A community has at most %(most)s series.", most=MOST), field="rule")
    new = NewSeries(
        community.id, author.id, recurrence.check(rule, first), first, _lasts(wanted),
        wanted.details.timezone, _template(wanted),
    )  # fmt: skip
    series = await rows.insert(tx.conn, new, tx.now)
    drafting.require_ahead(tx, wanted.details)
    await _fill(tx, series, author, community)
    await _plan(tx, series.id, await _next(tx, series))
    return series


def _first(wanted: Wanted) -> datetime:
    """By the clock on the wall. Raises ``Invalid`` for what cannot repeat."""
    details = wanted.details
    if details.starts_at is None or not kinds.KINDS[wanted.kind].timed:
        raise Invalid("What has no time cannot repeat.", field="starts_at")
    if wanted.shifts:
        raise Invalid("What has shifts cannot repeat.", field="shifts")
    if details.urgent:  # one call a week may be
        raise Invalid("What repeats is not urgent.", field="urgent")
    pictures.refuse_for_later(wanted.media_ids)
    if details.closes_at:
        raise Invalid("What repeats takes answers until its end.", field="closes_at")
    return recurrence.wall(details.starts_at, details.timezone)


def _lasts(wanted: Wanted) -> timedelta | None:
    details = wanted.details
    return details.ends_at - details.starts_at if details.ends_at and details.starts_at else None


def _template(wanted: Wanted) -> dict[str, Any]:
    fixed = {k: v for k, v in asdict(wanted.details).items() if k not in (*TIMES, "timezone")}
    said = {k: v for k, v in asdict(wanted).items() if k not in ("shifts", "media_ids")}
    return {**said, "details": fixed, "options": list(wanted.options)}


def _wanted(series: Series, local: datetime) -> Wanted:
    """One of them."""
    starts = recurrence.moment(local, series.timezone)
    details = Details(
        **series.template["details"],
        starts_at=starts,
        ends_at=starts + series.lasts if series.lasts else None,
        timezone=series.timezone,
    )
    said = {k: v for k, v in series.template.items() if k not in IN_PARTS}
    asked = tuple(Asked(**each) for each in series.template.get("questions") or ())
    named = sources.read(series.template.get("sources"))
    options, place = tuple(series.template["options"]), series.template.get("online")
    online = Online(**place) if place else None
    after = series.template.get("next")
    return Wanted(
        **said,
        details=details,
        options=options,
        sources=named,
        online=online,
        questions=asked,
        next=Next(**after) if after else None,
    )


async def _fill(tx: Tx, series: Series, author: Account, community: Account) -> None:
    """Make what is missing of ``AHEAD``. Raises ``Forbidden`` where the author may not call any more."""
    missing = AHEAD - len(await rows.ahead(tx.conn, series.id, tx.now))
    since = max(series.made_until, recurrence.wall(tx.now, series.timezone))
    times = recurrence.after(series.rule, series.first_at, since)
    # In the hour that comes twice, what lies ahead on the clock may be behind.
    coming = (local for local in times if recurrence.moment(local, series.timezone) > tx.now)
    for _, local in zip(range(missing), coming, strict=False):
        post = await calls.create(tx, author, community, _wanted(series, local))
        await rows.made(tx.conn, post.id, series.id, local)
        await rows.made_until(tx.conn, series.id, local)


async def run(tx: Tx, series_id: int) -> datetime | None:
    """What is due: asking, pausing, making. Gives when there is more to do."""
    series = await rows.lock(tx.conn, series_id)
    if series is None or series.state != "running":
        return None
    author = await accounts.by_id(tx.conn, series.author_id)
    community = await accounts.by_id(tx.conn, series.community_id)
    assert author, "a foreign key holds it"
    assert community, "a foreign key holds it"
    if series.asked_at and series.asked_at + PATIENCE <= tx.now:
        return await _pause(tx, series, community)
    if series.asked_at is None and series.confirmed_at + QUARTER <= tx.now:
        await rows.asked(tx.conn, series.id, tx.now)
        series = replace(series, asked_at=tx.now)
        await _tell(tx, series, community, "series_asked")
    try:
        await _fill(tx, series, author, community)
    except Forbidden:  # who made it steers it no more
        return await _pause(tx, series, community)
    return await _next(tx, series)


async def _pause(tx: Tx, series: Series, community: Account) -> None:
    await rows.set_state(tx.conn, series.id, "paused")
    await _tell(tx, series, community, "series_paused")


async def _tell(tx: Tx, series: Series, community: Account, what: str) -> None:
    title = series.template["title"]
    await outcomes.tell_stewards(tx, community, what, call=title, url=community.url)


async def _next(tx: Tx, series: Series) -> datetime | None:
    """When one begins, somebody is to be asked, or was silent for too long. None: the rule has come to its end."""
    ahead = await rows.ahead(tx.conn, series.id, tx.now)
    if not ahead:
        await rows.set_state(tx.conn, series.id, "ended")
        return None
    asks = series.asked_at + PATIENCE if series.asked_at else series.confirmed_at + QUARTER
    return min(ahead[0].starts_at, asks)


async def _plan(tx: Tx, series_id: int, at: datetime | None) -> None:
    if at:
        await tx.later(f"series:{series_id}", JOB, {"series_id": series_id}, at)


async def steered(tx: Tx, actor: Account, series_id: int) -> tuple[Series, Account]:
    """A series that the actor may change, held, and its community. Raises ``Forbidden``, ``NotFound``."""
    series = await rows.lock(tx.conn, series_id)
    community = await accounts.by_id(tx.conn, series.community_id) if series else None
    if series is None or community is None or series.state == "ended":
        raise NotFound
    await communities.require_steward(tx, community, actor)
    return series, community


async def confirm(tx: Tx, actor: Account, series_id: int) -> None:
    """It goes on for another quarter; one that was paused, too. Where who made it steers no more, whoever confirms
    makes what comes. Raises ``Forbidden``, ``NotFound``."""
    series, community = await steered(tx, actor, series_id)
    if not await community_rows.role(tx.conn, community.id, series.author_id):
        await rows.hand_over(tx.conn, series.id, actor.id)
        series = replace(series, author_id=actor.id)
    await rows.confirmed(tx.conn, series.id, tx.now)
    again = replace(series, confirmed_at=tx.now, asked_at=None, state="running")
    await _fill(tx, again, await _author(tx, series), community)
    await _plan(tx, series.id, await _next(tx, again))


async def _author(tx: Tx, series: Series) -> Account:
    author = await accounts.by_id(tx.conn, series.author_id)
    assert author, "a foreign key holds it"
    return author


async def edit(tx: Tx, actor: Account, series_id: int, wanted: Wanted) -> None:
    """Change all that are to come. ``wanted``: as one of them is to be; of its time the hour alone counts.

    Raises as ``calls.edit``.
    """
    series, _ = await steered(tx, actor, series_id)
    drafting.check(wanted)
    local = _first(wanted)
    by = timedelta(
        hours=local.hour - series.first_at.hour, minutes=local.minute - series.first_at.minute
    )
    if (wanted.kind, wanted.variant) != (series.template["kind"], series.template["variant"]):
        raise Invalid("A call stays of its kind.", field="kind")
    zone, lasts = wanted.details.timezone, _lasts(wanted)
    await rows.change(tx.conn, series.id, _template(wanted), lasts, zone, by)
    changed = replace(series, template=_template(wanted), lasts=lasts, timezone=zone)
    for one in await rows.ahead(tx.conn, series.id, tx.now):
        post = await post_rows.by_id(tx.conn, one.post_id)
        assert post, "a foreign key holds it"
        await calls.edit(tx, actor, post, wanted=_wanted(changed, one.local_at))
    await _plan(tx, series.id, tx.now)


async def end(tx: Tx, actor: Account, series_id: int) -> None:
    """Call off all that are to come, and make no more. Raises ``Forbidden``, ``NotFound``."""
    series, _ = await steered(tx, actor, series_id)
    await rows.set_state(tx.conn, series.id, "ended")
    for one in await rows.ahead(tx.conn, series.id, tx.now):
        post = await post_rows.by_id(tx.conn, one.post_id)
        assert post, "a foreign key holds it"
        await calls.edit(tx, actor, post, state="cancelled")


async def ahead(tx: Tx, found: Sequence[Series]) -> list[Occurrence]:
    """Of all of these, the next first."""
    return await rows.ahead_of(tx.conn, [series.id for series in found], tx.now)
