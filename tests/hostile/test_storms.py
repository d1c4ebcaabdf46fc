"""Much of the same: deletions, follows, votes, boosts, links, in hundreds. Each costs its sender more than us."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from time import process_time

import orjson
import pytest

from server import limits
from server.limits import Rule
from storage.accounts import Account
from tests.federation.acting import followed, follows_us, outcome
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.peer import ACTIVITY_JSON, Json, Peer, Person, cavage_headers, rsa_key
from tests.hostile.unchanged import unchanged

# Deletions


async def test_a_storm_of_deletions_of_strangers(
    ours: Instance, attacker: Peer, garden: Account
) -> None:
    """1,450 copies for two accounts in a minute stopped Ghost (TryGhost 2035; Mastodon issue 22070)."""
    gone = [Person(attacker.url(f"/users/gone{n}"), f"gone{n}") for n in range(2)]
    async with unchanged(ours):
        for who in gone * 200:
            said = attacker.activity(who, "Delete", who.uri)
            assert (await attacker.send(who, said, ours.inbox)).status == 202
    assert attacker.requests == []
    assert await ours.value("select count(*) from inbox") == 0


async def test_a_storm_of_deletions_of_somebody_known(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    """Of whom it says that it is there, nothing goes; of whom is gone, all goes, once. Asked for once."""
    stays, goes = attacker.person("stays"), attacker.person("goes")
    for who in (stays, goes):
        await followed(ours, organiser, attacker, who)
    attacker.requests.clear()
    sent = [attacker.activity(stays, "Delete", stays.uri) for _ in range(100)]
    async with unchanged(ours):
        for said in sent:
            assert (await attacker.send(stays, said, ours.inbox)).status == 202
        await ours.settle()
    assert {await ours.outcome(said["id"]) for said in sent} != {"done"}
    del attacker.documents["/users/goes"]
    for _ in range(100):
        said = attacker.activity(goes, "Delete", goes.uri)
        assert (await attacker.send(goes, said, ours.inbox)).status in (202, 401)
    await ours.settle()
    assert await ours.known(goes.uri) is None
    assert (attacker.asked("/users/stays"), attacker.asked("/users/goes")) == (1, 1)


# What is not proven


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    small = Rule("unproven", 20, 300)
    monkeypatch.setattr(limits, "UNPROVEN", small)
    monkeypatch.setattr(limits, "ALL", (*limits.ALL, small))
    return small.limit


async def test_a_flood_that_proves_nothing_is_turned_away(
    database_url: str, tmp_path: Path, attacker: Peer, few: int
) -> None:
    """Unsigned, badly signed, not JSON, too large: before a body is read, and until the window ends."""
    async with instance(database_url, tmp_path, LOOPBACK, rate_limits="on") as ours:
        garden = await ours.community(await ours.member("organiser"), "garden")
        mallory = attacker.person("mallory")
        follow = attacker.activity(mallory, "Follow", garden.uri)
        body = orjson.dumps(follow)
        forged = cavage_headers(rsa_key(1), mallory.key_id, ours.inbox, body)
        typed = {"Content-Type": ACTIVITY_JSON}
        floods = [(body, typed), (body, forged), (b"{", forged), (b"x" * 2**20 + b"x", typed)]
        async with unchanged(ours):
            for number in range(few + 1):
                sent, headers = floods[number % len(floods)]
                answer = await attacker.post(ours.inbox, io.BytesIO(sent), headers)
                assert answer.status in (400, 401, 413)
            assert attacker.asked("/users/mallory") <= 2
            async with attacker.session.post(ours.inbox, data=body, headers=typed) as late:
                assert late.status == 429
                assert 0 < int(late.headers["Retry-After"]) <= 300
        ours.clock.forward(minutes=6)
        assert (await attacker.send(mallory, follow, ours.inbox)).status == 202


async def test_who_proves_what_they_send_is_not_counted(
    database_url: str, tmp_path: Path, attacker: Peer, few: int
) -> None:
    async with instance(database_url, tmp_path, LOOPBACK, rate_limits="on") as ours:
        mallory = attacker.person("mallory")
        for number in range(few + 5):
            like = attacker.activity(mallory, "Like", attacker.url(f"/{number}"))
            assert (await attacker.send(mallory, like, ours.inbox)).status == 202


async def test_an_address_that_names_keys_in_vain_is_heard_with_known_ones_alone(
    database_url: str, tmp_path: Path, attacker: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each made-up name would be looked up, and leave rows."""
    small = Rule("no-keys", 5, 300)
    monkeypatch.setattr(limits, "NO_KEYS", small)
    monkeypatch.setattr(limits, "ALL", (*limits.ALL, small))
    async with instance(database_url, tmp_path, LOOPBACK, rate_limits="on") as ours:
        known = attacker.person("known")
        likes = [attacker.activity(known, "Like", attacker.url(f"/{n}")) for n in range(3)]
        assert (await attacker.send(known, likes[0], ours.inbox)).status == 202
        made_up = [Person(attacker.url(f"/users/no{n}"), f"no{n}") for n in range(small.limit + 1)]
        said = [attacker.activity(who, "Like", who.uri) for who in made_up]
        for who, like in zip(made_up[:-1], said[:-1], strict=True):
            assert (await attacker.send(who, like, ours.inbox)).status == 401
        async with unchanged(ours):
            late = await attacker.send(made_up[-1], said[-1], ours.inbox)
            assert (late.status, late.reason) == (429, "too_many")
        assert attacker.asked(f"/users/no{small.limit}") == 0
        assert (await attacker.send(known, likes[1], ours.inbox)).status == 202
        ours.clock.forward(minutes=6)
        late = await attacker.send(
            attacker.person("late"), likes[2] | {"actor": attacker.url("/users/late")}, ours.inbox
        )
        assert late.status == 202


