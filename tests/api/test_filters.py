"""Filters: kept as asked for, matched on the server for everything that a member gets, and nobody else's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.api.reading import statuses
from server.domain.posting.drafts import Draft, PollDraft
from server.render import matching
from server.render.matching import Rule
from storage import timelines
from storage.timelines import Page
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

NOW = datetime(2030, 5, 4, tzinfo=UTC)
OLD, NEW = "/api/v1/filters", "/api/v2/filters"


async def add(member: Member, *keywords: str, whole_word: bool = False, **more: Any) -> Any:
    words = [{"keyword": k, "whole_word": whole_word} for k in keywords]
    body = {"title": "Quiet", "context": ["home"], "keywords_attributes": words, **more}
    made = await member.good("POST", NEW, json=body)
    check(made, "Filter")
    return made


async def caught(member: Member, post_id: object) -> list[Any]:
    shown = await member.good("GET", f"/api/v1/statuses/{post_id}")
    check(shown, "Status")
    return shown["filtered"]


async def test_a_filter_is_kept_as_asked_for(house: House) -> None:
    reader = await house.member("reader")
    made = await add(reader, "rain", "snow", filter_action="hide", expires_in="3600")
    assert (made["title"], made["context"], made["filter_action"]) == ("Quiet", ["home"], "hide")
    assert [k["keyword"] for k in made["keywords"]] == ["rain", "snow"]
    assert made["expires_at"]
    assert made["statuses"] == []
    assert await reader.good("GET", NEW) == [made]
    one = f"{NEW}/{made['id']}"
    assert await reader.good("GET", one) == made
    assert await reader.good("DELETE", one) == {}
    assert await reader.good("GET", NEW) == []
    assert (await reader.get(one)).status == 404


async def test_a_form_as_tusky_sends_it(house: House) -> None:
    reader = await house.member("reader")
    form = [
        ("title", "Weather"), ("context[]", "home"), ("context[]", "public"),
        ("filter_action", "warn"), ("expires_in", ""),
        ("keywords_attributes[][keyword]", "rain"), ("keywords_attributes[][whole_word]", "true"),
        ("keywords_attributes[][keyword]", "hail"), ("keywords_attributes[][whole_word]", "false"),
    ]  # fmt: skip
    made = await reader.good("POST", NEW, data=form)
    assert made["expires_at"] is None
    assert [(k["keyword"], k["whole_word"]) for k in made["keywords"]] == [
        ("rain", True),
        ("hail", False),
    ]


async def test_an_edit_changes_what_it_names(house: House) -> None:
    reader = await house.member("reader")
    made = await add(reader, "rain", "snow", expires_in=60)
    rain, snow = made["keywords"]
    one = f"{NEW}/{made['id']}"
    edited = await reader.good(
        "PUT",
        one,
        json={
            "title": "Louder",
            "keywords_attributes": [
                {"id": rain["id"], "_destroy": True},
                {"id": snow["id"], "whole_word": True},
                {"keyword": "hail"},
            ],
        },
    )
    assert edited["title"] == "Louder"
    assert edited["context"] == ["home"]
    assert edited["expires_at"] == made["expires_at"]
    assert [(k["keyword"], k["whole_word"]) for k in edited["keywords"]] == [
        ("snow", True),
        ("hail", True),
    ]
    assert (await reader.good("PUT", one, json={"expires_in": None}))["expires_at"] is None
    assert (await reader.good("PATCH", one, json={"filter_action": "blur"}))[
        "filter_action"
    ] == "blur"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 257},
        {"context": []},
        {"context": ["kitchen"]},
        {"filter_action": "shout"},
        {"keywords_attributes": [{"keyword": " "}]},
        {"keywords_attributes": [{"keyword": "x" * 10_000}]},
        {"keywords_attributes": [{"keyword": str(n)} for n in range(1001)]},
    ],
)
async def test_what_cannot_be_a_filter_is_refused_whole(
    house: House, wrong: dict[str, Any]
) -> None:
    reader = await house.member("reader")
    made = await add(reader, "rain")
    refused = await reader.post(NEW, json={"title": "T", "context": ["home"], **wrong})
    assert refused.status == 422
    assert refused.json["error"].startswith("Validation failed: ")
    body = {"title": "New", **wrong}
    assert (await reader.put(f"{NEW}/{made['id']}", json=body)).status == 422
    assert await reader.good("GET", NEW) == [made]


async def test_keywords_one_by_one(house: House) -> None:
    reader = await house.member("reader")
    made = await add(reader)
    words = f"{NEW}/{made['id']}/keywords"
    hail = await reader.good("POST", words, data={"keyword": "hail", "whole_word": "0"})
    check(hail, "FilterKeyword")
    assert await reader.good("GET", words) == [hail]
    one = f"{NEW}/keywords/{hail['id']}"
    assert await reader.good("GET", one) == hail
    edited = await reader.good("PUT", one, data={"keyword": "sleet"})
    assert edited == hail | {"keyword": "sleet"}
    assert (await reader.put(one, data={"keyword": ""})).status == 422
    assert await reader.good("DELETE", one) == {}
    assert (await reader.get(one)).status == 404
    assert await reader.good("GET", words) == []


async def test_single_posts_are_caught(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    post = await writer.says("anything")
    made = await add(reader)
    posts = f"{NEW}/{made['id']}/statuses"
    listed = await reader.good("POST", posts, json={"status_id": post["id"]})
    check(listed, "FilterStatus")
    assert listed["status_id"] == post["id"]
    assert (await reader.post(posts, json={"status_id": post["id"]})).status == 422
    assert await reader.good("GET", posts) == [listed]
    [found] = await caught(reader, post["id"])
    assert (found["keyword_matches"], found["status_matches"]) == (None, [post["id"]])
    one = f"{NEW}/statuses/{listed['id']}"
    assert await reader.good("GET", one) == listed
    assert await reader.good("DELETE", one) == {}
    assert await caught(reader, post["id"]) == []


async def test_a_post_that_is_not_to_be_seen_cannot_be_caught(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    secret = await writer.says("for nobody", visibility="direct")
    made = await add(reader)
    posts = f"{NEW}/{made['id']}/statuses"
    assert (await reader.post(posts, json={"status_id": secret["id"]})).status == 404
    assert (await reader.post(posts, json={})).status == 404


async def test_somebody_elses_filters_are_not_there(house: House) -> None:
    reader, other = await house.member("reader"), await house.member("other")
    post = await other.says("rain")
    mine = await add(reader, "rain")
    word = mine["keywords"][0]["id"]
    listed = await reader.good(
        "POST", f"{NEW}/{mine['id']}/statuses", json={"status_id": post["id"]}
    )
    theirs = await add(other, "snow")
    assert await other.good("GET", NEW) == [theirs]
    for method, path in [
        ("GET", f"{NEW}/{mine['id']}"), ("PUT", f"{NEW}/{mine['id']}"),
        ("DELETE", f"{NEW}/{mine['id']}"), ("GET", f"{NEW}/{mine['id']}/keywords"),
        ("POST", f"{NEW}/{mine['id']}/keywords"), ("GET", f"{NEW}/{mine['id']}/statuses"),
        ("POST", f"{NEW}/{mine['id']}/statuses"), ("GET", f"{NEW}/keywords/{word}"),
        ("PUT", f"{NEW}/keywords/{word}"), ("DELETE", f"{NEW}/keywords/{word}"),
        ("GET", f"{NEW}/statuses/{listed['id']}"), ("DELETE", f"{NEW}/statuses/{listed['id']}"),
        ("GET", f"{OLD}/{word}"), ("PUT", f"{OLD}/{word}"), ("DELETE", f"{OLD}/{word}"),
    ]:  # fmt: skip
        body = {"title": "Mine", "keyword": "x", "phrase": "x", "status_id": post["id"]}
        assert (await other.ask(method, path, json=body)).status == 404, (method, path)
    stolen = {"keywords_attributes": [{"id": word, "keyword": "taken"}]}
    assert (await other.put(f"{NEW}/{theirs['id']}", json=stolen)).status == 404
    assert (await reader.good("GET", f"{NEW}/keywords/{word}"))["keyword"] == "rain"


async def test_tokens_may_do_what_their_scopes_say(house: House, here: Running) -> None:
    reader = await house.member("reader")
    assert reader.account
    body = {"title": "T", "context": ["home"], "phrase": "x"}
    narrow = await here.token(reader.account, "read:filters")
    only_reads = Member(house.http, house.base, reader.account, narrow)
    app = Member(house.http, house.base, None, await here.token(None, "read write"))
    for base in (OLD, NEW):
        assert (await only_reads.get(base)).status == 200
        assert (await only_reads.post(base, json=body)).status == 403
        assert (await app.get(base)).status == 422
        assert (await house.stranger.get(base)).status == 401


async def test_v1_is_a_keyword_each(house: House) -> None:
    reader = await house.member("reader")
    form = {"phrase": "rain", "context[]": "home", "irreversible": "true", "whole_word": "false"}
    rain = await reader.good("POST", OLD, data=form)
    check(rain, "FilterV1")
    assert (rain["phrase"], rain["irreversible"], rain["whole_word"]) == ("rain", True, False)
    [v2] = await reader.good("GET", NEW)
    assert (v2["title"], v2["filter_action"]) == ("rain", "hide")
    assert v2["keywords"][0]["id"] == rain["id"]
    edited = await reader.good(
        "PUT", f"{OLD}/{rain['id']}", data={"phrase": "hail", "context[]": "public"}
    )
    assert (edited["phrase"], edited["context"], edited["irreversible"]) == (
        "hail",
        ["public"],
        True,
    )
    assert await reader.good("GET", OLD) == [edited]
    assert await reader.good("GET", f"{OLD}/{rain['id']}") == edited
    assert await reader.good("DELETE", f"{OLD}/{rain['id']}") == {}
    assert await reader.good("GET", OLD) == await reader.good("GET", NEW) == []
    assert (await reader.post(OLD, data={"context[]": "home"})).status == 422


async def test_v1_does_not_change_what_others_share(house: House) -> None:
    reader = await house.member("reader")
    made = await add(reader, "rain", "snow", filter_action="blur")
    rain = f"{OLD}/{made['keywords'][0]['id']}"
    assert len(await reader.good("GET", OLD)) == 2
    assert (await reader.put(rain, json={"phrase": "x", "context": ["public"]})).status == 422
    same = {"phrase": "drizzle", "context": ["home"], "irreversible": False}
    assert (await reader.good("PUT", rain, json=same))["phrase"] == "drizzle"
    [after] = await reader.good("GET", NEW)
    assert (after["title"], after["filter_action"]) == ("Quiet", "blur")
    await reader.good("DELETE", rain)
    [left] = await reader.good("GET", NEW)
    assert [k["keyword"] for k in left["keywords"]] == ["snow"]


async def test_matching_in_all_that_a_post_says(house: House) -> None:
    reader = await house.member("reader")
    far = await house.remote("far_writer")
    await add(reader, "rain")
    picture = {"kind": "image", "url": "https://far.example/a.png", "description": "Rain clouds"}
    options = PollDraft((("Rain", 0), ("Sun", 0)))
    drafts = {
        "text": Draft(content="<p>It may <b>ra</b>in</p>"),
        "warning": Draft(content="<p>x</p>", summary="RAIN"),
        "title": Draft(kind="page", title="Rain again", content="<p>x</p>"),
        "poll": Draft(kind="question", content="<p>x</p>", poll=options),
        "media": Draft(content="<p>x</p>", attachments=(picture,)),
    }
    for name, draft in drafts.items():
        [found] = await caught(reader, (await house.arrives(far, name, draft)).id)
        assert found["keyword_matches"] == ["rain"], name
        assert "keywords" not in found["filter"]
    link = Draft(content='<p><a href="https://far.example/rain">here</a></p>')
    assert await caught(reader, (await house.arrives(far, "link", link)).id) == []


async def test_boosts_and_their_posts_and_never_ones_own(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    await add(reader, "rain")
    theirs, mine = await writer.says("rain today"), await reader.says("rain again")
    boost = await writer.good("POST", f"/api/v1/statuses/{theirs['id']}/reblog")
    shown = await reader.good("GET", f"/api/v1/statuses/{boost['id']}")
    assert len(shown["filtered"]) == 1
    assert shown["filtered"] == shown["reblog"]["filtered"]
    assert await caught(reader, mine["id"]) == []
    assert await caught(writer, theirs["id"]) == []
    assert "filtered" not in await house.stranger.good("GET", f"/api/v1/statuses/{theirs['id']}")
    answer = await reader.good("POST", f"/api/v1/statuses/{theirs['id']}/favourite")
    assert len(answer["filtered"]) == 1
    mention = await writer.says("@reader it will rain")
    [told] = await reader.good("GET", "/api/v1/notifications")
    assert (told["status"]["id"], len(told["status"]["filtered"])) == (mention["id"], 1)


async def test_an_expired_filter_finds_nothing(house: House, here: Running) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    post = await writer.says("rain")
    made = await add(reader, "rain", expires_in=60)
    assert len(await caught(reader, post["id"])) == 1
    here.clock.forward(seconds=61)
    assert await caught(reader, post["id"]) == []
    assert [f["id"] for f in await reader.good("GET", NEW)] == [made["id"]]
    await reader.good("PUT", f"{NEW}/{made['id']}", json={"expires_in": ""})
    assert len(await caught(reader, post["id"])) == 1


async def test_every_change_is_seen_at_once(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    post = await writer.says("rain and snow")
    assert await caught(reader, post["id"]) == []
    made = await add(reader, "rain")
    assert (await caught(reader, post["id"]))[0]["keyword_matches"] == ["rain"]
    word = f"{NEW}/keywords/{made['keywords'][0]['id']}"
    await reader.good("PUT", word, json={"keyword": "snow"})
    assert (await caught(reader, post["id"]))[0]["keyword_matches"] == ["snow"]
    await reader.good("DELETE", word)
    assert await caught(reader, post["id"]) == []
    await reader.good("POST", f"{NEW}/{made['id']}/keywords", json={"keyword": "rain"})
    assert len(await caught(reader, post["id"])) == 1
    await reader.good("DELETE", f"{NEW}/{made['id']}")
    assert await caught(reader, post["id"]) == []


async def test_filters_cost_a_page_nothing_but_after_they_changed(house: House) -> None:
    reader, writer = await house.member("reader"), await house.member("writer")
    for n in range(6):
        await writer.says(f"rain {n}")

    async def cost() -> tuple[int, int]:
        seen: list[str] = []
        assert reader.account
        async with house.work.reading() as tx:
            with tx.conn.query_logger(lambda record: seen.append(record.query)):
                ids = await timelines.public(tx.conn, Page(40), local=True, remote=False)
                page = await statuses(tx, ids, reader.account)
        return sum(bool(s["filtered"]) for s in page), len(seen)

    none, without = await cost()
    await add(reader, "hail")
    await cost()  # the connection learns the types of a statement when it first meets them
    for n in range(5):
        await add(reader, "rain", f"snow {n}")
    first, compiling = await cost()
    second, compiled = await cost()
    assert (none, first, second) == (0, 6, 6)
    assert (compiling, compiled) == (without + 1, without)


def rule(*keywords: str, whole_word: bool) -> Rule:
    needles = [matching.needle(k, whole_word=whole_word) for k in keywords]
    return Rule(1, "T", ["home"], "warn", None, needles, frozenset())


def finds(keyword: str, text: str, *, whole_word: bool) -> bool:
    rules = [rule(keyword, whole_word=whole_word)]
    return bool(matching.matches(rules, matching.haystack([text]), 1, NOW))


@pytest.mark.parametrize(
    ("keyword", "text", "whole", "anywhere"),
    [
        ("rain", "no train today", False, True),
        ("rain", "Rain!", True, True),
        ("rain", "rain_coat", False, True),
        ("rain", "#rain", True, True),
        ("#rain", "a #rain", True, True),
        ("#rain", "a #rainy day", False, True),
        ("c++", "I write C++11", True, True),
        ("c++", "abc++", False, True),
        ("sad day", "A sad day.", True, True),
        ("sad day", "a sad daydream", False, True),
        ("straße", "STRASSE", True, True),
        ("क", "की", False, True),
        ("की", "यह की है", True, True),
        ("é", "cafe\u0301 x", False, False),
        ("日本", "日本語", False, True),
        (".*", "anything", False, False),
        (".*", "a .* b", True, True),
        ("[a-z]+(", "[a-z]+(", True, True),
        ("x" * 512, "x" * 513, False, True),
        ("\\b", "a \\b c", True, True),
    ],
)
def test_whole_words(keyword: str, text: str, whole: bool, anywhere: bool) -> None:
    assert finds(keyword, text, whole_word=True) is whole
    assert finds(keyword, text, whole_word=False) is anywhere


LETTERS = st.text("ab_1 .+#é\n", min_size=1, max_size=6)


@given(LETTERS, st.text("ab_1 .+#é\n", max_size=30))
def test_as_mastodons_expression_finds(keyword: str, text: str) -> None:
    begins = r"\b" if re.match(r"\w", keyword) else ""
    ends = r"\b" if re.search(r"\w\Z", keyword) else ""
    pattern = begins + re.escape(keyword) + ends
    assert finds(keyword, text, whole_word=True) == bool(re.search(pattern, text, re.IGNORECASE))
    assert finds(keyword, text, whole_word=False) == (keyword in text)


@pytest.mark.parametrize("whole_word", [True, False])
def test_hostile_keywords_are_bounded(whole_word: bool) -> None:
    """A thousand keywords made to be searched long, against a page of long posts: half a second here."""
    keywords = ["a" * (n % 500 + 1) + "b" for n in range(1000)]
    rules = [rule(*keywords, whole_word=whole_word)]
    began = perf_counter()
    for n in range(40):
        matching.matches(rules, matching.haystack(["a" * 5000]), n, NOW)
    assert perf_counter() - began < 10
