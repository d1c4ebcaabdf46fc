"""Accounts and communities that move, from here and from elsewhere (FEP-7628)."""

from __future__ import annotations

from typing import Any

import pytest

from server.arriving import resolve
from server.domain.groups import communities
from server.domain.members import follows, lists, moves, mutes
from server.domain.moderating import group_moderation
from server.errors import Forbidden
from storage import lists as list_rows
from storage import notes
from storage.accounts import Account
from tests.federation.acting import followed, follows_us, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer


def also(server: Peer, who: Person, *uris: str, **more: Any) -> Json:
    """From now on the actor's document names these others."""
    return server.serve({**who.document(), "alsoKnownAs": list(uris), **more})


def move(server: Peer, by: Person, old: str, new: str) -> Json:
    return server.activity(by, "Move", old, target=new, to=[f"{by.uri}/followers"])


async def targets(ours: Instance, follower: Account) -> set[str]:
    """Whom one of ours follows or asked to."""
    sql = (
        "select a.uri from follows f join accounts a on a.id = f.target_id where f.follower_id = $1"
    )
    return {row["uri"] for row in await ours.rows(sql, follower.id)}


# Others move


@pytest.mark.parametrize("kind", ["Person", "Group"])
async def test_followers_go_along(
    ours: Instance, microblog: Peer, organiser: Account, kind: str
) -> None:
    """With what they had set and the lists that hold the account; the old follow is undone."""
    old = microblog.person("old", kind)
    account = await followed(ours, organiser, microblog, old)
    async with ours.work.transaction() as tx:
        chosen = follows.Options(reblogs=False, notify=True, languages=["de"])
        await follows.follow(tx, organiser, account, options=chosen)
        kept = await lists.create(tx, organiser, lists.Settings("Neighbours"))
        await list_rows.add(tx.conn, kept.id, organiser.id, [account.id])
    async with peer("mastodon") as harbour:
        new = harbour.person("new", kind)
        also(harbour, new, old.uri)
        sent = move(microblog, old, old.uri, new.uri)
        assert await outcome(ours, microblog, old, sent) == "done"
        assert await targets(ours, organiser) == {new.uri}
        (asked,) = harbour.of_type("Follow")
        assert asked["object"] == new.uri
        (undone,) = microblog.of_type("Undo")
        assert undone["object"]["type"] == "Follow"
        (row,) = await ours.rows("select * from follows where follower_id = $1", organiser.id)
        assert (row["reblogs"], row["notify"], row["languages"]) == (False, True, ["de"])
        held = "select a.uri from list_accounts m join accounts a on a.id = m.account_id"
        assert [r["uri"] for r in await ours.rows(held)] == [new.uri]
        moved = await ours.known(old.uri)
        assert moved
        assert moved.moved_to == new.uri


async def test_walls_and_notes_go_along(ours: Instance, microblog: Peer) -> None:
    blocker, muter, writer = [await ours.member(n) for n in ("blocker", "muter", "writer")]
    old = microblog.person("old")
    account = await resolve.actor(ours.net, old.uri)
    async with ours.work.transaction() as tx:
        await follows.block(tx, blocker, account)
        await mutes.mute(tx, muter, account, notifications=True, duration=None)
        await notes.put(tx.conn, writer.id, account.id, "Sells bulbs that never grow")
    async with peer("mastodon") as harbour:
        new = harbour.person("new")
        also(harbour, new, old.uri)
        assert await outcome(ours, microblog, old, move(microblog, old, old.uri, new.uri)) == "done"
        here = await ours.known(new.uri)
        assert here
        assert await ours.value("select account_id from blocks where target_id = $1", here.id) == (
            blocker.id
        )
        assert await ours.value("select account_id from mutes where target_id = $1", here.id) == (
            muter.id
        )
        told = "select comment from account_notes where target_id = $1"
        assert await ours.value(told, here.id) == "Sells bulbs that never grow"


