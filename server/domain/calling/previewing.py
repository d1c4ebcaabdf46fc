"""How a call will look elsewhere, before it is made: what stands in the very documents that would be sent.

The call is made as ``calls.make`` makes it, its documents are built as ``distribution`` builds them, and what a reader
of each software shows of them is taken out as plain values. The caller undoes the transaction
(``Work.trying(dry_run=True)``): nothing is kept or sent, and nobody is told.

What a software shows of a document are facts about its reader: a microblog the poll of the card, Mobilizon the event
with its first picture above, Lemmy a title and a text and of an event no time. Beckon shows a call as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from server.domain import distribution, forms
from server.domain.calling import audience, calls
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.tx import Tx
from server.domain.wire_values import Json
from storage import accounts, posts
from storage import calls as call_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

SOFTWARE = ("beckon", "mastodon", "mobilizon", "lemmy")
"""One of each sort of page: our own, a microblog, a calendar, a forum."""


@dataclass(frozen=True, slots=True)
class Picture:
    url: str
    description: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One document, as far as a reader shows it. ``content`` is HTML; ``options``: what one answers with;
    ``until``: when answers end. What the document does not say is empty."""

    form: str
    type: str
    author: Account
    title: str
    content: str
    options: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    until: datetime | None = None
    timezone: str = "UTC"
    place: str = ""
    address: str = ""
    link: str = ""
    places: int = 0
    goal: int = 0
    sources: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a software is sent: the call, where it can use it at all. ``shifts``: how many of its shifts come as
    events of their own."""

    software: str
    shown: Shown | None
    shifts: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """``audience``: who will see the call, and what becomes of answers (``audience.of_call``); ``closed``: it is for
    members."""

    community: Account
    audience: str
    closed: bool
    elsewhere: tuple[Elsewhere, ...]


async def of_new(tx: Tx, author: Account, community: Account, wanted: Wanted) -> Preview:
    """How a new call would look. Raises what ``calls.create`` raises. It writes: the caller undoes it."""
    return await _preview(tx, community, await calls.make(tx, author, community, wanted))


async def of_change(
    tx: Tx, actor: Account, community: Account, post: Post, wanted: Wanted
) -> Preview:
    """How a call of this community would look when it is changed so. As ``of_new``, of ``calls.edit``."""
    changed = await calls.edit(tx, actor, post, wanted=wanted)
    rows = [await call_rows.lock(tx.conn, post.id), *await call_rows.shifts(tx.conn, [post.id])]
    found = await posts.by_ids(tx.conn, [row.post_id for row in rows if row])
    made = [(found.get(row.post_id, changed), row) for row in rows if row]
    return await _preview(tx, community, made)


async def _preview(tx: Tx, community: Account, made: Sequence[tuple[Post, Call]]) -> Preview:
    post, call = made[0]
    closed = not post.is_public
    return Preview(
        community,
        await who_sees(tx, community, call.kind),
        closed,
        tuple([await _elsewhere(tx, made, software, closed=closed) for software in SOFTWARE]),
    )


async def who_sees(tx: Tx, community: Account, kind: str) -> str:
    """The sentence of ``Preview.audience``, which needs nothing but the kind."""
    closed = await communities.is_private(tx, community)
    return audience.of_call(kind, audience.place(tx.site.urls.domain, community, closed=closed))


async def _elsewhere(
    tx: Tx, made: Sequence[tuple[Post, Call]], software: str, *, closed: bool
) -> Elsewhere:
    (post, call), *shifts = made
    own = [distribution.form_of(shift, software, closed=closed) for _, shift in shifts]
    shown = await sent(tx, post, call, software, closed=closed)
    return Elsewhere(software, shown, sum(form is not None for form in own))


async def sent(tx: Tx, post: Post, call: Call, software: str, *, closed: bool) -> Shown | None:
    """What a server of this software is first sent of a call of ours; None: nothing."""
    form = distribution.form_of(call, software, closed=closed)
    if form is None:
        return None
    document = await distribution.object_of(tx, post, call, form)
    author = await accounts.by_uri(tx.conn, str(document["attributedTo"]))
    assert author, "our own document names one of ours"
    return read(document, form, author)


def read(document: Json, form: str, author: Account) -> Shown:
    """What a reader of this form shows of a document of ours, whose author this is."""
    said = cast("dict[str, Any]", document)
    whole = form == forms.BECKON
    call: dict[str, Any] = said.get("cta:call", {}) if whole else {}
    where: dict[str, Any] = said.get("location") or call.get("location") or {}
    answers: list[dict[str, str]] = call.get("answers") or said.get("oneOf") or []
    ends = said.get("endTime")
    timed = "startTime" in said
    return Shown(
        form,
        said["type"],
        author,
        title=said.get("name", ""),
        content=call.get("about", said["content"]),
        options=tuple(each["name"] for each in answers),
        starts_at=_time(said.get("startTime")),
        ends_at=_time(ends) if timed else None,
        until=_time(call.get("deadline") or (None if timed else ends)),
        timezone=said.get("timezone") or call.get("timezone") or "UTC",
        place=where.get("name", ""),
        address=where.get("address", {}).get("streetAddress", ""),
        link=said.get("onlineLink") or call.get("link") or "",
        places=said.get("maximumAttendeeCapacity") or call.get("places") or 0,
        goal=int(call.get("goal", {}).get("hasNumericalValue", 0)),
        sources=tuple(each["name"] for each in call.get("sources", ())),
        pictures=_pictures(said["attachment"]),
    )


def _time(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def _pictures(attached: Sequence[Mapping[str, Any]]) -> tuple[Picture, ...]:
    """Of the files that it names those that are pictures."""
    images = (a for a in attached if str(a.get("mediaType", "")).startswith("image/"))
    return tuple(Picture(image["url"], image.get("name", "")) for image in images)