# What would go round


async def test_groups_that_follow_each_other_do_not_go_round(
    ours: Instance, attacker: Peer, organiser: Account, garden: Account
) -> None:
    """A group that is a member of ours announces all that it hears, as what was said and as what we said of it."""
    echo = attacker.person("echo", "Group", key=1)
    await follows_us(ours, attacker, echo, garden)
    await followed(ours, organiser, attacker, echo)
    post = await ours.publish(organiser, "@garden The beans are up")
    await ours.settle()
    heard = len(attacker.received)
    assert attacker.of_type("Announce")
    for _ in range(5):
        for said in attacker.of_type("Announce", "Create"):
            for about in (said["id"], said, post.uri):
                more: Json = {"to": [garden.uri, garden.uri + "/followers"], "audience": garden.uri}
                again = attacker.activity(echo, "Announce", about, **more)
                await attacker.send(echo, again, ours.inbox)
        await ours.settle()
    assert len(attacker.received) == heard
    boosted = (
        "select count(*) from posts b join posts o on o.id = b.reblog_of_id where o.kind = 'boost'"
    )
    assert await ours.value(boosted) == 0


async def test_what_is_done_to_a_boost_is_done_to_what_it_boosts(
    ours: Instance, attacker: Peer, organiser: Account, garden: Account
) -> None:
    """A boost of a boost is one, and no third thing that could be boosted again."""
    mallory = attacker.person("mallory")
    post = await ours.publish(organiser, "@garden The beans are up")
    (boost,) = await ours.rows("select uri from posts where kind = 'boost'")
    for kind in ("Announce", "Like"):
        said = attacker.activity(mallory, kind, boost["uri"])
        assert await outcome(ours, attacker, mallory, said) == "done"
    answer = attacker.note(mallory, "<p>x</p>", [garden.uri], inReplyTo=boost["uri"])
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, answer)) == "done"
    counts = "select replies_count, reblogs_count, favourites_count from posts where id = $1"
    (found,) = await ours.rows(counts, post.id)
    assert list(found.values()) == [1, 1, 1]
    undo = attacker.activity(mallory, "Announce", boost["uri"])
    await outcome(ours, attacker, mallory, attacker.activity(mallory, "Undo", undo))
    assert await ours.value("select count(*) from posts where kind = 'boost'") == 1


async def test_dead_inboxes_of_made_up_followers_are_one_lane(
    ours: Instance, attacker: Peer, organiser: Account, garden: Account
) -> None:
    """Another inbox for each, all of one host (Fedify CVE-2026-69132): one thing waits, and is given up."""
    for number in range(30):
        who = attacker.person(f"troll{number}")
        inbox = attacker.url(f"/in/{number}")
        attacker.serve({**who.document(), "inbox": inbox, "endpoints": {}})
        await outcome(ours, attacker, who, attacker.activity(who, "Follow", garden.uri))
    attacker.down = True
    before = attacker.requests.count(("POST", "/in/0"))
    await ours.publish(organiser, "@garden The beans are up")
    await ours.settle()
    waiting = "select count(*) from lanes where queue = 'delivery'"
    assert await ours.value(waiting) == 1
    for _ in range(12):
        ours.clock.forward(hours=6)
        await ours.settle()
    tried = sum(path.startswith("/in/") for method, path in attacker.requests if method == "POST")
    assert tried - before < 90