async def test_a_ban_goes_along(ours: Instance, microblog: Peer, organiser: Account) -> None:
    """With the membership that the new account had already; where it has a role it keeps that."""
    shed, garden = [await ours.community(organiser, name) for name in ("shed", "garden")]
    old = microblog.person("old")
    account = await resolve.actor(ours.net, old.uri)
    async with ours.work.transaction() as tx:
        for group in (shed, garden):
            by = await group_moderation.steward(tx, group, organiser)
            await group_moderation.ban(tx, by, account, group_moderation.Ban(reason="Loud"))
    async with peer("mastodon") as harbour:
        new = harbour.person("new")
        also(harbour, new, old.uri)
        for group in (shed, garden):
            joined = harbour.activity(new, "Follow", group.uri)
            assert await outcome(ours, harbour, new, joined) == "done"
        here = await ours.known(new.uri)
        assert here
        async with ours.work.transaction() as tx:
            await communities.grant(tx, organiser, garden, here, "moderator")
        assert await outcome(ours, microblog, old, move(microblog, old, old.uri, new.uri)) == "done"
        banned = "select community_id, reason from community_bans where account_id = $1"
        assert [
            (row["community_id"], row["reason"]) for row in await ours.rows(banned, here.id)
        ] == [(shed.id, "Loud")]
        assert await targets(ours, here) == {garden.uri}
        assert len(harbour.of_type("Reject")) == 1


