"""Letters to targets that the server sends: who lets it, what is shown before, how many go, and what ends it, through a
real relay."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain import retention
from server.domain.calling import calls, participations, target_mails, targets
from server.domain.calling.drafting import Wanted
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.jobs import later
from storage import accounts
from storage import target_mails as rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from storage.target_mails import Mailing
from storage.targets import NewTarget
from tests.clock import MovableClock
from tests.relay import Kept, relay
from tests.web.house import House, open_house

COUNCIL = "council@town.example"
STOP = re.compile(r"https://\S+?(/letters/stop/\S+)")


@dataclass
class Office:
    house: House
    clock: MovableClock
    kept: Kept
    net: Net
    organiser: Account
    post: Post

    async def allow(self, per_hour: int = 20, per_day: int = 200, *, hidden: bool = False) -> None:
        async with self.house.work.transaction() as tx:
            wanted = Mailing(per_hour, per_day, hidden)
            await target_mails.allow(tx, self.organiser, self.post, wanted)

    async def target(self, address: str = COUNCIL) -> int:
        async with self.house.work.transaction() as tx:
            new = NewTarget("The council", "council", address, "", None)
            await targets.add(tx, self.organiser, self.post, new)
            return await tx.conn.fetchval("select max(id) from call_targets")

    async def ask(self, who: Account, target: int, name: str = "A gardener") -> None:
        async with self.house.work.transaction() as tx:
            shown = await target_mails.preview(tx, who, self.post, target, name, reply=False)
            await target_mails.ask(tx, who, self.post, target, name, reply=False, seen=shown.stamp)

    async def run(self) -> int:
        while await later.work_once(self.net):
            pass
        return len(self.kept.mails)

    async def states(self) -> list[str]:
        async with self.house.work.reading() as tx:
            found = await tx.conn.fetch("select state from target_mails order by id")
        return [row["state"] for row in found]

    def stop(self) -> str:
        found = STOP.search(self.kept.text())
        assert found, self.kept.text()
        return found[1]


@pytest.fixture
async def office(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Office]:
    port = free_port()
    known = {
        "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "BECKON_SMTP_FROM": "noreply@green.example",
    }
    egress = Egress(EgressConfig("test", None, ()))
    clock = MovableClock()
    async with relay(port) as kept, open_house(database_url, mail=True, clock=clock) as house:
        organiser = await house.person("organiser")
        group = await house.community(organiser)
        async with house.work.transaction() as tx:
            wanted = Wanted(
                "The path", Details(None, None, "UTC"), kind="contact", about="Build it."
            )
            post = await calls.create(tx, organiser, group, wanted)
        net = await resolve.open_net(house.work, egress, relay=mail.relay(load(known)))
        yield Office(house, clock, kept, net, organiser, post)
        await egress.close()


async def test_the_letter_that_was_shown_is_sent(office: Office) -> None:
    await office.allow()
    target = await office.target()
    async with office.house.work.reading() as tx:
        shown = await target_mails.preview(
            tx, office.organiser, office.post, target, "A gardener", reply=False
        )
    await office.ask(office.organiser, target)
    assert await office.run() == 1
    sent = office.kept.mails[0]
    assert (sent["To"], sent["Subject"]) == (COUNCIL, shown.subject)
    assert office.kept.text().replace("\r\n", "\n").startswith(shown.body)
    assert "A gardener asked" in shown.body
    assert sent["Reply-To"] is None
    assert sent["List-Unsubscribe"] == f"<https://green.example{office.stop()}>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_two_hundred_letters_in_a_minute_go_twenty_an_hour(office: Office) -> None:
    """To one address, whatever targets it is written down as."""
    await office.allow()
    people = [await office.house.person(f"neighbour{n}") for n in range(20)]
    for _ in range(10):
        target = await office.target()
        for who in people:
            await office.ask(who, target)
    for hour in range(1, 11):
        assert await office.run() == 20 * hour
        office.clock.forward(minutes=30)
        assert await office.run() == 20 * hour, "nothing more in the same hour"
        office.clock.forward(minutes=30)
    assert await office.run() == 200
    assert await office.states() == ["sent"] * 200


async def test_a_call_may_allow_fewer(office: Office) -> None:
    await office.allow(per_hour=1, per_day=2)
    target = await office.target()
    for n in range(3):
        await office.ask(await office.house.person(f"neighbour{n}"), target)
    went: list[int] = []
    for _ in range(25):
        went.append(await office.run())
        office.clock.forward(hours=1)
    assert went == [1, *[2] * 23, 3]


@pytest.mark.parametrize("limits", [(21, 200), (20, 201), (0, 1), (1, 0)])
async def test_no_call_allows_more(office: Office, limits: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        await office.allow(*limits)


async def test_who_has_pledged_is_written_to_no_more(office: Office) -> None:
    await office.allow(per_hour=1)
    target = await office.target()
    for n in range(2):
        await office.ask(await office.house.person(f"neighbour{n}"), target)
    await office.run()
    async with office.house.work.transaction() as tx:
        await targets.set_status(tx, office.organiser, office.post, target, "pledged", "")
    office.clock.forward(hours=2)
    assert await office.run() == 1
    assert await office.states() == ["sent", "stopped"]
    late = await office.house.person("late")
    with pytest.raises(Forbidden):
        await office.ask(late, target)


async def test_who_wants_no_letters_gets_none_from_any_call(office: Office) -> None:
    await office.allow(per_hour=1)
    target = await office.target()
    for n in range(2):
        await office.ask(await office.house.person(f"neighbour{n}"), target)
    await office.run()
    browser = await office.house.browser()
    assert (await browser.get(office.stop())).status == 200  # looking changes nothing
    async with office.house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from mail_refusals") == 0
    assert "No letters will come" in (await browser.post(office.stop())).words
    office.clock.forward(hours=2)
    assert await office.run() == 1
    other = await office.target("Council+x@town.example")  # the same box
    late = await office.house.person("late")
    with pytest.raises(Forbidden):
        await office.ask(late, other)
    async with office.house.work.reading() as tx:
        kept = await tx.conn.fetchval("select fingerprint from mail_refusals")
    assert len(kept) == 32
    assert b"council" not in kept
    broken = office.stop()[:-1] + ("0" if office.stop()[-1] != "0" else "1")
    assert (await browser.get(broken)).status == 404


async def test_what_a_relay_refuses_for_good_is_not_tried_again(office: Office) -> None:
    await office.allow()
    target = await office.target()
    office.kept.refusal = "550 no such box"
    await office.ask(office.organiser, target)
    office.clock.forward(hours=1)
    assert await office.run() == 0
    assert await office.states() == ["stopped"]


async def test_one_letter_per_person_and_target_whoever_sends_it(office: Office) -> None:
    await office.allow()
    target = await office.target()
    await office.ask(office.organiser, target)
    with pytest.raises(Forbidden):
        await office.ask(office.organiser, target)
    async with office.house.work.transaction() as tx:
        await participations.withdraw(tx, office.organiser, office.post)
    assert await office.run() == 0, "taken back before it went"
    assert await office.states() == []


async def test_nothing_is_sent_that_was_not_seen(office: Office) -> None:
    await office.allow()
    target = await office.target()
    async with office.house.work.transaction() as tx:
        with pytest.raises(Conflict):
            await target_mails.ask(
                tx, office.organiser, office.post, target, "A gardener", reply=False, seen="x"
            )
        with pytest.raises(Invalid):
            await target_mails.preview(tx, office.organiser, office.post, target, " ", reply=False)
    assert await office.run() == 0


async def test_a_call_has_to_say_so(office: Office) -> None:
    target = await office.target()
    with pytest.raises(NotFound):
        await office.ask(office.organiser, target)
    stranger = await office.house.person("stranger")
    async with office.house.work.transaction() as tx:
        with pytest.raises(Forbidden):
            await target_mails.allow(tx, stranger, office.post, Mailing(1, 1, False))


async def test_a_server_without_mail_sends_none(database_url: str) -> None:
    async with open_house(database_url) as house:
        organiser = await house.person("organiser")
        group = await house.community(organiser)
        async with house.work.transaction() as tx:
            wanted = Wanted("The path", Details(None, None, "UTC"), kind="contact")
            post = await calls.create(tx, organiser, group, wanted)
            with pytest.raises(Forbidden, match="sends no mail"):
                await target_mails.allow(tx, organiser, post, Mailing(1, 1, False))


async def test_hidden_addresses_are_for_stewards(office: Office) -> None:
    await office.allow(hidden=True)
    stranger = await office.house.person("stranger")
    async with office.house.work.reading() as tx:
        assert await targets.hides(tx, office.post.id, None)
        assert await targets.hides(tx, office.post.id, stranger)
        assert not await targets.hides(tx, office.post.id, office.organiser)


async def test_what_is_hidden_stays_so_without_letters(office: Office) -> None:
    target = await office.target()
    await office.allow(hidden=True)
    async with office.house.work.transaction() as tx:
        await target_mails.allow(tx, office.organiser, office.post, None)
    async with office.house.work.reading() as tx:
        assert await targets.hides(tx, office.post.id, None)
    with pytest.raises(NotFound):
        await office.ask(office.organiser, target)


async def test_hiding_addresses_is_told_to_other_servers(office: Office) -> None:
    async def due() -> bool:
        async with office.house.work.reading() as tx:
            found = "select count(*) from jobs where kind = 'send_tally' and run_at <= $1"
            return await tx.conn.fetchval(found, tx.now) > 0

    await office.target()
    await office.run()
    await office.allow()
    assert not await due(), "nothing changed for others"
    await office.allow(hidden=True)
    assert await due(), "without the delay that counts have"


async def test_copies_go_ninety_days_after_the_call_is_over(office: Office) -> None:
    await office.allow()
    await office.ask(office.organiser, await office.target())
    await office.run()
    for days, left in ((200, ["sent"]), (0, ["sent"]), (89, ["sent"]), (2, [])):
        office.clock.forward(days=days)
        async with office.house.work.transaction() as tx:
            await retention.run(tx)
        assert await office.states() == left
        if days == 200:
            async with office.house.work.transaction() as tx:
                await calls.edit(tx, office.organiser, office.post, state="closed")
    async with office.house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from call_letters") == 1
        assert await rows.next_of(tx.conn, 1) is None


@pytest.mark.parametrize("who", ["writer", "community"])
async def test_what_waits_of_who_is_suspended_is_not_sent(office: Office, who: str) -> None:
    """Neither of a person nor of a whole community that this server keeps still."""
    await office.allow()
    target = await office.target()
    writer = await office.house.person("writer")
    await office.ask(writer, target)
    async with office.house.work.transaction() as tx:
        gone = writer.id if who == "writer" else office.post.community_id
        assert gone
        await accounts.suspend(tx.conn, gone, tx.now)
    assert await office.run() == 0
    assert await office.states() == ["stopped"]
