"""Streams: two processes on one database, and clients of both kinds that listen to either."""

from __future__ import annotations

import asyncio
import json
import queue
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import WSCloseCode
from mastodon import Mastodon
from mastodon.streaming import StreamListener

from server import ids, stream
from server.api import streaming
from server.api.streaming import Pace
from server.domain.members import farewell
from server.domain.posting.drafts import Draft
from server.stream import End, Frame, Hub, Listener
from storage import db, events
from storage import oauth as token_rows
from storage.calls import Details
from tests.api.conftest import Running, serving
from tests.api.people import House, Member
from tests.api.working import run_jobs

PATIENCE = 20.0
STREAMING = "/api/v1/streaming"


@pytest.fixture
async def there(
    here: Running, database_url: str, free_port: Callable[[], int]
) -> AsyncIterator[Running]:
    """Another process of the same instance."""
    async with serving(database_url, free_port()) as running:
        yield running


@dataclass(frozen=True)
class Ear:
    """A WebSocket of somebody."""

    ws: aiohttp.ClientWebSocketResponse

    async def raw(self) -> Any:
        return json.loads(await self.ws.receive_str(timeout=PATIENCE))

    async def hears(self, event: str, *labels: str) -> Any:
        """The payload of the next frame, which must be this."""
        frame = await self.raw()
        assert (frame.get("event"), tuple(frame.get("stream", ()))) == (event, labels), frame
        payload = frame.get("payload")
        return json.loads(payload) if payload and payload[0] == "{" else payload

    async def says(self, kind: str, name: str, **more: str) -> None:
        await self.ws.send_json({"type": kind, "stream": name, **more})

    async def closed(self) -> int | None:
        """The code with which it ends, without a further word."""
        message = await self.ws.receive(timeout=PATIENCE)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED), message
        return self.ws.close_code


@asynccontextmanager
async def listening(
    member: Member, query: str = "", *, at: Running | None = None, **more: Any
) -> AsyncIterator[Ear]:
    base = at.base if at else member.base
    headers = more.pop("headers", dict(member.token))
    url = f"{base}{STREAMING}{query}"
    async with member.http.ws_connect(url, headers=headers, **more) as ws:
        yield Ear(ws)


def secret_of(member: Member) -> str:
    return member.token["Authorization"].removeprefix("Bearer ")


async def marked(house: House, member: Member) -> None:
    """Something that this member's home stream tells in any case: what came before it came first."""
    assert member.account
    async with house.work.transaction() as tx:
        tx.happened(events.filters_changed(member.account.id))


# What is told


async def test_a_post_reaches_a_follower_in_another_process(house: House, there: Running) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await baker.good("POST", f"/api/v1/accounts/{gardener.id}/follow")
    async with listening(baker, "?stream=user", at=there) as ear:
        posted = await gardener.says("Who brings tea?")
        told = await ear.hears("update", "user")
        assert told["id"] == posted["id"]
        assert told["favourited"] is False
        assert told["filtered"] == []
        await gardener.good("PUT", f"/api/v1/statuses/{posted['id']}", json={"status": "Tea today"})
        assert "Tea today" in (await ear.hears("status.update", "user"))["content"]
        await gardener.good("DELETE", f"/api/v1/statuses/{posted['id']}")
        assert await ear.hears("delete", "user") == posted["id"]


