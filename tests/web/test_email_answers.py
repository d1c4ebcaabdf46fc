"""Answering with an e-mail address and no account, from the form to the links, through a real relay."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.calling import (
    calls,
    consents,
    deleting,
    next_steps,
    online,
    participations,
    questions,
)
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.domain.groups import affiliations
from server.domain.mailing import mail_budgets
from server.domain.moderating import barriers
from server.jobs import later
from storage import accounts, posts, shift_roles
from storage import calls as call_rows
from storage.accounts import Account
from storage.calls import Details
from storage.next_steps import Next
from storage.online import Online
from storage.posts import Post
from tests.clock import MovableClock
from tests.relay import Kept, relay
from tests.web.house import Browser, House, Seen, open_house

ADDRESS = "neighbour@mail.example"
STAMP = re.compile(r'name="stamp" value="([^"]+)"')
LINK = re.compile(r"https://\S+?(/answers/\S+)")


@dataclass
class Mailing:
    house: House
    clock: MovableClock
    kept: Kept
    net: Net
    organiser: Account
    call: Post
    browser: Browser

    @property
    def path(self) -> str:
        return f"/calls/{self.call.id}"

    async def send(self, *, wait: float = 60, **typed: str) -> Seen:
        """Open the form, take a minute, and send it."""
        page = await self.browser.get(self.path)
        found = STAMP.search(page.text)
        assert found, page.words
        self.clock.forward(seconds=wait)
        form = {"email": ADDRESS, "said": "going", "name": "Neighbour", "agree_answer": "1"}
        return await self.browser.post(
            f"{self.path}/by-email", **{"stamp": found[1], **form, **typed}
        )

    async def mails(self) -> int:
        while await later.work_once(self.net):
            pass
        return len(self.kept.mails)

    async def link(self) -> str:
        """The path of the newest link that was sent."""
        await self.mails()
        found = LINK.search(self.kept.text())
        assert found, self.kept.text()
        return found[1]

    async def confirmed(self, **typed: str) -> str:
        """Answer and confirm; gives the path of the receipt."""
        await self.send(**typed)
        done = await self.browser.post(await self.link())
        assert done.status == 303, done.words
        return done.headers["Location"]

    async def going(self) -> int:
        async with self.house.work.reading() as tx:
            row = await call_rows.by_id(tx.conn, self.call.id)
        assert row
        return row.confirmed

    async def rows(self) -> int:
        async with self.house.work.reading() as tx:
            return await tx.conn.fetchval("select count(*) from contacts")


@pytest.fixture
async def mailing(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Mailing]:
    port = free_port()
    settings = load(
        {
            "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "BECKON_SMTP_FROM": "The valley <noreply@green.example>",
        }
    )
    egress = Egress(EgressConfig("test", None, ()))
    clock = MovableClock()
    async with (
        relay(port) as kept,
        open_house(database_url, mail=True, clock=clock) as house,
    ):
        organiser = await house.person("organiser")
        call = await house.call(organiser, await house.community(organiser))
        net = await resolve.open_net(house.work, egress, relay=mail.relay(settings))
        yield Mailing(house, clock, kept, net, organiser, call, await house.browser())
        await egress.close()


async def test_an_answer_counts_when_its_link_was_opened_and_its_button_pressed(
    mailing: Mailing,
) -> None:
    sent = await mailing.send()
    assert sent.status == 200
    assert "Look into your mail" in sent.words
    assert await mailing.going() == 0
    link = await mailing.link()
    assert mailing.kept.mails[-1]["To"] == ADDRESS
    for _ in range(3):  # programs that look at mail open every link in it
        page = await mailing.browser.get(link)
        assert page.status == 200
        assert "Neighbour" in page.words
        assert "I'm coming" in page.words
        assert page.headers["Cache-Control"] == "private, no-store"
    assert await mailing.going() == 0
    done = await mailing.browser.post(link)
    assert done.status == 303
    assert await mailing.going() == 1
    receipt = await mailing.browser.get(done.headers["Location"])
    assert ADDRESS in receipt.words
    assert (await mailing.browser.post(link)).status == 404, "a link is good once"
    assert await mailing.going() == 1


async def test_the_receipt_takes_it_back(mailing: Mailing) -> None:
    await mailing.confirmed()
    assert await mailing.mails() == 2
    assert "Your answer counts" in mailing.kept.mails[-1]["Subject"]
    link = await mailing.link()
    assert "Take my answer back" in (await mailing.browser.get(link)).words
    assert await mailing.going() == 1, "looking changes nothing"
    gone = await mailing.browser.post(link, act="withdraw")
    assert "Your answer is taken back" in gone.words
    assert (await mailing.going(), await mailing.rows()) == (0, 0)
    assert (await mailing.browser.get(link)).status == 404


async def test_the_page_says_the_same_whoever_answered_before(mailing: Mailing) -> None:
    """Nobody learns from the form who takes part: the mail tells its owner alone."""
    await mailing.confirmed()
    await mailing.mails()
    mailing.clock.forward(hours=2)
    again = await mailing.send(name="Somebody else", said="declined")
    mailing.clock.forward(hours=2)
    new = await mailing.send(email="other@mail.example")
    assert again.words == new.words
    assert again.status == new.status
    await mailing.mails()
    before, newest = sorted(mailing.kept.mails[-2:], key=lambda sent: sent["To"])
    assert (before["To"], newest["To"]) == (ADDRESS, "other@mail.example")
    assert "You have answered already" in before["Subject"]
    assert await mailing.going() == 1
    found = LINK.search(before.get_content())
    assert found
    page = await mailing.browser.get(found[1])
    assert "Somebody else" not in page.words
    assert "I'm coming" in page.words


async def test_one_address_is_one_person_however_it_is_written(mailing: Mailing) -> None:
    await mailing.confirmed()
    mailing.clock.forward(hours=2)
    await mailing.send(email="Neighbour+twice@MAIL.example")
    assert "You have answered already" in mailing.kept.mails[await mailing.mails() - 1]["Subject"]
    assert await mailing.rows() == 1


async def test_a_mailbox_gets_one_mail_an_hour_and_four_a_day(mailing: Mailing) -> None:
    """Whatever strangers type, and however many calls there are."""
    second = await mailing.house.call(mailing.organiser, await mailing.house.community(
        mailing.organiser, "second"))  # fmt: skip
    for _ in range(3):
        assert (await mailing.send()).status == 200
    first, mailing.call = mailing.call, second
    assert (await mailing.send()).status == 200
    mailing.call = first
    assert await mailing.mails() == 1
    mailing.clock.forward(minutes=50)
    await mailing.send()
    assert await mailing.mails() == 1, "within the same hour, whatever the clock strikes"
    for _ in range(8):
        mailing.clock.forward(hours=1)
        await mailing.send()
        await mailing.mails()
    assert await mailing.mails() == 4
    mailing.clock.forward(hours=15)
    await mailing.send()
    assert await mailing.mails() == 5, "a day after the first there is room for one"


async def test_what_was_typed_first_stays_while_its_mail_is_fresh(mailing: Mailing) -> None:
    await mailing.send()
    link = await mailing.link()
    await mailing.send(name="An impostor", said="declined")
    page = await mailing.browser.get(link)
    assert "Neighbour" in page.words
    assert "impostor" not in page.words


async def test_a_link_is_good_for_two_days(mailing: Mailing) -> None:
    await mailing.send()
    link = await mailing.link()
    mailing.clock.forward(hours=49)
    assert (await mailing.browser.get(link)).status == 404
    assert (await mailing.browser.post(link)).status == 404
    assert await mailing.going() == 0


async def test_a_link_of_one_kind_is_none_of_the_other(mailing: Mailing) -> None:
    await mailing.send()
    link = await mailing.link()
    secret = link.rpartition("/")[2]
    assert (await mailing.browser.get(f"/answers/{secret}")).status == 404
    assert (await mailing.browser.post(f"/answers/{secret}", act="withdraw")).status == 404
    assert (await mailing.browser.get("/answers/confirm/" + "x" * 43)).status == 404


@pytest.mark.parametrize(
    ("typed", "status", "why"),
    [
        ({"stamp": ""}, 403, "another day"),
        ({"stamp": "1.0"}, 403, "another day"),
        ({"website": "https://spam.example"}, 403, "another day"),
        ({"agree_answer": ""}, 422, "Without your consent"),
        ({"agree_answer": "x"}, 400, "not one of ours"),
        ({"agree_answer": "2"}, 409, "The text has changed"),
        ({"email": "nobody"}, 422, "not an e-mail address"),
        ({"email": "robot@spam.example"}, 422, "cannot be used here"),
        ({"said": "often"}, 422, "choose an answer"),
        ({"name": "x" * 101}, 422, "at most 100 characters"),
        ({"question_0": "Bread"}, 422, "does not ask so much"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    mailing: Mailing, typed: dict[str, str], status: int, why: str
) -> None:
    async with mailing.house.work.transaction() as tx:
        await barriers.block_email_domain(tx, "spam.example")
    answer = await mailing.send(**typed)
    assert (answer.status, why in answer.words) == (status, True), answer.words
    assert (await mailing.rows(), await mailing.mails()) == (0, 0)


async def test_programs_are_too_fast(mailing: Mailing) -> None:
    assert "faster than anybody reads" in (await mailing.send(wait=1)).words
    assert "another day" in (await mailing.send(wait=90_000)).words
    assert await mailing.rows() == 0


async def test_a_form_of_another_site_is_refused(mailing: Mailing) -> None:
    link = (await mailing.send(), await mailing.link())[1]
    for path in (f"{mailing.path}/by-email", link):
        answer = await mailing.browser.post(path, origin="https://evil.example")
        assert answer.status == 403
    assert await mailing.going() == 0


async def test_a_stamp_is_for_one_call(mailing: Mailing) -> None:
    other = await mailing.house.call(mailing.organiser, await mailing.house.community(
        mailing.organiser, "second"))  # fmt: skip
    page = await mailing.browser.get(f"/calls/{other.id}")
    found = STAMP.search(page.text)
    assert found
    assert (await mailing.send(stamp=found[1])).status == 403


async def test_a_blocked_network_answers_nothing(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        await barriers.block_network(tx, "127.0.0.0/8", "sign_up_block", "", None)
    assert "From your network" in (await mailing.send()).words


async def test_one_network_sends_so_many(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the form, and whoever it writes to: others of the same mail service are not locked out."""
    monkeypatch.setattr(mail_budgets, "PER_NETWORK", ((timedelta(hours=1), 3),))
    seen = [await mailing.send(email=f"n{n}@mail.example", wait=4) for n in range(5)]
    assert [each.status for each in seen] == [200] * 3 + [429] * 2
    assert "from your network" in seen[3].words
    assert 3500 < int(seen[3].headers["Retry-After"]) <= 3600
    async with mailing.house.work.transaction() as tx:
        asked = mail_budgets.Asked("another form", "192.0.2.7")
        assert await mail_budgets.may_mail(tx, "n4@mail.example", asked)
    mailing.clock.forward(hours=1)
    assert (await mailing.send(email="n5@mail.example")).status == 200


