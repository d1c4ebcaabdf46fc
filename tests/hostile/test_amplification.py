"""A little sent to us that should make us, or others, do a lot."""

from __future__ import annotations

from server.domain.posting import drafts
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Peer, peer
from tests.hostile.test_activities import outcome


async def test_whom_a_post_mentions_nobody_is_asked_about(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    """Fresh names that mention fresh names were ten thousand accounts elsewhere (Mastodon issue 21977)."""
    mallory = attacker.person("mallory")
    async with peer("mastodon") as other:
        named = [server.url(f"/users/n{n}") for server in (attacker, other) for n in range(100)]
        note = attacker.note(mallory, "<p>Hi all</p>", [organiser.uri, *named])
        assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
        assert other.requests == []
    assert not [path for _, path in attacker.requests if path.startswith("/users/n")]
    assert await ours.value("select count(*) from accounts where not local") == 1


async def test_a_post_rings_only_so_many(ours: Instance, attacker: Peer) -> None:
    mallory = attacker.person("mallory")
    people = [await ours.member(f"member{n}") for n in range(drafts.MAX_MENTIONS + 5)]
    note = attacker.note(mallory, "<p>Look</p>", [who.uri for who in people])
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    rung = "select count(*) from notifications where type = 'mention'"
    assert 0 < await ours.value(rung) <= drafts.MAX_MENTIONS


async def test_a_server_is_sent_a_thing_once(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    """However many of its people are members: a small post to a large community is one request to each server."""
    for number in range(12):
        who = microblog.person(f"member{number}")
        follow = microblog.activity(who, "Follow", garden.uri)
        assert await outcome(ours, microblog, who, follow) == "done"
    mallory = attacker.person("mallory")
    note = attacker.note(mallory, "<p>Hello</p>", [garden.uri])
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    assert len(microblog.of_type("Announce")) == 1
