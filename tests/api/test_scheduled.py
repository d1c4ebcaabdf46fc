"""Posts to be: kept, moved, given up, published at their time, and what is refused at either time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from server.clock import stamp
from server.domain.posting import scheduled
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import Answer, House, Member
from tests.api.working import run_jobs
from tests.samples import picture

SCHEDULED = "/api/v1/scheduled_statuses"
STATUSES = "/api/v1/statuses"
HOME = "/api/v1/timelines/home"


@pytest.fixture
async def writer(house: House) -> Member:
    return await house.member("writer")


class Plans:
    """What a test asks again and again."""

    def __init__(self, here: Running, writer: Member) -> None:
        self.here = here
        self.writer = writer

    def at(self, **ahead: float) -> str:
        return stamp(self.here.clock.now() + timedelta(**ahead))

    async def plan(self, text: str, *, key: str = "", **more: Any) -> Answer:
        sent = {"status": text, "scheduled_at": self.at(hours=1)} | more
        headers = {"Idempotency-Key": key} if key else {}
        return await self.writer.post(STATUSES, json=sent, headers=headers)

    async def later(self, **by: float) -> None:
        self.here.clock.forward(**by)
        await run_jobs(self.here.work)


@pytest.fixture
def plans(here: Running, writer: Member) -> Plans:
    return Plans(here, writer)


async def test_a_post_waits_for_its_time(plans: Plans) -> None:
    poll = {"options": ["a", "b"], "expires_in": "600", "multiple": True}
    more = {"spoiler_text": "cw", "visibility": "unlisted", "poll": poll, "language": "it"}
    kept = (await plans.plan("soon", **more)).json
    check(kept, "ScheduledStatus")
    assert kept["params"]["poll"] == poll | {"hide_totals": False}
    assert await plans.writer.good("GET", SCHEDULED) == [kept]
    await plans.later(minutes=59)
    assert await plans.writer.good("GET", HOME) == []
    await plans.later(minutes=2)
    post = (await plans.writer.good("GET", HOME))[0]
    assert (post["content"], post["visibility"], post["spoiler_text"], post["language"]) == (
        "<p>soon</p>", "unlisted", "cw", "it",
    )  # fmt: skip
    assert [o["title"] for o in post["poll"]["options"]] == ["a", "b"]
    assert post["application"]["name"] == "Test app"
    assert await plans.writer.good("GET", SCHEDULED) == []


async def test_it_can_be_moved_both_ways(plans: Plans) -> None:
    one = f"{SCHEDULED}/{(await plans.plan('moved')).json['id']}"
    moved = await plans.writer.good("PUT", one, json={"scheduled_at": plans.at(hours=3)})
    assert moved["scheduled_at"] > plans.at(hours=2)
    await plans.later(hours=2)
    assert await plans.writer.good("GET", one) == moved
    await plans.writer.good("PUT", one, data={"scheduled_at": plans.at(minutes=6)})
    await plans.later(minutes=7)
    assert len(await plans.writer.good("GET", HOME)) == 1
    assert (await plans.writer.get(one)).status == 404


async def test_it_can_be_given_up(plans: Plans) -> None:
    one = f"{SCHEDULED}/{(await plans.plan('never')).json['id']}"
    assert await plans.writer.good("DELETE", one) == {}
    assert (await plans.writer.delete(one)).status == 404
    await plans.later(hours=2)
    assert await plans.writer.good("GET", HOME) == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "at least 5 minutes"),
        ({"scheduled_at": "tomorrow"}, "no time"),
        ({"scheduled_at": "0001-01-01T00:00:00+14:00"}, "no time"),
        ({"status": " "}, "blank"),
        ({"visibility": "local"}, "Visibility"),
        ({"poll": {"options": ["a"], "expires_in": 600}}, "options"),
    ],
)
async def test_what_cannot_be_scheduled_is_refused_at_once(
    plans: Plans, sent: dict[str, Any], sentence: str
) -> None:
    answer = await plans.plan(sent.pop("status", "x"), **sent)
    assert answer.status == 422
    assert sentence in answer.json["error"]
    assert await plans.writer.good("GET", SCHEDULED) == []


async def test_a_reply_to_nothing_is_refused_at_once(plans: Plans) -> None:
    assert (await plans.plan("x", in_reply_to_id="1")).status == 404


async def test_a_day_takes_25_and_a_member_300(plans: Plans) -> None:
    async with plans.here.work.transaction() as tx:
        noon = tx.now.replace(hour=12) + timedelta(days=1)
        await tx.conn.execute(
            "insert into scheduled_posts (account_id, wanted, scheduled_at, created_at)"
            " select $1, '{}', $2::timestamptz + (n / 25) * interval '1 day', $2"
            " from generate_series(0, 298) n",
            int(plans.writer.id), noon,
        )  # fmt: skip
    full = await plans.plan("x", scheduled_at=stamp(noon))
    assert (full.status, "25" in full.json["error"]) == (422, True)
    other = await plans.plan("x", scheduled_at=stamp(noon + timedelta(days=20)))
    assert other.status == 200
    last = await plans.plan("x", scheduled_at=stamp(noon + timedelta(days=21)))
    assert (last.status, "300" in last.json["error"]) == (422, True)
    one = f"{SCHEDULED}/{other.json['id']}"
    again = await plans.writer.put(one, json={"scheduled_at": stamp(noon)})
    assert again.status == 422
    same_day = stamp(noon + timedelta(days=20, minutes=1))
    assert (await plans.writer.put(one, json={"scheduled_at": same_day})).status == 200


async def test_a_repeated_request_schedules_once(plans: Plans) -> None:
    first = await plans.plan("once", key="k")
    again = await plans.plan("once", key="k")
    assert first.json == again.json
    await plans.writer.good(
        "PUT", f"{SCHEDULED}/{first.json['id']}", json={"scheduled_at": plans.at(minutes=6)}
    )
    await plans.later(minutes=10)
    late = await plans.plan("once", key="k")
    assert late.json["content"] == "<p>once</p>"
    assert len(await plans.writer.good("GET", HOME)) == 1


async def test_what_fails_at_its_time_stays_with_the_reason(house: House, plans: Plans) -> None:
    other = await house.member("other")
    post = await other.says("first")
    kept = (await plans.plan("reply", in_reply_to_id=post["id"])).json
    await other.good("POST", f"/api/v1/accounts/{plans.writer.id}/block")
    await plans.later(hours=2)
    one = f"{SCHEDULED}/{kept['id']}"
    failed = await plans.writer.good("GET", one)
    assert failed["failure"] == "Record not found"
    await other.good("POST", f"/api/v1/accounts/{plans.writer.id}/unblock")
    moved = await plans.writer.good("PUT", one, json={"scheduled_at": plans.at(minutes=6)})
    assert moved["failure"] is None
    await plans.later(minutes=7)
    assert (await plans.writer.good("GET", HOME))[0]["in_reply_to_id"] == post["id"]


async def test_a_fault_of_the_server_is_told_when_its_job_is_dropped(plans: Plans) -> None:
    one = f"{SCHEDULED}/{(await plans.plan('never')).json['id']}"
    async with plans.here.work.transaction() as tx:
        await tx.conn.execute("alter table posts add constraint fault check (kind = 'event')")
    for _ in range(9):
        await plans.later(days=2)
    assert (await plans.writer.good("GET", one))["failure"] is None
    await plans.later(days=2)
    assert "fault of this server" in (await plans.writer.good("GET", one))["failure"]
    async with plans.here.work.transaction() as tx:
        await tx.conn.execute("alter table posts drop constraint fault")
    await plans.writer.good("PUT", one, json={"scheduled_at": plans.at(hours=1)})
    await plans.later(hours=2)
    assert len(await plans.writer.good("GET", HOME)) == 1


async def test_a_quote_is_told_back_as_it_was_sent(plans: Plans) -> None:
    quoted = await plans.writer.says("look at this")
    sent = {"quoted_status_id": quoted["id"], "quote_approval_policy": "followers"}
    kept = (await plans.plan("see", **sent)).json
    assert {name: kept["params"][name] for name in sent} == sent
    await plans.later(hours=2)
    post = (await plans.writer.good("GET", HOME))[0]
    assert post["quote"]["quoted_status"]["id"] == quoted["id"]


async def test_nothing_is_published_for_who_may_not_act_any_more(plans: Plans) -> None:
    await plans.plan("too late")
    async with plans.here.work.transaction() as tx:
        await tx.conn.execute("update users set disabled_at = now()")
    await plans.later(hours=2)
    async with plans.here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from posts") == 0
        failure = await tx.conn.fetchval("select failure from scheduled_posts")
    assert failure == "This account may not post."


async def test_those_of_others_are_not_there(house: House, plans: Plans) -> None:
    other = await house.member("other")
    one = f"{SCHEDULED}/{(await plans.plan('mine')).json['id']}"
    assert await other.good("GET", SCHEDULED) == []
    for method in ("GET", "PUT", "DELETE"):
        sent = {"scheduled_at": plans.at(hours=2)}
        assert (await other.ask(method, one, json=sent)).status == 404
        assert (await house.stranger.ask(method, one)).status == 401
    assert (await plans.writer.get(f"{SCHEDULED}/x")).status == 404


async def test_pages_and_scopes(house: House, plans: Plans) -> None:
    made = [(await plans.plan(str(n))).json["id"] for n in range(3)]
    first = await plans.writer.get(f"{SCHEDULED}?limit=2")
    assert [s["id"] for s in first.json] == made[:0:-1]
    second = await plans.writer.get(first.links["next"])
    assert [s["id"] for s in second.json] == made[:1]
    above = await plans.writer.get(second.links["prev"])
    assert [s["id"] for s in above.json] == made[:0:-1]
    reader = Member(
        house.http, house.base, plans.writer.account,
        await plans.here.token(plans.writer.account, "read"),
    )  # fmt: skip
    assert (await reader.delete(f"{SCHEDULED}/{made[0]}")).status == 403


async def test_files_wait_with_their_post(plans: Plans) -> None:
    """The daily cleaning takes what nobody shows; what is to be shown in a week is not that."""
    writer = plans.writer
    file = await writer.good("POST", "/api/v1/media", data={"file": BytesIO(picture())})
    kept = (await plans.plan("", media_ids=[file["id"]], scheduled_at=plans.at(days=7))).json
    assert [m["id"] for m in kept["media_attachments"]] == [file["id"]]
    assert await writer.good("GET", SCHEDULED) == [kept]
    for _ in range(8):
        await plans.later(days=1)
    post = (await writer.good("GET", HOME))[0]
    assert [m["id"] for m in post["media_attachments"]] == [file["id"]]


async def test_the_quote_and_who_may_quote_are_told(plans: Plans) -> None:
    quoted = await plans.writer.says("first")
    kept = await plans.plan("", quoted_status_id=quoted["id"], quote_approval_policy="followers")
    told = kept.json["params"]
    assert (told["quoted_status_id"], told["quote_approval_policy"]) == (quoted["id"], "followers")
    unsaid = (await plans.plan("as always")).json["params"]
    assert unsaid["quote_approval_policy"] == "public"


async def test_a_key_used_again_belongs_to_the_later_post(plans: Plans) -> None:
    await plans.plan("tomorrow", key="k", scheduled_at=plans.at(hours=2))
    plans.here.clock.forward(minutes=119)
    again = await plans.plan("today", key="k", scheduled_at="")
    await plans.later(minutes=2)
    repeated = await plans.plan("today", key="k", scheduled_at="")
    assert repeated.json["id"] == again.json["id"]


async def test_of_two_workers_one_publishes(plans: Plans) -> None:
    """A lane that is leased twice, as after a worker that was thought dead."""
    for n in range(3):
        await plans.plan(f"{n}")
    plans.here.clock.forward(hours=2)
    work = plans.here.work

    async def publish(plan: int) -> None:
        async with work.transaction() as tx:
            await scheduled.publish(tx, plan)

    async with work.reading() as tx:
        waiting = [row["id"] for row in await tx.conn.fetch("select id from scheduled_posts")]
    await asyncio.gather(*(publish(plan) for plan in waiting * 2))
    await run_jobs(work)
    posts = await plans.writer.good("GET", HOME)
    assert sorted(post["content"] for post in posts) == ["<p>0</p>", "<p>1</p>", "<p>2</p>"]
