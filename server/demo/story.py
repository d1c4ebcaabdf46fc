"""What happens in the demo, and what is told of it.

Two communities, on A and on B, have members on all three instances. People write to them. Then A calls to
a clean-up with three places: the call is seen on B and C, people of all three answer it with what their
client has, A counts them, and the fourth one waits. Afterwards somebody writes every few seconds, for a
while. Times are taken from outside, by clients that look again and again: so much later one sees it.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from server.demo.instances import Instance
from server.demo.people import Hands, Person, until

MEMBERS = {"A": ("organiser", "gardener"), "B": ("tenant", "baker"), "C": ("teacher", "nurse")}
PLACES = 3
PAUSE = 6.0  # seconds between two posts
POSTS = 100  # afterwards it stays quiet
LINES = [
    ("baker", "river", "There will be bread for everybody who comes on Saturday."),
    ("teacher", "river", "My class wants to count the fish first. Is that all right?"),
    ("nurse", "tenants", "Is the stairwell light repaired?"),
    ("tenant", "tenants", "It is, since this morning."),
    ("gardener", "river", "I have six pairs of gloves and two nets."),
    ("gardener", "tenants", "Who wants the tomatoes from the yard?"),
    ("tenant", "river", "We bring the long ladder."),
    ("organiser", "river", "We meet on the north side of the bridge."),
]


@dataclass(frozen=True)
class Cast:
    """Everybody, by name; the two communities' handles, by theirs."""

    people: dict[str, Person]
    communities: dict[str, str]

    def on(self, instance: str) -> Person:
        """The first person of an instance."""
        return self.people[MEMBERS[instance][0]]


@dataclass(frozen=True)
class Told:
    """What came out of it. ``crossed``: a line for each thing that crossed; ``call``: as A shows it."""

    cast: Cast
    crossed: list[str]
    call: dict[str, Any]

    def overview(self, ca: Path) -> str:
        """All that a newcomer needs, as text."""
        people = list(self.cast.people.values())
        password = people[0].password
        logins = [
            f"  {p.instance.name}  {p.instance.url}  {p.handle:<28} {p.email}" for p in people
        ]
        call = self.call
        return "\n".join(
            [
                "",
                f"Log-ins (the password of all is {password}):",
                *logins,
                "",
                "Communities:",
                *(f"  {handle}" for handle in self.cast.communities.values()),
                "",
                f"The call:  {call['url']}",
                f"  {call['title']}: {call['counted']} of {call['capacity']} places taken,"
                f" {call['waiting']} waiting",
                "",
                "What crossed from one instance to another, and how soon it was seen there:",
                *(f"  {line}" for line in self.crossed),
                "",
                "The certificates are the demo's own. In a browser, accept the warning, or import this",
                "file as an authority (it can vouch for this machine alone); with curl, name it:",
                f"  curl --cacert {ca} {self.cast.on('C').instance.url}/api/v2/instance",
                "",
                "Ctrl-C ends it, and removes everything.",
            ]
        )


async def tell(hands: Hands, instances: list[Instance]) -> Told:
    """All of it up to the fourth answer. Raises ``DemoError``."""
    click.echo("Making six people and two communities ...")
    cast = await _gather_people(hands, instances)
    click.echo("They join, follow and write ...")
    await _join(cast)
    crossed = await _talk(cast)
    click.echo("A calls to a clean-up ...")
    call, lines = await _call(cast)
    return Told(cast, [*crossed, *lines], call)


async def _gather_people(hands: Hands, instances: list[Instance]) -> Cast:
    password = f"demo-{secrets.token_hex(3)}"
    made = await asyncio.gather(
        *(_make_person(hands, i, name, password) for i in instances for name in MEMBERS[i.name])
    )
    a, b, _ = instances
    await asyncio.gather(
        _make_community(a, "river", "River clean-up", "organiser"),
        _make_community(b, "tenants", "Tenants of Mill Street", "tenant"),
    )
    communities = {"river": f"@river@{a.domain}", "tenants": f"@tenants@{b.domain}"}
    return Cast({person.name: person for person in made}, communities)


async def _make_person(hands: Hands, instance: Instance, name: str, password: str) -> Person:
    role = "admin" if name == MEMBERS[instance.name][0] else "member"
    email = f"{name}@mail.example"
    await instance.beckon(
        "account", "create", name, "--email", email, "--password", password, "--role", role
    )
    token = await instance.beckon("token", "create", name)
    return Person(hands, instance, name, password, token)


async def _make_community(instance: Instance, name: str, title: str, by: str) -> None:
    await instance.beckon("community", "create", name, "--title", title, "--by", by)


