"""Notifications: groups and their pages, the policy and those who wait before it, what is unread."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.api import notification_groups
from server.api.reading import view
from server.domain import effects
from server.domain.sight import Known
from server.render import notification
from storage import notifications
from storage.notifications import Asked
from storage.timelines import Page
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

SINGLY = "/api/v1/notifications"
GROUPED = "/api/v2/notifications"
POLICY = f"{GROUPED}/policy"
REQUESTS = f"{SINGLY}/requests"


async def groups(me: Member, query: str = "") -> list[Any]:
    found = await me.good("GET", f"{GROUPED}?{query}")
    check(found, "GroupedNotificationsResults")
    accounts = {a["id"] for a in found["accounts"] + found.get("partial_accounts", [])}
    statuses = {s["id"] for s in found["statuses"]}
    for group in found["notification_groups"]:
        assert set(group["sample_account_ids"]) <= accounts
        assert group.get("status_id") in statuses | {None}
    return found["notification_groups"]


async def favourite(post: Any, *people: Member) -> None:
    for who in people:
        await who.good("POST", f"/api/v1/statuses/{post['id']}/favourite")


async def test_many_favourites_are_one_group(here: Running, house: House) -> None:
    me = await house.member("me_too")
    fans = [await house.member(f"fan_{n}") for n in range(10)]
    post = await me.says("hello")
    other = await me.says("other")
    await favourite(post, *fans[:9])
    await favourite(other, fans[0])
    await fans[0].says("@me_too hi")
    mention, second, first = await groups(me)
    assert [g["type"] for g in (mention, second, first)] == ["mention", "favourite", "favourite"]
    assert mention["group_key"] == f"ungrouped-{mention['most_recent_notification_id']}"
    assert (first["notifications_count"], first["status_id"]) == (9, post["id"])
    assert first["sample_account_ids"] == [f.id for f in fans[8:0:-1]]
    assert first["group_key"].startswith(f"favourite-{post['id']}-")
    assert int(first["page_max_id"]) == first["most_recent_notification_id"]
    assert int(first["page_min_id"]) == first["most_recent_notification_id"] - 8
    rows = await me.good("GET", f"{SINGLY}?types[]=favourite")
    check(rows, ["Notification"])
    assert {n["group_key"] for n in rows} == {first["group_key"], second["group_key"]}
    here.clock.forward(hours=13)
    await favourite(post, fans[9])
    assert [g["notifications_count"] for g in await groups(me)] == [1, 1, 1, 9]


async def test_a_client_says_what_it_wants_grouped(house: House) -> None:
    me = await house.member("me_too")
    fans = [await house.member(f"fan_{n}") for n in range(3)]
    post = await me.says("hello")
    await favourite(post, *fans)
    for fan in fans:
        await fan.good("POST", f"/api/v1/accounts/{me.id}/follow")
    assert [g["type"] for g in await groups(me)] == ["follow", "favourite"]
    alone = await groups(me, "grouped_types[]=follow")
    assert [g["notifications_count"] for g in alone] == [3, 1, 1, 1]
    key = alone[1]["group_key"]
    assert key == f"ungrouped-{alone[1]['most_recent_notification_id']}"
    found = await me.good("GET", f"{GROUPED}/{key}")
    check(found, "GroupedNotificationsResults")
    assert found["notification_groups"][0]["sample_account_ids"] == [fans[2].id]
    assert [g["type"] for g in await groups(me, "exclude_types[]=follow")] == ["favourite"]
    only = await groups(me, f"account_id={fans[0].id}")
    assert [g["sample_account_ids"] for g in only] == [[fans[0].id]] * 2
    found = await me.good("GET", f"{GROUPED}?expand_accounts=partial_avatars")
    check(found, "GroupedNotificationsResults")
    assert [a["id"] for a in found["accounts"]] == [fans[2].id]
    assert {a["id"] for a in found["partial_accounts"]} == {fans[0].id, fans[1].id}


async def test_one_group_is_opened_and_dismissed(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    fans = [await house.member(f"fan_{n}") for n in range(3)]
    await favourite(await me.says("hello"), *fans)
    await fans[0].says("@me_too hi")
    key = (await groups(me, "types[]=favourite"))[0]["group_key"]
    first = await me.get(f"{GROUPED}/{key}/accounts?limit=2")
    assert [a["id"] for a in first.json] == [fans[2].id, fans[1].id]
    assert [a["id"] for a in (await me.get(first.links["next"])).json] == [fans[0].id]
    # To others it is not there.
    assert (await other.get(f"{GROUPED}/{key}")).status == 404
    assert (await other.get(f"{GROUPED}/{key}/accounts")).json == []
    await other.good("POST", f"{GROUPED}/{key}/dismiss")
    assert len(await groups(me)) == 2
    assert await me.good("POST", f"{GROUPED}/{key}/dismiss") == {}
    assert [g["type"] for g in await groups(me)] == ["mention"]
    assert (await me.get(f"{GROUPED}/{key}")).status == 404
    assert await me.good("POST", f"{GROUPED}/clear") == {}
    assert await groups(me) == []


@pytest.fixture
async def noisy(house: House) -> Member:
    """With favourites of three posts and mentions, mixed."""
    me = await house.member("me_too")
    fans = [await house.member(f"fan_{n}") for n in range(4)]
    posts = [await me.says(f"hello {n}") for n in range(3)]
    for n, fan in enumerate(fans):
        await favourite(posts[n % 3], fan)
        await fan.says("@me_too hi")
        await favourite(posts[(n + 1) % 3], fan)
    return me


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, 9), upward=st.booleans())
async def test_pages_of_groups_leave_nothing_out(noisy: Member, limit: int, upward: bool) -> None:
    """Every notification lies in the part of a group that some page shows, and in no two of them."""
    ids = [int(n["id"]) for n in await noisy.good("GET", f"{SINGLY}?limit=80")]
    rel, url = (
        ("prev", f"{GROUPED}?limit={limit}&min_id=0")
        if upward
        else ("next", f"{GROUPED}?limit={limit}")
    )
    covered: list[tuple[str, int, int]] = []
    while (page := await noisy.get(url)).json["notification_groups"]:
        found = page.json["notification_groups"]
        assert len(found) <= limit
        assert len({g["group_key"] for g in found}) == len(found)
        newest = [g["most_recent_notification_id"] for g in found]
        assert newest == sorted(newest, reverse=True)
        covered += [(g["group_key"], int(g["page_min_id"]), int(g["page_max_id"])) for g in found]
        url = page.links[rel]
    assert page.links == {}
    keys = {int(n["id"]): n["group_key"] for n in await noisy.good("GET", f"{SINGLY}?limit=80")}
    for i in ids:
        assert sum(key == keys[i] and low <= i <= high for key, low, high in covered) == 1


async def test_a_page_of_groups_costs_the_same_whatever_its_length(
    house: House, noisy: Member
) -> None:
    me = noisy.account
    assert me

    async def queries(limit: int) -> tuple[int, int]:
        seen: list[str] = []
        async with house.work.reading() as tx:
            with tx.conn.query_logger(lambda record: seen.append(record.query)):
                asked = Asked(notifications.TYPES, grouped=["favourite"])
                found = await notifications.groups(tx.conn, me.id, Page(limit), asked)
                known: Known = {}
                about = await notification_groups.v1.seen(tx, [g.post_id for g in found], me, known)
                await notification.grouped(view(tx, me, known), found, about, partial=False)
        return len(found), len(seen)

    few, many = await queries(2), await queries(40)
    assert (few[0], many[0]) == (2, 7)
    assert few[1] == many[1] <= 8


async def test_what_is_unread_is_counted_from_the_marker(noisy: Member) -> None:
    assert await noisy.good("GET", f"{SINGLY}/unread_count") == {"count": 12}
    assert await noisy.good("GET", f"{GROUPED}/unread_count") == {"count": 7}
    assert await noisy.good("GET", f"{GROUPED}/unread_count?limit=3") == {"count": 3}
    assert await noisy.good("GET", f"{GROUPED}/unread_count?types[]=mention") == {"count": 4}
    newest = (await noisy.good("GET", f"{SINGLY}?limit=3"))[2]["id"]
    await noisy.good("POST", "/api/v1/markers", json={"notifications": {"last_read_id": newest}})
    assert await noisy.good("GET", f"{SINGLY}/unread_count") == {"count": 2}


async def test_the_policy_is_chosen_in_both_versions(house: House) -> None:
    me = await house.member("me_too")
    policy = await me.good("GET", POLICY)
    check(policy, "NotificationPolicy")
    assert (policy["for_private_mentions"], policy["for_bots"]) == ("filter", "accept")
    changed = await me.good("PUT", POLICY, json={"for_bots": "drop", "for_not_following": "x"})
    assert (changed["for_bots"], changed["for_not_following"]) == ("drop", "accept")
    old = await me.good("PATCH", f"{SINGLY}/policy", data={"filter_not_followers": "true"})
    assert old == {
        "filter_not_following": False,
        "filter_not_followers": True,
        "filter_new_accounts": False,
        "filter_private_mentions": True,
        "summary": {"pending_requests_count": 0, "pending_notifications_count": 0},
    }
    policy = await me.good("GET", POLICY)
    assert (policy["for_bots"], policy["for_not_followers"]) == ("drop", "filter")


async def test_who_is_filtered_waits_and_is_let_in(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    await me.good("PATCH", POLICY, data={"for_not_following": "filter"})
    post = await me.says("hello")
    await favourite(post, other)
    said = await other.says("@me_too hi")
    assert await me.good("GET", SINGLY) == await groups(me) == []
    assert await me.good("GET", f"{GROUPED}/unread_count") == {"count": 0}
    held = await me.good("GET", f"{SINGLY}?include_filtered=true")
    check(held, ["Notification"])
    assert [(n["type"], n["filtered"]) for n in held] == [("mention", True), ("favourite", True)]
    assert len(await groups(me, "include_filtered=true")) == 2
    summary = (await me.good("GET", POLICY))["summary"]
    assert summary == {"pending_requests_count": 1, "pending_notifications_count": 2}
    waiting = await me.good("GET", REQUESTS)
    check(waiting, ["NotificationRequest"])
    assert [(r["account"]["id"], r["notifications_count"]) for r in waiting] == [(other.id, "2")]
    assert waiting[0]["last_status"]["id"] == said["id"]
    one = f"{REQUESTS}/{waiting[0]['id']}"
    assert await me.good("GET", one) == waiting[0]
    for answer in (
        await other.get(one),
        await other.post(f"{one}/accept"),
        await other.post(f"{one}/dismiss"),
    ):
        assert answer.status == 404
    assert await me.good("POST", f"{one}/accept") == {}
    assert (await me.post(f"{one}/accept")).status == 404
    assert await me.good("GET", REQUESTS) == []
    assert await me.good("GET", f"{REQUESTS}/merged") == {"merged": True}
    assert len(await me.good("GET", SINGLY)) == 2
    await other.says("@me_too again")
    assert len(await me.good("GET", SINGLY)) == 3


async def test_requests_are_answered_together(house: House) -> None:
    """Ice Cubes sends the ids in the query."""
    me, stranger = await house.member("me_too"), await house.member("stranger")
    people = [await house.member(f"asking_{n}") for n in range(3)]
    await me.good("PATCH", POLICY, data={"for_not_following": "filter"})
    await stranger.good("PATCH", POLICY, data={"for_not_following": "filter"})
    for who in people:
        await who.says("@me_too hi")
    await people[0].says("@stranger hi")
    first = await me.get(f"{REQUESTS}?limit=2")
    rest = (await me.get(first.links["next"])).json
    mine = [r["id"] for r in [*first.json, *rest]]
    assert len(mine) == 3
    theirs = (await stranger.good("GET", REQUESTS))[0]["id"]
    await me.good("POST", f"{REQUESTS}/dismiss?id[]={mine[0]}&id[]={theirs}")
    await me.good("POST", f"{REQUESTS}/accept", json={"id": mine[1:]})
    await me.good("POST", f"{REQUESTS}/accept", json={"id": []})
    assert await me.good("GET", REQUESTS) == []
    assert {n["account"]["id"] for n in await me.good("GET", f"{SINGLY}?include_filtered=1")} == {
        people[0].id,
        people[1].id,
    }
    assert len(await stranger.good("GET", REQUESTS)) == 1
    await people[2].says("@me_too please")
    assert len(await me.good("GET", REQUESTS)) == 1


async def test_what_is_dropped_is_not_written(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    await me.good("PATCH", POLICY, data={"for_not_following": "drop"})
    await other.says("@me_too hi")
    assert await me.good("GET", f"{SINGLY}?include_filtered=true") == []
    assert await me.good("GET", REQUESTS) == []


async def test_a_warning_says_what_it_is_about(house: House) -> None:
    """A report names whom it is about; without a time of its own it has the notification's."""
    me, other = await house.member("me_too"), await house.member("other")
    assert me.account
    assert other.account
    report = {
        "id": "77", "action_taken": False, "action_taken_at": None, "category": "spam",
        "comment": "", "forwarded": False, "status_ids": None, "rule_ids": None,
        "target_account_id": other.account.id,
    }  # fmt: skip
    warning = {
        "action": "none", "text": "Please do not", "status_ids": None, "appeal": None,
        "target_account_id": me.account.id,
    }  # fmt: skip
    async with house.work.transaction() as tx:
        for _ in range(2):  # each report is one
            await effects.tell(tx, [me.account], "admin.report", other.account, None, about=report)
        await effects.tell(tx, [me.account], "moderation_warning", me.account, None, about=warning)
    rows = await me.good("GET", SINGLY)
    check(rows, ["Notification"])
    assert [n["type"] for n in rows] == ["moderation_warning", "admin.report", "admin.report"]
    assert rows[1]["report"]["id"] == "77"
    assert rows[1]["report"]["target_account"]["id"] == other.id
    assert rows[0]["moderation_warning"]["text"] == "Please do not"
    assert rows[0]["account"]["id"] == me.id
    assert [set(g) & {"report", "moderation_warning"} for g in await groups(me)] == [
        {"moderation_warning"},
        {"report"},
        {"report"},
    ]