async def test_one_form_sends_so_many(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_budgets, "PER_FORM", ((timedelta(hours=1), 1),))
    assert (await mailing.send()).status == 200
    refused = await mailing.send(email="other@mail.example")
    assert (refused.status, "asked for here" in refused.words) == (429, True)
    mailing.call = await mailing.house.call(mailing.organiser, await mailing.house.community(
        mailing.organiser, "second"))  # fmt: skip
    assert (await mailing.send(email="other@mail.example")).status == 200


async def test_many_at_one_mail_service_can_answer(mailing: Mailing) -> None:
    """More than 200 within an hour: a mail service is a million people."""
    for n in range(240):
        async with mailing.house.work.transaction() as tx:
            asked = mail_budgets.Asked("a call", f"192.0.{n}.1")
            assert await mail_budgets.may_mail(tx, f"n{n}@mail.example", asked)
    assert (await mailing.send()).status == 200


async def test_a_call_that_is_over_takes_no_more(mailing: Mailing) -> None:
    await mailing.send()
    link = await mailing.link()
    async with mailing.house.work.transaction() as tx:
        await calls.edit(tx, mailing.organiser, mailing.call, state="cancelled")
    refused = await mailing.browser.post(link)
    assert refused.status == 403
    assert "cancelled" in refused.words
    assert await mailing.going() == 0


