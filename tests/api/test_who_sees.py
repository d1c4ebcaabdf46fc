"""In random worlds every door shows each viewer what a plain oracle says, no more and no less.

Every post has a word of its own: no answer of any door may hold the word of a post that its reader may
not see.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from federation.media_types import ACTIVITY_JSON
from server.domain import domain_blocks, follows, mutes, posts, quotes, users
from server.domain.posts import Draft
from server.domain.tx import Arrived, Tx
from server.errors import BeckonError
from storage import follows as follow_rows
from storage.accounts import Account
from storage.posts import Post
from tests.api.people import House, Member
from tests.api.sightings import (
    LOCALS,
    PEOPLE,
    STRANGER,
    Fact,
    Oracle,
    Plan,
    Said,
    plans,
    statuses_in,
)

EXAMPLES = 12
FAR = "far.example"
_worlds = itertools.count()


@dataclass
class World:
    house: House
    number: int
    people: list[Account]
    viewers: dict[int, Member]
    garden: Account
    posts: dict[int, Post] = field(default_factory=dict[int, Post])
    facts: dict[int, Fact] = field(default_factory=dict[int, Fact])

    @property
    def tag(self) -> str:
        return f"w{self.number}w"

    def word(self, number: int) -> str:
        return f"secret{self.number}x{number}x"

    def numbers(self, ids: Iterable[str]) -> set[int]:
        by_id = {str(post.id): number for number, post in self.posts.items()}
        return {by_id[i] for i in ids if i in by_id}


async def build(house: House, plan: Plan) -> tuple[World, Oracle]:
    number = next(_worlds)
    members = [await _member(house, f"m{number}_{n}") for n in range(LOCALS)]
    others = [await house.remote(f"r{number}_{n}") for n in range(PEOPLE - LOCALS)]
    people = [*(m.account for m in members if m.account), *others]
    garden = await house.community(members[0], f"garden{number}")
    viewers = dict(enumerate(members)) | {STRANGER: house.stranger}
    world = World(house, number, people, viewers, garden)
    for pair in plan.follows:
        await _follow(world, *pair, granted=True)
    for pair in set(plan.asked) - set(plan.follows):
        await _follow(world, *pair, granted=False)
    for said in plan.said:
        await _say(world, said)
    await _fall_out(world, plan)
    return world, await _oracle(world, plan)


async def _member(house: House, name: str) -> Member:
    async with house.work.transaction() as tx:
        _, account = await users.register(tx, f"{name}@people.example", name, None)
    return Member(house.http, house.base, account, await house.sign_in(account))


async def _follow(world: World, who: int, whom: int, *, granted: bool) -> None:
    """As it was asked, and answered by whom it is for; without an answer it waits."""
    follower, target = world.people[who], world.people[whom]
    async with world.house.work.transaction() as tx:
        uri = None if follower.local else f"{follower.uri}/follows/{target.id}"
        await follow_rows.insert(tx.conn, uri, follower.id, target.id, None, tx.now)
        found = await follow_rows.between(tx.conn, follower.id, target.id)
        if granted and found:
            await follows.accept(tx, target, found, follower)


async def _say(world: World, said: Said) -> None:
    """What a verb refuses was not said."""
    about = world.posts.get(said.about)
    number = len(world.posts)
    with suppress(BeckonError):
        async with world.house.work.transaction() as tx:
            made = await _write(tx, world, said, about, number)
        if made:
            world.posts[number] = made
            world.facts[number] = _fact(world, said, made)


async def _write(tx: Tx, world: World, said: Said, about: Post | None, number: int) -> Post | None:
    author = world.people[said.author]
    if said.how == "boost" and about and about.reblog_of_id is None:
        uri = None if author.local else f"{author.uri}/boosts/{number}"
        return await posts.boost(tx, author, about, uri=uri)
    plain = about if about and about.reblog_of_id is None else None
    draft = Draft(
        content=f"<p>{world.word(number)}</p>",
        source=world.word(number),
        visibility=said.visibility,
        mentions=tuple(world.people[n] for n in said.named),
        tags=(world.tag,),
        in_reply_to=plain if said.how == "reply" else None,
        quote=quotes.Quoting(plain) if said.how == "quote" and plain else None,
        community=world.garden if said.in_garden and said.visibility == "public" else None,
    )
    uri = f"{author.uri}/posts/{number}"
    arrived = None if author.local else Arrived(uri, {"id": uri})
    return await posts.publish(tx, author, draft, arrived=arrived)


def _fact(world: World, said: Said, made: Post) -> Fact:
    numbers = {post.id: number for number, post in world.posts.items()}
    return Fact(
        author=said.author,
        visibility=made.visibility,
        named=frozenset() if made.reblog_of_id else frozenset(said.named),
        boosts=numbers[made.reblog_of_id] if made.reblog_of_id else None,
        quotes=numbers[made.quote_id] if made.quote_id else None,
        answers=numbers[made.in_reply_to_id] if made.in_reply_to_id else None,
    )


async def _fall_out(world: World, plan: Plan) -> None:
    """What comes between people after they have talked."""
    async with world.house.work.transaction() as tx:
        for who, whom in plan.blocks:
            await follows.block(tx, world.people[who], world.people[whom])
        for who, whom in plan.mutes:
            if who < LOCALS:
                await mutes.mute(tx, world.people[who], world.people[whom])
        for who in plan.shuns:
            await domain_blocks.block(tx, world.people[who], FAR)
        for who in plan.suspended:
            await tx.conn.execute(
                "update accounts set suspended_at = $2 where id = $1", world.people[who].id, tx.now
            )


async def _oracle(world: World, plan: Plan) -> Oracle:
    parted = {frozenset(pair) for pair in plan.blocks}
    shunned = {(w, n) for w in plan.shuns for n in range(LOCALS, PEOPLE)}
    kept = {
        pair
        for pair in plan.follows
        if frozenset(pair) not in parted and not {pair, pair[::-1]} & shunned
    }
    return Oracle(
        follows=frozenset(kept),
        blocks=frozenset(plan.blocks),
        mutes=frozenset(pair for pair in plan.mutes if pair[0] < LOCALS),
        shuns=frozenset(plan.shuns),
        suspended=frozenset(plan.suspended),
        facts=dict(world.facts),
    )


# Looking


async def ask(world: World, viewer: int, path: str, accept: str = "") -> tuple[int, str]:
    member = world.viewers[viewer]
    headers = dict(member.token) | ({"Accept": accept} if accept else {})
    async with world.house.http.get(
        world.house.base + path, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status, await answer.text()


async def look(world: World, oracle: Oracle, viewer: int, path: str) -> Any:
    """An answer of the client API in which nothing is that the viewer may not see."""
    answer = await world.viewers[viewer].get(path)
    assert answer.status == 200, (path, answer.status)
    require_no_leak(world, oracle, viewer, path, repr(answer.json))
    within = {found["id"] for found in statuses_in(answer.json)}
    assert world.numbers(within) <= oracle.seen(viewer), (viewer, path)
    return answer.json


def require_no_leak(world: World, oracle: Oracle, viewer: int, path: str, text: str) -> None:
    hidden = set(world.facts) - oracle.seen(viewer)
    leaked = [n for n in hidden if world.facts[n].boosts is None and world.word(n) in text]
    assert leaked == [], (viewer, path, [world.facts[n] for n in leaked])


async def every_door(world: World, oracle: Oracle) -> None:
    for viewer in world.viewers:
        if viewer in oracle.suspended:
            continue  # has no client any more
        await _alone(world, oracle, viewer)
        await _listed(world, oracle, viewer)
    await _from_outside(world, oracle)


async def _alone(world: World, oracle: Oracle, viewer: int) -> None:
    """Each post by its address, and what is said about it."""
    for number, post in world.posts.items():
        one = f"/api/v1/statuses/{post.id}"
        expected = 200 if oracle.sees(viewer, number) else 404
        for part in ("", "/context", "/history", "/favourited_by", "/reblogged_by", "/quotes"):
            if part == "/quotes" and viewer == STRANGER:
                continue  # is for members
            status, text = await ask(world, viewer, one + part)
            assert status == expected, (viewer, part, world.facts[number])
            require_no_leak(world, oracle, viewer, one + part, text)
    ids = "&".join(f"id[]={post.id}" for post in world.posts.values())
    several = await look(world, oracle, viewer, f"/api/v1/statuses?{ids}")
    assert world.numbers(s["id"] for s in several) == oracle.seen(viewer)


async def _listed(world: World, oracle: Oracle, viewer: int) -> None:
    def numbers(found: Any) -> set[int]:
        return world.numbers(status["id"] for status in found)

    base = "/api/v1/timelines"
    public = await look(world, oracle, viewer, f"{base}/public?limit=40")
    assert numbers(public) == oracle.in_public(viewer)
    local = await look(world, oracle, viewer, f"{base}/public?local=true&limit=40")
    assert numbers(local) == oracle.in_public(viewer, local=True)
    tagged = await look(world, oracle, viewer, f"{base}/tag/{world.tag}?limit=40")
    assert numbers(tagged) == oracle.tagged(viewer)
    for author, account in enumerate(world.people):
        path = f"/api/v1/accounts/{account.id}/statuses?limit=40"
        if author in oracle.suspended or (author, viewer) in oracle.blocks:
            status, text = await ask(world, viewer, path)
            assert status in (200, 404)
            require_no_leak(world, oracle, viewer, path, text)
        else:
            found = await look(world, oracle, viewer, path)
            differ = numbers(found) ^ oracle.by(viewer, author)
            assert not differ, (viewer, [world.facts[n] for n in differ], oracle.follows)
    if viewer == STRANGER:
        return
    for path in (
        f"{base}/home?limit=40",
        f"{base}/list/{world.garden.id}?limit=40",
        "/api/v1/notifications?limit=80&include_filtered=true",
        "/api/v2/notifications?limit=80",
        "/api/v1/conversations",
        "/api/v1/trends/statuses",
        f"/api/v2/search?q={world.tag}&limit=40",
        *(f"/api/v2/search?q={world.word(n)}" for n in world.facts),
    ):
        status, text = await ask(world, viewer, path)
        assert status == 200 or "/list/" in path, (path, status)
        require_no_leak(world, oracle, viewer, path, text)
    home = await look(world, oracle, viewer, f"{base}/home?limit=40")
    assert all(oracle.wants(viewer, n) for n in numbers(home))
    assert _own_heads(oracle, viewer) <= numbers(home)


def _own_heads(oracle: Oracle, viewer: int) -> set[int]:
    """What one wrote oneself and answers nobody is at home."""
    mine = oracle.by(viewer, viewer)
    return {n for n in mine if oracle.facts[n].answers is None and oracle.facts[n].boosts is None}


async def _from_outside(world: World, oracle: Oracle) -> None:
    """Pages, and documents for servers that nobody signed for: what a stranger may see."""
    for number, post in world.posts.items():
        sees = oracle.sees(STRANGER, number)
        fact = world.facts[number]
        for part in ("", "/activity", "/replies", "/context"):
            status, text = await ask(world, STRANGER, f"/posts/{post.id}{part}", ACTIVITY_JSON)
            require_no_leak(world, oracle, STRANGER, part, text)
            if not sees:
                assert status == 404, (part, fact)
            elif part == "":  # what others wrote is theirs to serve; its thread may be ours
                assert status == (200 if fact.author < LOCALS else 404), fact
        status, text = await ask(world, STRANGER, f"/posts/{post.id}", "text/html")
        require_no_leak(world, oracle, STRANGER, "page", text)
        assert (status in (200, 302, 303)) == sees, (status, fact)
    names = [person.username for person in world.people if person.local]
    pages = ["/", f"/tags/{world.tag}", *(f"/@{n}" for n in (*names, world.garden.username))]
    for page in pages:
        _, text = await ask(world, STRANGER, page, "text/html")
        require_no_leak(world, oracle, STRANGER, page, text)
    for actor in [*(p for p in world.people if p.local), world.garden]:
        path = actor.uri.removeprefix(world.house.base)
        for part in ("", "/outbox", "/outbox?before=9223372036854775807", "/featured"):
            _, text = await ask(world, STRANGER, path + part, ACTIVITY_JSON)
            require_no_leak(world, oracle, STRANGER, path + part, text)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=plans)
async def test_every_door_shows_what_the_oracle_says(house: House, plan: Plan) -> None:
    world, oracle = await build(house, plan)
    await every_door(world, oracle)
