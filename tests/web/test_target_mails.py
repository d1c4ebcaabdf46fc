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
from storage import calls as call_rows
from storage import target_mails as rows
from storage import targets as target_rows
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

    async def has_address(self, address: str, *, confirmed: bool = True) -> None:
        async with self.house.work.transaction() as tx:
            await tx.conn.execute(
                "update users set email = $2, confirmed_at = $3 where id = $1",
                self.organiser.user_id, address, tx.now if confirmed else None,
            )  # fmt: skip

    async def written(self) -> tuple[int, int, list[str]]:
        """Letters that count, people who take part, and what each says."""
        async with self.house.work.reading() as tx:
            found = await target_rows.of_call(tx.conn, self.post.id)
            call = await call_rows.by_id(tx.conn, self.post.id)
            said = await tx.conn.fetch("select answer from participations order by id")
        assert call
        return sum(t.letters for t in found), call.confirmed, [row["answer"] for row in said]

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


async def test_a_letter_that_was_refused_was_not_written(office: Office) -> None:
    """Who took part by it alone says that they will, and may write again."""
    await office.allow()
    first, other = await office.target(), await office.target("mayor@town.example")
    writer = await office.house.person("writer")
    await office.ask(writer, other)
    await office.run()
    office.kept.refusal = "550 no such box"
    await office.ask(writer, first)
    await office.ask(office.organiser, first)
    assert await office.written() == (3, 2, ["did", "did"])
    await office.run()
    assert await office.written() == (1, 1, ["did", "will"]), "one letter of the writer went"
    async with office.house.work.reading() as tx:
        assert await target_rows.written(tx.conn, office.post.id, writer.id) == {other}
    office.kept.refusal = ""
    await office.ask(office.organiser, first)
    async with office.house.work.transaction() as tx:  # with their own mail program
        await targets.report(tx, writer, office.post, first, answered=False)
    await office.run()
    assert await office.written() == (3, 2, ["did", "did"])
    assert await office.states() == ["sent", "stopped", "sent"]


async def test_a_letter_that_no_relay_takes_in_the_end_was_not_written(office: Office) -> None:
    await office.allow()
    await office.ask(office.organiser, await office.target())
    office.kept.refusal = "451 not now"
    await office.run()
    assert await office.written() == (1, 1, ["did"]), "it is tried again"
    for _ in range(12):
        office.clock.forward(days=3)
        await office.run()
    assert await office.states() == ["stopped"]
    assert await office.written() == (0, 0, ["will"])


@pytest.mark.parametrize("how", ["pledged", "stop", "closed", "removed"])
async def test_letters_that_wait_and_are_stopped_were_not_written(office: Office, how: str) -> None:
    await office.allow(per_hour=1)
    target = await office.target()
    for name in ("early", "late"):
        await office.ask(await office.house.person(name), target)
    await office.run()
    assert await office.written() == (2, 2, ["did", "did"])
    if how == "stop":
        await (await office.house.browser()).post(office.stop())
    async with office.house.work.transaction() as tx:
        if how == "pledged":
            await targets.set_status(tx, office.organiser, office.post, target, "pledged", "")
        if how == "closed":
            await calls.edit(tx, office.organiser, office.post, state="closed")
        if how == "removed":
            await targets.remove(tx, office.organiser, office.post, target)
    office.clock.forward(hours=1)
    await office.run()
    assert len(office.kept.mails) == 1
    assert await office.written() == (0 if how == "removed" else 1, 1, ["did", "will"])


async def test_an_answer_that_was_heard_of_stays(office: Office) -> None:
    """Whoever says that the target answered has written, whatever became of the letter from here."""
    await office.allow()
    target = await office.target()
    office.kept.refusal = "550 no such box"
    await office.ask(office.organiser, target)
    async with office.house.work.transaction() as tx:
        await targets.report(tx, office.organiser, office.post, target, answered=True, said="Yes")
    await office.run()
    assert await office.states() == ["stopped"]
    assert await office.written() == (1, 1, ["answered"])


async def test_an_answer_goes_where_the_letter_said(office: Office) -> None:
    """To the address that was shown, whatever its writer has changed since."""
    await office.allow()
    target = await office.target()
    await office.has_address("writer@mail.example")
    async with office.house.work.transaction() as tx:
        shown = await target_mails.preview(
            tx, office.organiser, office.post, target, "Us", reply=True
        )
        assert shown.reply_to == "writer@mail.example"
        await target_mails.ask(
            tx, office.organiser, office.post, target, "Us", reply=True, seen=shown.stamp
        )
    await office.has_address("new@mail.example")
    assert await office.run() == 1
    assert office.kept.mails[0]["Reply-To"] == "writer@mail.example"


@pytest.mark.parametrize(
    ("address", "confirmed", "why"),
    [
        ("writer@mail.example", False, "no confirmed address"),
        ("gärtner@mail.example", True, "cannot come to your address"),
    ],
)
async def test_answers_come_to_an_address_that_is_known_and_that_servers_carry(
    office: Office, address: str, confirmed: bool, why: str
) -> None:
    await office.allow()
    target = await office.target()
    await office.has_address(address, confirmed=confirmed)
    async with office.house.work.transaction() as tx:
        with pytest.raises(Invalid, match=why):
            await target_mails.preview(tx, office.organiser, office.post, target, "Us", reply=True)
        assert await target_mails.preview(
            tx, office.organiser, office.post, target, "Us", reply=False
        )


async def test_a_domain_with_other_letters_is_reached(office: Office) -> None:
    await office.allow()
    await office.ask(office.organiser, await office.target("rat@städtchen.example"))
    assert await office.run() == 1
    assert office.kept.mails[0]["To"] == "rat@xn--stdtchen-1za.example"


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
