"""Search: by words, operators and beginnings; and nobody finds what is not for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.posting import search
from server.domain.posting.drafts import Draft
from storage.search import Filters
from tests.api.fields import check
from tests.api.people import House, Member

SEARCH = "/api/v2/search"


async def found(reader: Member, q: str, **more: str) -> list[str]:
    """The ids of the posts that are found."""
    body = await reader.good("GET", SEARCH, params={"q": q, "type": "statuses", **more})
    check(body, "Search")
    assert body["accounts"] == body["hashtags"] == []
    return [s["id"] for s in body["statuses"]]


@dataclass(frozen=True)
class Scene:
    house: House
    writer: Member
    friend: Member
    outsider: Member


@pytest.fixture
async def scene(house: House) -> Scene:
    writer = await house.member("writer")
    friend = await house.member("friend")
    await friend.good("POST", f"/api/v1/accounts/{writer.id}/follow")
    return Scene(house, writer, friend, await house.member("outsider"))


async def test_the_older_route_names_tags_only(house: House) -> None:
    """Pinafore falls back to it, and takes each tag for a text."""
    writer = await house.member("spring")
    post = await writer.says("#Spring at last")
    asked = {"q": "spring"}
    old = await writer.good("GET", "/api/v1/search", params=asked)
    check(old, "SearchV1")
    new = await writer.good("GET", SEARCH, params=asked)
    assert old == new | {"hashtags": ["spring"]}
    assert [s["id"] for s in old["statuses"]] == [post["id"]]
    assert [a["id"] for a in old["accounts"]] == [writer.id]
    resolving = await house.stranger.get("/api/v1/search", params=asked | {"resolve": "true"})
    assert resolving.status == 401


async def test_words_of_public_posts_are_found(scene: Scene) -> None:
    post = await scene.writer.says("The beans are up, said the gardener", language="en")
    await scene.writer.says("Nothing here")
    for q in ("beans", "BEANS gardener", '"beans are up"', "beans -peas", "bean", "gardening"):
        assert await found(scene.outsider, q) == [post["id"]], q
    for q in (
        "peas",
        "beans -gardener",
        '"gardener said"',
        "beans peas",
        "",
        "  ",
        '"',
        "-",
        "-beans",
    ):
        assert post["id"] not in await found(scene.outsider, q), q


async def test_each_post_is_read_in_its_language(scene: Scene) -> None:
    german = await scene.writer.says("Die Gärten sind offen", language="de")
    plain = await scene.writer.says("gärten", language="ja")
    assert await found(scene.outsider, "garten") == [german["id"]]
    assert await found(scene.outsider, "gärten") == [plain["id"], german["id"]]
    assert await found(scene.outsider, "offene") == [german["id"]]
    assert await found(scene.outsider, "gärten language:de") == [german["id"]]
    assert await found(scene.outsider, "language:de-AT gärten") == [german["id"]]


async def test_titles_and_warnings_have_words_and_markup_has_none(scene: Scene) -> None:
    post = await scene.writer.says("see https://news.example/story", spoiler_text="Spiders")
    assert await found(scene.outsider, "spiders") == [post["id"]]
    assert await found(scene.outsider, "nofollow") == []
    edited = {"status": "changed", "spoiler_text": ""}
    await scene.writer.good("PUT", f"/api/v1/statuses/{post['id']}", json=edited)
    assert await found(scene.outsider, "spiders") == []
    assert await found(scene.outsider, "changed") == [post["id"]]


# Who finds what


async def test_whoever_does_not_want_to_be_found_is_not(scene: Scene) -> None:
    post = await scene.writer.says("beans")
    profile = {"indexable": False}
    await scene.writer.good("PATCH", "/api/v1/accounts/update_credentials", json=profile)
    assert await found(scene.outsider, "beans") == []
    assert await found(scene.writer, "beans") == [post["id"]]
    await scene.outsider.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    assert await found(scene.outsider, "beans") == [post["id"]], "it is in one's own library"
    assert await found(scene.outsider, "beans in:public") == []


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct"])
async def test_what_is_not_public_is_found_in_ones_library_only(
    scene: Scene, visibility: str
) -> None:
    post = await scene.writer.says("@friend beans", visibility=visibility)
    assert await found(scene.outsider, "beans") == []
    assert await found(scene.friend, "beans") == [post["id"]]
    assert await found(scene.writer, "from:me in:library beans") == [post["id"]]
    alone = await scene.writer.says("beans alone", visibility=visibility)
    assert alone["id"] not in await found(scene.friend, "beans")


@pytest.mark.parametrize("act", ["favourite", "bookmark", "reblog"])
async def test_what_one_kept_is_found_as_long_as_one_may_see_it(scene: Scene, act: str) -> None:
    post = await scene.writer.says("beans", visibility="unlisted")
    one = f"/api/v1/statuses/{post['id']}"
    assert await found(scene.friend, "beans") == []
    await scene.friend.good("POST", f"{one}/{act}")
    assert await found(scene.friend, "beans") == [post["id"]]
    await scene.writer.good("POST", f"/api/v1/accounts/{scene.friend.id}/block")
    assert await found(scene.friend, "beans") == []


async def test_what_was_kept_and_is_hidden_now_is_not_found(scene: Scene) -> None:
    post = await scene.writer.says("beans", visibility="private")
    await scene.friend.good("POST", f"/api/v1/statuses/{post['id']}/bookmark")
    assert await found(scene.friend, "beans") == [post["id"]]
    await scene.friend.good("POST", f"/api/v1/accounts/{scene.writer.id}/unfollow")
    assert await found(scene.friend, "beans") == []


async def test_the_blocked_are_not_found(scene: Scene) -> None:
    await scene.writer.says("beans")
    await scene.outsider.good("POST", f"/api/v1/accounts/{scene.writer.id}/block")
    assert await found(scene.outsider, "beans") == []


async def test_a_stranger_searches_no_posts(scene: Scene) -> None:
    post = await scene.writer.says("beans")
    stranger = scene.house.stranger
    assert await found(stranger, "beans") == []
    assert await found(stranger, post["url"]) == [post["id"]]
    for more in ("resolve=true", "offset=20"):
        assert (await stranger.get(f"{SEARCH}?q=beans&{more}")).status == 401


# Operators


async def test_operators_narrow(scene: Scene) -> None:
    far = await scene.house.remote("far_writer")
    async with scene.house.work.transaction() as tx:
        await tx.conn.execute("update accounts set indexable = true where id = $1", far.id)
    image = ({"kind": "image", "url": "https://far.example/a.png"},)
    photo = await scene.house.arrives(far, "1", Draft(content="<p>beans</p>", attachments=image))
    plain = await scene.writer.says("beans #spring @friend")
    link = await scene.writer.says("beans https://news.example/", sensitive=True)
    poll = await scene.friend.says("beans?", poll={"options": ["a", "b"], "expires_in": 600})
    reply = await scene.friend.says("more beans", in_reply_to_id=plain["id"])
    every = [reply["id"], poll["id"], link["id"], plain["id"], str(photo.id)]
    cases: dict[str, list[str]] = {
        "beans": every,
        "beans from:writer": [link["id"], plain["id"]],
        "beans from:@far_writer@far.example": [str(photo.id)],
        "from:me": [reply["id"], poll["id"]],
        "beans -from:me": [link["id"], plain["id"], str(photo.id)],
        "beans from:nobody": [],
        "has:media": [str(photo.id)],
        "beans has:link": [link["id"]],
        "beans has:poll": [poll["id"]],
        "beans is:reply": [reply["id"]],
        "beans -is:reply has:poll": [poll["id"]],
        "is:sensitive": [link["id"]],
        "beans -is:sensitive -has:media": [reply["id"], poll["id"], plain["id"]],
        "beans in:library": [reply["id"], poll["id"], plain["id"]],
        "beans in:nowhere": [],
        "wizard:beans": [],
    }
    for q, expected in cases.items():
        assert await found(scene.friend, q) == expected, q


async def test_days(scene: Scene) -> None:
    post = await scene.writer.says("beans")
    day = datetime.fromisoformat(post["created_at"]).date()
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    for q in (
        f"after:{before}",
        f"before:{after}",
        f"during:{day}",
        f"-before:{day}",
        f"-after:{day}",
    ):
        assert await found(scene.writer, f"beans {q}") == [post["id"]], q
    for q in (f"after:{day}", f"before:{day}", f"during:{before}", "before:today"):
        assert await found(scene.writer, f"beans {q}") == [], q


async def test_pages_by_offset(scene: Scene) -> None:
    made = [(await scene.writer.says(f"beans {n}"))["id"] for n in range(5)][::-1]
    assert await found(scene.friend, "beans", limit="2") == made[:2]
    assert await found(scene.friend, "beans", limit="2", offset="2") == made[2:4]
    assert await found(scene.friend, "beans", limit="2", offset="4") == made[4:]
    assert await found(scene.friend, "beans", account_id=scene.friend.id) == []
    assert await found(scene.friend, "beans", account_id=scene.writer.id) == made


# People and tags


async def test_people_are_found_by_how_names_begin(scene: Scene) -> None:
    await scene.house.remote("writ")
    await scene.house.remote("garden_writer")
    async with scene.house.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set display_name = 'Anna Wríght' where username = 'outsider'"
        )

    async def people(q: str, **more: str) -> list[str]:
        answer = await scene.friend.good("GET", "/api/v1/accounts/search", params={"q": q, **more})
        check({"accounts": answer, "statuses": [], "hashtags": []}, "Search")
        body = await scene.friend.good("GET", SEARCH, params={"q": q, "type": "accounts", **more})
        assert [a["id"] for a in body["accounts"]] == [a["id"] for a in answer], q
        return [a["acct"] for a in answer]

    assert (await people("writ"))[0] == "writ@far.example", "the very name first"
    assert set(await people("WRIT")) == {"writ@far.example", "writer", "garden_writer@far.example"}
    assert (await people("write"))[0] == "writer", "then whom one follows"
    assert await people("wrí") == ["outsider"]
    assert await people("anna wri") == []
    assert await people("anna wrí") == ["outsider"]
    assert await people("writ@fa") == ["writ@far.example"]
    assert await people("writer", following="true") == ["writer"]
    assert await people("writ", limit="1", offset="1") == ["writer"]
    assert await people("ider") == []
    assert await people("') | !x") == []


async def test_a_tag_that_only_friends_saw_is_no_tag(scene: Scene) -> None:
    async def tags(q: str, **more: str) -> list[str]:
        params = {"q": q, "type": "hashtags", **more}
        body = await scene.friend.good("GET", SEARCH, params=params)
        return [t["name"] for t in body["hashtags"]]

    await scene.writer.says("#secret #spri", visibility="private")
    post = await scene.writer.says("#Spring #springtime #spinach")
    assert await tags("spr") == ["spring", "springtime"]
    assert await tags("#SPRING") == ["spring", "springtime"]
    assert await tags("spr", limit="1", offset="1") == ["springtime"]
    assert await tags("secret") == []
    assert await tags("#secret") == ["secret"], "asked for by its whole name, any tag is one"
    assert await tags("spring time") == []
    await scene.writer.good("DELETE", f"/api/v1/statuses/{post['id']}")
    assert await tags("spr") == []


# Whatever is typed


@given(st.text(max_size=60) | st.text("-:\"from hasmedi@()&|!*<>\\\\'", max_size=40))
def test_whatever_is_typed_can_be_read(typed: str) -> None:
    terms = search.parse(typed)
    assert len(terms.words) <= len(typed)
    again = search.parse(terms.words)
    assert again.filters == Filters() or again.words != terms.words


GARBAGE = ["&", "|", "!", "(", "')", ":*", "a:*b", '"a', "<->", "\\", "%", "or", "a or", "--", "-:"]


@pytest.mark.parametrize("typed", GARBAGE)
async def test_garbage_finds_nothing_and_breaks_nothing(house: House, typed: str) -> None:
    reader = await house.member("reader")
    for kind in ("statuses", "accounts", "hashtags"):
        answer = await reader.get(SEARCH, params={"q": typed, "type": kind})
        assert answer.status == 200, (typed, kind)
    assert (await reader.get("/api/v1/accounts/search", params={"q": typed})).status == 200


WAYS = st.tuples(
    st.integers(0, 2),  # who writes
    st.sampled_from(["public", "unlisted", "private", "direct"]),
    st.sampled_from(["", "@a", "@b", "@c"]),
    st.sets(st.tuples(st.integers(0, 2), st.sampled_from(["favourite", "bookmark"]))),
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    written=st.lists(WAYS, min_size=1, max_size=5),
    indexable=st.tuples(*[st.booleans()] * 3),
    follows=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2))),
    blocks=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=1),
)
async def test_what_is_found_may_be_seen(house: House, **case: Any) -> None:
    """Whoever wrote what for whom: found is what may be seen, and it is public or in one's library."""
    stamp = datetime.now(UTC).strftime("%H%M%S%f")
    people = [await house.member(f"{name}{stamp}") for name in "abc"]
    for member, indexable in zip(people, case["indexable"], strict=True):
        body = {"indexable": indexable}
        await member.good("PATCH", "/api/v1/accounts/update_credentials", json=body)
    for who, whom in case["follows"]:
        await people[who].post(f"/api/v1/accounts/{people[whom].id}/follow")
    made: list[tuple[str, int, str]] = []
    for who, visibility, named, kept in case["written"]:
        words = f"{named}{stamp} word{stamp}" if named else f"word{stamp}"
        post = await people[who].says(words, visibility=visibility)
        made.append((post["id"], who, visibility))
        for keeper, act in kept:
            await people[keeper].post(f"/api/v1/statuses/{post['id']}/{act}")
    for who, whom in case["blocks"]:
        await people[who].post(f"/api/v1/accounts/{people[whom].id}/block")
    for reader, member in enumerate(people):
        results = set(await found(member, f"word{stamp}"))
        blocked = {whom for who, whom in case["blocks"] if who == reader} - {reader}
        for post_id, who, visibility in made:
            seen = (await member.get(f"/api/v1/statuses/{post_id}")).status == 200
            if post_id in results:
                assert seen, "nobody finds what they may not see"
                assert who not in blocked
            elif seen and who not in blocked:
                assert who != reader
                assert visibility != "public" or not case["indexable"][who]
