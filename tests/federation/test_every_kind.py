"""Every kind of call through one story, across three servers and a fourth: two of ours, one like plain Mastodon,
and for what people come to one like Mobilizon.

It is made, shown, answered through every door, changed, taken back, answered again, closed and reported, and what
came of it is told. The table says how each door's answer is counted at home: a vote and a reply as *expressed*, members as *own*, who has a mailbox as
*email*; who answers elsewhere is *joined* where the host learns names, and a number in a *tally* where it does
not. Where there are fewer places than doors, the last *waits*. A dash: there is no such door.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server import mail
from server.arriving import resolve
from server.config import load
from server.domain.calling import keywords, kinds, tallies
from server.domain.groups import communities
from server.domain.members import follows
from storage.accounts import Account
from storage.posts import Post
from tests.federation import mobilizon
from tests.federation.answering import Member, Remote, member
from tests.federation.doorways import (
    OVER,
    Asked,
    Card,
    Client,
    Door,
    FromHome,
    Join,
    Mailbox,
    Page,
    Reply,
    Stage,
)
from tests.federation.five import five
from tests.federation.instance import Instance
from tests.federation.invariants import check
from tests.federation.peer import Json, Peer, peer
from tests.federation.test_tallies import age, has
from tests.relay import relay

TABLE = """
call              places  card       reply      client  page  away    home    join    email
event                  7  expressed  expressed  own     own   joined  joined  joined  waits
volunteer              6  expressed  expressed  own     own   joined  joined  waits   waits
petition               -  expressed  expressed  own     own   tally   tally   -       email
petition.pledge        -  expressed  expressed  own     own   tally   tally   -       email
contact                -  expressed  expressed  own     own   tally   tally   -       email
need                   5  expressed  expressed  own     own   joined  waits   -       waits
need.offer             -  expressed  expressed  own     own   joined  joined  -       email
donate                 -  expressed  expressed  own     own   tally   tally   -       email
decision               -  expressed  expressed  own     own   joined  joined  -       email
decision.sense         -  expressed  expressed  own     own   joined  joined  -       email
decision.consent       -  expressed  expressed  own     own   joined  joined  -       email
share                  -  expressed  expressed  own     own   tally   tally   -       email
"""
CHANGES = ("card", "reply", "client", "page", "away", "home")
"""Mobilizon takes no second Join of one person; who has a mailbox takes the answer back first."""
PLACED = {"join": "joined", "home": "joined", "email": "email"}
LATE = {
    "card": "call_over", "reply": "", "client": OVER, "page": OVER,
    "away": OVER, "home": OVER, "join": "Reject", "email": OVER,
}  # fmt: skip
OUTCOME = "It was done, with twelve pairs of hands."


@dataclass(frozen=True)
class Row:
    """``counted``: by door, how its answer counts."""

    kind: str
    variant: str
    places: int | None
    counted: Mapping[str, str]

    def counted_with_a_place(self, door: str) -> str:
        """As what they count who waited, once there is room."""
        said = self.counted[door]
        return PLACED[door] if said == "waits" else said

    @property
    def named(self) -> bool:
        return kinds.KINDS[self.kind].named

    @property
    def timed(self) -> bool:
        return kinds.KINDS[self.kind].timed


def rows() -> dict[str, Row]:
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    found: dict[str, Row] = {}
    for call, places, *words in lines:
        kind, _, variant = call.partition(".")
        doors = {d: w for d, w in zip(head[2:], words, strict=True) if w != "-"}
        found[call] = Row(kind, variant, None if places == "-" else int(places), doors)
    return found


ROWS = rows()


@dataclass
class Story:
    stage: Stage
    row: Row
    group: Account
    keeper: Member
    organiser: Member
    neighbour: Member
    post: Post
    copy: Post
    asked: Asked
    doors: dict[str, Door]

    @property
    def first(self) -> str:
        return self.asked.answers[0].key

    @property
    def other(self) -> str:
        return self.asked.answers[1].key

    @property
    def path(self) -> str:
        return f"/beckon/v1/calls/{self.post.id}"

    async def here(self) -> Json:
        return await self.organiser.api("GET", self.path)

    async def there(self) -> Json:
        return await self.neighbour.api("GET", f"/beckon/v1/calls/{self.copy.id}")

    async def counts(self) -> dict[str, int]:
        """At home, in the words of the table."""
        async with self.stage.home.work.reading() as tx:
            found = await tallies.standing(tx, self.post)
        call = await self.stage.home.call(self.post)
        return {
            "expressed": found.expressed, "own": found.own, "joined": found.joined,
            "tally": found.by_tally, "email": found.email, "waits": call.waiting,
        }  # fmt: skip

    def total(self, *doors: str) -> dict[str, int]:
        """What the table says of these doors together."""
        words = [self.row.counted[door] for door in doors]
        return {word: words.count(word) for word in ("expressed", "own", "joined", "tally", "email", "waits")}  # fmt: skip

    async def cards(self, kind: str) -> list[Json]:
        """What the microblog was sent of the call."""
        return [d["object"] for d in self.stage.microblog.of_type(kind) if d["object"]["type"] == "Question"]  # fmt: skip


# Before the call


@asynccontextmanager
async def staged(template_url: str, folder: Path, port: int) -> AsyncIterator[Stage]:
    settings = load(
        {
            "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "BECKON_SMTP_FROM": "The valley <noreply@green.example>",
        }
    )
    sends = mail.relay(settings)
    assert sends
    async with (
        relay(port) as kept,
        five(template_url, folder, ["home", "away"], {"home": sends}) as both,
        peer("mastodon") as microblog,
        peer("mobilizon") as events,
    ):
        home, away = (server.here for server in both.servers)
        for one, other in ((home, away), (away, home)):
            await has(one, other.host, 50)
        yield Stage(both, home, away, microblog, events, kept)
        for each in (home, away):
            await check(each)


async def joins(at: Instance, who: Account, group: Account) -> None:
    found = await at.known(group.uri) or await resolve.actor(at.net, group.uri)
    async with at.work.transaction() as tx:
        await follows.follow(tx, who, found)


async def made(stage: Stage, row: Row, by: Member, group: Account) -> int:
    """The call is made, with a client. Gives its number."""
    asked: dict[str, Any] = {
        "kind": row.kind, "variant": row.variant, "title": "Do it together", "timezone": "Europe/Rome",
    }  # fmt: skip
    if row.timed:
        starts = stage.both.clock.now() + timedelta(days=30)
        asked |= {"starts_at": starts.isoformat(), "place": {"name": "The old mill"}}
    if row.places:
        asked["capacity"] = row.places
    if row.kind == "donate":
        asked["external_url"] = "https://give.example/"
    if kinds.has_own_options(row.kind, row.variant):
        asked["options"] = ["On Mondays", "On Fridays"]
    made = await by.api("POST", f"/beckon/v1/communities/{group.id}/calls", **asked)
    return int(made["id"])


def answers(row: Row, post: Post) -> Asked:
    options = ("On Mondays", "On Fridays")
    given = kinds.answers(row.kind, row.variant, options)
    return Asked(post, given, keywords.of_call(row.kind, row.variant, options, post.language))


STEERS = ("keeper", "organiser")
AT_HOME = (*STEERS, "client", "page")
AWAY = ("away", "visitor")


async def settled(stage: Stage) -> tuple[Account, dict[str, Member]]:
    """A community at home, and its members of both of ours."""
    founder = await stage.home.member("founder")
    group = await stage.home.community(founder, "river")
    people = {
        name: await member(at, stage.microblog, name)
        for at, names in ((stage.home, AT_HOME), (stage.away, AWAY))
        for name in names
    }
    for one in people.values():
        await joins(one.ours, one.account, group)
    async with stage.home.work.transaction() as tx:
        for name in STEERS:
            await communities.grant(tx, founder, group, people[name].account, "organiser")
    for at in (stage.home, stage.away):
        await age(at)
    await stage.settle()
    return group, people


def behind(
    stage: Stage, asked: Asked, group: Account, people: Mapping[str, Member]
) -> dict[str, Door]:
    """Somebody behind every door."""

    def remote(server: Peer, name: str) -> Remote:
        return Remote(stage.home, server, server.people[name], asked.post, group)

    return {
        "card": Card(stage, asked, remote(stage.microblog, "reader")),
        "reply": Reply(stage, asked, remote(stage.microblog, "replier")),
        "client": Client(stage, asked, people["client"]),
        "page": Page(stage, asked, people["page"]),
        "away": Client(stage, asked, people["away"]),
        "home": FromHome(stage, asked, people["visitor"]),
        "join": Join(stage, remote(stage.events, "walker")),
        "email": Mailbox(stage, asked, "neighbour@mail.example"),
    }


async def begun(stage: Stage, row: Row) -> Story:
    """A community with somebody behind every door, and a call in it."""
    group, people = await settled(stage)
    stage.microblog.person("replier", key=1)
    for server, name in ((stage.microblog, "reader"), (stage.events, "walker")):
        who = server.person(name)
        await server.send(who, server.activity(who, "Follow", group.uri), stage.home.inbox)
    await stage.settle()
    number = await made(stage, row, people["organiser"], group)
    await stage.settle()
    post = await stage.home.post(f"{stage.address}/calls/{number}")
    assert post
    copy = await stage.away.post(post.uri)
    assert copy
    for one in people.values():
        one.found = copy if one.ours is stage.away else post
    asked = answers(row, post)
    doors = behind(stage, asked, group, people)
    return Story(
        stage, row, group, people["keeper"], people["organiser"], people["away"], post, copy, asked,
        {name: doors[name] for name in row.counted},
    )  # fmt: skip


# The story


async def is_shown(story: Story) -> None:
    """On B as a call with its answers, on the microblog as one card, and on Mobilizon as what it can hear."""
    titles = [a.title for a in story.asked.answers]
    assert (await story.there())["title"] == "Do it together"
    shown: Any = await story.neighbour.api("GET", "/v1/timelines/home")
    statuses = [s["reblog"] or s for s in shown]
    (status,) = [s for s in statuses if s["id"] == str(story.copy.id)]
    assert [o["title"] for o in status["poll"]["options"]] == titles
    (card,) = await story.cards("Create")
    assert [o["name"] for o in card["oneOf"]] == titles
    sent = [d for d in story.stage.events.of_type("Create", "Announce") if mobilizon.hears(d)]
    assert [d["type"] for d in sent] == (["Create", "Announce"] if story.row.timed else [])


async def is_answered(story: Story) -> None:
    """Through one door after the other, and each counts as the table says."""
    for number, (name, door) in enumerate(story.doors.items(), start=1):
        await door.say(story.first)
        await story.stage.settle(minutes=4)
        so_far = list(story.doors)[:number]
        assert await story.counts() == story.total(*so_far), name
    await agree(story)


async def agree(story: Story) -> None:
    """B says what A says, and the card and Mobilizon have the number too. Of who is counted where they are, B
    cannot know whether A has its tally: it says from how many to how many it may be."""
    await story.stage.settle(minutes=4)  # counts leave at most every three
    here, there = await story.here(), await story.there()
    assert here["range"]["at_most"] == there["range"]["at_most"]
    if story.row.named:
        for word in ("range", "counted", "waiting"):
            assert here[word] == there[word]
    assert there["range"]["at_least"] <= here["range"]["at_least"]
    card = (await story.cards("Update"))[-1]
    told = [option["replies"]["totalItems"] for option in card["oneOf"]]
    assert told == [a["people"] for a in here["answers"]]
    if story.row.timed:
        (*_, event) = (d["object"] for d in story.stage.events.of_type("Update"))
        assert event["participantCount"] == here["counted"]


async def is_edited(story: Story) -> None:
    """The better word reaches B and the microblog, and nobody has to answer anew."""
    before = await story.counts()
    shown = await story.here()
    kept = ("starts_at", "timezone", "place", "capacity", "external_url")
    wanted = {name: shown[name] for name in kept if shown[name] is not None}
    if kinds.has_own_options(story.row.kind, story.row.variant):
        wanted["options"] = [answer.title for answer in story.asked.answers]
    await story.organiser.api("PUT", story.path, **wanted, title="Do it all together")
    await story.stage.settle(minutes=4)
    assert (await story.there())["title"] == "Do it all together"
    assert "Do it all together" in (await story.cards("Update"))[-1]["content"]
    assert await story.counts() == before


async def is_changed(story: Story) -> None:
    """Another answer instead, through each door that can. What does not count gives its place to who waits."""
    for name in CHANGES:
        await story.doors[name].change(story.other)
    await story.stage.settle(minutes=4)
    if story.asked.answers[1].counts:
        assert await story.counts() == story.total(*story.doors)
    else:
        others = [door for door in story.doors if door not in CHANGES]
        expected = story.total() | {story.row.counted_with_a_place(door): 1 for door in others}
        assert await story.counts() == expected
    if story.row.counted["email"] == "waits":
        assert "You have a place" in await story.doors["email"].heard()
    if (joiner := story.doors.get("join")) and isinstance(joiner, Join):
        assert joiner.answers[-1]["type"] == "Accept"
        assert mobilizon.hears(joiner.answers[-1])
    await agree(story)


async def is_taken_back(story: Story) -> None:
    """Through every door, and nobody is left on either side."""
    for door in story.doors.values():
        await door.back()
    await story.stage.settle(minutes=4)
    assert set((await story.counts()).values()) == {0}
    await agree(story)
    for entity in (await story.here(), await story.there()):
        assert entity["range"] == {"at_least": 0, "at_most": 0, "also_reported": 0}
        assert entity["answer"] is None


async def is_closed(story: Story) -> None:
    """All have answered once more; now nobody can, and each is told why in the way of their door."""
    await story.stage.settle(hours=2)
    for door in story.doors.values():
        await door.say(story.first)
    await story.stage.settle(minutes=4)
    before = await story.counts()
    assert before == story.total(*story.doors)
    email = story.doors["email"]
    assert isinstance(email, Mailbox)
    await email.open()
    await story.organiser.api("PUT", story.path, state="closed")
    await story.stage.settle(minutes=4)
    assert (await story.there())["state"] == "closed"
    assert "closed" in (await story.cards("Update"))[-1]
    for name, door in story.doors.items():
        assert LATE[name] in await door.late(story.other), name
    await story.stage.settle(minutes=4)
    assert await story.counts() == before


async def has_an_outcome(story: Story) -> None:
    """Who had a place hears of it, whatever door they came through."""
    story.stage.events.received.clear()
    await story.organiser.api("POST", f"{story.path}/outcome", outcome=OUTCOME)
    await story.stage.settle(minutes=4)
    for name, door in story.doors.items():
        if story.row.counted[name] != "waits":
            assert OUTCOME in await door.heard(), name
    assert OUTCOME in (await story.cards("Update"))[-1]["content"]


async def is_reported(story: Story) -> None:
    """From B, and by each peer in its words; whoever steers the community besides its author is told of each."""
    stage, author = story.stage, story.organiser.account
    whom = (await story.there())["author"]["id"]
    sent = {"account_id": whom, "status_ids": [str(story.copy.id)], "comment": "From B", "forward": True}  # fmt: skip
    await story.neighbour.api("POST", "/v1/reports", **sent)
    card = (await story.cards("Create"))[0]
    server = stage.microblog.person("actor", "Application", key=2)
    about = [story.group.uri, card["id"]]
    flag = stage.microblog.activity(server, "Flag", about, content="From the microblog", to=story.group.uri)  # fmt: skip
    await stage.microblog.send(server, flag, stage.home.inbox)
    expected = ["From B", "From the microblog"]
    if "join" in story.doors:
        relay_ = stage.events.person("relay", "Application", key=3)
        flag = mobilizon.flag(stage.events, relay_, author, story.post.uri, "From Mobilizon")
        await stage.events.send(relay_, flag, stage.home.inbox)
        expected.append("From Mobilizon")
    await stage.settle()
    kept = await stage.home.rows("select comment, post_ids from reports")
    assert sorted(r["comment"] for r in kept) == sorted(expected)
    assert all(r["post_ids"] == [story.post.id] for r in kept)
    rung: Any = await story.keeper.api("GET", "/v1/notifications")
    assert [n["type"] for n in rung].count("admin.report") == len(expected)


async def is_announced_there(story: Story) -> None:
    """That Mobilizon's server spreads an event, or likes nothing of it, is no answer to it."""
    before = await story.counts()
    relay_ = story.stage.events.people["relay"]
    (event,) = (d["object"] for d in story.stage.events.of_type("Create"))
    spread = mobilizon.announce(story.stage.events, relay_, event)
    await story.stage.events.send(relay_, spread, story.stage.home.inbox)
    await story.stage.settle(minutes=4)
    assert await story.counts() == before


@pytest.mark.parametrize("call", ROWS)
async def test_from_the_first_answer_to_the_end(
    template_url: str, tmp_path: Path, free_port: Callable[[], int], call: str
) -> None:
    async with staged(template_url, tmp_path, free_port()) as stage:
        story = await begun(stage, ROWS[call])
        await is_shown(story)
        await is_answered(story)
        await is_edited(story)
        await is_changed(story)
        await is_taken_back(story)
        await is_closed(story)
        await has_an_outcome(story)
        await is_reported(story)
        if "join" in story.doors:
            await is_announced_there(story)
