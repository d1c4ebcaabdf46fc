"""Members are invited: to groups and events of other servers, and to communities here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from server.domain.members import accounts as account_verbs
from storage import invitations
from tests.api.networked import Town, town
from tests.api.people import Member
from tests.federation.peer import Json, Peer, Person, peer

__all__ = ["town"]
BASE = "/api/beckon/v1/invites"


@dataclass(frozen=True)
class Fair:
    """A Mobilizon with a group and an organiser, and a member of ours."""

    town: Town
    server: Peer
    group: Person
    organiser: Person
    member: Member

    @property
    def uri(self) -> str:
        assert self.member.account
        return self.member.account.uri

    def event(self, **more: Any) -> Json:
        said = {"type": "Event", "name": "Picnic", "startTime": "2026-12-24T10:00:00Z", **more}
        return self.server.note(self.organiser, "<p>Bring tea</p>", [], **said)

    def invite(self, to: str, target: str, by: Person | None = None) -> Json:
        """As Mobilizon writes one."""
        more = {"target": target, "to": [target], "cc": [to], "attributedTo": to}
        return self.server.activity(by or self.organiser, "Invite", to, **more)

    async def says(self, document: Json, by: Person | None = None) -> str:
        answer = await self.server.send(by or self.organiser, document, self.town.ours.inbox)
        assert answer.status == 202
        await self.town.ours.settle()
        return await self.town.ours.outcome(document["id"])

    async def listed(self) -> list[dict[str, Any]]:
        return await self.member.good("GET", BASE)

    async def answer(self, id_: str, said: str) -> int:
        answer = await self.member.post(f"{BASE}/{id_}/{said}")
        await self.town.ours.settle()
        return answer.status


@pytest.fixture
async def fair(town: Town) -> AsyncIterator[Fair]:
    async with peer("mobilizon") as server:
        group = server.person("fair", "Group")
        organiser = server.person("organiser", key=1)
        yield Fair(town, server, group, organiser, await town.house.member("reader"))


async def test_a_member_joins_a_group_to_which_they_are_invited(fair: Fair) -> None:
    invite = fair.invite(fair.group.uri, fair.uri)
    assert await fair.says(invite) == "done"
    (shown,) = await fair.listed()
    assert (shown["community"]["username"], shown["event"]) == ("fair", None)
    assert shown["account"]["username"] == "organiser"
    assert await fair.answer(shown["id"], "accept") == 200
    (accept,) = fair.server.of_type("Accept")
    assert (accept["actor"], accept["object"]["id"]) == (fair.uri, invite["id"])
    (asked,) = fair.server.of_type("Follow")
    assert (asked["actor"], asked["object"]) == (fair.uri, fair.group.uri)
    assert await fair.listed() == []
    (rings,) = await fair.member.good("GET", "/api/v1/notifications")
    assert rings["type"] == "mention"
    assert rings["status"]["visibility"] == "direct"
    assert shown["community"]["url"] in rings["status"]["content"]


async def test_who_is_invited_comes_to_an_event_that_nobody_else_can_join(fair: Fair) -> None:
    event = fair.event(joinMode="invite")
    assert await fair.says(fair.invite(event["id"], fair.uri)) == "done"
    (shown,) = await fair.listed()
    assert (shown["event"]["title"], shown["event"]["uri"]) == ("Picnic", event["id"])
    assert shown["community"] is None
    path = f"/api/beckon/v1/calls/{shown['event']['id']}/answer"
    assert (await fair.member.post(path, json={"answer": "going"})).status == 403
    assert await fair.answer(shown["id"], "accept") == 200
    (join,) = fair.server.of_type("Join")
    assert (join["actor"], join["object"]) == (fair.uri, event["id"])


async def test_no_is_said_once(fair: Fair) -> None:
    invite = fair.invite(fair.group.uri, fair.uri)
    assert await fair.says(invite) == "done"
    assert await fair.says({**invite, "id": fair.server.url("/invites/again")}) == "done"
    (shown,) = await fair.listed()
    other = await fair.town.house.member("other")
    for who, status in ((other, 404), (fair.town.house.stranger, 401)):
        assert (await who.post(f"{BASE}/{shown['id']}/decline")).status == status
    assert await fair.answer(shown["id"], "decline") == 200
    (reject,) = fair.server.of_type("Reject")
    assert reject["object"]["id"] == invite["id"]
    assert fair.server.of_type("Follow") == []
    assert await fair.answer(shown["id"], "accept") == 404


async def test_only_its_own_server_invites_to_a_thing(fair: Fair) -> None:
    async with peer("mobilizon") as other:
        stranger = other.person("stranger")
        said = other.activity(stranger, "Invite", fair.group.uri, target=fair.uri)
        answer = await other.send(stranger, said, fair.town.ours.inbox)
        await fair.town.ours.settle()
        refused = answer.reason or await fair.town.ours.outcome(said["id"])
        assert refused == "foreign_invite"
    assert await fair.listed() == []


@pytest.mark.parametrize("what", ["note", "person", "nothing"])
async def test_one_is_invited_to_groups_and_events(fair: Fair, what: str) -> None:
    named = {
        "note": fair.server.note(fair.organiser, "<p>Hello</p>", [])["id"],
        "person": fair.organiser.uri,
        "nothing": fair.server.url("/nothing"),
    }
    assert await fair.says(fair.invite(named[what], fair.uri)) == "unknown_object"
    assert await fair.listed() == []


async def test_nobody_else_is_invited_here(fair: Fair) -> None:
    """And for nobody here nothing is fetched."""
    event = fair.event()
    said = fair.invite(event["id"], fair.server.person("guest").uri)
    assert await fair.says(said) == "nobody_asked"
    assert fair.server.asked(event["id"].removeprefix(fair.server.url(""))) == 0


async def test_who_is_blocked_invites_nobody(fair: Fair) -> None:
    await fair.says(fair.invite(fair.group.uri, fair.uri))
    (shown,) = await fair.listed()
    await fair.member.good("POST", f"/api/v1/accounts/{shown['account']['id']}/block")
    assert await fair.says(fair.invite(fair.event()["id"], fair.uri)) == "blocked"
    assert len(await fair.listed()) == 1


async def test_no_list_is_endless(fair: Fair) -> None:
    await fair.says(fair.invite(fair.group.uri, fair.uri))
    (shown,) = await fair.listed()
    async with fair.town.ours.work.transaction() as tx:
        for number in range(invitations.MOST + 5):
            made = await account_verbs.create(tx, "group", f"group{number}")
            await invitations.insert(
                tx.conn, made.uri, int(fair.member.id), int(shown["account"]["id"]), made.id, None, tx.now
            )  # fmt: skip
    assert await fair.town.ours.value("select count(*) from invitations") == invitations.MOST


async def test_a_community_here_invites_a_member_here(town: Town) -> None:
    organiser, guest = [await town.house.member(name) for name in ("organiser", "guest")]
    shed = await town.house.community(organiser, "shed", "invited")
    path = f"/api/beckon/v1/communities/{shed.id}/invites"
    for _ in range(2):
        await organiser.good("POST", path, json={"account_id": guest.id})
    (shown,) = await guest.good("GET", BASE)
    assert shown["community"]["id"] == str(shed.id)
    await guest.good("POST", f"{BASE}/{shown['id']}/accept")
    mine = await guest.good("GET", f"/api/beckon/v1/communities/{shed.id}")
    assert mine["member"]
    assert await guest.good("GET", BASE) == []


async def test_who_declines_is_not_let_in(town: Town) -> None:
    organiser, guest = [await town.house.member(name) for name in ("organiser", "guest")]
    shed = await town.house.community(organiser, "shed", "invited")
    path = f"/api/beckon/v1/communities/{shed.id}/invites"
    await organiser.good("POST", path, json={"account_id": guest.id})
    (shown,) = await guest.good("GET", BASE)
    await guest.good("POST", f"{BASE}/{shown['id']}/decline")
    assert (await guest.post(f"/api/v1/accounts/{shed.id}/follow")).status == 403