async def test_a_full_call_lets_them_wait_and_moves_them_up(
    mailing: Mailing, database_url: str
) -> None:
    async with mailing.house.work.transaction() as tx:
        await tx.conn.execute("update calls set capacity = 1 where post_id = $1", mailing.call.id)
        await participations.answer(tx, mailing.organiser, mailing.call, "going", "page")
    receipt = await mailing.confirmed()
    assert "number 1 on the waiting list" in (await mailing.browser.get(receipt)).words
    async with mailing.house.work.transaction() as tx:
        await participations.withdraw(tx, mailing.organiser, mailing.call)
    assert "You have a place" in (await mailing.browser.get(receipt)).words
    await mailing.mails()
    assert "You have a place" in mailing.kept.mails[-1]["Subject"]


async def test_news_is_a_box_of_its_own_that_is_empty(mailing: Mailing) -> None:
    page = await mailing.browser.get(mailing.path)
    assert page.text.count('type="checkbox"') == 2
    assert "checked" not in page.text
    receipt = await mailing.confirmed(agree_news="1")
    assert "No more news" in (await mailing.browser.get(receipt)).words
    ended = await mailing.browser.post(receipt, act="end_news")
    assert ended.status == 303
    shown = await mailing.browser.get(receipt)
    assert "No more news" not in shown.words
    assert "Taken back" in shown.words
    assert await mailing.going() == 1


