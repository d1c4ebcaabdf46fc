"""What servers claim of themselves and of us: calls, addresses, inboxes, names, counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from server.arriving import attempts, resolve
from storage import calls
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer
from tests.hostile.test_activities import followed, outcome


def call_of(server: Peer, by: Person, ours: Instance, community: str) -> Json:
    """A call as an instance like ours writes it."""
    at = ours.clock.now() + timedelta(days=3)
    return server.note(
        by,
        "<p>Come all</p>",
        [community],
        type="Event",
        name="Free beer",
        audience=community,
        startTime=at.isoformat(),
        **{"cta:call": {"type": "cta:Call", "kind": "event", "answers": [], "waiting": 0}},
    )


async def test_a_stranger_makes_no_call_of_our_community(
    ours: Instance, microblog: Peer, attacker: Peer, garden: Account
) -> None:
    """Calls are made by those who steer; whoever joins later is still told of the true ones."""
    mallory = attacker.person("mallory")
    event = call_of(attacker, mallory, ours, garden.uri)
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, event)) == "done"
    async with ours.work.reading() as tx:
        assert await calls.of_community(tx.conn, garden.id, tx.now, 50) == []
    member = microblog.person("member")
    follow = microblog.activity(member, "Follow", garden.uri)
    assert await outcome(ours, microblog, member, follow) == "done"
    assert await ours.value("select max(attempts) from jobs") in (0, None)


async def test_a_call_belongs_to_a_community_of_its_own_server(
    ours: Instance, microblog: Peer, attacker: Peer, organiser: Account
) -> None:
    """Else anybody could call in the name of a community that many here have joined."""
    famous, mallory = microblog.person("famous", "Group"), attacker.person("mallory")
    await followed(ours, organiser, microblog, famous)
    event = call_of(attacker, mallory, ours, famous.uri)
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, event)) == "done"
    assert await ours.value("select count(*) from calls") == 0


async def test_a_boost_taken_back_by_a_delete_counts_no_more(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "Hello")
    fan = microblog.person("fan")
    for _ in range(3):
        boost = microblog.activity(fan, "Announce", post.uri)
        assert await outcome(ours, microblog, fan, boost) == "done"
        delete = microblog.activity(fan, "Delete", boost["id"])
        assert await outcome(ours, microblog, fan, delete) == "done"
    stored = await ours.post(post.uri)
    assert stored
    assert stored.reblogs_count == 0


@pytest.mark.parametrize("field", ["inbox", "sharedInbox"])
async def test_nobodys_inbox_is_on_another_server(
    ours: Instance, microblog: Peer, attacker: Peer, garden: Account, field: str
) -> None:
    """A thousand made-up members would make us knock a thousand times at a third server."""
    mallory = attacker.person("mallory")
    victim = microblog.url("/expensive")
    changed = {"inbox": victim} if field == "inbox" else {"endpoints": {"sharedInbox": victim}}
    attacker.serve({**mallory.document(), **changed})
    follow = attacker.activity(mallory, "Follow", garden.uri)
    await attacker.send(mallory, follow, ours.inbox)
    await ours.settle()
    assert microblog.requests == []


async def test_a_page_of_another_server_is_not_ones_own(
    ours: Instance, microblog: Peer, attacker: Peer, organiser: Account
) -> None:
    """Who looks for somebody by the address of their page finds nobody else."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    attacker.serve({**mallory.document(), "url": organiser.url})
    found = await resolve.actor(ours.net, mallory.uri)
    assert found.url == mallory.uri
    page = f"https://{microblog.host}/@victim/1"
    note = attacker.note(mallory, "<p>I am the victim</p>", [organiser.uri], url=page)
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    stored = await ours.post(note["id"])
    assert stored
    assert stored.url == note["id"]
    assert victim.uri != mallory.uri


@pytest.mark.parametrize("name", ["gar\u202edener", "gar\u200bdener", "gardener\u2066", "x" * 200])
async def test_a_name_that_hides_its_host(ours: Instance, attacker: Peer, name: str) -> None:
    """Turned around, invisible, or pushing the host out of view."""
    from federation.errors import Refused

    mallory = attacker.person("mallory")
    attacker.serve({**mallory.document(), "preferredUsername": name})
    with pytest.raises(Refused, match="preferredUsername"):
        await resolve.actor(ours.net, mallory.uri)


