"""A call that people rely on is deleted: nobody sees it any more, and everybody who meant to come hears that it is off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.domain.calling import calls, deleting
from storage.accounts import Account
from storage.posts import Post
from tests.federation.answering import Member, Remote, member
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, peer
from tests.federation.test_microblog import act
from tests.federation.test_remote_events import arrive, say
from tests.federation.test_shifts import Two, below, two

__all__ = ["two"]


@pytest.fixture
async def event(ours: Instance, organiser: Account, garden: Account) -> Post:
    return await ours.event(organiser, garden, "Turn the compost", 9)


async def delete(ours: Instance, actor: Account, post: Post) -> None:
    async with ours.work.transaction() as tx:
        await deleting.delete(tx, actor, post)
    await ours.settle()


async def keeper(ours: Instance, server: Peer, event: Post) -> Member:
    """Somebody who steers the garden, with a client."""
    made = await member(ours, server, "keeper", event)
    async with ours.work.transaction() as tx:
        await tx.conn.execute(
            "insert into community_roles (community_id, account_id, role, granted_at)"
            " select community_id, $2, 'organiser', $3 from calls where post_id = $1",
            event.id, made.account.id, tx.now,
        )  # fmt: skip
    return made


async def test_who_comes_is_told_through_every_door_and_nobody_sees_it(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account, event: Post
) -> None:
    steers = await keeper(ours, microblog, event)
    comes = await member(ours, microblog, "comes", event)
    await comes.own_api()
    far = Remote(ours, microblog, microblog.person("far"), event, garden)
    await far.vote()
    status = f"/v1/statuses/{event.id}"
    before = (await steers.api("GET", status))["content"]
    gone = await steers.api("DELETE", status)
    assert (gone["id"], gone["content"]) == (str(event.id), before)
    for who in (steers, comes):
        for path in (status, f"/beckon/v1/calls/{event.id}"):
            assert (await who.asks("GET", path))[0] == 404
            assert (await who.asks("DELETE", path))[0] == 404
        assert (await who.asks("PUT", f"/beckon/v1/calls/{event.id}", state="open"))[0] == 404
        assert await who.api("GET", f"/beckon/v1/communities/{garden.id}/calls") == []
    await ours.settle()
    (said,) = (m for m in await comes.messages() if "Cancelled" in m)
    assert "Cancelled: Turn the compost. It does not take place." in said
    assert event.url not in said, "there is nothing any more"
    assert far.words()[-1].startswith("Cancelled: Turn the compost. It does not take place.")
    assert [d["object"]["id"] for d in microblog.of_type("Delete")] == [far.card]
    assert [d["object"]["type"] for d in microblog.of_type("Update", "Delete")][-2:] == [
        "Question",
        "Tombstone",
    ]
    ours.clock.forward(days=deleting.KEEP.days)
    await ours.settle()
    assert await ours.post(event.uri) is None
    assert len(microblog.of_type("Delete")) == 1
    assert "Cancelled: Turn the compost" in (await comes.messages())[-1], (
        "it stands without the call"
    )


async def test_what_nobody_answered_goes_at_once(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account, event: Post
) -> None:
    no = Remote(ours, microblog, microblog.person("no"), event, garden)
    await no.vote()
    await no.leave()
    await delete(ours, organiser, event)
    assert await ours.post(event.uri) is None
    assert await ours.value("select count(*) from call_notices") == 0


async def test_what_was_called_off_a_moment_ago_waits_for_its_notices(
    ours: Instance, microblog: Peer, organiser: Account, event: Post
) -> None:
    comes = await member(ours, microblog, "comes", event)
    await comes.own_api()
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, event, state="cancelled")
        await deleting.delete(tx, organiser, event)
    await ours.settle()
    assert len([m for m in await comes.messages() if "Cancelled" in m]) == 1


async def test_what_is_closed_goes_at_once(
    ours: Instance, microblog: Peer, organiser: Account, event: Post
) -> None:
    comes = await member(ours, microblog, "comes", event)
    await comes.own_api()
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, event, state="closed")
    await delete(ours, organiser, event)
    assert await ours.post(event.uri) is None
    assert [m for m in await comes.messages() if "Cancelled" in m] == []


async def test_servers_that_tell_their_people_themselves_get_the_cancel_first(
    ours: Instance, organiser: Account, garden: Account, event: Post
) -> None:
    """Mobilizon writes to its participants when an Update says CANCELLED, and with a Delete they are gone."""
    async with peer("mobilizon") as events:
        comes = Remote(ours, events, events.person("comes"), event, garden)
        await comes.join()
        await delete(ours, organiser, event)
        (*_, last) = events.of_type("Update")
        assert last["object"]["status"] == "CANCELLED"
        assert events.of_type("Delete") == []
        await comes.leave()
        ours.clock.forward(days=deleting.KEEP.days - 1)
        await ours.settle()
        assert events.of_type("Delete") == []
        updates = len(events.of_type("Update"))
        ours.clock.forward(days=1)
        await ours.settle()
        (gone,) = events.of_type("Delete")
        assert gone["object"]["id"] == event.uri
        assert len(events.of_type("Update")) == updates, "nothing is told of what is gone"


async def test_another_beckon_tells_its_people_and_loses_it_later(two: Two) -> None:
    """Of one shift, whose volunteer call stays."""
    _, evening = await below(two.home, two.post)
    copy = await two.copy(evening)
    await say(two.away, two.reader, copy)
    await two.both.settle()
    async with two.home.work.transaction() as tx:
        await deleting.delete(tx, two.keeper, evening)
    await two.both.settle()
    assert (await two.away.call(copy)).state == "cancelled"
    told = "select type from notifications where account_id = $1 and post_id = $2"
    assert "update" in [r["type"] for r in await two.away.rows(told, two.reader.id, copy.id)]
    two.home.clock.forward(days=deleting.KEEP.days)
    two.away.clock.forward(days=deleting.KEEP.days)
    await two.both.settle()
    assert await two.away.post(evening.uri) is None
    assert await two.away.post(two.post.uri) is not None


async def test_an_event_that_is_deleted_elsewhere_is_told_to_who_goes(ours: Instance) -> None:
    """What was told of it before goes with the event: this stands alone."""
    reader, other = await ours.member("reader"), await ours.member("other")
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        await act(ours, events, walker, "Delete", tombstone(event))
        assert await ours.post(event.uri) is None
        assert await letters(ours, reader) == [f"Deleted by {events.host}: River walk"]
        assert await letters(ours, other) == []


@pytest.mark.parametrize("how", ["cancelled", "over"])
async def test_what_was_off_or_over_elsewhere_is_deleted_without_a_word(
    ours: Instance, how: str
) -> None:
    reader = await ours.member("reader")
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        if how == "cancelled":
            known = events.documents[event.uri.removeprefix(events.url(""))]
            await act(ours, events, walker, "Update", {**known, "status": "CANCELLED"})
        else:
            ours.clock.forward(seconds=timedelta(days=30).total_seconds())
            events.now = ours.clock.now()
        await act(ours, events, walker, "Delete", tombstone(event))
        assert await ours.post(event.uri) is None
        assert await letters(ours, reader) == []


def tombstone(post: Post) -> Json:
    return {"type": "Tombstone", "id": post.uri}


async def letters(ours: Instance, who: Account) -> list[str]:
    """How those begin that somebody got."""
    found = await ours.rows(
        "select p.source from posts p join post_mentions m on m.post_id = p.id"
        " where m.account_id = $1 and p.visibility = 'direct' order by p.id",
        who.id,
    )
    said = [row["source"].split(" ", 1)[1] for row in found]
    return [each.partition(". You take part")[0] for each in said]
