"""What waits and why, for those who run the instance, by the API and at /metrics."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import pytest

from server.arriving import budgets
from server.domain.members import accounts as account_verbs
from server.domain.tx import Tx
from storage import inbox
from storage.inbox import Arrival
from tests.api.conftest import Running, serving
from tests.api.fields import check
from tests.api.people import House

WAITING = "/api/beckon/v1/admin/waiting"
TOKEN = "metrics-of-a-test"


async def busy(tx: Tx) -> None:
    """Something waits of every kind."""
    await tx.later("card:far.example", "fetch_card", {"url": "https://far.example/"}, tx.now)
    uri = "https://far.example/1"
    arrival = Arrival("https://far.example:443", uri, uri, uri, b"{}", "far.example")
    await inbox.receive(tx.conn, [arrival], tx.now)
    rule = budgets.HOSTS
    await budgets.take(tx, rule, 'odd"\\.example', count=rule.limit)
    await tx.conn.execute(
        "insert into inbox (origin, activity_id, signer, subject, body, received_at, state,"
        " reason, done_at) values ('o', 'refused', 's', 'o', '', $1, 'refused', 'nobody_asked', $1)",
        tx.now,
    )
    await tx.conn.execute(
        "with o as (insert into outbox (uri, account_id, subject, body, created_at)"
        " select 'https://a.example/1', id, '', '', $1 from accounts limit 1 returning id)"
        " insert into deliveries (outbox_id, host, inbox, subject, ready_at, last_error)"
        " select id, 'b.example', 'https://b.example/inbox', '', $1, 'http_500' from o",
        tx.now,
    )


async def test_staff_sees_what_waits(house: House) -> None:
    keeper = await house.member("keeper", role="admin")
    async with house.work.transaction() as tx:
        await busy(tx)
    found = await keeper.good("GET", WAITING)
    check(found, "Waiting")
    assert [(row["host"], row["last_error"]) for row in found["deliveries"]] == [
        ("b.example", "http_500")
    ]
    assert [row["domain"] for row in found["arrivals"]] == ["far.example"]
    assert {"fetch_card"} <= {row["kind"] for row in found["jobs"]}
    assert [row["rule"] for row in found["over_budget"]] == [budgets.HOSTS.name]
    assert found["refused"] == [{"reason": "nobody_asked", "count": 1}]


async def test_members_do_not(house: House) -> None:
    reader = await house.member("reader")
    assert (await reader.get(WAITING)).status == 403


@pytest.fixture
async def measured(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Running]:
    async with serving(database_url, free_port(), metrics_token=TOKEN) as made:
        yield made


async def metrics(here: Running, **headers: str) -> tuple[int, str]:
    async with here.http.get("/metrics", headers=headers) as answer:
        return answer.status, await answer.text()


async def test_metrics_are_for_who_knows_the_token(measured: Running) -> None:
    async with measured.work.transaction() as tx:
        await account_verbs.instance_actor(tx)
        await busy(tx)
    status, text = await metrics(measured, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert 'beckon_deliveries_waiting{host="b.example"} 1\n' in text
    assert 'beckon_inbox_waiting{domain="far.example"} 1\n' in text
    assert 'beckon_inbox_refused_day{reason="nobody_asked"} 1\n' in text
    assert r'key="odd\"\\.example"' in text
    for line in text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r"beckon_\w+\{.*\} [\d.e+]+", line), line
    assert (await metrics(measured))[0] == 404
    assert (await metrics(measured, Authorization="Bearer wrong"))[0] == 404


async def test_without_a_token_there_are_none(here: Running) -> None:
    assert (await metrics(here, Authorization="Bearer "))[0] == 404