# What makes us ask others


async def test_a_stranger_does_not_send_us_through_threads(
    ours: Instance, microblog: Peer, attacker: Peer
) -> None:
    """A post that nobody here asked for makes us fetch nothing and keep nothing."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    last = microblog.note(victim, "<p>1</p>", [])
    for _ in range(5):
        last = microblog.note(victim, "<p>More</p>", [], inReplyTo=last["id"])
    note = attacker.note(mallory, "<p>Hello</p>", [], inReplyTo=last["id"], audience=victim.uri)
    created = attacker.create(mallory, note)
    assert await outcome(ours, attacker, mallory, created) == "nobody_asked"
    assert microblog.requests == []
    assert await ours.value("select count(*) from posts") == 0


async def test_keys_of_a_server_that_has_none_are_asked_for_a_few_times(
    ours: Instance, microblog: Peer, attacker: Peer, garden: Account
) -> None:
    """A flood of made-up keys of a victim's server does not become a flood there."""
    victim = microblog.person("victim")
    body = microblog.activity(victim, "Follow", garden.uri)
    for number in range(60):
        made_up = Person(microblog.url(f"/users/nobody{number}"), "nobody")
        answer = await attacker.send(made_up, {**body, "actor": made_up.uri}, ours.inbox)
        assert answer.status in (401, 503)
    assert len(microblog.requests) <= attempts.FAILED_KEYS_OF_DOMAIN
    ours.clock.forward(minutes=6)
    assert (await microblog.send(victim, body, ours.inbox)).status == 202


async def test_a_key_is_of_the_actors_own_server(
    ours: Instance, microblog: Peer, attacker: Peer, garden: Account
) -> None:
    """What cannot be true is not asked for."""
    mallory = attacker.person("mallory")
    follow = attacker.activity(mallory, "Follow", garden.uri)
    elsewhere = Person(microblog.url("/users/nobody"), "nobody")
    assert await attacker.send(elsewhere, follow, ours.inbox) == (401, "foreign_actor")
    assert microblog.requests == []


