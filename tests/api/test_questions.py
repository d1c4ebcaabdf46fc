"""What organisers ask, in Beckon's own API: asked, answered, and told to who may see the people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.calling import attendance
from server.domain.groups import affiliations
from storage import posts as post_rows
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
DISH = {"text": "What do you bring?", "required": True}
DIET = {"text": "What do you not eat?", "required": False}


async def made(house: House, organiser: Member, questions: list[dict[str, Any]]) -> str:
    garden = await house.community(organiser, "garden")
    call = await organiser.good(
        "POST", f"{BASE}/communities/{garden.id}/calls", json=_typed(questions=questions)
    )
    return f"{BASE}/calls/{call['id']}"


def _typed(**more: Any) -> dict[str, Any]:
    soon = datetime.now(UTC) + timedelta(days=7)
    return {"title": "Supper", "starts_at": soon.isoformat(), **more}


async def test_what_is_answered_is_for_who_may_see_people(house: House) -> None:
    organiser, eater = await house.member("organiser"), await house.member("eater")
    recorder, firm = await house.member("recorder"), await house.member("firm")
    one = await made(house, organiser, [DISH, DIET])
    shown = await house.stranger.good("GET", one)
    assert shown["questions"] == [DISH, DIET]
    assert "read your answers to their questions" in shown["privacy"]["client"]
    left_open = await eater.post(f"{one}/answer", json={"answer": "going", "fields": ["", "Nuts"]})
    assert left_open.status == 422
    assert DISH["text"] in left_open.json["error"]
    await eater.good(
        "POST", f"{one}/answer", json={"answer": "going", "fields": ["=1+1", "No nuts"]}
    )
    said = [
        {"name": DISH["text"], "value": "=1+1"},
        {"name": DIET["text"], "value": "No nuts"},
    ]
    (told,) = await organiser.good("GET", f"{one}/participants")
    assert told["fields"] == said
    (line,) = await organiser.good("GET", f"{one}/door")
    assert line["fields"] == said
    async with house.work.transaction() as tx:
        post = await post_rows.by_id(tx.conn, int(one.rpartition("/")[2]))
        assert post and organiser.account and recorder.account and firm.account
        await attendance.appoint(tx, organiser.account, post, recorder.account, on=True)
    (line,) = await recorder.good("GET", f"{one}/door")
    assert line["fields"] == [], "who stands at the door reads names"
    for who in (eater, recorder, house.stranger):
        assert (await who.get(f"{one}/participants")).status in (401, 403)
    async with house.work.transaction() as tx:
        await affiliations.mark(tx, organiser.account, "commercial")
    assert (await organiser.get(f"{one}/participants")).status == 403
    for who in (eater, house.stranger):
        assert "No nuts" not in str(await who.good("GET", one))


async def test_the_table_has_a_column_for_each_question(house: House) -> None:
    organiser, eater = await house.member("organiser"), await house.member("eater")
    one = await made(house, organiser, [DISH])
    await eater.good("POST", f"{one}/answer", json={"answer": "going", "fields": ["=1+1"]})
    async with organiser.http.get(
        f"{organiser.base}{one}/export.csv", headers=organiser.token
    ) as answer:
        head, row = (await answer.text()).splitlines()[:2]
    assert head.endswith(DISH["text"])
    assert row.endswith("'=1+1"), "a table program reads no formula in it"


async def test_an_edit_keeps_or_changes_what_is_asked(house: House) -> None:
    organiser = await house.member("organiser")
    one = await made(house, organiser, [DISH])
    kept = await organiser.good("PUT", one, json=_typed())
    assert kept["questions"] == [DISH]
    changed = await organiser.good("PUT", one, json=_typed(questions=[DIET]))
    assert changed["questions"] == [DIET]
    assert (await organiser.good("PUT", one, json=_typed(questions=[])))["questions"] == []


@pytest.mark.parametrize(
    "questions",
    [[DISH, DISH], [{"text": ""}], [{"text": "x" * 201}], [{"text": c} for c in "abcd"]],
)
async def test_what_cannot_be_asked(house: House, questions: list[dict[str, Any]]) -> None:
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    answer = await organiser.post(
        f"{BASE}/communities/{garden.id}/calls", json=_typed(questions=questions)
    )
    assert answer.status == 422