async def test_the_marks_are_the_listeners_own(house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    posted = await gardener.says("Seeds")
    await baker.good("POST", f"/api/v1/statuses/{posted['id']}/favourite")
    async with (
        listening(baker, "?stream=public") as his,
        listening(gardener, "?stream=public") as hers,
        listening(house.stranger, "?stream=public") as nobodys,
    ):
        # Nothing is told of an edit on the public streams before it is one.
        await gardener.good("PUT", f"/api/v1/statuses/{posted['id']}", json={"status": "Seed"})
        assert (await his.hears("status.update", "public"))["favourited"] is True
        assert (await hers.hears("status.update", "public"))["favourited"] is False
        assert "favourited" not in await nobodys.hears("status.update", "public")


async def test_a_notification_is_told_once(house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    posted = await gardener.says("Seeds")
    async with (
        listening(gardener, "?stream=user") as ear,
        listening(gardener, "?stream=user:notification") as bell,
    ):
        for acts in (["favourite"], ["favourite", "unfavourite", "favourite", "favourite"]):
            for act in acts:  # withdrawn in between, so it is new again; a mere repeat is not
                await baker.good("POST", f"/api/v1/statuses/{posted['id']}/{act}")
            told = await ear.hears("notification", "user")
            assert (told["type"], told["account"]["id"]) == ("favourite", baker.id)
            assert told["status"]["id"] == posted["id"]
            assert (await bell.hears("notification", "user:notification"))["id"] == told["id"]
        await marked(house, gardener)
        assert await ear.hears("filters_changed", "user") is None


async def test_every_stream_of_the_public(house: House) -> None:
    gardener = await house.member("gardener")
    far = await house.remote("cook")
    async with listening(gardener) as ear:
        for name in ("public", "public:local", "public:remote", "public:remote:media"):
            await ear.says("subscribe", name)
        await ear.says("subscribe", "hashtag", tag="Tea")
        await ear.says("subscribe", "hashtag:local", tag="tea")
        await ear.says("subscribe", "local")
        assert (await ear.raw())["status"] == 400  # so all before it stand

        async def heard(count: int) -> set[tuple[str, ...]]:
            return {tuple((await ear.raw())["stream"]) for _ in range(count)}

        await gardener.says("Some #tea?")
        local = {("public",), ("public:local",), ("hashtag", "Tea"), ("hashtag:local", "tea")}
        assert await heard(4) == local
        picture = {"kind": "image", "url": "https://far.example/a.png", "media_type": "image/png"}
        draft = Draft(content="<p>tea</p>", tags=("tea",), attachments=(picture,))
        await house.arrives(far, "1", draft)
        assert await heard(4) == {
            ("public",), ("public:remote",), ("public:remote:media",), ("hashtag", "Tea"),
        }  # fmt: skip
        await gardener.says("#tea, unlisted", visibility="unlisted")
        await ear.says("unsubscribe", "hashtag", tag="Tea")
        await ear.says("unsubscribe", "public")
        await ear.says("subscribe", "nothing")
        assert "error" in await ear.raw()
        await gardener.says("More #tea")
        assert await heard(2) == {("public:local",), ("hashtag:local", "tea")}


async def test_a_community_posts_in_home_as_a_boost_and_in_its_list_unwrapped(house: House) -> None:
    organiser, gardener = await house.member("organiser"), await house.member("gardener")
    garden = await house.community(organiser, "garden")
    await gardener.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    async with (
        listening(gardener, "?stream=user") as home,
        listening(gardener, f"?stream=list&list={garden.id}") as listed,
    ):
        posted = await organiser.says("@garden We meet at noon")
        boost = await home.hears("update", "user")
        assert boost["reblog"]["id"] == posted["id"]
        assert boost["account"]["id"] == str(garden.id)
        assert (await listed.hears("update", "list", str(garden.id)))["id"] == posted["id"]
        await organiser.good("PUT", f"/api/v1/statuses/{posted['id']}", json={"status": "At one"})
        assert (await home.hears("status.update", "user"))["id"] == posted["id"]
        await listed.hears("status.update", "list", str(garden.id))
        await organiser.good("DELETE", f"/api/v1/statuses/{posted['id']}")
        assert await home.hears("delete", "user") == posted["id"]
        assert await home.hears("delete", "user") == boost["id"]
        assert await listed.hears("delete", "list", str(garden.id)) == posted["id"]


async def test_a_list_of_ones_own_tells_what_it_shows(house: House) -> None:
    gardener, baker, cook = [await house.member(name) for name in ("gardener", "baker", "cook")]
    await gardener.good("POST", f"/api/v1/accounts/{baker.id}/follow")
    quiet = {"title": "Neighbours", "replies_policy": "none", "exclusive": True}
    made = await gardener.good("POST", "/api/v1/lists", json=quiet)
    one = f"/api/v1/lists/{made['id']}"
    await gardener.good("POST", f"{one}/accounts", json={"account_ids": [baker.id]})
    async with (
        listening(gardener, f"?stream=list&list={made['id']}") as listed,
        listening(gardener, "?stream=user") as home,
        listening(cook) as other,
    ):
        await other.says("subscribe", "list", list=made["id"])
        assert (await other.raw())["status"] == 404
        asked = await cook.says("Who bakes?")
        await baker.says("I do", in_reply_to_id=asked["id"])  # a reply, which it does not show
        posted = await baker.says("Bread")
        assert (await listed.hears("update", "list", made["id"]))["id"] == posted["id"]
        await gardener.good("DELETE", f"{one}/accounts", json={"account_ids": [baker.id]})
        await baker.says("More bread")  # in home again, and not in the list
        assert "More" in (await home.hears("update", "user"))["content"]
        await gardener.good("POST", f"{one}/accounts", json={"account_ids": [baker.id]})
        await baker.good("DELETE", f"/api/v1/statuses/{posted['id']}")
        assert await listed.hears("delete", "list", made["id"]) == posted["id"]


async def test_a_filter_is_told_and_marks_what_comes(house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await gardener.good("POST", f"/api/v1/accounts/{baker.id}/follow")
    async with listening(gardener, "?stream=user") as ear:
        wanted = {
            "title": "Diet",
            "context": ["home"],
            "keywords_attributes": [{"keyword": "bread"}],
        }
        await gardener.good("POST", "/api/v2/filters", json=wanted)
        assert await ear.hears("filters_changed", "user") is None
        await baker.says("Fresh bread")
        (caught,) = (await ear.hears("update", "user"))["filtered"]
        assert (caught["filter"]["title"], caught["keyword_matches"]) == ("Diet", ["bread"])


async def test_votes_are_told_once_in_a_while(here: Running, house: House) -> None:
    gardener = await house.member("gardener")
    posted = await gardener.says("Tea?", poll={"options": ["yes", "no"], "expires_in": 600})
    voters = [await house.member(name) for name in ("baker", "cook", "driver")]
    counts = []
    async with listening(gardener, "?stream=user") as ear:
        for rounds in (voters[:2], voters[2:]):
            for voter in rounds:
                path = f"/api/v1/polls/{posted['id']}/votes"
                await voter.good("POST", path, json={"choices": [0]})
            here.clock.forward(seconds=4)
            await run_jobs(here.work)
            counts.append((await ear.hears("status.update", "user"))["poll"]["votes_count"])
        await marked(house, gardener)
        assert await ear.hears("filters_changed", "user") is None
    assert counts == [2, 3]


async def test_the_posts_of_an_account_that_is_gone_leave_the_screen(house: House) -> None:
    baker, far = await house.member("baker"), await house.remote("far")
    post = await house.arrives(far, "1", Draft(content="Bread"))
    async with listening(baker, "?stream=public") as ear:
        async with house.work.transaction() as tx:
            await farewell.forget(tx, far)
        assert await ear.hears("delete", "public") == str(post.id)


async def test_a_call_is_told(house: House) -> None:
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    async with (
        listening(organiser, "?stream=user") as home,
        listening(house.stranger, "?stream=public") as square,
    ):
        begin = house.work.clock.now().replace(year=2031)
        call = await house.call(organiser, garden, Details(begin, None, "UTC"), "Planting day")
        assert (await home.hears("update", "user"))["reblog"]["id"] == str(call.id)
        assert (await square.hears("update", "public"))["poll"]


# What is not told


async def test_nobody_hears_what_they_may_not_see(house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    eve = await house.member("eve")
    for reader in (baker, eve):
        await reader.good("POST", f"/api/v1/accounts/{gardener.id}/follow")
    async with (
        listening(eve, "?stream=user") as ear,
        listening(house.stranger, "?stream=public") as square,
    ):
        await gardener.says("@baker between us", visibility="direct")
        await gardener.says("for followers", visibility="private")
        assert "for followers" in (await ear.hears("update", "user"))["content"]
        posted = await gardener.says("for all")
        assert (await square.hears("update", "public"))["id"] == posted["id"]


async def test_a_call_of_a_private_community_is_heard_by_members_alone(house: House) -> None:
    organiser, member, guest = [await house.member(n) for n in ("organiser", "member", "guest")]
    sent = {"name": "shed", "title": "The shed", "policy": "request", "visibility": "private"}
    made = await organiser.good("POST", "/api/beckon/v1/communities", json=sent)
    one = f"/api/beckon/v1/communities/{made['id']}"
    await member.good("POST", f"/api/v1/accounts/{made['id']}/follow")
    await organiser.good("POST", f"{one}/requests/{member.id}/approve")
    await organiser.good("POST", f"{one}/invites", json={"account_id": guest.id})
    async with (
        listening(member, "?stream=user") as home,
        listening(guest, "?stream=user") as invited,
        listening(house.stranger, "?stream=public") as square,
        listening(house.stranger, "?stream=hashtag&tag=fund") as tagged,
    ):
        wish = {"kind": "petition", "title": "Strike fund", "about": "#fund"}
        call = await organiser.good("POST", f"{one}/calls", json=wish)
        heard = await home.hears("update", "user")
        assert (heard["reblog"]["id"], heard["reblog"]["visibility"]) == (call["id"], "private")
        await member.good(
            "POST", f"/api/beckon/v1/calls/{call['id']}/answer", json={"answer": "sign"}
        )
        await marked(house, guest)
        await invited.hears("filters_changed", "user")
        posted = await organiser.says("for all #fund")
        assert (await square.hears("update", "public"))["id"] == posted["id"]
        assert (await tagged.hears("update", "hashtag", "fund"))["id"] == posted["id"]


async def test_who_answers_somebody_is_not_heard_in_public(house: House) -> None:
    """As the timeline does not show it; who follows its tag hears it."""
    gardener, baker = await house.member("gardener"), await house.member("baker")
    asked = await gardener.says("Who brings tea?")
    async with (
        listening(house.stranger, "?stream=public:local") as square,
        listening(house.stranger, "?stream=hashtag&tag=tea") as tagged,
    ):
        answer = await baker.says("I do #tea", in_reply_to_id=asked["id"])
        more = await gardener.says("At four.", in_reply_to_id=asked["id"])
        assert (await square.hears("update", "public:local"))["id"] == more["id"]
        assert (await tagged.hears("update", "hashtag", "tea"))["id"] == answer["id"]


async def test_whom_one_blocks_is_not_heard_in_public(house: House) -> None:
    gardener, eve = await house.member("gardener"), await house.member("eve")
    await gardener.good("POST", f"/api/v1/accounts/{eve.id}/block")
    async with (
        listening(gardener, "?stream=public") as his,
        listening(eve, "?stream=public") as hers,
        listening(house.stranger, "?stream=public") as nobodys,
    ):
        await eve.says("I am here")
        await gardener.says("Me too")
        assert "Me too" in (await his.hears("update", "public"))["content"]
        assert "I am here" in (await hers.hears("update", "public"))["content"]
        assert "I am here" in (await nobodys.hears("update", "public"))["content"]
        await house.member("last")  # and to eve, whom he blocks, his post does not go
        await eve.says("Still here")
        assert "Still here" in (await hers.hears("update", "public"))["content"]


async def test_what_was_rolled_back_is_not_told(house: House) -> None:
    gardener = await house.member("gardener")
    assert gardener.account
    async with listening(gardener, "?stream=user") as ear:
        with pytest.raises(RuntimeError, match="no"):
            async with house.work.transaction() as tx:
                tx.happened(events.notifications_merged(gardener.account.id))
                raise RuntimeError("no")
        await marked(house, gardener)
        await ear.hears("filters_changed", "user")


async def test_a_list_that_one_left_is_silent(house: House) -> None:
    organiser, gardener = await house.member("organiser"), await house.member("gardener")
    garden = await house.community(organiser, "garden")
    await gardener.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    async with listening(gardener, f"?stream=list&list={garden.id}") as ear:
        await gardener.good("POST", f"/api/v1/accounts/{garden.id}/unfollow")
        await organiser.says("@garden Members only")
        await ear.says("subscribe", "list", list=str(garden.id))
        assert await ear.raw() == {"error": "Record not found", "status": 404}


# Who may listen


async def test_a_bad_token_is_refused_before_the_upgrade(house: House) -> None:
    bad = Member(house.http, house.base, None, {"Authorization": "Bearer wrong"})
    for query, headers in (
        ("?stream=user", {}),
        ("?stream=public&access_token=wrong", {}),
        ("", {"Sec-WebSocket-Protocol": "wrong"}),
        ("?stream=public", dict(bad.token)),
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with listening(bad, query, headers=headers):
                pass
        assert refused.value.status == 401
    for path in ("user", "user/notification", "direct", "list?list=1"):
        assert (await house.stranger.get(f"{STREAMING}/{path}")).status == 401


@pytest.mark.parametrize("way", ["query", "protocol", "both", "header"])
async def test_a_token_comes_by_every_way(house: House, way: str) -> None:
    gardener = await house.member("gardener")
    secret = secret_of(gardener)
    query = "?stream=user" + (f"&access_token={secret}" if way in ("query", "both") else "")
    protocols = [secret] if way in ("protocol", "both") else []
    headers = dict(gardener.token) if way == "header" else {}
    async with listening(gardener, query, headers=headers, protocols=protocols) as ear:
        assert ear.ws.protocol == (secret if protocols else None)
        await marked(house, gardener)
        await ear.hears("filters_changed", "user")


async def test_scopes(here: Running, house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    assert gardener.account
    statuses = Member(
        house.http, house.base, gardener.account,
        await here.token(gardener.account, "read:statuses"),
    )  # fmt: skip
    told = Member(
        house.http, house.base, gardener.account,
        await here.token(gardener.account, "read:notifications"),
    )  # fmt: skip
    writes = Member(house.http, house.base, None, await here.token(gardener.account, "write"))
    async with (
        listening(statuses, "?stream=user") as home,
        listening(told, "?stream=user:notification") as bell,
        listening(writes) as mute,
    ):
        for name in ("user", "user:notification", "direct", "public"):
            await mute.says("subscribe", name)
            assert (await mute.raw())["status"] == 403
        await told_of_a_follow(baker, gardener)
        assert (await bell.hears("notification", "user:notification"))["type"] == "follow"
        await marked(house, gardener)
        await home.hears("filters_changed", "user")  # and no notification before it
    assert (await writes.get(f"{STREAMING}/user")).status == 403
    assert (await told.get(f"{STREAMING}/direct")).status == 403


async def told_of_a_follow(follower: Member, target: Member) -> None:
    await follower.good("POST", f"/api/v1/accounts/{target.id}/follow")


async def test_an_app_alone_hears_what_is_public(here: Running, house: House) -> None:
    gardener = await house.member("gardener")
    app = Member(house.http, house.base, None, await here.token(None, "read"))
    async with listening(app, "?stream=public") as ear:
        await ear.says("subscribe", "user")
        assert (await ear.raw())["status"] == 401
        await gardener.says("Hello")
        assert "Hello" in (await ear.hears("update", "public"))["content"]


async def test_unknown_streams_and_odd_frames_leave_the_socket_open(house: House) -> None:
    gardener = await house.member("gardener")
    async with listening(gardener, "?stream=local") as ear:
        assert await ear.raw() == {"error": "Unknown stream type", "status": 400}
        for odd in ("", "{", "[]", "1", "null", '{"type":1}', '{"type":"dance","stream":"user"}'):
            await ear.ws.send_str(odd)
        await ear.ws.send_bytes(b"\0")
        await ear.ws.send_json({"type": "subscribe", "stream": {"a": 1}, "list": [1]})
        assert (await ear.raw())["status"] == 400
        for wish in ({"stream": "hashtag"}, {"stream": "list"}, {"stream": "list", "list": "x"}):
            await ear.ws.send_json({"type": "subscribe", **wish})
            assert (await ear.raw())["status"] in (400, 404)
        await ear.says("unsubscribe", "user")
        await ear.says("subscribe", "user")
        await ear.says("subscribe", "nothing")
        await ear.raw()
        await marked(house, gardener)
        await ear.hears("filters_changed", "user")


async def test_a_frame_that_is_too_long_ends_it(house: House) -> None:
    async with listening(house.stranger) as ear:
        await ear.ws.send_str("x" * (streaming.MAX_FRAME + 1))
        assert await ear.closed() == WSCloseCode.MESSAGE_TOO_BIG


async def test_without_an_upgrade_it_is_no_socket(house: House) -> None:
    assert (await house.stranger.get(STREAMING)).status == 400


# Limits


async def test_sockets_of_one_token_are_few(house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    opened = [
        await house.http.ws_connect(f"{house.base}{STREAMING}", headers=dict(gardener.token))
        for _ in range(stream.SOCKETS_EACH)
    ]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with listening(gardener):
            pass
    assert refused.value.status == 429
    async with listening(baker):
        pass
    for ws in opened:
        await ws.close()


async def test_subscriptions_of_one_socket_are_few(house: House) -> None:
    async with listening(house.stranger) as ear:
        for number in range(stream.SUBSCRIPTIONS + 1):
            await ear.says("subscribe", "hashtag", tag=f"t{number}")
        assert (await ear.raw())["status"] == 429


async def test_who_reads_too_slowly_is_dropped() -> None:
    listener = Listener("token:1", 1, None)
    for number in range(stream.FRAMES):
        listener.give(Frame(("public",), "delete", str(number)))
    assert listener.end is None
    listener.give(Frame(("public",), "delete", "one too many"))
    assert listener.end is End.SLOW
    assert await listener.next(0) is None  # what waited is let go


async def test_a_slow_reader_loses_its_socket(here: Running, house: House) -> None:
    """One that never reads: what the kernel takes is full first, then our queue."""
    gardener = await house.member("gardener")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.base.rpartition(":")[2]))
    writer.write(
        f"GET {STREAMING}?stream=public HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b"101" in await reader.readline()
    posted = await gardener.says("x" * 4900)
    async with listening(gardener, "?stream=user") as ear:
        await ear.says("subscribe", "nothing")
        await ear.raw()
        hub = here.hub
        before = len(hub)
        for _ in range(40):
            async with house.work.transaction() as tx:
                for number in range(100):
                    tx.happened(events.Event(events.DELETE, 2**60 + number, ("public", "x" * 400)))
        while len(hub) == before:
            async with house.work.transaction() as tx:
                tx.happened(events.Event(events.EDIT, int(posted["id"])))
            await ear.raw()
    writer.close()


# Ends


async def test_a_revoked_token_closes_its_sockets_everywhere(here: Running, there: Running) -> None:
    house = House(here.work, here.http, here.base, here.member, here.token)
    gardener = await house.member("gardener")
    assert gardener.account
    other = Member(house.http, house.base, gardener.account, await here.token(gardener.account))
    async with (
        listening(gardener, "?stream=user") as one,
        listening(gardener, "?stream=user", at=there) as two,
        listening(other, "?stream=user") as kept,
        gardener.http.get(f"{there.base}{STREAMING}/user", headers=dict(gardener.token)) as sse,
    ):
        await sse.content.readline()
        async with here.work.transaction() as tx:
            found = await token_rows.token(tx.conn, digest_of(gardener))
            assert found
            await token_rows.drop_token(tx.conn, found.id)
        assert await one.closed() == WSCloseCode.POLICY_VIOLATION
        assert await two.closed() == WSCloseCode.POLICY_VIOLATION
        async with asyncio.timeout(PATIENCE):
            assert await sse.content.read() == b"\n"
        await marked(house, gardener)
        await kept.hears("filters_changed", "user")


def digest_of(member: Member) -> bytes:
    return ids.digest(secret_of(member))


async def test_who_is_suspended_is_found_by_the_sweep(here: Running, house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    assert gardener.account
    async with (
        listening(gardener, "?stream=user") as ear,
        listening(baker, "?stream=user") as kept,
    ):
        async with house.work.transaction() as tx:
            await tx.conn.execute(
                "update accounts set suspended_at = now() where id = $1", gardener.account.id
            )
        await here.hub.sweep()
        assert await ear.closed() == WSCloseCode.POLICY_VIOLATION
        await marked(house, baker)
        await kept.hears("filters_changed", "user")


async def test_a_lost_connection_ends_all_and_they_may_come_again(house: House) -> None:
    gardener = await house.member("gardener")
    async with listening(gardener, "?stream=user") as ear:
        async with house.work.reading() as tx:
            await tx.conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and query ilike 'listen%'"
            )
        assert await ear.closed() == WSCloseCode.SERVICE_RESTART
    async with listening(gardener, "?stream=user") as ear:
        await marked(house, gardener)
        await ear.hears("filters_changed", "user")


async def test_events_that_come_too_fast_end_all(here: Running, house: House) -> None:
    async with listening(house.stranger, "?stream=public") as ear:
        async with house.work.transaction() as tx:
            for number in range(stream.BACKLOG + 100):
                tx.happened(events.Event(events.POST, number + 1))
        assert await ear.closed() == WSCloseCode.SERVICE_RESTART


async def test_a_process_that_stops_says_goodbye(
    here: Running, database_url: str, free_port: Callable[[], int]
) -> None:
    async with serving(database_url, free_port()) as stopping:
        ws = await here.http.ws_connect(f"{stopping.base}{STREAMING}?stream=public")
        sse = await here.http.get(f"{stopping.base}{STREAMING}/public")
        await sse.content.readline()
    assert (await ws.receive(timeout=PATIENCE)).data == WSCloseCode.GOING_AWAY
    await sse.content.read()


async def test_nothing_is_asked_where_nobody_listens(database_url: str) -> None:
    """The database of this hub cannot even be reached."""
    async with db.pool(database_url) as pool:
        hub = Hub(pool, database_url, render=never)
        await pool.close()
        await hub._deal(events.Event(events.POST, 1))  # pyright: ignore[reportPrivateUsage]


async def never(*_: object) -> str | None:
    raise AssertionError("nobody asked")


# Server-sent events


class Diary(StreamListener):
    """What Mastodon.py makes of a stream, written down."""

    def __init__(self) -> None:
        self.told: queue.Queue[tuple[str, Any]] = queue.Queue()

    def on_update(self, status: Any) -> None:
        self.told.put(("update", status))

    def on_status_update(self, status: Any) -> None:
        self.told.put(("edit", status))

    def on_delete(self, status_id: Any) -> None:
        self.told.put(("delete", status_id))

    def on_notification(self, notification: Any) -> None:
        self.told.put(("notification", notification))

    def on_filters_changed(self) -> None:
        self.told.put(("filters", None))

    def on_conversation(self, conversation: Any) -> None:
        self.told.put(("conversation", conversation))

    def handle_heartbeat(self) -> None:
        self.told.put(("beat", None))

    async def next(self) -> tuple[str, Any]:
        while True:
            told = await asyncio.to_thread(self.told.get, timeout=PATIENCE)
            if told[0] != "beat":
                return told


async def test_mastodon_py_hears_a_home_timeline(house: House) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    client = Mastodon(access_token=secret_of(gardener), api_base_url=house.base)
    diary = Diary()
    handle = await asyncio.to_thread(client.stream_user, diary, run_async=True)
    try:
        await asyncio.to_thread(diary.told.get, timeout=PATIENCE)  # the first sign of life
        posted = await gardener.says("Hello")
        name, status = await diary.next()
        assert (name, str(status.id)) == ("update", posted["id"])
        await baker.good("POST", f"/api/v1/statuses/{posted['id']}/favourite")
        name, notification = await diary.next()
        assert (name, notification.type) == ("notification", "favourite")
        await marked(house, gardener)
        assert await diary.next() == ("filters", None)
        await gardener.good("DELETE", f"/api/v1/statuses/{posted['id']}")
        name, status_id = await diary.next()
        assert (name, str(status_id)) == ("delete", posted["id"])
    finally:
        await asyncio.to_thread(handle.close)


async def test_mastodon_py_hears_a_tag(house: House) -> None:
    gardener = await house.member("gardener")
    client = Mastodon(access_token=secret_of(gardener), api_base_url=house.base)
    diary = Diary()
    assert await asyncio.to_thread(client.stream_healthy)
    handle = await asyncio.to_thread(client.stream_hashtag, "tea", diary, run_async=True)
    try:
        await asyncio.to_thread(diary.told.get, timeout=PATIENCE)
        await gardener.says("Coffee")
        posted = await gardener.says("#tea")
        assert str((await diary.next())[1].id) == posted["id"]
    finally:
        await asyncio.to_thread(handle.close)


@pytest.mark.parametrize(
    "path", ["public", "public/local", "hashtag?tag=tea", "hashtag/local?tag=Tea"]
)
async def test_server_sent_events_of_the_public(house: House, path: str) -> None:
    gardener = await house.member("gardener")
    async with house.http.get(f"{house.base}{STREAMING}/{path}") as response:
        assert response.content_type == "text/event-stream"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert await response.content.readline() == b":)\n"
        await gardener.says("Some #tea")
        assert await response.content.readline() == b"\n"
        assert await response.content.readline() == b"event: update\n"
        assert (await response.content.readline()).startswith(b'data: {"id":"')


async def test_only_media(house: House) -> None:
    gardener, far = await house.member("gardener"), await house.remote("cook")
    picture = {"kind": "image", "url": "https://far.example/a.png", "media_type": "image/png"}
    url = f"{house.base}{STREAMING}/public/remote?only_media=true"
    async with house.http.get(url) as response:
        await response.content.readline()
        await house.arrives(far, "1", Draft(content="<p>words</p>"))
        await gardener.says("here")
        shown = await house.arrives(far, "2", Draft(content="<p>x</p>", attachments=(picture,)))
        await response.content.readuntil(b"data: ")
        assert json.loads(await response.content.readline())["id"] == str(shown.id)


async def test_both_show_that_they_live(
    here: Running, house: House, database_url: str, free_port: Callable[[], int]
) -> None:
    async with serving(database_url, free_port(), pace=Pace(0.05, 0.05)) as quick:
        async with here.http.get(f"{quick.base}{STREAMING}/public") as response:
            await response.content.readuntil(b":thump\n\n:thump\n\n")
        async with here.http.ws_connect(f"{quick.base}{STREAMING}", autoping=False) as ws:
            message = await ws.receive(timeout=PATIENCE)
            assert message.type is aiohttp.WSMsgType.PING
            await ws.pong(message.data)
            await ws.ping(b"still there?")
            while message.type is not aiohttp.WSMsgType.PONG:
                message = await ws.receive(timeout=PATIENCE)
            assert message.data == b"still there?"


async def test_health(house: House) -> None:
    async with house.http.get(f"{house.base}{STREAMING}/health") as response:
        assert (response.status, await response.text()) == (200, "OK")


async def test_the_announced_address_is_where_the_streams_are(house: House) -> None:
    v1 = await house.stranger.good("GET", "/api/v1/instance")
    v2 = await house.stranger.good("GET", "/api/v2/instance")
    address = v1["urls"]["streaming_api"]
    assert address == v2["configuration"]["urls"]["streaming"]
    async with house.http.ws_connect(f"{address}{STREAMING}?stream=public") as ws:
        assert not ws.closed
