"""Who is met by a decision is told why, and may have it looked at again; notes beside posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from server.domain.moderating import appeals
from storage.accounts import Account
from tests.api.conftest import Running
from tests.api.people import House, Member

BECKON = "/api/beckon/v1"


@dataclass(frozen=True)
class Scene:
    organiser: Member
    moderator: Member
    author: Member
    reader: Member
    garden: Account

    @property
    def path(self) -> str:
        return f"{BECKON}/communities/{self.garden.id}"

    async def removed(self, by: Member, reason: str = "Off topic") -> Any:
        post = await self.author.says("@garden hello")
        path = f"{self.path}/posts/{post['id']}/remove"
        await by.good("POST", path, json={"reason": reason})
        return post

    async def decision(self) -> Any:
        return (await self.author.good("GET", f"{BECKON}/decisions"))[0]

    async def appeal(self, text: str = "It is not") -> Any:
        path = f"{BECKON}/decisions/{(await self.decision())['id']}/appeal"
        return await self.author.post(path, json={"text": text})

    async def answer(self, by: Member, what: str, reason: str = "") -> int:
        found = await self.organiser.good("GET", f"{self.path}/appeals")
        path = f"{self.path}/appeals/{found[0]['id']}/{what}"
        return (await by.post(path, json={"reason": reason})).status

    async def told(self) -> Any:
        path = "/api/v1/notifications?types[]=moderation_warning"
        return (await self.author.good("GET", path))[0]


@pytest.fixture
async def scene(house: House) -> Scene:
    names = ("organiser", "weeder", "author", "reader")
    organiser, moderator, author, reader = [await house.member(name) for name in names]
    garden = await house.community(organiser, "garden")
    for member in (moderator, author, reader):
        await member.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    sent = {"account_id": moderator.id, "role": "moderator"}
    await organiser.good("POST", f"{BECKON}/communities/{garden.id}/roles", json=sent)
    return Scene(organiser, moderator, author, reader, garden)


async def test_a_removal_is_told_and_appealed_against_once(scene: Scene) -> None:
    post = await scene.removed(scene.moderator)
    told = await scene.told()
    assert told["account"]["id"] == str(scene.garden.id)
    warning = told["moderation_warning"]
    assert (warning["action"], warning["status_ids"]) == ("delete_statuses", [post["id"]])
    assert "Off topic" in warning["text"]
    found = await scene.decision()
    assert (found["action"], found["reason"], found["appeal"]) == ("remove", "Off topic", None)
    assert (await scene.appeal()).status == 200
    assert (await scene.decision())["appeal"]["state"] == "pending"
    assert (await scene.appeal()).status == 403
    assert await scene.answer(scene.moderator, "approve") == 403
    assert await scene.answer(scene.author, "approve") == 403
    assert await scene.answer(scene.organiser, "approve", "You are right") == 200
    assert await scene.answer(scene.organiser, "reject") == 403
    assert (await scene.reader.get(f"/api/v1/statuses/{post['id']}")).status == 200
    warning = (await scene.told())["moderation_warning"]
    assert "You are right" in warning["text"]
    assert warning["appeal"] == {"text": "It is not", "state": "approved"}
    log = await scene.reader.good("GET", f"{scene.path}/log")
    done = [(entry["action"], entry["role"]) for entry in log[:3]]
    assert done == [("overturn", "organiser"), ("restore", "organiser"), ("remove", "moderator")]


async def test_a_ban_is_told_and_lifted(scene: Scene) -> None:
    sent = {"expires_in": 3600, "reason": "Loud"}
    await scene.moderator.good("POST", f"{scene.path}/ban/{scene.author.id}", json=sent)
    text = (await scene.told())["moderation_warning"]["text"]
    assert "banned" in text
    assert "until" in text
    assert "Loud" in text
    assert (await scene.appeal()).status == 200
    assert await scene.answer(scene.organiser, "approve") == 200
    assert await scene.organiser.good("GET", f"{scene.path}/bans") == []
    await scene.author.good("POST", f"/api/v1/accounts/{scene.garden.id}/follow")


async def test_a_refused_post_is_let_in_after_all(scene: Scene) -> None:
    rule = {"kind": "word", "value": "pills"}
    await scene.organiser.good("POST", f"{scene.path}/hold_rules", json=rule)
    post = await scene.author.says("@garden pills")
    refuse = f"{scene.path}/held/{post['id']}/refuse"
    await scene.moderator.good("POST", refuse, json={"reason": "Spam"})
    assert (await scene.appeal()).status == 200
    assert await scene.answer(scene.organiser, "approve") == 200
    assert (await scene.reader.get(f"/api/v1/statuses/{post['id']}")).status == 200


async def test_what_stays_is_told_too(scene: Scene) -> None:
    post = await scene.removed(scene.moderator)
    await scene.appeal()
    assert await scene.answer(scene.organiser, "reject", "It is") == 200
    assert (await scene.decision())["appeal"]["state"] == "rejected"
    assert "stays" in (await scene.told())["moderation_warning"]["text"]
    assert (await scene.reader.get(f"/api/v1/statuses/{post['id']}")).status == 404


async def test_who_is_alone_answers_for_themselves(scene: Scene) -> None:
    await scene.moderator.good("POST", f"{scene.path}/roles/{scene.moderator.id}/dismiss")
    await scene.removed(scene.organiser)
    await scene.appeal()
    assert await scene.answer(scene.organiser, "reject") == 200


async def test_an_appeal_is_by_whom_it_met_in_time_and_in_words(
    scene: Scene, here: Running
) -> None:
    await scene.removed(scene.moderator)
    path = f"{BECKON}/decisions/{(await scene.decision())['id']}/appeal"
    assert (await scene.reader.post(path, json={"text": "x"})).status == 404
    assert (await scene.reader.get(f"{scene.path}/appeals")).status == 403
    assert (await scene.appeal("")).status == 422
    assert (await scene.appeal("x" * 1001)).status == 422
    here.clock.forward(seconds=appeals.WITHIN.total_seconds() + 1)
    assert (await scene.appeal()).status == 403
    assert await scene.organiser.good("GET", f"{scene.path}/appeals") == []


async def test_a_note_stands_beside_a_post(scene: Scene) -> None:
    post = await scene.author.says("@garden the water is bad")
    write, read = f"{scene.path}/posts/{post['id']}/note", f"{BECKON}/posts/{post['id']}/note"
    assert (await scene.author.post(write, json={"text": "x"})).status == 403
    assert (await scene.moderator.post(write, json={"text": "x" * 501})).status == 422
    assert (await scene.reader.good("GET", read))["text"] == ""
    await scene.moderator.good("POST", write, json={"text": "The city says otherwise"})
    note = await scene.reader.good("GET", read)
    assert (note["text"], note["role"]) == ("The city says otherwise", "moderator")
    log = await scene.reader.good("GET", f"{scene.path}/log")
    assert (log[0]["action"], log[0]["role"]) == ("note", "moderator")
    await scene.moderator.good("POST", write, json={"text": ""})
    assert (await scene.reader.good("GET", read))["text"] == ""
    outside = await scene.author.says("elsewhere")
    other = f"{scene.path}/posts/{outside['id']}/note"
    assert (await scene.moderator.post(other, json={"text": "x"})).status == 404


async def test_the_note_of_what_is_hidden_is_hidden(scene: Scene) -> None:
    post = await scene.removed(scene.moderator)
    write, read = f"{scene.path}/posts/{post['id']}/note", f"{BECKON}/posts/{post['id']}/note"
    await scene.moderator.good("POST", write, json={"text": "Why it went"})
    assert (await scene.reader.get(read)).status == 404
    assert (await scene.author.good("GET", read))["text"] == "Why it went"