async def test_what_is_not_to_be_seen_is_in_no_group(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    said = await other.says("@me_too hi")
    assert len(await groups(me)) == 1
    key = (await groups(me))[0]["group_key"]
    await other.good("POST", f"/api/v1/accounts/{me.id}/block")
    assert await groups(me) == []
    assert (await me.get(f"{GROUPED}/{key}")).status == 404
    assert (await me.get(f"/api/v1/statuses/{said['id']}")).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", GROUPED), ("GET", f"{GROUPED}/unread_count"), ("GET", POLICY), ("GET", f"{SINGLY}/policy"),
        ("GET", REQUESTS), ("GET", f"{GROUPED}/x/accounts"), ("POST", f"{GROUPED}/clear"),
        ("POST", f"{REQUESTS}/accept"), ("PATCH", POLICY), ("POST", f"{GROUPED}/x/dismiss"),
    ],
)  # fmt: skip
async def test_every_route_asks_for_its_scope(
    here: Running, house: House, method: str, path: str
) -> None:
    me = await house.member("me_too")
    assert me.account
    wrong = Member(house.http, house.base, me.account, await here.token(me.account, "push"))
    app = Member(house.http, house.base, None, await here.token(None))
    assert (await wrong.ask(method, path)).status == 403
    assert (await app.ask(method, path)).status == 422
    assert (await house.stranger.ask(method, path)).status == 401
