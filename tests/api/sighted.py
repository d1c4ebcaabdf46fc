"""Makes the planned worlds of ``sightings`` true in an instance, by the verbs that people use, and says to
the oracle what became of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from server.domain.calling import calls, kinds
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.members import accounts as account_verbs
from server.domain.members import follows, mutes, users
from server.domain.moderating import domain_blocks, group_moderation, host_blocks
from server.domain.posting import marks, posts, quotes
from server.domain.posting.drafts import Draft
from server.domain.tx import Arrived, Tx
from server.errors import BeckonError
from storage import follows as follow_rows
from storage.accounts import Account, Profile
from storage.calls import Details
from storage.posts import Post
from tests.api.people import House, Member
from tests.api.sightings import (
    AWAY,
    FAR,
    HOST_OF,
    LOCALS,
    PEOPLE,
    SHED,
    STRANGER,
    Fact,
    Oracle,
    Plan,
    Said,
)
from tests.federation.peer import Person, public_pem

_worlds = itertools.count()


@dataclass
class World:
    house: House
    number: int
    people: list[Account]
    viewers: dict[int, Member]
    places: dict[str, Account]
    signers: dict[int, Person]
    """Whoever asks from elsewhere: people, and servers as a whole."""
    posts: dict[int, Post] = field(default_factory=dict[int, Post])
    facts: dict[int, Fact] = field(default_factory=dict[int, Fact])
    pinned: set[int] = field(default_factory=set[int])

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
    signers = {n: _signer(number, n) for n in HOST_OF}
    others = {n: await _remote(house, signer) for n, signer in signers.items()}
    own = [m.account for m in members if m.account]
    people = [*own, *(others[n] for n in range(LOCALS, PEOPLE))]
    places = await _places(house, own[0], number)
    viewers = dict(enumerate(members)) | {STRANGER: house.stranger}
    world = World(house, number, people, viewers, places, signers)
    for who in plan.members:
        await _follow_account(world, people[who], places[SHED], granted=True)
    for pair in plan.follows:
        await _follow(world, *pair, granted=True)
    for pair in set(plan.asked) - set(plan.follows):
        await _follow(world, *pair, granted=False)
    for said in plan.said:
        await _say(world, said)
    await _fall_out(world, plan)
    return world, await _oracle(world, plan)


def _host(number: int, host: int) -> str:
    return f"far{number}.example" if host == FAR else f"away{number}.example"


def _signer(number: int, who: int) -> Person:
    host = _host(number, HOST_OF[who])
    if who in (FAR, AWAY):
        return Person(f"https://{host}/actor", host, "Application")
    return Person(f"https://{host}/users/r{number}_{who}", f"r{number}_{who}")


async def _remote(house: House, signer: Person) -> Account:
    """Somebody of another server, as if we had met them, with their key."""
    profile = Profile(
        username=signer.name, url=signer.uri, inbox=f"{signer.uri}/inbox", display_name=signer.name
    )
    key = account_verbs.PublicKey(signer.key_id, "rsa", public_pem(signer.private))
    host = signer.uri.split("/")[2]
    async with house.work.transaction() as tx:
        return await account_verbs.remember(
            tx, signer.uri, host, signer.kind.lower(), profile, [key], None
        )


async def _places(house: House, founder: Account, number: int) -> dict[str, Account]:
    async with house.work.transaction() as tx:
        return {
            name: await communities.create(
                tx, founder, f"{name}{number}", name, community_policy=policy, visibility=visibility
            )
            for name, policy, visibility in (
                ("garden", "open", "public"),
                ("hall", "open", "unlisted"),
                (SHED, "request", "private"),
            )
        }


async def _member(house: House, name: str) -> Member:
    async with house.work.transaction() as tx:
        _, account = await users.register(tx, f"{name}@people.example", name, None)
    return Member(house.http, house.base, account, await house.sign_in(account))


async def _follow(world: World, who: int, whom: int, *, granted: bool) -> None:
    """As it was asked, and answered by whom it is for; without an answer it waits."""
    await _follow_account(world, world.people[who], world.people[whom], granted=granted)


async def _follow_account(
    world: World, follower: Account, target: Account, *, granted: bool
) -> None:
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
    if said.how == "call":
        return await _call(tx, world, number)
    if said.how == "boost" and about and about.reblog_of_id is None:
        uri = None if author.local else f"{author.uri}/boosts/{number}"
        return await marks.boost(tx, author, about, uri=uri)
    plain = about if about and about.reblog_of_id is None else None
    place, visibility = _where(world, said, plain)
    draft = Draft(
        content=f"<p>{world.word(number)}</p>",
        source=world.word(number),
        visibility=visibility,
        mentions=tuple(world.people[n] for n in said.named),
        tags=(world.tag,),
        in_reply_to=plain if said.how == "reply" else None,
        quote=quotes.Quoting(plain)
        if said.how == "quote" and plain and plain.visibility != "members"
        else None,
        community=world.places.get(place),
    )
    uri = f"{author.uri}/posts/{number}"
    arrived = None if author.local else Arrived(uri, {"id": uri})
    return await posts.publish(tx, author, draft, arrived=arrived)


async def _call(tx: Tx, world: World, number: int) -> Post:
    """Of each kind in turn, among members."""
    kind, word = list(kinds.KINDS.values())[number % len(kinds.KINDS)], world.word(number)
    details = Details(
        tx.now + timedelta(days=3) if kind.timed else None,
        None,
        "UTC",
        external_url="https://give.example/" if kind.linked else None,
    )
    options = (f"{word} yes", f"{word} no") if kind.name == "decision" else ()
    wanted = Wanted(word, details, f"{word} #{world.tag}", kind=kind.name, options=options)
    return await calls.create(tx, world.people[0], world.places[SHED], wanted)


def _where(world: World, said: Said, about: Post | None) -> tuple[str, str]:
    """In which community, and for whom: an answer to what is for members is for them, too."""
    if said.how == "reply" and about:
        return (SHED, "members") if about.visibility == "members" else ("", said.visibility)
    if said.place == SHED:
        return SHED, "members"
    return (said.place if said.visibility == "public" else ""), said.visibility


def _fact(world: World, said: Said, made: Post) -> Fact:
    numbers = {post.id: number for number, post in world.posts.items()}
    return Fact(
        author=0 if made.is_call else said.author,
        visibility=made.visibility,
        named=frozenset() if made.reblog_of_id or made.is_call else frozenset(said.named),
        boosts=numbers[made.reblog_of_id] if made.reblog_of_id else None,
        quotes=numbers[made.quote_id] if made.quote_id else None,
        answers=numbers[made.in_reply_to_id] if made.in_reply_to_id else None,
        place=next((n for n, a in world.places.items() if a.id == made.community_id), ""),
        call=made.is_call,
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
            await domain_blocks.block(tx, world.people[who], _host(world.number, FAR))
        for who in plan.suspended:
            await tx.conn.execute(
                "update accounts set suspended_at = $2 where id = $1", world.people[who].id, tx.now
            )

    await _moderate(world, plan)
    if plan.away_is_out:
        async with world.house.work.transaction() as tx:
            terms = host_blocks.Terms("suspend")
            await host_blocks.block(tx, _host(world.number, AWAY), terms)


async def _moderate(world: World, plan: Plan) -> None:
    """What the organiser of the communities does; what a verb refuses was not done."""
    organiser, shed = world.people[0], world.places[SHED]
    for number in plan.pinned:
        if number in world.facts and world.facts[number].boosts is not None:
            continue
        with suppress(BeckonError, KeyError):
            async with world.house.work.transaction() as tx:
                post = world.posts[number]
                await marks.pin(tx, world.people[world.facts[number].author], post, added=True)
            world.pinned.add(number)
    for number in plan.removed:
        place = world.places.get(world.facts[number].place) if number in world.facts else None
        if place and not world.posts[number].is_call:  # one is called off instead
            async with world.house.work.transaction() as tx:
                by = await group_moderation.steward(tx, place, organiser)
                await group_moderation.remove(tx, by, world.posts[number])
            world.facts[number] = replace(world.facts[number], removed=True)
    for who, all_of_theirs in plan.banned:
        async with world.house.work.transaction() as tx:
            by = await group_moderation.steward(tx, shed, organiser)
            wanted = group_moderation.Ban(remove_data=all_of_theirs)
            await group_moderation.ban(tx, by, world.people[who], wanted)
        for number, fact in world.facts.items():
            if all_of_theirs and (fact.author, fact.place) == (who, SHED):
                world.facts[number] = replace(fact, removed=True)
    for who in set(plan.invited) - set(plan.members):
        with suppress(BeckonError):
            async with world.house.work.transaction() as tx:
                await communities.invite(tx, organiser, shed, world.people[who])


async def _oracle(world: World, plan: Plan) -> Oracle:
    parted = {frozenset(pair) for pair in plan.blocks}
    shunned = {(w, n) for w in plan.shuns for n in range(PEOPLE) if HOST_OF.get(n) == FAR}
    out = {n for n, host in HOST_OF.items() if host == AWAY} if plan.away_is_out else set[int]()
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
        suspended=frozenset(plan.suspended) | out,
        members=frozenset({0, *plan.members}) - {who for who, _ in plan.banned} - out,
        facts=dict(world.facts),
    )
