"""What an organiser is shown before a call is made is what other servers are sent when it is, of every kind."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from datetime import timedelta
from typing import cast

import pytest

from server.domain import forms
from server.domain.calling import calls, kinds, previewing
from server.domain.calling.drafting import Wanted
from server.domain.calling.previewing import Preview, Shown
from server.domain.calling.shifts import Shift
from server.errors import Forbidden, Invalid
from storage.accounts import Account
from storage.calls import Details
from storage.online import Online
from storage.sources import Source
from tests.federation.instance import Instance
from tests.federation.members import private
from tests.federation.peer import Json, Peer, peer
from tests.federation.test_microblog import join

NUMBER = re.compile(r"(?<=/)\d{6,}")
FORMS = {
    "mastodon": forms.CARD,
    "mobilizon": forms.EVENT,
    "lemmy": forms.PAGE,
    "beckon": forms.BECKON,
}
VARIANTS = [(kind, variant) for kind in kinds.KINDS for variant in kinds.variants(kind)]
PICTURE = previewing.Picture("https://media.example/shed.webp", "The shed in May")
SHED = {
    "url": PICTURE.url,
    "kind": "image",
    "media_type": "image/webp",
    "description": PICTURE.description,
}
Peers = dict[str, Peer]


def wanted(ours: Instance, kind: str, variant: str) -> Wanted:
    """A call of a kind with everything that it may say."""
    known = kinds.KINDS[kind]
    starts = ours.clock.now().replace(microsecond=0) + timedelta(days=30)
    own = kinds.has_own_options(kind, variant)
    details = Details(
        starts if known.timed else None,
        starts + timedelta(hours=2) if known.timed else None,
        "Europe/Rome",
        "Shed & yard",
        "Orchard Lane 3",
        capacity=12 if known.places else None,
        closes_at=None if known.timed else starts,
        goal=40,
        external_url="https://give.example/" if known.linked else None,
    )
    return Wanted(
        f"Ours: {kind} {variant}",
        details,
        "Bring *gloves* & <b>boots</b>\n\nMore at https://shed.example/ #spring",
        "en",
        kind,
        variant,
        options=("The bridge", "The ford") if own else (),
        sources=(Source("https://paper.example/1", "The plan"),),
        online=Online("https://meet.example/shed") if known.timed else None,
    )


@pytest.fixture
async def peers(ours: Instance, garden: Account) -> AsyncIterator[Peers]:
    """One of each software that is previewed; each has a member of the garden."""
    async with AsyncExitStack() as stack:
        found = {name: await stack.enter_async_context(peer(name)) for name in FORMS}
        for server in found.values():
            await join(ours, server, server.person("reader"), garden)
        yield found


async def seen_before(
    ours: Instance, organiser: Account, garden: Account, asked: Wanted
) -> Preview:
    async with ours.work.trying(dry_run=True) as tx:
        return await previewing.of_new(tx, organiser, garden, asked)


def objects(server: Peer) -> list[Json]:
    """Of every Create and Update, by itself or inside an Announce."""
    found = server.of_type("Create", "Update")
    announced = [a["object"] for a in server.of_type("Announce")]
    wrapped = [cast("Json", inner) for inner in announced if isinstance(inner, dict)]
    return [each["object"] for each in (*found, *wrapped)]


def plain(shown: Shown) -> dict[str, object]:
    """Without the numbers in its addresses, which are given when it is made, and what is counted of its author."""
    content = NUMBER.sub("0", shown.content)
    return {**asdict(shown), "content": content, "author": shown.author.uri}


async def received(ours: Instance, software: str, server: Peer) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for document in objects(server):
        author = await ours.known(document["attributedTo"])
        assert author
        found.append(plain(previewing.read(document, FORMS[software], author)))
    return found


async def same(
    ours: Instance, organiser: Account, garden: Account, peers: Peers, asked: Wanted
) -> Preview:
    """Look, make, and compare."""
    before = await seen_before(ours, organiser, garden, asked)
    async with ours.work.transaction() as tx:
        await calls.create(tx, organiser, garden, asked)
    await ours.settle()
    for told in before.elsewhere:
        promised = [plain(told.shown)] if told.shown else []
        got = await received(ours, told.software, peers[told.software])
        shifts = [each for each in got if each["title"] != asked.title.strip()]
        if told.software == "mastodon":  # its card has no name
            shifts = []
        assert [each for each in got if each not in shifts] == promised, told.software
        assert len(shifts) == told.shifts, told.software
    return before


@pytest.mark.parametrize(("kind", "variant"), VARIANTS)
async def test_what_is_shown_is_what_is_sent(
    ours: Instance, organiser: Account, garden: Account, peers: Peers, kind: str, variant: str
) -> None:
    asked = wanted(ours, kind, variant)
    before = await same(ours, organiser, garden, peers, asked)
    shown = {told.software: told.shown for told in before.elsewhere}
    assert (shown["mobilizon"] is None) == (not kinds.KINDS[kind].timed)
    card, page, whole = shown["mastodon"], shown["lemmy"], shown["beckon"]
    assert card
    assert page
    assert whole
    assert card.options == whole.options
    assert f"<strong>{asked.title}</strong>".replace(" </", "</") in card.content
    assert page.title == whole.title == asked.title.strip()
    assert "&lt;b&gt;boots" in page.content
    assert "The plan" in page.content
    assert "The plan" not in whole.content
    assert whole.sources == ("The plan",)
    assert whole.goal == 40
    assert card.until == whole.until == asked.details.closes_at


async def test_shifts_are_events_where_there_are_events(
    ours: Instance, organiser: Account, garden: Account, peers: Peers
) -> None:
    asked = wanted(ours, "volunteer", "")
    at = asked.details.starts_at
    assert at
    told = tuple(Shift(name, at + timedelta(hours=n)) for n, name in enumerate(("Dig", "Carry")))
    asked = replace(asked, shifts=told, details=replace(asked.details, capacity=None))
    before = {t.software: t for t in (await same(ours, organiser, garden, peers, asked)).elsewhere}
    assert [before[name].shifts for name in FORMS] == [0, 2, 0, 2]
    assert before["mastodon"].shown
    assert before["mastodon"].shown.options == ("Dig", "Carry")


async def test_what_is_secret_until_it_closes_promises_no_keyword(
    ours: Instance, organiser: Account, garden: Account, peers: Peers
) -> None:
    asked = replace(wanted(ours, "decision", ""), secret_until_closed=True)
    await same(ours, organiser, garden, peers, asked)


@pytest.mark.parametrize("kind", ["event", "petition"])
async def test_what_is_for_members_is_shown_as_they_get_it(
    ours: Instance, organiser: Account, kind: str
) -> None:
    shed = await private(ours, organiser)
    before = await seen_before(ours, organiser, shed, wanted(ours, kind, ""))
    assert before.closed
    assert before.audience.startswith("Only members of The shed can see this call")
    shown = {told.software: told.shown for told in before.elsewhere}
    assert shown["mobilizon"] is None
    assert shown["mastodon"]


async def everything(ours: Instance) -> dict[str, int]:
    names = await ours.rows(
        "select table_name as name from information_schema.tables"
        " where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    return {n["name"]: await ours.value(f'select count(*) from "{n["name"]}"') for n in names}


async def test_nothing_is_left_of_a_preview(
    ours: Instance, organiser: Account, garden: Account, peers: Peers
) -> None:
    before = await everything(ours)
    for kind, variant in VARIANTS:
        await seen_before(ours, organiser, garden, wanted(ours, kind, variant))
    assert await everything(ours) == before
    await ours.settle()
    assert not any(server.received for server in peers.values())


async def test_it_is_refused_as_the_call_would_be(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    stranger = await ours.member("stranger")
    with pytest.raises(Forbidden):
        await seen_before(ours, stranger, garden, wanted(ours, "event", ""))
    late = wanted(ours, "petition", "")
    late = replace(late, details=replace(late.details, closes_at=ours.clock.now()))
    with pytest.raises(Invalid, match="closed already"):
        await seen_before(ours, organiser, garden, late)


@pytest.mark.parametrize(("kind", "variant"), [("event", ""), ("need", ""), ("decision", "")])
async def test_what_is_shown_of_a_change_is_what_is_sent(
    ours: Instance, organiser: Account, garden: Account, peers: Peers, kind: str, variant: str
) -> None:
    asked = wanted(ours, kind, variant)
    async with ours.work.transaction() as tx:
        made = await calls.create(tx, organiser, garden, asked)
        await tx.conn.execute("update posts set attachments = $2 where id = $1", made.id, [SHED])
    await ours.settle()
    post = await ours.post(made.uri)
    assert post
    for server in peers.values():
        server.received.clear()
    asked = replace(asked, title="Ours anew", about="In the rain, too")
    async with ours.work.trying(dry_run=True) as tx:
        before = await previewing.of_change(tx, organiser, garden, post, asked)
    await ours.settle()
    assert not any(server.received for server in peers.values())
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=asked)
    await ours.settle()
    for told in before.elsewhere:
        if told.shown:
            pictures = () if told.software == "mastodon" else (PICTURE,)
            assert told.shown.pictures == pictures
        got = await received(ours, told.software, peers[told.software])
        assert got == ([plain(told.shown)] if told.shown else []), told.software