async def test_a_page_that_many_posts_link_to_is_asked_once(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account
) -> None:
    """However many posts come, and however often the work is done."""
    mallory = attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    link = f'<p><a href="{microblog.url("/page")}">Look</a></p>'
    for _ in range(20):
        note = attacker.note(mallory, link, [])
        assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    ours.clock.forward(hours=1)
    await ours.settle()
    assert microblog.asked("/page") == 1


# Many of one


async def test_one_person_is_one_answer_however_often_they_answer(
    ours: Instance, attacker: Peer, organiser: Account, garden: Account
) -> None:
    """New activities, at once and one after another, by Join and through the card."""
    event = await ours.event(organiser, garden, "Digging", capacity=10)
    mallory = attacker.person("mallory")
    card = {"id": f"https://{ours.host}/cards/{event.id}", "attributedTo": garden.uri}
    sent = [attacker.activity(mallory, "Join", event.uri) for _ in range(15)]
    sent += [attacker.vote(mallory, card, "I'm coming") for _ in range(15)]
    await asyncio.gather(*(attacker.send(mallory, said, ours.inbox) for said in sent))
    await ours.settle()
    assert (await ours.call(event)).confirmed == 1
    assert await ours.value("select count(*) from participations") == 1


# HTML and lists


BOMBS = {
    "open": "<p><b><i><u>" * 40_000,
    "unknown": "<x-y>" * 90_000,
    "angles": "<" * 500_000,
    "attributes": "<a " + " ".join(f"a{n}=b" for n in range(40_000)) + ">x</a>",
    "quotes": '<a href="' * 50_000,
    "comments": "<!--" * 100_000,
    "entities": "&#x;&amp" * 50_000,
    "spaces": "<p" + " " * 500_000 + "x",
    "mentions": "@a@b.example " * 38_000,
    "tags": "#a" * 200_000,
    "addresses": "https://a.example/ " * 26_000,
    "blocks": "<blockquote>" * 40_000,
    "tables": "<table><tr><td>" * 30_000,
    "quote-inline": '<p class="quote-inline">' * 20_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
async def test_html_that_is_slow_to_read(
    ours: Instance, attacker: Peer, organiser: Account, bomb: str
) -> None:
    """From the door to what is shown, with all else that one post costs (Fedify CVE-2025-68475)."""
    mallory = attacker.person("mallory")
    note = attacker.note(
        mallory, bomb, [organiser.uri], summary=bomb[:100_000],
        source={"content": bomb[:10_000], "mediaType": "text/markdown"},
    )  # fmt: skip
    began = process_time()
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    post = await ours.post(note["id"])
    assert post
    async with attacker.session.get(f"https://{ours.host}/api/v1/statuses/{post.id}") as answer:
        assert answer.status == 200
        assert len(await answer.read()) < 400_000
    assert process_time() - began < 3


LISTS = ("to", "cc", "tag", "attachment", "audience", "oneOf", "object", "alsoKnownAs", "items")


@pytest.mark.parametrize("count", [2_000, 11_000])
@pytest.mark.parametrize("name", LISTS)
async def test_lists_without_measure(
    ours: Instance, attacker: Peer, organiser: Account, name: str, count: int
) -> None:
    """Refused by name, or cut, and soon (Mastodon GHSA-gg8q)."""
    mallory = attacker.person("mallory")
    listed: list[object] = [attacker.url(f"/users/n{n}") for n in range(count)]
    if name in ("tag", "attachment", "oneOf"):
        listed = [{"type": "Note", "name": str(n)} for n in range(count)]
    note = {**attacker.note(mallory, "<p>x</p>", [organiser.uri]), name: listed}
    began = process_time()
    answer = await attacker.send(mallory, {**attacker.create(mallory, note)}, ours.inbox)
    await ours.settle()
    assert answer.status in (202, 400, 413)
    assert process_time() - began < 2
    assert await ours.value("select count(*) from accounts where not local") <= 1
    assert await ours.value("select count(*) from post_mentions") <= 50
    assert await ours.value("select count(*) from media") <= 32
    assert await ours.value("select count(*) from poll_options") <= 20