async def test_a_role_stays_behind_but_the_last_organisers(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    shed, garden = [await ours.community(organiser, name) for name in ("shed", "garden")]
    old = microblog.person("old")
    for group in (shed, garden):
        joined = microblog.activity(old, "Follow", group.uri)
        assert await outcome(ours, microblog, old, joined) == "done"
    account = await ours.known(old.uri)
    assert account
    async with ours.work.transaction() as tx:
        for group in (shed, garden):
            await communities.grant(tx, organiser, group, account, "organiser")
        await communities.dismiss(tx, organiser, garden, organiser)
    async with peer("mastodon") as harbour:
        new = harbour.person("new")
        also(harbour, new, old.uri)
        assert await outcome(ours, microblog, old, move(microblog, old, old.uri, new.uri)) == "done"
    held = "select community_id from community_roles where account_id = $1"
    assert [row["community_id"] for row in await ours.rows(held, account.id)] == [garden.id]


async def test_more_followers_than_fit_in_one_batch(
    ours: Instance, microblog: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "BATCH", 2)
    old = microblog.person("old")
    people = [await ours.member(f"reader{n}") for n in range(5)]
    for person in people:
        await followed(ours, person, microblog, old)
    async with peer("mastodon") as harbour:
        new = harbour.person("new")
        also(harbour, new, old.uri)
        assert await outcome(ours, microblog, old, move(microblog, old, old.uri, new.uri)) == "done"
        assert len(harbour.of_type("Follow")) == len(microblog.of_type("Undo")) == 5
        for person in people:
            assert await targets(ours, person) == {new.uri}


async def test_the_new_account_tells_of_it_where_the_old_one_agreed(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """Pull mode: the old server may be gone by now."""
    async with peer("mastodon") as harbour:
        old, new = microblog.person("old"), harbour.person("new")
        also(microblog, old, copiedTo=new.uri)
        await followed(ours, organiser, microblog, old)
        also(harbour, new, old.uri)
        microblog.down = True
        sent = move(harbour, new, old.uri, new.uri)
        assert await outcome(ours, harbour, new, sent) == "done"
        assert await targets(ours, organiser) == {new.uri}
        microblog.down = False


async def test_who_was_left_does_not_take_the_followers_back(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """Who has moved names the account that they left; its server may be in other hands by now."""
    async with peer("mastodon") as harbour:
        here, left = microblog.person("here"), harbour.person("left")
        also(microblog, here, left.uri)
        also(harbour, left, here.uri)
        await followed(ours, organiser, microblog, here)
        sent = move(harbour, left, here.uri, left.uri)
        assert await outcome(ours, harbour, left, sent) == "not_linked"
        assert await targets(ours, organiser) == {here.uri}


async def test_somebody_comes_home(ours: Instance, microblog: Peer, organiser: Account) -> None:
    """From another server to an account of ours that awaits them."""
    member = await ours.member("gardener")
    old = microblog.person("old")
    account = await followed(ours, organiser, microblog, old)
    async with ours.work.transaction() as tx:
        await moves.add_alias(tx, member, account)
    assert (await microblog.fetch(member.uri))["alsoKnownAs"] == [old.uri]
    assert await outcome(ours, microblog, old, move(microblog, old, old.uri, member.uri)) == "done"
    assert await targets(ours, organiser) == {member.uri}


@pytest.mark.parametrize(("chose", "state"), [(True, "granted"), (False, "waiting")])
async def test_only_who_was_let_in_there_is_let_in_here(
    ours: Instance, microblog: Peer, organiser: Account, chose: bool, state: str
) -> None:
    async with ours.work.transaction() as tx:
        shed = await communities.create(
            tx, organiser, "shed", "Shed", community_policy="request", visibility="private"
        )
    old, member = microblog.person("old", "Group"), await ours.member("curious")
    microblog.serve({**old.document(), "manuallyApprovesFollowers": chose})
    account = await followed(ours, member, microblog, old)
    async with ours.work.transaction() as tx:
        await moves.add_alias(tx, shed, account)
    assert await outcome(ours, microblog, old, move(microblog, old, old.uri, shed.uri)) == "done"
    (row,) = await ours.rows("select * from follows where follower_id = $1", member.id)
    assert row["target_id"] == shed.id
    assert (row["accepted_at"] is not None) == (state == "granted")


async def test_what_is_no_move(ours: Instance, microblog: Peer, organiser: Account) -> None:
    """Each is refused by its name, and nobody follows anybody else."""
    old, other = microblog.person("old"), microblog.person("other")
    await followed(ours, organiser, microblog, old)
    async with peer("mastodon") as harbour:
        new, far = harbour.person("new"), harbour.person("far")
        thief, group = harbour.person("thief"), harbour.person("group", "Group")
        also(harbour, far, old.uri, movedTo=new.uri)
        also(harbour, thief, old.uri)
        also(harbour, group, old.uri)
        refused = {
            "no_alias": (microblog, old, old.uri, new.uri),
            "moved_on": (microblog, old, old.uri, far.uri),
            "other_kind": (microblog, old, old.uri, group.uri),
            "foreign_move": (microblog, other, old.uri, new.uri),
            "not_linked": (harbour, thief, old.uri, thief.uri),
            "moved_nowhere": (microblog, old, old.uri, old.uri),
            "nobody_asked": (microblog, other, other.uri, new.uri),
        }
        for reason, (server, by, before, after) in refused.items():
            sent = move(server, by, before, after)
            assert await outcome(ours, server, by, sent) == reason
        assert await targets(ours, organiser) == {old.uri}
        assert harbour.of_type("Follow") == microblog.of_type("Undo") == []
        # After one that counts, the next has to wait, and nothing is fetched for it.
        also(harbour, new, old.uri)
        assert await outcome(ours, microblog, old, move(microblog, old, old.uri, new.uri)) == "done"
        asked = harbour.asked("/users/thief")
        await followed(ours, organiser, harbour, new)
        again = move(microblog, old, old.uri, thief.uri)
        assert await outcome(ours, microblog, old, again) in ("moved_lately", "nobody_asked")
        assert harbour.asked("/users/thief") == asked


async def test_a_ring_of_moves_ends(ours: Instance, microblog: Peer, organiser: Account) -> None:
    """Each of two says that the other is where it went."""
    one, two = microblog.person("one"), microblog.person("two")
    await followed(ours, organiser, microblog, one)
    also(microblog, one, two.uri, movedTo=two.uri)
    also(microblog, two, one.uri, movedTo=one.uri)
    assert await outcome(ours, microblog, one, move(microblog, one, one.uri, two.uri)) == "moved_on"
    assert await targets(ours, organiser) == {one.uri}


async def test_a_host_that_is_kept_out_is_no_place_to_go(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    old = microblog.person("old")
    await followed(ours, organiser, microblog, old)
    async with peer("mastodon") as harbour:
        new = harbour.person("new")
        also(harbour, new, old.uri)
        account = await resolve.actor(ours.net, new.uri)
        async with ours.work.transaction() as tx:
            await tx.conn.execute(
                "update accounts set suspended_at = now() where id = $1", account.id
            )
        assert (
            await outcome(ours, microblog, old, move(microblog, old, old.uri, new.uri))
            == "suspended"
        )
        assert await targets(ours, organiser) == {old.uri}


# Ours move


async def test_a_member_moves_away(ours: Instance, microblog: Peer, organiser: Account) -> None:
    """Followers here and there are told, and nothing is posted until it is taken back."""
    member = await ours.member("gardener")
    await follows_us(ours, microblog, microblog.person("reader"), member)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, organiser, member)
    async with peer("mastodon") as harbour:
        new = harbour.person("new")
        also(harbour, new, member.uri)
        place = await resolve.actor(ours.net, new.uri)
        async with ours.work.transaction() as tx:
            gone = await moves.depart(tx, member, place)
        await ours.settle()
        update, moved = microblog.of_type("Update", "Move")
        assert update["object"]["movedTo"] == new.uri
        assert (moved["object"], moved["target"]) == (member.uri, new.uri)
        assert await targets(ours, organiser) == {new.uri}
        with pytest.raises(Forbidden) as refused:
            await ours.publish(gone, "Still here?")
        assert refused.value.reason == "moved"
        async with ours.work.transaction() as tx:
            with pytest.raises(Forbidden) as refused:
                await follows.follow(tx, organiser, gone)
        assert refused.value.reason == "moved"
        late = microblog.person("late", key=1)
        asked = microblog.activity(late, "Follow", member.uri)
        assert await outcome(ours, microblog, late, asked) == "done"
        assert [d["object"]["id"] for d in microblog.of_type("Reject")] == [asked["id"]]
        async with ours.work.transaction() as tx:
            here = await moves.stay(tx, gone)
        await ours.settle()
        assert "movedTo" not in microblog.of_type("Update")[-1]["object"]
        assert await ours.publish(here, "I am back")


async def test_a_community_moves_away(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    """Its members go along; who steers it stays a member too, and nobody posts to it."""
    member = await ours.member("gardener")
    await follows_us(ours, microblog, microblog.person("reader"), garden)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, member, garden)
    async with peer("lemmy") as harbour:
        new = harbour.person("newgarden", "Group")
        also(harbour, new, garden.uri)
        place = await resolve.actor(ours.net, new.uri)
        async with ours.work.transaction() as tx:
            gone = await moves.depart(tx, garden, place)
        await ours.settle()
        assert microblog.of_type("Move")[0]["target"] == new.uri
        assert await targets(ours, member) == {new.uri}
        assert await targets(ours, organiser) == {garden.uri, new.uri}
        with pytest.raises(Forbidden):
            await ours.event(organiser, gone, "Digging")


@pytest.mark.parametrize("reason", ["no_alias", "moved_lately", "other_kind"])
async def test_where_a_member_cannot_move(
    ours: Instance, microblog: Peer, organiser: Account, reason: str
) -> None:
    new = microblog.person("new", "Group" if reason == "other_kind" else "Person")
    if reason != "no_alias":
        also(microblog, new, organiser.uri)
    place = await resolve.actor(ours.net, new.uri)
    async with ours.work.transaction() as tx:
        mover = organiser
        if reason == "moved_lately":
            mover = await moves.stay(tx, await moves.depart(tx, organiser, place))
        with pytest.raises(Forbidden) as refused:
            await moves.depart(tx, mover, place)
        assert refused.value.reason == reason


async def test_nobody_else_moves_one_of_ours(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    member = await ours.member("gardener")
    async with ours.work.transaction() as tx:
        await follows.follow(tx, organiser, member)
    thief = microblog.person("thief")
    also(microblog, thief, member.uri)
    sent = move(microblog, thief, member.uri, thief.uri)
    assert await outcome(ours, microblog, thief, sent) == "not_linked"
    assert await targets(ours, organiser) == {member.uri}
