"""What somebody has pinned: read from other servers when a member looks, and told to them."""

from __future__ import annotations

import asyncio

from server.domain.posting import marks, posts
from storage import marks as mark_rows
from storage.accounts import Account
from tests.api.networked import Town, town
from tests.federation.acting import followed, follows_us, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer

__all__ = ["town"]


def pins(server: Peer, who: Person, *items: str | Json) -> None:
    server.serve(
        {"id": f"{who.uri}/featured", "type": "OrderedCollection", "orderedItems": list(items)}
    )


async def pinned(ours: Instance, who: Account) -> list[str]:
    async with ours.work.reading() as tx:
        return [row.uri for row in await mark_rows.pinned(tx.conn, who.id)]


async def test_a_profile_that_is_opened_shows_what_is_pinned(town: Town) -> None:
    """With the first look it is asked for, with the next it is there; once a day."""
    reader = await town.house.member("reader")
    async with peer("mastodon") as server:
        author = server.person("author")
        one, two = (server.note(author, f"<p>{n}</p>", []) for n in ("One", "Two"))
        pins(server, author, one["id"], two)
        found = await reader.good(
            "GET", "/api/v2/search", params={"q": author.uri, "resolve": "true"}
        )
        path = f"/api/v1/accounts/{found['accounts'][0]['id']}/statuses?pinned=true"
        assert await reader.good("GET", path) == []
        await town.ours.settle()
        shown = await reader.good("GET", path)
        assert [s["uri"] for s in shown] == [one["id"], two["id"]]
        assert await reader.good("GET", "/api/v1/timelines/home") == []
        await town.ours.settle()
        assert server.asked("/users/author/featured") == 1
        pins(server, author, two["id"])
        town.ours.clock.forward(days=2)
        await reader.good("GET", path)
        await town.ours.settle()
        assert [s["uri"] for s in await reader.good("GET", path)] == [two["id"]]


async def test_nobody_pins_what_is_not_theirs(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """Nor what is not for everybody, nor more than fits; a collection elsewhere is not read."""
    author, other = microblog.person("author"), microblog.person("other")
    own = [microblog.note(author, f"<p>{n}</p>", [])["id"] for n in range(25)]
    foreign = microblog.note(other, "<p>Mine</p>", [])["id"]
    private = microblog.note(author, "<p>Quiet</p>", [], to=[f"{author.uri}/followers"])["id"]
    local = await ours.publish(organiser, "Ours")
    pins(microblog, author, foreign, private, local.uri, "http://127.0.0.1/", *own)
    account = await followed(ours, organiser, microblog, author)
    assert await pinned(ours, account) == own[:16]
    assert await ours.post(foreign) is None
    mover = microblog.person("mover")
    async with peer("mastodon") as far:
        pins(far, far.person("mover"), own[0])
        microblog.redirects["/users/mover/featured"] = far.url("/users/mover/featured")
        account = await followed(ours, organiser, microblog, mover)
        assert await pinned(ours, account) == []


async def test_a_community_pins_what_it_carries(ours: Instance, organiser: Account) -> None:
    async with peer("lemmy") as server:
        group, author = server.person("plot", "Group"), server.person("author")
        page = server.note(author, "<p>Rules</p>", [group.uri], audience=group.uri)
        alien = server.note(author, "<p>Not here</p>", [])
        pins(server, group, page, alien["id"])
        account = await followed(ours, organiser, server, group)
        assert await pinned(ours, account) == [page["id"]]


async def test_what_is_added_and_removed_later(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author = microblog.person("author")
    note = microblog.note(author, "<p>One</p>", [])
    account = await followed(ours, organiser, microblog, author)
    target = f"{author.uri}/featured"
    added = microblog.activity(author, "Add", note["id"], target=target)
    assert await outcome(ours, microblog, author, added) == "done"
    assert await pinned(ours, account) == [note["id"]]
    removed = microblog.activity(author, "Remove", note["id"], target=target)
    assert await outcome(ours, microblog, author, removed) == "done"
    assert await pinned(ours, account) == []


async def test_a_pin_of_ours_is_told_and_goes_with_its_post(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    await follows_us(ours, microblog, microblog.person("reader"), organiser)
    post = await ours.publish(organiser, "Read this first")
    async with ours.work.transaction() as tx:
        await marks.pin(tx, organiser, post, added=True)
    await ours.settle()
    (added,) = microblog.of_type("Add")
    assert (added["object"], added["target"]) == (post.uri, organiser.featured_uri)
    assert (await microblog.fetch(f"{organiser.uri}/featured"))["orderedItems"] == [post.uri]
    async with ours.work.transaction() as tx:
        await posts.delete(tx, organiser, post)
    assert await pinned(ours, organiser) == []


async def test_two_who_look_at_once_ask_once(town: Town) -> None:
    readers = [await town.house.member(f"reader{n}") for n in range(3)]
    async with peer("mastodon") as server:
        author = server.person("author")
        pins(server, author)
        found = await readers[0].good(
            "GET", "/api/v2/search", params={"q": author.uri, "resolve": "true"}
        )
        path = f"/api/v1/accounts/{found['accounts'][0]['id']}/statuses?pinned=true"
        await asyncio.gather(*(reader.good("GET", path) for reader in readers))
        await town.house.stranger.good("GET", path)
        await town.ours.settle()
        assert server.asked("/users/author/featured") == 1


async def test_a_tag_on_a_profile_is_told_as_mastodon_reads_it(town: Town) -> None:
    """A Hashtag is added to the collection of featured posts; a repeat is not told."""
    member = await town.house.member("gardener")
    assert member.account
    async with peer("mastodon") as server:
        await follows_us(town.ours, server, server.person("reader"), member.account)
        made = await member.good("POST", "/api/v1/featured_tags", json={"name": "Seeds"})
        await member.good("POST", "/api/v1/tags/seeds/feature")
        await town.ours.settle()
        await member.good("DELETE", f"/api/v1/featured_tags/{made['id']}")
        await member.good("POST", "/api/v1/tags/seeds/unfeature")
        await town.ours.settle()
        added, removed = server.of_type("Add", "Remove")
        for told in (added, removed):
            assert told["target"] == f"{member.account.uri}/featured"
            assert (told["object"]["type"], told["object"]["name"]) == ("Hashtag", "#seeds")
