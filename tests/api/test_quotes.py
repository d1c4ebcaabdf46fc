"""Quotes through the client API: who may quote what, who sees it, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from server.api.reading import statuses
from server.domain.posting.drafts import Draft
from server.domain.posting.quotes import Policy, Quoting
from tests.api.fields import check
from tests.api.people import House, Member

ONE = "/api/v1/statuses"


@dataclass(frozen=True)
class Scene:
    house: House
    author: Member
    friend: Member
    outsider: Member

    async def quoted(self, by: Member, post: Any, **more: Any) -> Any:
        return await by.says("look", quoted_status_id=post["id"], **more)


@pytest.fixture
async def scene(house: House) -> Scene:
    author = await house.member("author")
    friend = await house.member("friend")
    outsider = await house.member("outsider")
    await friend.good("POST", f"/api/v1/accounts/{author.id}/follow")
    return Scene(house, author, friend, outsider)


async def told(member: Member, kind: str) -> list[str]:
    """The posts that notifications of this type are about."""
    rows = await member.good("GET", "/api/v1/notifications", params={"types[]": kind})
    check(rows, ["Notification"])
    return [row["status"]["id"] for row in rows]


async def seen(member: Member, post: Any) -> Any:
    entity = await member.good("GET", f"{ONE}/{post['id']}")
    check(entity, "Status")
    return entity


def link_to(post: Any) -> str:
    """What a text begins with that quotes."""
    return f'<p class="quote-inline">RE: <a href="{post["url"]}">{post["url"]}</a></p>'


async def test_a_quote_is_shown_whole_and_counted(scene: Scene) -> None:
    post = await scene.author.says("the beans are up")
    assert post["quote"] is None
    assert post["quote_approval"] == {
        "automatic": ["public"], "manual": [], "current_user": "automatic",
    }  # fmt: skip
    made = await scene.quoted(scene.outsider, post)
    check(made, "Status")
    assert made["quote"]["state"] == "accepted"
    assert made["quote"]["quoted_status"]["content"] == "<p>the beans are up</p>"
    assert made["content"] == f"{link_to(post)}<p>look</p>"
    assert (await seen(scene.author, post))["quotes_count"] == 1
    assert await told(scene.author, "quote") == [made["id"]]
    listed = await scene.house.stranger.good("GET", f"{ONE}/{post['id']}/quotes")
    assert [s["id"] for s in listed] == [made["id"]]


async def test_what_a_quoted_post_quotes_is_named_only(scene: Scene) -> None:
    first = await scene.author.says("one")
    second = await scene.quoted(scene.friend, first)
    third = await scene.quoted(scene.outsider, second)
    inner = third["quote"]["quoted_status"]
    assert inner["id"] == second["id"]
    assert inner["quote"] == {"state": "accepted", "quoted_status_id": first["id"]}


async def test_a_boost_and_a_timeline_show_the_quote(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.quoted(scene.outsider, post)
    boost = await scene.author.good("POST", f"{ONE}/{made['id']}/reblog")
    assert boost["reblog"]["quote"]["quoted_status"]["id"] == post["id"]
    home = await scene.friend.good("GET", "/api/v1/timelines/home")
    assert home[0]["reblog"]["quote"]["quoted_status"]["id"] == post["id"]


async def test_words_are_not_needed(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.outsider.good("POST", ONE, json={"quoted_status_id": post["id"]})
    assert (made["content"], made["quote"]["state"]) == (link_to(post), "accepted")
    assert (await scene.outsider.post(ONE, json={"status": ""})).status == 422


async def test_a_quote_may_have_a_poll(scene: Scene) -> None:
    post = await scene.author.says("one")
    poll = {"options": ["a", "b"], "expires_in": 600}
    made = await scene.quoted(scene.outsider, post, poll=poll)
    assert (made["quote"]["state"], len(made["poll"]["options"])) == ("accepted", 2)


async def test_a_boost_means_what_is_boosted(scene: Scene) -> None:
    post = await scene.author.says("one")
    boost = await scene.friend.good("POST", f"{ONE}/{post['id']}/reblog")
    made = await scene.quoted(scene.outsider, boost)
    assert made["quote"]["quoted_status"]["id"] == post["id"]


# Who may


@pytest.mark.parametrize(
    ("policy", "automatic", "friend", "outsider"),
    [
        ("public", ["public"], 200, 200),
        ("followers", ["followers"], 200, 403),
        ("nobody", [], 403, 403),
    ],
)
async def test_the_policy_decides(
    scene: Scene, policy: str, automatic: list[str], friend: int, outsider: int
) -> None:
    post = await scene.author.says("one", quote_approval_policy=policy)
    assert post["quote_approval"]["automatic"] == automatic
    for member, status in ((scene.friend, friend), (scene.outsider, outsider), (scene.author, 200)):
        approval = (await seen(member, post))["quote_approval"]
        assert approval["current_user"] == ("automatic" if status == 200 else "denied")
        answer = await member.post(ONE, json={"status": "x", "quoted_status_id": post["id"]})
        assert answer.status == status
    stranger = await seen(scene.house.stranger, post)
    assert stranger["quote_approval"]["current_user"] == "denied"


async def test_an_unknown_policy_is_refused(scene: Scene) -> None:
    answer = await scene.author.post(ONE, json={"status": "x", "quote_approval_policy": "friends"})
    assert answer.status == 422
    post = await scene.author.says("one")
    path = f"{ONE}/{post['id']}/interaction_policy"
    for body in ({}, {"quote_approval_policy": "friends"}):
        assert (await scene.author.put(path, json=body)).status == 422
    source = {"source": {"quote_policy": "friends"}}
    path = "/api/v1/accounts/update_credentials"
    assert (await scene.author.ask("PATCH", path, json=source)).status == 422


async def test_the_default_of_the_author_counts(scene: Scene) -> None:
    me = await scene.author.good("GET", "/api/v1/accounts/verify_credentials")
    assert me["source"]["quote_policy"] == "public"
    source = {"source": {"quote_policy": "followers"}}
    me = await scene.author.good("PATCH", "/api/v1/accounts/update_credentials", json=source)
    assert me["source"]["quote_policy"] == "followers"
    assert (await scene.author.says("one"))["quote_approval"]["automatic"] == ["followers"]
    preferences = await scene.author.good("GET", "/api/v1/preferences")
    assert preferences["posting:default:quote_policy"] == "followers"


async def test_the_policy_of_a_post_can_be_changed(scene: Scene) -> None:
    post = await scene.author.says("one")
    await scene.quoted(scene.outsider, post)
    one = f"{ONE}/{post['id']}"
    body = {"quote_approval_policy": "nobody"}
    changed = await scene.author.good("PUT", f"{one}/interaction_policy", json=body)
    assert changed["quote_approval"]["automatic"] == []
    assert changed["quotes_count"] == 1, "what was approved stays"
    answer = await scene.outsider.put(f"{one}/interaction_policy", json=body)
    assert answer.status == 403
    edit = {"status": "one!", "quote_approval_policy": "followers"}
    edited = await scene.author.good("PUT", one, json=edit)
    assert edited["quote_approval"]["automatic"] == ["followers"]


async def test_what_is_for_few_is_quoted_by_nobody_else(scene: Scene) -> None:
    private = await scene.author.says("for friends", visibility="private")
    assert private["quote_approval"]["automatic"] == []
    direct = await scene.author.says("@friend hello", visibility="direct")
    for post in (private, direct):
        body = {"status": "x", "quoted_status_id": post["id"]}
        assert (await scene.friend.post(ONE, json=body)).status == 403
        assert (await scene.outsider.post(ONE, json=body)).status == 404
    body = {"quote_approval_policy": "public"}
    path = f"{ONE}/{private['id']}/interaction_policy"
    changed = await scene.author.good("PUT", path, json=body)
    assert changed["quote_approval"]["automatic"] == []
    own = await scene.quoted(scene.author, private)
    assert (own["visibility"], own["quote"]["state"]) == ("private", "accepted")
    body = {"status": "x", "quoted_status_id": direct["id"]}
    assert (await scene.author.post(ONE, json=body)).status == 403


async def test_a_private_message_about_a_post_goes_to_its_author(scene: Scene) -> None:
    post = await scene.author.says("one")
    body = {"status": "@friend see", "visibility": "direct", "quoted_status_id": post["id"]}
    assert (await scene.outsider.post(ONE, json=body)).status == 422
    body["status"] = "@author @friend see"
    await scene.outsider.good("POST", ONE, json=body)


async def test_the_blocked_do_not_quote(scene: Scene) -> None:
    post = await scene.author.says("one")
    await scene.author.good("POST", f"/api/v1/accounts/{scene.outsider.id}/block")
    body = {"status": "x", "quoted_status_id": post["id"]}
    assert (await scene.outsider.post(ONE, json=body)).status == 404
    other = await scene.outsider.says("mine")
    body = {"status": "x", "quoted_status_id": other["id"]}
    assert (await scene.author.post(ONE, json=body)).status == 403


async def test_tokens_and_scopes(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.quoted(scene.outsider, post)
    reader = await scene.house.sign_in(scene.author.account, "read")
    readonly = Member(scene.house.http, scene.house.base, scene.author.account, reader)
    for method, path in (
        ("POST", f"{ONE}/{post['id']}/quotes/{made['id']}/revoke"),
        ("PUT", f"{ONE}/{post['id']}/interaction_policy"),
    ):
        assert (await scene.house.stranger.ask(method, path)).status == 401
        assert (await readonly.ask(method, path)).status == 403


# Who sees


async def test_what_may_not_be_seen_is_not_shown_by_a_quote(scene: Scene) -> None:
    private = await scene.author.says("for friends", visibility="private")
    own = await scene.author.says("@outsider", quoted_status_id=private["id"], visibility="private")
    assert (await seen(scene.friend, own))["quote"]["quoted_status"]["id"] == private["id"]
    hidden = await seen(scene.outsider, own)
    assert hidden["quote"] == {"state": "unauthorized", "quoted_status": None}
    outer = await scene.author.says("@outsider", quoted_status_id=own["id"], visibility="private")
    shown = await seen(scene.outsider, outer)
    assert shown["quote"]["quoted_status"]["quote"] == {
        "state": "unauthorized",
        "quoted_status_id": None,
    }


async def test_whom_one_blocks_is_marked(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.quoted(scene.outsider, post)
    await scene.friend.good("POST", f"/api/v1/accounts/{scene.author.id}/mute")
    assert (await seen(scene.friend, made))["quote"]["state"] == "muted_account"
    await scene.friend.good("POST", f"/api/v1/accounts/{scene.author.id}/block")
    assert (await seen(scene.friend, made))["quote"]["state"] == "blocked_account"
    await scene.author.good("POST", f"/api/v1/accounts/{scene.friend.id}/block")
    assert (await seen(scene.friend, made))["quote"] == {
        "state": "unauthorized",
        "quoted_status": None,
    }


async def test_the_author_sees_every_quote_and_others_what_is_theirs(scene: Scene) -> None:
    post = await scene.author.says("one")
    private = await scene.quoted(scene.outsider, post, visibility="private")
    public = await scene.quoted(scene.friend, post)
    path = f"{ONE}/{post['id']}/quotes"
    every = await scene.author.good("GET", path)
    assert [s["id"] for s in every] == [public["id"], private["id"]]
    assert [s["id"] for s in await scene.friend.good("GET", path)] == [public["id"]]
    assert [s["id"] for s in await scene.house.stranger.good("GET", path)] == [public["id"]]
    assert set(await told(scene.author, "quote")) == {public["id"], private["id"]}


async def test_quotes_come_in_pages(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = [(await scene.quoted(scene.friend, post))["id"] for _ in range(3)][::-1]
    page = await scene.author.get(f"{ONE}/{post['id']}/quotes?limit=2")
    assert [s["id"] for s in page.json] == made[:2]
    rest = await scene.author.get(page.links["next"])
    assert [s["id"] for s in rest.json] == made[2:]
    above = await scene.author.get(rest.links["prev"])
    assert [s["id"] for s in above.json] == made[:2]
    hidden = await scene.author.says("two", visibility="private")
    assert (await scene.outsider.get(f"{ONE}/{hidden['id']}/quotes")).status == 404


# What comes after


async def test_an_approval_is_taken_back(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.quoted(scene.outsider, post)
    path = f"{ONE}/{post['id']}/quotes/{made['id']}/revoke"
    assert (await scene.friend.post(path)).status == 403
    assert (await scene.outsider.post(path)).status == 403
    other = await scene.author.says("two")
    wrong = f"{ONE}/{other['id']}/quotes/{made['id']}/revoke"
    assert (await scene.author.post(wrong)).status == 404
    shown = await scene.author.good("POST", path)
    assert (shown["id"], shown["quote"]) == (
        made["id"],
        {"state": "revoked", "quoted_status": None},
    )
    assert (await seen(scene.author, post))["quotes_count"] == 0
    assert await told(scene.author, "quote") == []
    assert (await scene.author.post(path)).status == 404
    assert await scene.author.good("GET", f"{ONE}/{post['id']}/quotes") == []


async def test_what_was_quoted_is_gone(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.quoted(scene.outsider, post)
    await scene.author.good("DELETE", f"{ONE}/{post['id']}")
    assert (await seen(scene.outsider, made))["quote"] == {
        "state": "deleted",
        "quoted_status": None,
    }


async def test_a_quote_that_goes_counts_no_more(scene: Scene) -> None:
    post = await scene.author.says("one")
    made = await scene.quoted(scene.outsider, post)
    await scene.outsider.good("DELETE", f"{ONE}/{made['id']}")
    assert (await seen(scene.author, post))["quotes_count"] == 0


async def test_an_edit_keeps_the_quote_and_tells_who_quotes(scene: Scene) -> None:
    post = await scene.author.says("one")
    other = await scene.author.says("two")
    made = await scene.quoted(scene.outsider, post)
    body = {"status": "look!", "quoted_status_id": other["id"]}
    edited = await scene.outsider.good("PUT", f"{ONE}/{made['id']}", json=body)
    assert edited["quote"]["quoted_status"]["id"] == post["id"]
    history = await scene.outsider.good("GET", f"{ONE}/{made['id']}/history")
    check(history, ["StatusEdit"])
    assert [e["quote"]["quoted_status"]["id"] for e in history] == [post["id"], post["id"]]
    await scene.author.good("PUT", f"{ONE}/{post['id']}", json={"status": "one!"})
    assert await told(scene.outsider, "quoted_update") == [made["id"]]


async def test_the_link_that_stands_for_a_quote_has_one_form(scene: Scene) -> None:
    """Mastodon writes a paragraph, Misskey a span with others in it; where nothing is shown both stay.

    Clients that show quotes hide the paragraph, and others (Tusky, toot) have nothing else.
    """
    far = await scene.house.remote("far_writer")
    link = '<a href="https://far.example/1"><span class="invisible">https://</span>far.example</a>'
    fallbacks = (
        f'<p class="quote-inline">RE: {link}</p>',
        f'<span class="quote-inline">{link}</span>',
    )
    free = Policy(("public",))
    quoted = await scene.house.arrives(far, "0", Draft(content="<p>x</p>", quote_policy=free))
    for n, fallback in enumerate(fallbacks):
        for stamp in (f"https://far.example/stamps/{n}", None):
            draft = Draft(content=f"{fallback}<p>look</p>", quote=Quoting(quoted, stamp))
            by = await scene.house.remote(f"quoter{n}{bool(stamp)}")
            made = await scene.house.arrives(by, f"{n}", draft)
            shown = await seen(scene.friend, {"id": made.id})
            assert shown["quote"]["state"] == ("accepted" if stamp else "pending")
            begin = link_to({"url": quoted.url}) if stamp else fallback
            assert shown["content"] == f"{begin}<p>look</p>"


async def test_a_page_of_quotes_costs_the_same_whatever_its_length(scene: Scene) -> None:
    async def cost(ids: list[int]) -> tuple[int, int]:
        queries: list[str] = []
        async with scene.house.work.reading() as tx:
            with tx.conn.query_logger(lambda record: queries.append(record.query)):
                page = await statuses(tx, ids, scene.friend.account, feed=True)
        return len(page), len(queries)

    ids: list[int] = []
    for member in (scene.author, scene.outsider, scene.friend) * 3:
        post = await member.says("one", quote_approval_policy="followers")
        inner = await scene.quoted(member, post)
        ids.append(int((await scene.quoted(member, inner))["id"]))
    one, few = await cost(ids[:1])
    nine, many = await cost(ids)
    assert (one, nine) == (1, 9)
    assert many <= few + 1, "whether one follows is asked once, and never of oneself"
