"""What a community looks at before it shows it: rules, the queue, slow mode; through Beckon's own API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from server.domain.moderating import hold_rules
from storage.accounts import Account
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.api.working import run_jobs

BECKON = "/api/beckon/v1"


@dataclass(frozen=True)
class Scene:
    house: House
    organiser: Member
    author: Member
    reader: Member
    garden: Account

    @property
    def path(self) -> str:
        return f"{BECKON}/communities/{self.garden.id}"

    async def rule(self, kind: str, **more: Any) -> Any:
        sent = {"kind": kind, **more}
        return await self.organiser.good("POST", f"{self.path}/hold_rules", json=sent)

    async def queue(self) -> Any:
        return await self.organiser.good("GET", f"{self.path}/held")

    async def decide(self, post: Any, what: str, reason: str = "") -> Any:
        path = f"{self.path}/held/{post['id']}/{what}"
        return await self.organiser.good("POST", path, json={"reason": reason})

    async def told(self, who: Member) -> list[str]:
        found = await who.good("GET", "/api/v1/notifications?types[]=moderation_warning")
        return [each["moderation_warning"]["text"] for each in found]


@pytest.fixture
async def scene(house: House) -> Scene:
    organiser, author, reader = [
        await house.member(name) for name in ("organiser", "author", "reader")
    ]
    garden = await house.community(organiser, "garden")
    for member in (author, reader):
        await member.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    return Scene(house, organiser, author, reader, garden)


async def seen(who: Member, post: Any) -> bool:
    return (await who.get(f"/api/v1/statuses/{post['id']}")).status == 200


async def count(who: Member, account: Any) -> int:
    return (await who.good("GET", f"/api/v1/accounts/{account}"))["statuses_count"]


async def test_a_word_holds_a_post_until_it_is_let_in(scene: Scene) -> None:
    rule = await scene.rule("word", value="Cheap  Pills")
    post = await scene.author.says("@garden @reader buy CHEAP pills! #pillword")
    assert post["held"] is True
    assert await seen(scene.author, post)
    for other in (scene.reader, scene.organiser, scene.house.stranger):
        assert not await seen(other, post)
    assert await count(scene.reader, scene.author.id) == 0
    assert await scene.reader.good("GET", "/api/v1/notifications") == []
    assert await scene.reader.good("GET", "/api/v1/timelines/home") == []
    (waits,) = await scene.queue()
    assert (waits["id"], waits["reason"]) == (post["id"], "word")
    assert (waits["rule_id"], waits["matched"]) == (rule["id"], "cheap pills")
    assert waits["status"]["content"] == post["content"]
    (said,) = await scene.told(scene.author)
    assert "waits" in said
    await scene.decide(post, "approve")
    assert await scene.queue() == []
    assert await seen(scene.house.stranger, post)
    assert await count(scene.reader, scene.author.id) == 1
    mentions = await scene.reader.good("GET", "/api/v1/notifications")
    assert [each["type"] for each in mentions] == ["mention"]
    home = await scene.reader.good("GET", "/api/v1/timelines/home")
    assert post["id"] in [each["reblog"]["id"] for each in home if each["reblog"]]
    assert "let in" in (await scene.told(scene.author))[0]
    shown = await scene.author.good("GET", f"/api/v1/statuses/{post['id']}")
    assert "held" not in shown


@pytest.mark.parametrize(
    ("rule", "text", "reason"),
    [
        ({"kind": "word", "value": "pill"}, "pills are two", None),
        ({"kind": "word", "value": "pill"}, "a pill.", "word"),
        ({"kind": "host", "value": "spam.example"}, "https://shop.spam.example/x", "host"),
        ({"kind": "host", "value": "spam.example"}, "https://notspam.example/x", None),
        ({"kind": "links", "amount": 2}, "https://a.example https://b.example", "links"),
        ({"kind": "links", "amount": 2}, "https://a.example", None),
        ({"kind": "newcomer", "days": 7}, "hello", "newcomer"),
        ({"kind": "newcomer", "amount": 1}, "hello", "newcomer"),
    ],
)
async def test_what_is_caught(
    scene: Scene, rule: dict[str, Any], text: str, reason: str | None
) -> None:
    await scene.rule(**rule)
    await scene.author.says(f"@garden {text}")
    assert [each["reason"] for each in await scene.queue()] == ([reason] if reason else [])


async def test_the_first_post_of_a_newcomer_opens_the_door(scene: Scene) -> None:
    await scene.rule("newcomer", amount=1)
    first = await scene.author.says("@garden hello")
    await scene.decide(first, "approve")
    assert "held" not in await scene.author.says("@garden again")
    assert (await scene.reader.says("@garden me too"))["held"] is True
    assert "held" not in await scene.reader.says("elsewhere")
    assert "held" not in await scene.organiser.says("@garden I steer")


async def test_who_is_a_member_long_enough_is_no_newcomer(scene: Scene, here: Running) -> None:
    await scene.rule("newcomer", days=3)
    assert (await scene.author.says("@garden hello"))["held"]
    here.clock.forward(days=3)
    assert "held" not in await scene.author.says("@garden hello again")


async def test_a_refused_post_stays_with_its_author_and_goes_in_time(
    scene: Scene, here: Running
) -> None:
    await scene.rule("word", value="pills")
    post = await scene.author.says("@garden pills")
    path = f"{scene.path}/held/{post['id']}/refuse"
    assert (await scene.organiser.post(path, json={})).status == 422
    await scene.decide(post, "refuse", "Off topic")
    await scene.decide(post, "refuse", "Off topic")
    assert await scene.queue() == []
    assert "Off topic" in (await scene.told(scene.author))[0]
    assert await seen(scene.author, post)
    assert not await seen(scene.reader, post)
    (mine,) = await scene.author.good("GET", f"{BECKON}/held")
    assert mine["refused_at"]
    assert await scene.reader.good("GET", f"{BECKON}/held") == []
    log = await scene.house.stranger.good("GET", f"{scene.path}/log")
    assert [(e["action"], e["role"], e["reason"]) for e in log[:1]] == [
        ("refuse", "organiser", "Off topic")
    ]
    await forward(here, hold_rules.KEEP.days)
    assert not await seen(scene.author, post)
    assert await count(scene.reader, scene.author.id) == 0


async def forward(here: Running, days: int) -> None:
    """Do what is due after so long."""
    here.clock.forward(days=days)
    await run_jobs(here.work)


async def test_what_nobody_decides_is_refused_by_time(scene: Scene, here: Running) -> None:
    await scene.rule("word", value="pills")
    post = await scene.author.says("@garden pills")
    await forward(here, hold_rules.KEEP.days)
    assert await scene.queue() == []
    assert "Nobody decided" in (await scene.told(scene.author))[0]
    await forward(here, hold_rules.KEEP.days)
    assert not await seen(scene.author, post)


async def test_a_held_post_is_not_boosted_answered_quoted_or_pinned(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    post = await scene.author.says("@garden pills")
    one = f"/api/v1/statuses/{post['id']}"
    assert (await scene.author.post(f"{one}/reblog")).status == 403
    assert (await scene.author.post(f"{one}/pin")).status == 403
    for sent in ({"in_reply_to_id": post["id"]}, {"quoted_status_id": post["id"]}):
        answer = await scene.author.post("/api/v1/statuses", json={"status": "x", **sent})
        assert answer.status == 403, sent
    restore = f"{scene.path}/posts/{post['id']}/restore"
    assert (await scene.organiser.post(restore)).status == 403


async def test_its_author_changes_or_deletes_it_unheard(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    post = await scene.author.says("@garden pills")
    one = f"/api/v1/statuses/{post['id']}"
    await scene.author.good("PUT", one, json={"status": "@garden @reader better"})
    assert await scene.reader.good("GET", "/api/v1/notifications") == []
    (waits,) = await scene.queue()
    assert "better" in waits["status"]["content"]
    await scene.author.good("DELETE", one)
    assert await scene.queue() == []
    assert await count(scene.reader, scene.author.id) == 0


async def test_a_reply_waits_uncounted(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    post = await scene.organiser.says("@garden hello")
    reply = await scene.author.says("pills", in_reply_to_id=post["id"])
    one = f"/api/v1/statuses/{post['id']}"
    assert (await scene.reader.good("GET", one))["replies_count"] == 0
    assert (await scene.reader.good("GET", f"{one}/context"))["descendants"] == []
    await scene.organiser.good("POST", f"{scene.path}/posts/{post['id']}/lock")
    path = f"{scene.path}/held/{reply['id']}/approve"
    assert (await scene.organiser.post(path)).status == 403
    await scene.organiser.good("POST", f"{scene.path}/posts/{post['id']}/unlock")
    await scene.decide(reply, "approve")
    assert (await scene.reader.good("GET", one))["replies_count"] == 1


async def test_a_change_that_would_be_caught_is_refused(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    post = await scene.author.says("@garden hello")
    one = f"/api/v1/statuses/{post['id']}"
    answer = await scene.author.put(one, json={"status": "@garden pills"})
    assert (answer.status, "looks first" in answer.json["error"]) == (403, True)
    await scene.author.good("PUT", one, json={"status": "@garden hello you"})


async def test_who_is_banned_meanwhile_is_not_let_in(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    post = await scene.author.says("@garden pills")
    await scene.organiser.good("POST", f"{scene.path}/ban/{scene.author.id}")
    path = f"{scene.path}/held/{post['id']}/approve"
    assert (await scene.organiser.post(path)).status == 403


async def test_few_posts_of_one_author_wait(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    for _ in range(hold_rules.MAX_OF_AUTHOR):
        await scene.author.says("@garden pills")
    answer = await scene.author.post("/api/v1/statuses", json={"status": "@garden pills"})
    assert (answer.status, "wait" in answer.json["error"]) == (403, True)
    assert len(await scene.queue()) == hold_rules.MAX_OF_AUTHOR
    await scene.author.says("@garden hello")


async def test_the_queue_is_for_stewards_of_the_community(scene: Scene) -> None:
    rule = await scene.rule("word", value="pills")
    post = await scene.author.says("@garden pills")
    other = await scene.house.community(scene.reader, "other")
    elsewhere = f"{BECKON}/communities/{other.id}"
    for path in (scene.path, elsewhere):
        by = scene.author if path == scene.path else scene.reader
        status = 403 if path == scene.path else 404
        assert (await by.post(f"{path}/held/{post['id']}/approve")).status == status
        refuse = await by.post(f"{path}/held/{post['id']}/refuse", json={"reason": "x"})
        assert refuse.status == status
        assert (await by.delete(f"{path}/hold_rules/{rule['id']}")).status == status
    for path in ("held", "hold_rules"):
        assert (await scene.author.get(f"{scene.path}/{path}")).status == 403
    assert (
        await scene.author.post(f"{scene.path}/hold_rules", json={"kind": "word"})
    ).status == 403
    assert (await scene.author.put(f"{scene.path}/slow_mode", json={"seconds": 9})).status == 403


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "other"},
        {"kind": "word"},
        {"kind": "word", "value": "x" * 101},
        {"kind": "host", "value": "https://spam.example/"},
        {"kind": "host", "value": "localhost"},
        {"kind": "links"},
        {"kind": "newcomer"},
    ],
)
async def test_a_rule_that_says_nothing_is_refused(scene: Scene, sent: dict[str, Any]) -> None:
    answer = await scene.organiser.post(f"{scene.path}/hold_rules", json=sent)
    assert answer.status == 422
    assert await scene.organiser.good("GET", f"{scene.path}/hold_rules") == []


async def test_rules_are_added_once_and_dropped(scene: Scene) -> None:
    first = await scene.rule("links", amount=2)
    again = await scene.rule("links", amount=3)
    assert (again["id"], again["amount"]) == (first["id"], 3)
    held = await scene.author.says("@garden https://a.example https://b.example https://c.example")
    await scene.organiser.good("DELETE", f"{scene.path}/hold_rules/{first['id']}")
    assert await scene.organiser.good("GET", f"{scene.path}/hold_rules") == []
    (waits,) = await scene.queue()
    assert (waits["id"], waits["reason"], waits["rule_id"]) == (held["id"], "links", None)


async def test_slow_mode_says_when_one_may_post_again(scene: Scene, here: Running) -> None:
    await scene.organiser.good("PUT", f"{scene.path}/slow_mode", json={"seconds": 60})
    await scene.author.says("@garden one")
    await scene.reader.says("@garden mine")
    await scene.author.says("elsewhere")
    here.clock.forward(seconds=20)
    answer = await scene.author.post("/api/v1/statuses", json={"status": "@garden two"})
    left = answer.headers["Retry-After"]
    assert (answer.status, 30 <= int(left) <= 40) == (429, True)
    assert f"in {left} seconds" in answer.json["error"]
    await scene.organiser.says("@garden stewards")
    await scene.organiser.says("@garden may")
    here.clock.forward(seconds=40)
    await scene.author.says("@garden two")
    await scene.organiser.good("PUT", f"{scene.path}/slow_mode", json={"seconds": 0})
    await scene.author.says("@garden three")


async def letters(who: Member) -> list[str]:
    told = await who.good("GET", "/api/v1/notifications?types[]=mention")
    return [each["status"]["content"] for each in told]


async def test_who_steers_is_told_once_a_day_while_posts_wait(scene: Scene, here: Running) -> None:
    await scene.rule("word", value="pills")
    first = await scene.author.says("@garden pills")
    second = await scene.author.says("@garden more pills")
    await run_jobs(here.work)
    await scene.author.says("@garden pills again")
    await run_jobs(here.work)
    (told,) = await letters(scene.organiser)
    assert "wait for you" in told
    assert ": 2." in told
    assert [await letters(who) for who in (scene.author, scene.reader)] == [[], []]
    await forward(here, 1)
    assert ": 3." in (await letters(scene.organiser))[0]
    for post in (first, second):
        await scene.decide(post, "refuse", "Off topic")
    await forward(here, 1)
    assert ": 1." in (await letters(scene.organiser))[0]
    (left,) = await scene.queue()
    await scene.decide(left, "approve")
    await forward(here, 2)
    assert len(await letters(scene.organiser)) == 3


async def test_how_many_wait_is_shown_to_who_may_see_the_queue(scene: Scene) -> None:
    await scene.rule("word", value="pills")
    assert (await scene.organiser.good("GET", scene.path))["held_count"] == 0
    post = await scene.author.says("@garden pills")
    assert (await scene.organiser.good("GET", scene.path))["held_count"] == 1
    for other in (scene.author, scene.reader, scene.house.stranger):
        assert (await other.good("GET", scene.path))["held_count"] is None
    await scene.decide(post, "refuse", "Off topic")
    assert (await scene.organiser.good("GET", scene.path))["held_count"] == 0