async def test_a_slow_thread_does_not_hold_up_the_post(
    ours: Instance, attacker: Peer, garden: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty ancestors of ten seconds each would hold up whoever shares the worker."""
    monkeypatch.setattr(resolve, "ANCESTRY_SECONDS", 0.05)
    async with peer("mastodon") as tarpit:
        tarpit.held = asyncio.Event()
        mallory = attacker.person("mallory")
        note = attacker.note(
            mallory, "<p>Hello</p>", [garden.uri], inReplyTo=tarpit.url("/notes/1")
        )
        assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
        tarpit.held.set()
    assert await ours.post(note["id"])


# Who somebody is


async def test_a_display_name_turns_nothing_around(ours: Instance, attacker: Peer) -> None:
    """Marks of direction and what nobody sees go; it is one line of bounded length."""
    mallory = attacker.person("mallory")
    name = "\u202eelpmaxe.nwot@nimda\u202c \u200b\u2066Admin\ufeff\n\n" + "x" * 5000
    attacker.serve({**mallory.document(), "name": name})
    found = await resolve.actor(ours.net, mallory.uri)
    assert found.display_name.startswith("elpmaxe.nwot@nimda Admin x")
    assert not set(found.display_name) & set("\u202e\u202c\u200b\u2066\ufeff\n")
    assert len(found.display_name) <= 500


async def test_a_host_lends_its_name_to_nobody(
    ours: Instance, microblog: Peer, attacker: Peer
) -> None:
    """WebFinger of one host that leads to an actor of another makes no handle on either."""
    victim = microblog.person("victim")
    attacker.people["admin"] = victim
    for wanted in ("admin", "victim"):
        await resolve.search(ours.net, f"@{wanted}@{attacker.host}")
    handles = await ours.rows("select username, host from accounts where not local")
    assert {(row["username"], row["host"]) for row in handles} <= {("victim", microblog.host)}


async def test_an_actor_that_calls_itself_by_the_handle_of_another_host(
    ours: Instance, microblog: Peer, attacker: Peer
) -> None:
    mallory = attacker.person("mallory")
    attacker.serve({**mallory.document(), "webfinger": f"victim@{microblog.host}"})
    found = await resolve.actor(ours.net, mallory.uri)
    assert (found.username, found.host) == ("mallory", attacker.host)


async def test_who_takes_the_name_of_another_is_not_the_other(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """The id is who somebody is: posts, follows and keys stay with it, and the name is whose WebFinger says."""
    victim, mallory = microblog.person("victim"), microblog.person("mallory", key=1)
    await followed(ours, organiser, microblog, victim)
    note = microblog.note(victim, "<p>Mine</p>", [organiser.uri])
    assert await outcome(ours, microblog, victim, microblog.create(victim, note)) == "done"
    before = await ours.known(victim.uri)
    microblog.serve({**mallory.document(), "preferredUsername": "victim"})
    said = microblog.activity(mallory, "Update", mallory.document())
    assert await outcome(ours, microblog, mallory, said) == "done"
    taken = await ours.known(mallory.uri)
    after, post = await ours.known(victim.uri), await ours.post(note["id"])
    assert before
    assert after
    assert taken
    assert post
    assert (after.id, post.account_id) == (before.id, before.id)
    assert taken.id != before.id
    assert (taken.followers_count, taken.handle_lost) == (0, True)
    assert not after.handle_lost  # their server names the victim
    mine = "select count(*) from keys where account_id = $1 and id = $2"
    assert await ours.value(mine, before.id, victim.key_id) == 1


@pytest.mark.parametrize("shape", ["unknown there", "circle", "for another", "to us"])
async def test_nobody_is_moved_to_who_does_not_know_them(
    ours: Instance,
    microblog: Peer,
    attacker: Peer,
    organiser: Account,
    garden: Account,
    shape: str,
) -> None:
    """Followers go along only where old and new name each other, and only with who says it of themselves."""
    old, mallory = microblog.person("old"), attacker.person("mallory")
    await followed(ours, organiser, microblog, old)
    await resolve.actor(ours.net, mallory.uri)
    server, who, target = microblog, old, mallory.uri
    if shape == "circle":
        target = old.uri
    if shape == "to us":
        target = garden.uri
    if shape == "for another":
        server, who = attacker, mallory
        attacker.serve({**mallory.document(), "alsoKnownAs": [old.uri]})
    move = server.activity(who, "Move", old.uri, target=target)
    before = await ours.rows("select follower_id, target_id, accepted_at from follows order by id")
    assert await outcome(ours, server, who, move) != "done"
    assert attacker.of_type("Follow") == []
    after = await ours.rows("select follower_id, target_id, accepted_at from follows order by id")
    assert after == before


# Who was sent away


async def test_who_is_suspended_does_not_come_back_by_another_way(
    ours: Instance, microblog: Peer, attacker: Peer, organiser: Account
) -> None:
    """Answered, quoted, boosted, pinned, looked for: their posts come in by none of it."""
    friend, gone = microblog.person("friend"), attacker.person("gone")
    await followed(ours, organiser, microblog, friend)
    await resolve.actor(ours.net, gone.uri)
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where uri = $1", gone.uri)
    notes = [attacker.note(gone, "<p>Again</p>", [organiser.uri]) for _ in range(5)]
    answer = microblog.note(friend, "<p>Yes</p>", [], inReplyTo=notes[0]["id"])
    quote = microblog.note(friend, "<p>Look</p>", [], quote=notes[1]["id"])
    for said in (
        microblog.create(friend, answer),
        microblog.create(friend, quote),
        microblog.activity(friend, "Announce", notes[2]["id"]),
        microblog.activity(friend, "Add", notes[3]["id"], target=f"{friend.uri}/featured"),
    ):
        await outcome(ours, microblog, friend, said)
    assert await resolve.search(ours.net, notes[4]["id"]) is None
    for note in notes:
        assert await ours.post(note["id"]) is None
