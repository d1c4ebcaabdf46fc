"""Whom moderators and stewards meet with a decision gets a mail, with the reason and how to appeal, through a real relay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.mailing import mail_budgets
from server.domain.members import persons
from server.jobs import later
from storage.accounts import Account
from tests.api.conftest import serving
from tests.api.people import House, Member
from tests.relay import Kept, relay

BECKON = "/api/beckon/v1"
ADMIN = "/api/v1/admin/accounts"


@dataclass
class Town:
    house: House
    net: Net
    kept: Kept
    moderator: Member
    organiser: Member
    member: Member
    garden: Account

    async def mails(self) -> list[str]:
        """The words of all that were sent."""
        while await later.work_once(self.net):
            pass
        return [" ".join(each.get_content().split()) for each in self.kept.mails]

    async def act(self, kind: str, **more: object) -> None:
        sent = {"type": kind, **more}
        await self.moderator.good("POST", f"{ADMIN}/{self.member.id}/action", json=sent)

    async def steer(self, what: str, reason: str) -> None:
        path = f"{BECKON}/communities/{self.garden.id}/{what}"
        await self.organiser.good("POST", path, json={"reason": reason})


@pytest.fixture
async def town(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Town]:
    port = free_port()
    smtp = {"smtp_url": f"smtp+plain://127.0.0.1:{port}", "smtp_from": "noreply@beckon.example"}
    known = load({f"BECKON_{name.upper()}": value for name, value in smtp.items()})
    async with (
        relay(port) as kept,
        Egress(EgressConfig("test", None, ())) as egress,
        serving(database_url, free_port(), **smtp) as here,
    ):
        net = await resolve.open_net(here.work, egress, relay=mail.relay(known))
        house = House(here.work, here.http, here.base, here.member, here.token)
        moderator = await house.member("keeper", role="moderator")
        organiser, member = await house.member("organiser"), await house.member("member")
        garden = await house.community(organiser, "garden")
        yield Town(house, net, kept, moderator, organiser, member, garden)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("none", "want to tell you something"),
        ("sensitive", "hide the media of your posts"),
        ("silence", "show your posts to your followers alone"),
        ("disable", "closed your account to you"),
        ("suspend", "suspended your account"),
    ],
)
async def test_who_is_met_by_moderators_gets_a_mail(town: Town, action: str, said: str) -> None:
    await town.act(action, text="Be kind")
    (told,) = await town.mails()
    assert town.kept.mails[0]["To"] == "member@people.example"
    assert said in told
    assert "They wrote: Be kind" in told
    assert "If you think that this is wrong, write to those who run this server" in told
    assert "/about" in told
    assert "keeper" not in told, "which moderator it was stays unsaid"


async def test_the_reason_of_the_report_is_named(town: Town) -> None:
    post = await town.member.says("Buy this")
    sent = {"account_id": town.member.id, "status_ids": [post["id"]], "category": "spam"}
    report = (await town.organiser.good("POST", "/api/v1/reports", json=sent))["id"]
    await town.act("silence", report_id=report)
    (told,) = await town.mails()
    assert "The reason: spam." in told
    assert "They wrote" not in told


async def test_a_mail_names_the_person_whom_it_is_about(town: Town) -> None:
    """A user may be several persons, and is asked to know which."""
    assert town.member.account
    user_id = town.member.account.user_id
    assert user_id
    async with town.house.work.transaction() as tx:
        other = await persons.create(tx, user_id, "pseudonym")
    sent = {"type": "sensitive"}
    await town.moderator.good("POST", f"{ADMIN}/{other.id}/action", json=sent)
    (told,) = await town.mails()
    assert "Your account is @pseudonym at" in told


async def test_a_moderator_may_leave_the_mail_out(town: Town) -> None:
    await town.act("silence", text="Be kind", send_email_notification=False)
    assert await town.mails() == []
    (told,) = await town.member.good("GET", "/api/v1/notifications")
    assert told["moderation_warning"]["text"] == "Be kind"


async def test_whose_post_is_removed_gets_a_mail(town: Town) -> None:
    await town.member.good("POST", f"/api/v1/accounts/{town.garden.id}/follow")
    post = await town.member.says("@garden hello")
    await town.steer(f"posts/{post['id']}/remove", "Off topic")
    (told,) = await town.mails()
    assert "Your post was removed from @garden" in told
    assert "The reason given: Off topic" in told
    assert "/settings/decisions" in told
    assert "/@garden" in told
    assert "organiser@" not in told


async def test_who_is_banned_gets_a_mail_if_they_had_a_part_in_it(town: Town) -> None:
    """Who founds a community only to ban people from it writes to nobody."""
    await town.steer(f"ban/{town.member.id}", "We never met")
    assert await town.mails() == []
    await town.organiser.good(
        "POST", f"{BECKON}/communities/{town.garden.id}/unban/{town.member.id}"
    )
    await town.member.good("POST", f"/api/v1/accounts/{town.garden.id}/follow")
    await town.steer(f"ban/{town.member.id}", "Loud")
    (told,) = await town.mails()
    assert "You are banned from @garden" in told
    assert "The reason given: Loud" in told


async def test_who_removes_own_posts_as_a_steward_gets_none(town: Town) -> None:
    post = await town.organiser.says("@garden hello")
    await town.steer(f"posts/{post['id']}/remove", "A mistake")
    assert await town.mails() == []


async def test_a_community_sends_few_of_them(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_budgets, "PER_COMMUNITY", ((mail_budgets.DAY, 2),))
    await town.member.good("POST", f"/api/v1/accounts/{town.garden.id}/follow")
    for n in range(4):
        post = await town.member.says(f"@garden hello {n}")
        await town.steer(f"posts/{post['id']}/remove", f"Off topic {n}")
    assert len(await town.mails()) == 2
    told = await town.member.good("GET", "/api/v1/notifications?types[]=moderation_warning")
    assert len(told) == 4, "the client tells all of them"