async def test_what_was_agreed_to_stays_as_it_was_read(mailing: Mailing) -> None:
    receipt = await mailing.confirmed()
    async with mailing.house.work.transaction() as tx:
        row = await call_rows.by_id(tx.conn, mailing.call.id)
        assert row
        made = await consents.change(
            tx, mailing.organiser, row, "answer", "We keep your address for ever and a day."
        )
        assert made.version == 2
    assert "for ever" not in (await mailing.browser.get(receipt)).words
    assert "for ever and a day" in (await mailing.browser.get(mailing.path)).words
    mailing.clock.forward(hours=2)
    assert (await mailing.send(email="b@mail.example")).status == 409, "it was the old text"
    assert (await mailing.send(email="b@mail.example", agree_answer="2")).status == 200


async def test_without_mail_there_is_no_form(house: House) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    browser = await house.browser()
    assert "by-email" not in (await browser.get(f"/calls/{call.id}")).text


async def test_an_official_organiser_does_not_see_who_takes_part(mailing: Mailing) -> None:
    await mailing.house.answer(await mailing.house.person("member"), mailing.call)
    browser = await mailing.house.browser(mailing.organiser)
    people = f"{mailing.path}/organise/people"
    assert "@member" in (await browser.get(people)).words
    async with mailing.house.work.transaction() as tx:
        await affiliations.declare(tx, mailing.organiser, "official")
    assert (await browser.get(people)).status == 403
    page = await browser.get(mailing.path)
    assert "@member" not in page.words
    assert "Official and commercial accounts do not see who takes part." in page.words
    assert "Official" in (await (await mailing.house.browser()).get("/@organiser")).words


async def test_no_row_holds_an_address_in_the_open(mailing: Mailing) -> None:
    """Neither those who wait nor those who are confirmed, nor the mails that are to be sent."""
    await mailing.send()
    mailing.clock.forward(hours=2)
    await mailing.send(email="second@mail.example", name="Second")
    async with mailing.house.work.reading() as tx:
        for table in ("contacts", "contact_links", "consents", "jobs", "budgets", "lanes"):
            rows = await tx.conn.fetch(f"select t::text from {table} t")
            told = " ".join(row[0] for row in rows)
            for secret in (ADDRESS, "second@mail", "Neighbour", "Second", ADDRESS.encode().hex()):
                assert secret not in told, table


