"""Both sides of a follow agree on it again, whatever was lost between them (FEP-8fcf)."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from federation import follower_sync
from federation.errors import Refused
from federation.follower_sync import HEADER, Synchronization
from server.arriving import resolve
from server.domain.members import follows
from storage.accounts import Account
from tests.conftest import database_of, fresh_database
from tests.federation.acting import followed, follows_us
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.peer import Json, Peer, Person, cavage_headers, peer


def test_a_digest_has_no_order() -> None:
    """The digest of two is the XOR of theirs (FEP-8fcf), and that of nobody is zero."""
    one, two = "https://testing.example/users/1", "https://testing.example/users/2"
    both = [int(sha256(uri.encode()).hexdigest(), 16) for uri in (one, two)]
    assert follower_sync.digest([two, one, two]) == f"{both[0] ^ both[1]:064x}"
    assert follower_sync.digest([]) == follower_sync.NOBODY


def test_the_example_of_the_proposal() -> None:
    """FEP-8fcf, "Partial follower collection digest" (CC0)."""
    found = follower_sync.digest(
        ["https://testing.example.org/users/1", "https://testing.example.org/users/2"]
    )
    assert found == "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"


@pytest.mark.parametrize(
    "header",
    [
        "",
        'collectionId="https://a.example/f"',
        'collectionId="https://a.example/f", url="https://a.example/g", digest="zz"',
        'collectionId="https://b.example/f", url="https://a.example/g", digest="' + "0" * 64 + '"',
        'collectionId="https://a.example/f", url="https://b.example/g", digest="' + "0" * 64 + '"',
        'collectionId="https://a.example/f", url="ftp://a.example/g", digest="' + "0" * 64 + '"',
    ],
)
def test_what_is_not_the_senders_own_is_refused(header: str) -> None:
    with pytest.raises(Refused):
        follower_sync.read(header, "https://a.example/f")


def test_a_header_is_read_as_it_is_written() -> None:
    said = Synchronization("https://a.example/f", "https://a.example/f?of=b", "ab" * 32)
    assert follower_sync.read(follower_sync.write(said), "https://a.example/f") == said


# A peer says who follows


def listing(server: Peer, who: Person, *uris: str) -> str:
    """Serve who of ours it takes for followers; gives the header that says so."""
    url = f"{who.uri}/followers_synchronization"
    server.serve(
        {
            "id": url,
            "type": "OrderedCollection",
            "totalItems": len(uris),
            "orderedItems": list(uris),
        }
    )
    said = Synchronization(f"{who.uri}/followers", url, follower_sync.digest(uris))
    return follower_sync.write(said)


async def tell(
    ours: Instance, server: Peer, who: Person, header: str, *, signed: bool = True
) -> None:
    """A post for followers, with the header that Mastodon sends beside it."""
    note = server.note(who, "<p>For friends</p>", [], to=[f"{who.uri}/followers"])
    body = orjson.dumps(server.create(who, note))
    covered = ["(request-target)", "host", "date", "digest", "content-type"]
    more = {HEADER: header}
    headers = cavage_headers(
        who.private, who.key_id, ours.inbox, body,
        covered=[*covered, HEADER.lower()] if signed else covered, more=more,
    )  # fmt: skip
    assert (await server.post(ours.inbox, body, headers)).status == 202
    await ours.settle()


async def states(ours: Instance, follower: Account) -> list[bool]:
    """Of each follow: whether it is accepted."""
    sql = "select accepted_at is not null as yes from follows where follower_id = $1"
    return [row["yes"] for row in await ours.rows(sql, follower.id)]


async def test_who_is_not_listed_does_not_follow(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    other = await ours.member("gardener")
    author = microblog.person("author")
    for reader in (organiser, other):
        await followed(ours, reader, microblog, author)
    header = listing(microblog, author, other.uri)
    ours.clock.forward(minutes=1)
    await tell(ours, microblog, author, header)
    path = "/users/author/followers_synchronization"
    assert microblog.asked(path) == 0  # an Undo may be under way
    assert await states(ours, organiser) == [True]
    ours.clock.forward(minutes=6)
    await ours.settle()
    assert microblog.asked(path) == 1
    assert (await states(ours, organiser), await states(ours, other)) == ([], [True])
    # Who agrees is not asked again.
    await tell(ours, microblog, author, header)
    ours.clock.forward(hours=2)
    await ours.settle()
    assert microblog.asked(path) == 1


async def test_who_is_listed_and_asked_is_in_and_who_never_asked_takes_it_back(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    other, third = await ours.member("gardener"), await ours.member("third")
    author = microblog.person("author")
    await followed(ours, third, microblog, author)
    account = await resolve.actor(ours.net, author.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, organiser, account)  # the Accept is lost
    await ours.settle()
    microblog.received.clear()
    await tell(
        ours, microblog, author, listing(microblog, author, organiser.uri, other.uri, third.uri)
    )
    ours.clock.forward(minutes=6)
    await ours.settle()
    assert await states(ours, organiser) == [True]
    assert await states(ours, other) == []
    (undone,) = microblog.of_type("Undo")
    assert (undone["object"]["actor"], undone["object"]["object"]) == (other.uri, author.uri)


async def test_a_list_that_is_not_the_announced_one_is_left_alone(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author = microblog.person("author")
    await followed(ours, organiser, microblog, author)
    header = listing(microblog, author)
    listing(microblog, author, "https://elsewhere.example/users/1")
    ours.clock.forward(minutes=1)
    await tell(ours, microblog, author, header)
    ours.clock.forward(minutes=6)
    await ours.settle()
    assert await states(ours, organiser) == [True]


async def test_who_lies_is_asked_once_an_hour(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author = microblog.person("author")
    await followed(ours, organiser, microblog, author)
    header = listing(microblog, author)
    listing(microblog, author, "https://elsewhere.example/users/1")
    for _ in range(5):
        await tell(ours, microblog, author, header)
        ours.clock.forward(minutes=10)
        await ours.settle()
    assert microblog.asked("/users/author/followers_synchronization") == 1


@pytest.mark.parametrize("how", ["unsigned", "of somebody else", "elsewhere"])
async def test_a_list_that_is_not_the_senders_to_give(
    ours: Instance, microblog: Peer, organiser: Account, how: str
) -> None:
    """Nothing is asked, and nobody loses a follower."""
    author, victim = microblog.person("author"), microblog.person("victim")
    for who in (author, victim):
        await followed(ours, organiser, microblog, who)
    ours.clock.forward(minutes=1)
    async with peer("mastodon") as far:
        header = listing(microblog, author)
        if how == "of somebody else":
            header = listing(microblog, victim)
        if how == "elsewhere":
            header = header.replace('url="https://' + microblog.host, 'url="https://' + far.host)
        await tell(ours, microblog, author, header, signed=how != "unsigned")
        ours.clock.forward(minutes=6)
        await ours.settle()
        assert far.requests == []
        assert await states(ours, organiser) == [True, True]
        assert not [path for _, path in microblog.requests if path.endswith("_synchronization")]


# Ours say who follows


def said(server: Peer) -> str | None:
    """The header that came with the last Create."""
    (found,) = [r for r in server.received if r.type == "Create"][-1:]
    return found.headers.get(HEADER)


async def test_what_is_for_followers_goes_with_the_digest_of_those_there(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await follows_us(ours, microblog, reader, organiser)
    async with peer("mastodon") as far:
        await follows_us(ours, far, far.person("other"), organiser)
        await ours.publish(organiser, "For friends", visibility="private")
        await ours.settle()
        header = said(microblog)
        assert header
        found = follower_sync.read(header, organiser.followers_uri)
        assert found.digest == follower_sync.digest([reader.uri])
        assert follower_sync.read(said(far) or "", organiser.followers_uri).digest != found.digest
        assert (await ask(ours, microblog, reader, found.url))[1]["orderedItems"] == [reader.uri]
        assert (await ask(ours, far, far.people["other"], found.url))[1]["orderedItems"] == [
            far.people["other"].uri
        ]
    for text, how in (("For all", "public"), (f"@reader@{microblog.host} hello", "direct")):
        microblog.received.clear()
        await ours.publish(organiser, text, visibility=how)
        await ours.settle()
        assert said(microblog) is None


async def ask(ours: Instance, server: Peer, who: Person | None, url: str) -> tuple[int, Json]:
    """A signed GET, or one by a stranger."""
    headers = {"Accept": "application/activity+json"}
    if who:
        signed = cavage_headers(
            who.private, who.key_id, url, b"", method="GET",
            covered=["(request-target)", "host", "date"],
        )  # fmt: skip
        headers |= {n: v for n, v in signed.items() if n.lower() in ("date", "signature")}
    async with server.session.get(url, headers=headers) as answer:
        assert "no-store" in answer.headers["Cache-Control"]
        return answer.status, orjson.loads(await answer.read())


async def test_strangers_are_told_of_nobody(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    await follows_us(ours, microblog, microblog.person("reader"), organiser)
    url = f"{organiser.uri}/followers_synchronization"
    assert (await ask(ours, microblog, None, url))[0] == 404
    async with peer("mastodon") as far:
        status, body = await ask(ours, far, far.person("nosy"), url)
        assert (status, body["totalItems"]) == (200, 0)
        assert body.get("orderedItems", []) == []


async def test_two_of_ours_agree_again(
    ours: Instance, template_url: str, tmp_path: Path, organiser: Account
) -> None:
    """One forgets a follow, as after a restore: with the next post for followers both know it again."""
    folder = tmp_path / "other"
    folder.mkdir()
    async with (
        fresh_database(template_url, database_of(template_url)) as url,
        instance(url, folder, LOOPBACK) as theirs,
    ):
        reader = await theirs.member("reader")
        author = await resolve.actor(theirs.net, organiser.uri)
        for _ in range(2):
            async with theirs.work.transaction() as tx:
                await follows.follow(tx, reader, author)
            await settle(ours, theirs)
        second = await theirs.member("second")
        async with theirs.work.transaction() as tx:
            await follows.follow(tx, second, author)
        await settle(ours, theirs)
        async with ours.work.transaction() as tx:
            lost = await tx.conn.fetchval("select id from accounts where uri = $1", second.uri)
            row = await tx.conn.fetchval(
                "delete from follows where follower_id = $1 returning id", lost
            )
            assert row
            await tx.conn.execute("update accounts set following_count = 0 where id = $1", lost)
            sql = "update accounts set followers_count = followers_count - 1 where id = $1"
            await tx.conn.execute(sql, organiser.id)
        for one in (ours, theirs):
            one.clock.forward(minutes=1)
        await ours.publish(organiser, "For friends", visibility="private")
        await settle(ours, theirs)
        assert await states(theirs, second) == [True]
        for one in (ours, theirs):
            one.clock.forward(minutes=6)
        await settle(ours, theirs)
        assert (await states(theirs, reader), await states(theirs, second)) == ([True], [])


async def settle(*instances: Instance) -> None:
    for _ in range(4):
        for one in instances:
            await one.settle()
