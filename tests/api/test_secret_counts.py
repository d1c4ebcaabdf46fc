"""A decision whose counts are secret until it closes: what any reader shows before does not depend on what was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from federation.media_types import ACTIVITY_JSON
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
MICROBLOG = {"Accept": ACTIVITY_JSON, "User-Agent": "http.rb/5 (Mastodon/4.5; +https://m.example/)"}
DOCUMENT = {"Accept": ACTIVITY_JSON}
PAGE = {"Accept": "text/html"}

# Who reads, what, and how. An organiser who has not answered is who may see most.
READERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "its status in a client": ("organiser", "/api/v1/statuses/{id}", {}),
    "its poll in a client": ("organiser", "/api/v1/polls/{id}", {}),
    "a stranger's client": ("stranger", "/api/v1/polls/{id}", {}),
    "the home timeline": ("organiser", "/api/v1/timelines/home", {}),
    "the call": ("organiser", f"{BASE}/calls/{{id}}", {}),
    "the list of calls": ("stranger", f"{BASE}/communities/{{group}}/calls", {}),
    "the record": ("organiser", f"{BASE}/calls/{{id}}/record", {}),
    "who takes part": ("organiser", f"{BASE}/calls/{{id}}/participants", {}),
    "the export of answers": ("organiser", f"{BASE}/calls/{{id}}/export.csv", {}),
    "the export as OSDI": ("organiser", f"{BASE}/calls/{{id}}/export.osdi.json?answers=true", {}),
    "its impact": ("organiser", f"{BASE}/calls/{{id}}/impact", {}),
    "its impact as a table": ("organiser", f"{BASE}/calls/{{id}}/impact.csv", {}),
    "the community's impact": ("organiser", f"{BASE}/communities/{{group}}/impact", {}),
    "its page": ("stranger", "/calls/{id}", PAGE),
    "its poster": ("stranger", "/calls/{id}/poster", PAGE),
    "the page of impact": ("stranger", "/@river/impact", PAGE),
    "its replies as a feed": ("stranger", "/calls/{id}.atom", {}),
    "the community's feed": ("stranger", "/@river.atom", {}),
    "its question elsewhere": ("stranger", "/calls/{id}", DOCUMENT),
    "its card elsewhere": ("stranger", "/cards/{id}", MICROBLOG),
    "the community's outbox": ("stranger", "/communities/{group}/outbox?page=true", DOCUMENT),
}
SHOW_CHOICES = {
    "its status in a client", "its poll in a client", "a stranger's client", "the home timeline",
    "the call", "the list of calls", "the record", "who takes part", "the export of answers", "the export as OSDI",
    "its question elsewhere", "its card elsewhere",
    "the community's outbox",
}  # fmt: skip
"""After closing; the others have nothing of it at any time."""


TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


class Asked:
    """A decision of the river, with people who answer it."""

    def __init__(self, house: House, organiser: Member, group: str, call: dict[str, Any]) -> None:
        self.house, self.organiser = house, organiser
        self.group, self.call, self.id = group, call, call["id"]
        self.url = f"{BASE}/calls/{self.id}"
        self.people: list[Member] = []

    async def said(self, answers: Sequence[str]) -> None:
        """By the same people each time, each with a reason."""
        while len(self.people) < len(answers):
            self.people.append(await self.house.member(f"member{len(self.people)}"))
        for member, answer in zip(self.people, answers, strict=True):
            body = {"answer": answer, "reason": f"I say {answer}"}
            await member.good("POST", f"{self.url}/answer", json=body)

    async def read(self, reader: str) -> str:
        who, path, headers = READERS[reader]
        by = self.organiser if who == "organiser" else self.house.stranger
        url = path.format(id=self.id, group=self.group)
        async with self.house.http.get(url, headers=headers | dict(by.token)) as response:
            assert response.status == 200, (reader, url, response.status, await response.text())
            return TIME.sub("TIME", await response.text())

    async def close(self) -> None:
        await self.organiser.good("PUT", self.url, json={"state": "closed"})


async def ask(house: House, **more: Any) -> Asked:
    organiser = await house.member("organiser")
    made = {"name": "river", "title": "River"}
    group = await organiser.good("POST", f"{BASE}/communities", json=made)
    body = {"kind": "decision", "title": "The path", "variant": "consent"} | more
    body = {"secret_until_closed": True} | body
    if not body["variant"]:
        body["options"] = ["Mondays", "Fridays"]
    call = await organiser.good("POST", f"{BASE}/communities/{group['id']}/calls", json=body)
    return Asked(house, organiser, group["id"], call)


@pytest.mark.parametrize("variant", ["consent", "sense", ""])
async def test_no_reader_shows_what_was_said_before_it_closes(house: House, variant: str) -> None:
    asked = await ask(house, variant=variant)
    keys = [answer["key"] for answer in asked.call["answers"]]
    await asked.said([keys[0], keys[0], keys[1]])
    before = {reader: await asked.read(reader) for reader in READERS}
    await asked.said([keys[1], keys[1], keys[0]])
    for reader, body in before.items():
        assert await asked.read(reader) == body, reader
    await asked.close()
    closed = {reader: await asked.read(reader) for reader in READERS}
    other = await _another(asked, keys)
    for reader, body in closed.items():
        assert (other[reader] != body) is (reader in SHOW_CHOICES), reader


async def _another(asked: Asked, keys: Sequence[str]) -> dict[str, str]:
    """What readers would show after closing, had people said the first again."""
    async with asked.house.work.transaction() as tx:
        await tx.conn.execute("update calls set state = 'open'")
    await asked.said([keys[0], keys[0], keys[1]])
    await asked.close()
    return {reader: await asked.read(reader) for reader in READERS}


async def test_a_client_is_told_that_counts_are_hidden(house: House) -> None:
    asked = await ask(house, variant="")
    await asked.said(["1", "1", "2"])
    poll = orjson.loads(await asked.read("its poll in a client"))
    assert [option["votes_count"] for option in poll["options"]] == [None, None]
    assert (poll["votes_count"], poll["voters_count"]) == (3, 3)
    call = orjson.loads(await asked.read("the call"))
    assert call["secret_until_closed"] is True
    assert ([a["people"] for a in call["answers"]], call["counted"]) == ([None, None], 3)
    mine = await asked.people[2].good("GET", f"/api/v1/polls/{asked.id}")
    assert mine["own_votes"] == [1]
    record = orjson.loads(await asked.read("the record"))
    assert (record["result"]["word"], record["reasons"]) == ("secret", [])
    assert "organisers neither" in await asked.read("its page")
    card = orjson.loads(await asked.read("its card elsewhere"))
    assert [option["replies"]["totalItems"] for option in card["oneOf"]] == [0, 0]
    assert card["votersCount"] == 3
    assert "Until it closes nobody sees" in card["content"]
    assert "vote 1" not in card["content"]  # a reply is there to be read


async def test_once_it_is_closed_the_counts_are_shown(house: House) -> None:
    asked = await ask(house, variant="")
    await asked.said(["1", "1", "2"])
    await asked.close()
    poll = orjson.loads(await asked.read("its poll in a client"))
    assert [option["votes_count"] for option in poll["options"]] == [2, 1]
    call = orjson.loads(await asked.read("the call"))
    assert [a["people"] for a in call["answers"]] == [2, 1]
    record = orjson.loads(await asked.read("the record"))
    assert record["result"] == {
        "word": "chosen", "sentence": "One option is ahead of all others.", "leading": ["1"],
    }  # fmt: skip
    assert len(record["reasons"]) == 3
    card = orjson.loads(await asked.read("its card elsewhere"))
    assert [option["replies"]["totalItems"] for option in card["oneOf"]] == [2, 1]
    assert "Until it closes" not in card["content"]


async def test_what_is_called_off_keeps_its_secret_and_what_was_shown_stays_closed(
    house: House,
) -> None:
    asked = await ask(house, variant="")
    await asked.said(["1", "1", "2"])
    for state in ("postponed", "cancelled", "open"):
        await asked.organiser.good("PUT", asked.url, json={"state": state})
        poll = orjson.loads(await asked.read("its poll in a client"))
        assert [option["votes_count"] for option in poll["options"]] == [None, None], state
    await asked.close()
    for state in ("open", "postponed", "cancelled"):
        refused = await asked.organiser.put(asked.url, json={"state": state})
        assert (refused.status, refused.json["error"]) == (
            422, "Its counts are known: it stays closed.",
        ), state  # fmt: skip
    await asked.close()


async def test_an_objection_is_known_and_met_after_closing(house: House) -> None:
    asked = await ask(house)
    await asked.said(["object", "agree"])
    async with house.work.reading() as tx:
        ids = await tx.conn.fetch("select id from reasons")
    met = [f"{asked.url}/objections/{row['id']}/resolve" for row in ids]
    refused = [await asked.organiser.post(url, json={"resolution": "It is dry."}) for url in met]
    assert {(r.status, r.json["error"]) for r in refused} == {
        (422, "What people said is shown once it is closed.")
    }
    await asked.close()
    told = {(await asked.organiser.post(url, json={"resolution": "Dry."})).status for url in met}
    assert told == {200, 404}
    assert orjson.loads(await asked.read("the record"))["result"]["word"] == "consent"


async def test_it_is_said_before_anybody_answers(house: House) -> None:
    asked = await ask(house, secret_until_closed=False)
    edit = {"title": "The path", "variant": "consent"}
    assert asked.call["secret_until_closed"] is False
    for secret in (True, False, True):
        body = edit | {"secret_until_closed": secret}
        told = await asked.organiser.good("PUT", asked.url, json=body)
        assert told["secret_until_closed"] is secret
    await asked.said(["agree"])
    refused = await asked.organiser.put(asked.url, json=edit | {"secret_until_closed": False})
    assert (refused.status, refused.json["error"]) == (
        422, "People have answered by the rule that there is.",
    )  # fmt: skip
    told = await asked.organiser.good("PUT", asked.url, json=edit | {"title": "The long path"})
    assert (told["secret_until_closed"], told["title"]) == (True, "The long path")


async def test_only_a_decision_keeps_counts_secret(house: House) -> None:
    asked = await ask(house)
    body = {"kind": "petition", "title": "Keep the bridge", "secret_until_closed": True}
    refused = await asked.organiser.post(f"{BASE}/communities/{asked.group}/calls", json=body)
    assert (refused.status, refused.json["error"]) == (
        422, "Only a decision keeps its counts secret.",
    )  # fmt: skip


async def test_a_reply_with_a_keyword_does_not_answer_it(house: House) -> None:
    asked = await ask(house)
    member = await house.member("talker")
    await member.says("I object", in_reply_to_id=asked.id)
    told = await asked.organiser.good("GET", asked.url)
    assert told["counted"] == 0