async def test_a_mail_names_what_is_for_who_gets_it(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        await tx.conn.execute("update calls set capacity = 1 where post_id = $1", mailing.call.id)
        await shift_roles.set_note(tx.conn, mailing.call.id, "The key is below the pot.")
        await online.put(tx, mailing.call.id, Online("https://meet.example/room"))
        await participations.answer(tx, mailing.organiser, mailing.call, "going", "page")
    await mailing.confirmed()
    await mailing.mails()
    waits = mailing.kept.text()
    assert "number 1 on the waiting list" in waits
    assert "Online: https://meet.example/room" in waits
    assert "pot" not in waits
    async with mailing.house.work.transaction() as tx:
        await participations.withdraw(tx, mailing.organiser, mailing.call)
    await mailing.mails()
    placed = mailing.kept.text()
    assert "Online: https://meet.example/room" in placed
    assert "Only for those who take part: The key is below the pot." in placed


async def test_a_mail_to_who_has_a_place_at_once_has_the_note(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        await shift_roles.set_note(tx.conn, mailing.call.id, "The key is below the pot.")
    await mailing.confirmed()
    assert "pot" not in mailing.kept.text(), "who has not confirmed has no place"
    await mailing.mails()
    assert "The key is below the pot." in mailing.kept.text()


async def test_guests_come_by_email_as_far_as_they_may(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        await tx.conn.execute("update calls set capacity = 5, guests_max = 2")
    assert (await mailing.send(guests="3")).status == 403
    assert await mailing.rows() == 0
    receipt = await mailing.confirmed(guests="2")
    assert "With you: 2" in (await mailing.browser.get(receipt)).words
    assert await mailing.mails() == 2
    assert "With you: 2" in mailing.kept.text()
    async with mailing.house.work.reading() as tx:
        row = await call_rows.by_id(tx.conn, mailing.call.id)
    assert row
    assert (row.counted, row.taken) == (1, 3)


async def test_the_receipt_changes_who_comes_along(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        await tx.conn.execute("update calls set capacity = 3, guests_max = 2")
    receipt = await mailing.confirmed(guests="1")
    assert "With you: 1" in mailing.kept.text(), "the mail that asks names them"
    for guests, status, taken in (("2", 303, 3), ("0", 303, 1), ("3", 403, 1), ("x", 400, 1)):
        answer = await mailing.browser.post(receipt, act="guests", guests=guests)
        assert answer.status == status, guests
        async with mailing.house.work.reading() as tx:
            row = await call_rows.by_id(tx.conn, mailing.call.id)
        assert row
        assert row.taken == taken
    async with mailing.house.work.transaction() as tx:
        await calls.edit(tx, mailing.organiser, mailing.call, state="closed")
    assert (await mailing.browser.post(receipt, act="guests", guests="1")).status == 403


async def test_the_form_asks_what_the_organisers_ask(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        asked = [questions.Asked("What do you bring?", required=True), questions.Asked("And eat?")]
        await questions.put(tx, mailing.call, asked)
    left_open = await mailing.send(question_1="Nuts")
    assert left_open.status == 422
    assert "What do you bring?" in left_open.words
    too_long = await mailing.send(question_0="x" * 501)
    assert "at most 500 characters" in too_long.words
    assert await mailing.rows() == 0
    receipt = await mailing.confirmed(question_0="Bread", question_1="")
    assert "What do you bring? Bread" in (await mailing.browser.get(receipt)).words
    door = await (await mailing.house.browser(mailing.organiser)).get(f"{mailing.path}/door")
    assert "What do you bring? Bread" in door.words
    assert await mailing.mails() == 2, "nothing is left to ask"


async def test_who_answered_by_email_says_how_it_was(mailing: Mailing) -> None:
    path = await mailing.confirmed()
    assert (await mailing.browser.get(f"{path}/feedback")).status == 403
    async with mailing.house.work.transaction() as tx:
        await calls.edit(tx, mailing.organiser, mailing.call, state="closed")
    assert f"{path}/feedback" in (await mailing.browser.get(path)).text
    form = await mailing.browser.get(f"{path}/feedback")
    assert "read this, without your name" in form.words
    await mailing.browser.post(f"{path}/feedback", good="The tea", again="yes")
    assert (
        "You said something about this already"
        in (await mailing.browser.get(f"{path}/feedback")).words
    )
    twice = await mailing.browser.post(f"{path}/feedback", good="The cake")
    assert twice.status == 409
    mailing.clock.forward(days=15)
    read = await (await mailing.house.browser(mailing.organiser)).get(f"{mailing.path}/feedback")
    assert "The tea" in read.words
    assert ADDRESS not in read.text
    assert (await mailing.browser.get(f"/answers/{'x' * 43}/feedback")).status == 404


async def test_an_address_in_two_shifts_says_once_how_it_was(mailing: Mailing) -> None:
    starts = mailing.clock.now() + timedelta(days=2)
    wanted = Wanted(
        "Soup", Details(None, None, "UTC"), kind="volunteer",
        shifts=(Shift("Morning", starts), Shift("Evening", starts + timedelta(hours=8))),
    )  # fmt: skip
    async with mailing.house.work.transaction() as tx:
        community = await accounts.by_id(tx.conn, mailing.call.community_id or 0)
        assert community
        soup = await calls.create(tx, mailing.organiser, community, wanted)
        below = await posts.by_ids(
            tx.conn, [s.post_id for s in await call_rows.shifts(tx.conn, [soup.id])]
        )
    paths = []
    for mailing.call in below.values():
        paths.append(await mailing.confirmed())
        await mailing.mails()  # the receipt
        mailing.clock.forward(hours=13)  # an address gets so many mails an hour
    async with mailing.house.work.transaction() as tx:
        await calls.edit(tx, mailing.organiser, soup, state="closed")
    first, second = paths
    assert (await mailing.browser.post(f"{first}/feedback", good="The tea")).status == 200
    assert (await mailing.browser.post(f"{second}/feedback", good="The cake")).status == 409


async def test_the_mail_and_the_page_name_the_next_step(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        step = Next(None, "https://union.example/join")
        await next_steps.put(tx, mailing.organiser, mailing.call, step)
    await mailing.confirmed()
    assert await mailing.mails() == 2
    assert "Next: union.example https://union.example/join" in mailing.kept.text()
    member = await mailing.house.person("member")
    browser = await mailing.house.browser(member)
    assert "Next:" not in (await browser.get(mailing.path)).words
    await browser.post(f"{mailing.path}/answer", said="going")
    assert "Next: union.example" in (await browser.get(mailing.path)).words


async def test_a_ballot_by_email_counts_once_its_link_was_opened(mailing: Mailing) -> None:
    async with mailing.house.work.transaction() as tx:
        community = await accounts.by_id(tx.conn, mailing.call.community_id or 0)
        assert community
        wanted = Wanted(
            "When to meet", Details(None, None, "UTC"), kind="decision", variant="ranked",
            options=("Mondays", "Fridays", "Sundays"),
        )  # fmt: skip
        mailing.call = await calls.create(tx, mailing.organiser, community, wanted)
    assert 'name="mark_2"' in (await mailing.browser.get(mailing.path)).text
    marks = {"said": "ballot", "mark_0": "2", "mark_1": "0", "mark_2": "1"}
    twice = await mailing.send(**(marks | {"mark_1": "1"}))
    assert (twice.status, await mailing.rows()) == (422, 0)
    await mailing.send(**marks)
    link = await mailing.link()
    assert "1. Sundays, 2. Mondays" in (await mailing.browser.get(link)).words
    receipt = await mailing.browser.post(link)
    async with mailing.house.work.reading() as tx:
        assert await tx.conn.fetch("select answer, ballot from participations") == [
            ("3", [2, 0, 1])
        ]
    path = receipt.headers["Location"]
    assert "1. Sundays, 2. Mondays" in (await mailing.browser.get(path)).words
    await mailing.browser.post(path, act="withdraw")
    async with mailing.house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(ballot) from participations") == 0


async def test_who_answered_by_mail_hears_of_a_call_that_is_deleted(mailing: Mailing) -> None:
    """The call is gone for everybody at once; the link in the mail shows what is kept, until that goes too."""
    receipt = await mailing.confirmed()
    await mailing.mails()
    async with mailing.house.work.transaction() as tx:
        await deleting.delete(tx, mailing.organiser, mailing.call)
    assert (await mailing.browser.get(mailing.path)).status == 404
    before = len(mailing.kept.mails)
    assert await mailing.mails() == before + 1
    written = mailing.kept.text()
    assert "this is cancelled. It does not take place.\r\n\r\n" in written
    assert mailing.call.url not in written
    assert (await mailing.browser.get(receipt)).status == 200
    assert (await mailing.browser.get(await mailing.link())).status == 200
    mailing.clock.forward(days=deleting.KEEP.days)
    await mailing.mails()
    assert await mailing.rows() == 0
    assert (await mailing.browser.get(receipt)).status == 404
