"""Reporting to the moderators: what is kept, who is told, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.posting.drafts import Draft
from storage import reports
from storage.reports import Asked
from storage.timelines import Page
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

REPORTS = "/api/v1/reports"


@pytest.fixture
async def reader(house: House) -> Member:
    return await house.member("reader")


@pytest.fixture
async def rude(house: House) -> Member:
    async with house.work.transaction() as tx:
        await tx.conn.execute("update instance set rules = '{Be kind,No spam}'")
    return await house.member("rude")


async def test_a_report_is_kept_and_the_moderators_are_told(
    house: House, reader: Member, rude: Member
) -> None:
    keeper, helper = (
        await house.member("keeper", role="admin"),
        await house.member("helper", role="moderator"),
    )
    post = await rude.says("rude words")
    sent = {
        "account_id": rude.id, "status_ids": [post["id"]], "comment": " not nice ",
        "rule_ids": ["1"], "forward": "true",
    }  # fmt: skip
    made = await reader.good("POST", f"{REPORTS}/", json=sent)
    check(made, "Report")
    assert (made["category"], made["comment"], made["forwarded"]) == (
        "violation", "not nice", False,
    )  # fmt: skip
    assert (made["status_ids"], made["rule_ids"]) == ([post["id"]], ["1"])
    assert made["target_account"]["id"] == rude.id
    async with house.work.reading() as tx:
        told = await tx.conn.fetch("select * from notifications where type = 'admin.report'")
    assert {row["account_id"] for row in told} == {int(keeper.id), int(helper.id)}
    assert {row["from_account_id"] for row in told} == {int(reader.id)}
    (shown,) = await keeper.good("GET", "/api/v1/notifications?types[]=admin.report")
    check(shown, "Notification")
    assert (shown["report"]["id"], shown["report"]["target_account"]["id"]) == (made["id"], rude.id)
    assert await rude.good("GET", "/api/v1/notifications") == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"account_id": "1"}, 404),
        ({}, 404),
        ({"account_id": "me"}, 404),
        ({"account_id": "own"}, 422),
        ({"comment": "x" * 1001}, 422),
        ({"category": "dislike"}, 422),
        ({"rule_ids": ["3"]}, 422),
        ({"rule_ids": ["0"]}, 422),
        ({"status_ids": ["1"]}, 404),
        ({"status_ids": ["foreign"]}, 404),
        ({"status_ids": ["hidden"]}, 404),
        ({"status_ids": [str(n) for n in range(51)]}, 422),
    ],
)
async def test_what_cannot_be_reported(
    reader: Member, rude: Member, sent: dict[str, Any], status: int
) -> None:
    named = {
        "own": reader.id,
        "foreign": (await reader.says("mine"))["id"],
        "hidden": (await rude.says("not for you", visibility="private"))["id"],
    }
    given = {"account_id": rude.id} | sent if sent else {}
    given = {
        name: [named.get(v, v) for v in value]
        if isinstance(value, list)
        else named.get(value, value)
        for name, value in given.items()
    }
    answer = await reader.post(REPORTS, json=given)
    assert (answer.status, "error" in answer.json) == (status, True)


async def test_who_may_report(house: House, here: Running, reader: Member, rude: Member) -> None:
    sent = {"account_id": rude.id}
    assert (await house.stranger.post(REPORTS, json=sent)).status == 401
    weak = Member(house.http, house.base, reader.account, await here.token(reader.account, "read"))
    assert (await weak.post(REPORTS, json=sent)).status == 403
    app = Member(house.http, house.base, None, await here.token(None))
    assert (await app.post(REPORTS, json=sent)).status == 422
    async with house.work.reading() as tx:
        assert await reports.listed(tx.conn, Page(10), Asked(resolved=None)) == []


async def test_a_report_outlives_the_post(house: House, reader: Member, rude: Member) -> None:
    post = await rude.says("gone soon")
    sent = {"account_id": rude.id, "status_ids": [post["id"]], "category": "spam"}
    made = await reader.good("POST", REPORTS, data={
        "account_id": rude.id, "status_ids[]": post["id"], "category": "spam",
    })  # fmt: skip
    assert made["status_ids"] == sent["status_ids"]
    await rude.good("DELETE", f"/api/v1/statuses/{post['id']}")
    async with house.work.reading() as tx:
        kept = await reports.show(tx.conn, int(made["id"]))
    assert kept
    assert kept.post_ids == [int(post["id"])]


async def test_moderators_take_resolve_and_reopen(
    house: House, reader: Member, rude: Member
) -> None:
    keeper = await house.member("keeper", role="admin")
    made = [
        int((await reader.good("POST", REPORTS, json={"account_id": rude.id}))["id"])
        for _ in range(3)
    ]
    async with house.work.transaction() as tx:
        mine = int(keeper.id)
        taken = await reports.assign(tx.conn, made[0], mine, tx.now)
        assert taken
        assert taken.assigned_id == mine
        sorted_ = await reports.sort(tx.conn, made[0], "spam", [], tx.now)
        assert sorted_
        assert sorted_.category == "spam"
        done = await reports.resolve(tx.conn, made[0], mine, tx.now)
        assert done
        assert (done.resolved_at, done.resolved_by_id) == (tx.now, mine)
        open_ = await reports.listed(tx.conn, Page(10), Asked())
        assert [r.id for r in open_] == made[:0:-1]
        assert [r.id for r in await reports.listed(tx.conn, Page(10), Asked(True))] == made[:1]
        up = Page(1, min_id=made[0])
        assert [r.id for r in await reports.listed(tx.conn, up, Asked(None))] == [made[1]]
        by_nobody = Asked(None, account_id=int(rude.id))
        assert await reports.listed(tx.conn, Page(10), by_nobody) == []
        again = await reports.reopen(tx.conn, made[0], tx.now)
        assert again
        assert again.resolved_by_id is None
        assert await reports.resolve(tx.conn, 999, mine, tx.now) is None


async def test_a_remote_post_can_be_reported(house: House, reader: Member) -> None:
    far = await house.remote("far")
    post = await house.arrives(far, "1", Draft(content="<p>x</p>"))
    sent = {"account_id": str(far.id), "status_ids": [str(post.id)], "forward": False}
    assert (await reader.good("POST", REPORTS, json=sent))["forwarded"] is False
