"""Decisions by Beckon's own API: the rule stands first, objections are met, and those who lost are in the record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import House, Member

BASE = "/api/beckon/v1"


async def asked(house: House, variant: str = "consent", **more: Any) -> tuple[Member, str]:
    organiser = await house.member("organiser")
    group = await organiser.good(
        "POST", f"{BASE}/communities", json={"name": "river", "title": "River"}
    )
    options = {} if variant or "kind" in more else {"options": ["Mondays", "Fridays"]}
    body = {"kind": "decision", "title": "The new path", "variant": variant} | options | more
    made = await organiser.good("POST", f"{BASE}/communities/{group['id']}/calls", json=body)
    return organiser, f"{BASE}/calls/{made['id']}"


async def test_an_objection_blocks_until_it_is_met(house: House) -> None:
    organiser, call = await asked(house)
    baker, gardener = await house.member("baker"), await house.member("gardener")
    why = {"answer": "object", "reason": "It floods in <b>May</b>."}
    await baker.good("POST", f"{call}/answer", json=why)
    await gardener.good("POST", f"{call}/answer", json={"answer": "agree"})
    record = await gardener.good("GET", f"{call}/record")
    assert record["result"]["word"] == "blocked"
    (said,) = record["reasons"]
    assert (said["reason"], said["account"]) == ("It floods in <b>May</b>.", None)
    assert "baker" not in str(record)
    met = f"{call}/objections/{said['id']}/resolve"
    refused = await baker.post(met, json={"resolution": "It does not"})
    assert refused.status == 403
    assert (await organiser.post(met, json={"resolution": " "})).status == 422
    assert (
        await organiser.post(f"{call}/objections/2/resolve", json={"resolution": "x"})
    ).status == 404
    record = await organiser.good("POST", met, json={"resolution": "It is built on posts."})
    assert record["result"]["word"] == "consent"
    assert record["reasons"][0]["resolution"] == "It is built on posts."
    again = {"answer": "object", "reason": "Posts rot."}
    await baker.good("POST", f"{call}/answer", json=again)
    assert (await organiser.good("GET", f"{call}/record"))["result"]["word"] == "blocked"


async def test_an_objection_without_words_is_met_too(house: House) -> None:
    organiser, call = await asked(house)
    baker = await house.member("baker")
    await baker.good("POST", f"{call}/answer", json={"answer": "object"})
    (said,) = (await organiser.good("GET", f"{call}/record"))["reasons"]
    assert (said["reason"], said["account"]) == ("No reason was given.", None)
    met = f"{call}/objections/{said['id']}/resolve"
    record = await organiser.good("POST", met, json={"resolution": "We asked, and it was a slip."})
    assert record["reasons"][0]["resolution"] == "We asked, and it was a slip."


async def test_nothing_of_a_reason_tells_whose_it_is(house: House) -> None:
    """Who steers sees who answered what, in order: neither the id of a reason nor its place is of that."""
    organiser, call = await asked(house)
    for number in range(4):
        member = await house.member(f"member{number}")
        why = {"answer": "object", "reason": f"Reason {number}"}
        await member.good("POST", f"{call}/answer", json=why)
    said = (await organiser.good("GET", f"{call}/record"))["reasons"]
    async with house.work.reading() as tx:
        rows = await tx.conn.fetch("select id, turn from participations")
    known = {str(value) for row in rows for value in row.values()}
    assert not known & {reason["id"] for reason in said}
    assert all(
        set(reason) == {"id", "answer", "reason", "resolution", "resolved_at", "account"}
        for reason in said
    )
    assert [int(reason["id"]) for reason in said] == sorted(
        (int(r["id"]) for r in said), reverse=True
    )


async def test_an_objection_that_is_taken_back_is_gone_with_its_reason(house: House) -> None:
    organiser, call = await asked(house)
    baker = await house.member("baker")
    await organiser.good("POST", f"{call}/answer", json={"answer": "agree"})
    for take_back in ("change", "withdraw"):
        await baker.good("POST", f"{call}/answer", json={"answer": "object", "reason": "Mud"})
        assert (await baker.good("GET", f"{call}/record"))["result"]["word"] == "blocked"
        if take_back == "change":
            await baker.good("POST", f"{call}/answer", json={"answer": "abstain"})
        else:
            await baker.good("DELETE", f"{call}/answer")
        record = await baker.good("GET", f"{call}/record")
        assert record["result"]["word"] == "consent"
        assert record["reasons"] == []
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from reasons") == 0


async def test_the_rule_is_set_before_anybody_answers(house: House) -> None:
    organiser, call = await asked(house, "")
    baker = await house.member("baker")
    rules = {"quorum": 2, "threshold": 60, "open_votes": True}
    assert (await baker.put(f"{call}/rules", json=rules)).status == 403
    assert (await organiser.put(f"{call}/rules", json={"threshold": 101})).status == 422
    assert (await organiser.good("PUT", f"{call}/rules", json=rules))["rules"] == rules
    await baker.good("POST", f"{call}/answer", json={"answer": "1", "reason": "I work"})
    assert (await baker.good("GET", f"{call}/record"))["result"]["word"] == "too_few"
    assert (await organiser.put(f"{call}/rules", json={"quorum": 1})).status == 422
    await organiser.good("POST", f"{call}/answer", json={"answer": "1"})
    record = await baker.good("GET", f"{call}/record")
    assert (record["result"]["word"], record["result"]["leading"]) == ("chosen", ["1"])
    assert record["reasons"][0]["account"] is None  # a baker who is no member
    record = await organiser.good("GET", f"{call}/record")
    assert record["reasons"][0]["account"]["username"] == "baker"


async def test_the_record_keeps_what_the_few_said(house: House) -> None:
    organiser, call = await asked(house, "")
    few, many = await house.member("baker"), [await house.member(f"member{n}") for n in range(2)]
    await few.good("POST", f"{call}/answer", json={"answer": "2", "reason": "Children sleep"})
    for member in many:
        await member.good("POST", f"{call}/answer", json={"answer": "1"})
    await organiser.good("PUT", call, json={"state": "closed"})
    assert (await few.post(f"{call}/answer", json={"answer": "1"})).status == 403
    record = await organiser.good("GET", f"{call}/record")
    assert [a["people"] for a in record["answers"]] == [2, 1]
    assert [(r["answer"], r["reason"]) for r in record["reasons"]] == [("2", "Children sleep")]


@pytest.mark.parametrize("said", ["x" * 2001])
async def test_a_reason_is_bounded_and_nothing_half_written(house: House, said: str) -> None:
    organiser, call = await asked(house)
    refused = await organiser.post(f"{call}/answer", json={"answer": "agree", "reason": said})
    assert refused.status == 422
    assert (await organiser.good("GET", call))["answer"] is None


async def test_other_calls_have_no_record_and_take_no_reasons(house: House) -> None:
    organiser, call = await asked(house, "", kind="petition")
    assert (await organiser.get(f"{call}/record")).status == 404
    refused = await organiser.post(f"{call}/answer", json={"answer": "sign", "reason": "Because"})
    assert refused.status == 404
    assert (await organiser.put(f"{call}/rules", json={"quorum": 1})).status == 404


async def test_names_of_an_open_vote_are_not_for_who_was_only_invited(house: House) -> None:
    organiser, call = await asked(house)
    await organiser.good("PUT", f"{call}/rules", json={"open_votes": True})
    await organiser.good("POST", f"{call}/answer", json={"answer": "object", "reason": "Mud"})
    guest = await house.member("guest")
    group = (await organiser.good("GET", call))["community"]["id"]
    await organiser.good(
        "POST", f"{BASE}/communities/{group}/invites", json={"account_id": guest.id}
    )
    (seen,) = (await guest.good("GET", f"{call}/record"))["reasons"]
    assert (seen["reason"], seen["account"]) == ("Mud", None)
    await guest.good("POST", f"/api/v1/accounts/{group}/follow")
    (seen,) = (await guest.good("GET", f"{call}/record"))["reasons"]
    assert seen["account"]["id"] == organiser.id