async def _join(cast: Cast) -> None:
    who = cast.people
    river, tenants = cast.communities["river"], cast.communities["tenants"]
    wanted = [(who[name], river) for name in ("gardener", "tenant", "baker", "teacher", "nurse")]
    wanted += [
        (who[name], tenants) for name in ("organiser", "gardener", "baker", "nurse", "teacher")
    ]
    wanted += [(who["teacher"], who["baker"].handle), (who["baker"], who["organiser"].handle)]
    await asyncio.gather(*(person.follow(handle) for person, handle in wanted))


async def _talk(cast: Cast) -> list[str]:
    who = cast.people
    asked = f"{cast.communities['river']} I can bring bread. Who brings gloves?"
    head, first = await _post(cast, who["baker"], asked, "to the community of A")
    found = await who["teacher"].sees(head["uri"])
    answer = await who["teacher"].write(f"{who['baker'].handle} We do.", reply_to=found["id"])
    begun = time.monotonic()
    await _reply_seen(who["baker"], head["id"], answer["uri"])
    second = f"the answer of teacher (C) was seen on B after {time.monotonic() - begun:.1f} s"
    other = f"{cast.communities['tenants']} The river needs hands. Come to A on Saturday."
    _, third = await _post(cast, who["gardener"], other, "to the community of B")
    return [first, second, third]


async def _post(cast: Cast, author: Person, text: str, where: str) -> tuple[Any, str]:
    """Write, and see it arrive on the other two."""
    written = await author.write(text)
    begun = time.monotonic()
    others = [cast.on(name) for name in MEMBERS if name != author.instance.name]
    times = await asyncio.gather(*(_seen(person, written["uri"], begun) for person in others))
    seen = ", ".join(
        f"on {p.instance.name} after {seconds:.1f} s"
        for p, seconds in zip(others, times, strict=True)
    )
    return written, f"the post of {author.short} {where} was seen {seen}"


async def _seen(person: Person, uri: str, since: float) -> float:
    """Seconds until this person sees it."""
    await person.sees(uri)
    return time.monotonic() - since


async def _reply_seen(person: Person, head: str, uri: str) -> None:
    async def look() -> bool | None:
        thread = await person.get(f"/api/v1/statuses/{head}/context")
        return any(s["uri"] == uri for s in thread["descendants"]) or None

    await until(look, person.instance, f"did not show the answer to {person.name}")


async def _call(cast: Cast) -> tuple[dict[str, Any], list[str]]:
    who = cast.people
    organiser = who["organiser"]
    group = await organiser.find(cast.communities["river"])
    when = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
    call = await organiser.post(
        f"/api/beckon/v1/communities/{group}/calls",
        title="Clean the river",
        about="Bring boots. There is bread.",
        starts_at=when.isoformat(),
        timezone="UTC",
        place={"name": "Mill Bridge"},
        capacity=PLACES,
    )
    begun = time.monotonic()
    times = await asyncio.gather(*(_seen(cast.on(n), call["uri"], begun) for n in ("B", "C")))
    seen = f"the call of A was seen on B after {times[0]:.1f} s, on C after {times[1]:.1f} s"
    answers = [
        await _answer(who[name], organiser, call, count)
        for count, name in enumerate(("gardener", "baker", "teacher", "nurse"), 1)
    ]
    return await organiser.get(_path(call)), [seen, *answers]


def _path(call: dict[str, Any]) -> str:
    return f"/api/beckon/v1/calls/{call['id']}"


async def _answer(person: Person, organiser: Person, call: dict[str, Any], count: int) -> str:
    """Vote in the call's poll as any client does, and see A count it."""
    shown = await person.sees(call["uri"])
    begun = time.monotonic()
    await person.post(f"/api/v1/polls/{shown['poll']['id']}/votes", choices=[0])

    async def look() -> bool | None:
        now = await organiser.get(_path(call))
        return now["counted"] + now["waiting"] >= count or None

    await until(look, organiser.instance, f"did not count the answer of {person.short}")
    state = "waits for a place" if count > PLACES else "has a place"
    return (
        f"{person.short} answered, and {state}: counted on A after {time.monotonic() - begun:.1f} s"
    )


async def go_on(told: Told, seconds: float | None) -> None:
    """A post every few seconds, and then quiet, until cancelled or for ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            for author, where, text in itertools.islice(itertools.cycle(LINES), POSTS):
                await _pause(told.cast, PAUSE)
                handle = told.cast.communities[where]
                _, line = await _post(
                    told.cast, told.cast.people[author], f"{handle} {text}", f"to {handle}"
                )
                click.echo(f"{datetime.now(UTC):%H:%M:%S}  {line}")
            click.echo("It stays quiet from now on; the instances serve until Ctrl-C.")
            while True:
                await _pause(told.cast, PAUSE)
    except TimeoutError:
        return


async def _pause(cast: Cast, seconds: float) -> None:
    await asyncio.sleep(seconds)
    for name in MEMBERS:
        cast.on(name).instance.require_alive()
