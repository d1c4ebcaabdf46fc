"""Contact calls: one letter per person and target, no letter to who has pledged, and what they said stays private."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from server.domain.calling import targets
from server.errors import Invalid
from tests.api.people import House, Member

BASE = "/api/beckon/v1"


async def asking(house: House) -> tuple[Member, str]:
    """A contact call with one target."""
    organiser = await house.member("organiser")
    group = await organiser.good(
        "POST", f"{BASE}/communities", json={"name": "river", "title": "River"}
    )
    body = {"kind": "contact", "title": "A path by the river", "about": "Dear council,\nbuild it."}
    made = await organiser.good("POST", f"{BASE}/communities/{group['id']}/calls", json=body)
    call = f"{BASE}/calls/{made['id']}"
    target = {"name": "Council of the town", "role": "council", "address": "council@town.example"}
    await organiser.good("POST", f"{call}/targets", json=target)
    return organiser, call


async def one(member: Member, call: str) -> tuple[dict[str, object], str]:
    (found,) = await member.good("GET", f"{call}/targets")
    return found, f"{call}/targets/{found['id']}"


async def test_a_letter_is_written_by_ones_own_mail_program(house: House) -> None:
    organiser, call = await asking(house)
    _, target = await one(organiser, call)
    script = {"status": "asked", "subject": "The path & you", "body": "Dear council,\nbuild it?"}
    assert (await organiser.good("GET", f"{target}/letter"))["subject"] == "A path by the river"
    await organiser.good("PUT", f"{call}/script", json=script)
    letter = await organiser.good("GET", f"{target}/letter")
    link = urlsplit(letter["mailto"])
    assert (link.scheme, link.path) == ("mailto", "council@town.example")
    said = parse_qs(link.query)
    assert said == {"subject": ["The path & you"], "body": ["Dear council,\r\nbuild it?"]}
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from jobs where kind like '%mail%'") == 0


async def test_one_letter_per_person_and_target(house: House) -> None:
    organiser, call = await asking(house)
    baker, gardener = await house.member("baker"), await house.member("gardener")
    _, target = await one(baker, call)
    await baker.good("POST", f"{target}/report", json={})
    assert (await baker.post(f"{target}/report", json={})).status == 403
    await gardener.good("POST", f"{target}/report", json={})
    said = {"answered": True, "said": "They will think about it"}
    (after,) = await baker.good("POST", f"{target}/report", json=said)
    assert (after["letters"], after["written"]) == (2, True)
    assert (await baker.post(f"{target}/report", json=said)).status == 403
    shown = await organiser.good("GET", call)
    assert shown["counted"] == 2
    assert {a["key"]: a["people"] for a in shown["answers"]} == {"did": 1, "will": 0, "answered": 1}
    (told,) = await organiser.good("GET", f"{call}/reports")
    assert told["said"] == "They will think about it"
    assert "baker" not in str(told)
    assert (await gardener.get(f"{call}/reports")).status == 403
    assert "think about it" not in str(await gardener.good("GET", f"{call}/targets"))


async def test_a_letter_goes_with_who_takes_part_no_more(house: House) -> None:
    _, call = await asking(house)
    baker = await house.member("baker")
    _, target = await one(baker, call)
    await baker.good("POST", f"{target}/report", json={"answered": True, "said": "No"})
    await baker.good("DELETE", f"{call}/answer")
    found, _ = await one(baker, call)
    assert (found["letters"], found["written"]) == (0, False)


async def test_who_has_pledged_is_not_asked_again(house: House) -> None:
    organiser, call = await asking(house)
    baker = await house.member("baker")
    _, target = await one(baker, call)
    pledge = {"status": "pledged", "note": "In the meeting of May"}
    assert (await baker.put(target, json=pledge)).status == 403
    assert (await organiser.put(target, json={"status": "bribed"})).status == 422
    (found,) = await organiser.good("PUT", target, json=pledge)
    assert [(e["status"], e["note"]) for e in found["log"]] == [tuple(pledge.values())]
    nothing = {"subject": None, "body": None, "mailto": None}
    assert await baker.good("GET", f"{target}/letter") == nothing
    thanks = {"status": "pledged", "subject": "Thank you", "body": "Keep it."}
    await organiser.good("PUT", f"{call}/script", json=thanks)
    assert (await baker.good("GET", f"{target}/letter"))["subject"] == "Thank you"
    await organiser.good("PUT", target, json={"status": "refused"})
    letter = await baker.good("GET", f"{target}/letter")
    assert letter["subject"] == "A path by the river"


async def test_targets_are_in_the_export_and_are_taken_away(house: House) -> None:
    organiser, call = await asking(house)
    _, target = await one(organiser, call)
    exported = await organiser.good("GET", f"{call}/export.osdi.json")
    assert exported["targets"] == "Council of the town"
    baker = await house.member("baker")
    assert (await baker.delete(target)).status == 403
    await organiser.good("DELETE", target)
    assert (await organiser.delete(target)).status == 404
    assert await baker.good("GET", f"{call}/targets") == []


@pytest.mark.parametrize(
    "said",
    ["", "council", "javascript:alert(1)", "a@b", "a@town.example?bcc=b@town.example",
     "a@town.example,b@town.example", "https://", "a b@town.example", "a@b@town.example",
     "a@town..example", "a@-town.example", "a@xn--ü.example", "rät@town.example", "a@" + "x" * 250 + ".example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        targets.address(said)


def test_an_address_is_a_letter_box_or_a_page() -> None:
    assert targets.address("a@town.example") == targets.address("mailto:a@town.example")
    assert targets.address("Rat@STÄDTCHEN.example") == "mailto:Rat@xn--stdtchen-1za.example"
    assert targets.address("rat@xn--stdtchen-1za.example").endswith("@xn--stdtchen-1za.example")
    assert targets.address(" https://town.example/write@us ") == "https://town.example/write@us"


async def test_an_address_that_mail_servers_cannot_carry_is_refused_with_the_reason(
    house: House,
) -> None:
    organiser, call = await asking(house)
    typed = {"name": "The council", "address": "bürgermeister@town.example"}
    refused = await organiser.post(f"{call}/targets", json=typed)
    assert refused.status == 422
    assert "Before the @" in refused.json["error"]
    typed["address"] = "rat@städtchen.example"
    added = await organiser.good("POST", f"{call}/targets", json=typed)
    assert [t["address"] for t in added][1:] == ["mailto:rat@xn--stdtchen-1za.example"]


async def test_when_it_was_told_names_nobody(house: House) -> None:
    """Who wrote is not listed, and what a target said bears the day, and no order within it."""
    organiser, call = await asking(house)
    _, target = await one(organiser, call)
    words = [f"Answer {n}" for n in range(6)]
    for at, said in enumerate(words):
        gardener = await house.member(f"gardener{at}")
        await gardener.good("POST", f"{target}/report", json={"answered": True, "said": said})
    told = await organiser.good("GET", f"{call}/reports")
    assert await organiser.good("GET", f"{call}/participants") == []
    assert all(set(r) == {"target_id", "said", "day"} and len(r["day"]) == 10 for r in told)
    assert sorted(r["said"] for r in told) == words
    assert [r["said"] for r in told] != words
