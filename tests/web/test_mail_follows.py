"""Following a community by e-mail, from the form to the weekly mail and its end, through a real relay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson
import pytest

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.groups.community_settings import Changes, edit
from server.domain.mailing import mail_follows
from server.domain.moderating import barriers
from server.domain.posting import drafts, posts
from server.jobs import later
from storage.accounts import Account
from tests.clock import MovableClock
from tests.relay import Kept, relay
from tests.web.house import Browser, House, Seen, open_house

ADDRESS = "neighbour@mail.example"
STAMP = re.compile(r'name="stamp" value="([^"]+)"')
LINK = re.compile(r"https://\S+?(/by-email/confirm/\S+)")
STOP = re.compile(r"https://\S+?(/by-email/stop/\S+)")


@dataclass
class Door:
    house: House
    clock: MovableClock
    kept: Kept
    net: Net
    organiser: Account
    group: Account
    browser: Browser

    async def send(self, *, wait: float = 60, **typed: str) -> Seen:
        page = await self.browser.get("/@garden")
        found = STAMP.search(page.text)
        assert found, page.words
        self.clock.forward(seconds=wait)
        form = {"stamp": found[1], "email": ADDRESS, **typed}
        return await self.browser.post("/@garden/by-email", **form)

    async def run(self) -> int:
        while await later.work_once(self.net):
            pass
        return len(self.kept.mails)

    def link(self, pattern: re.Pattern[str] = LINK) -> str:
        found = pattern.search(self.kept.text())
        assert found, self.kept.text()
        return found[1]

    async def follows(self, address: str = ADDRESS) -> None:
        await self.send(email=address)
        await self.run()
        assert "You get the weekly mail" in (await self.browser.post(self.link())).words

    async def rows(self, state: str = "confirmed") -> int:
        async with self.house.work.reading() as tx:
            return await tx.conn.fetchval(
                "select count(*) from mail_follows where state = $1", state
            )

    async def says(self, title: str, **more: object) -> None:
        async with self.house.work.transaction() as tx:
            draft = drafts.Draft(
                title=title, content="<p>x</p>", kind="page", community=self.group, **more
            )
            assert await posts.publish(tx, self.organiser, draft)

    async def weeks(self, number: int = 1) -> None:
        """Go to the next Mondays, one after the other."""
        for _ in range(number):
            at = mail_follows.next_at(self.clock.now())
            self.clock.forward(seconds=(at - self.clock.now()).total_seconds() + 1)
            await self.run()


@pytest.fixture
async def door(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Door]:
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
        net = await resolve.open_net(house.work, egress, relay=mail.relay(load(known)))
        yield Door(house, clock, kept, net, organiser, group, await house.browser())
        await egress.close()


async def test_looking_changes_nothing_and_the_button_does(door: Door) -> None:
    sent = await door.send()
    assert "Look into your mail" in sent.words
    assert await door.run() == 1
    link, stop = door.link(), door.link(STOP)
    for path in (link, stop) * 2:  # programs that look at mail open every link in it
        page = await door.browser.get(path)
        assert page.status == 200
        assert page.headers["Cache-Control"] == "private, no-store"
    assert (await door.rows("new"), await door.rows()) == (1, 0)
    for _ in range(2):
        assert "You get the weekly mail" in (await door.browser.post(link)).words
    assert (await door.rows("new"), await door.rows()) == (0, 1)


async def test_each_week_has_one_mail_with_what_was_public(door: Door) -> None:
    await door.house.call(door.organiser, door.group)
    await door.says("Seeds have come")
    await door.follows()
    await door.weeks()
    sent = door.kept.mails[-1]
    assert (sent["To"], sent["Subject"]) == (ADDRESS, "This week in The shared garden")
    assert "Turn the compost" in door.kept.text()
    assert "Seeds have come" in door.kept.text()
    stop = door.link(STOP)
    assert sent["List-Unsubscribe"] == f"<https://green.example{stop}>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    await door.weeks()
    assert len(door.kept.mails) == 2, "a week without news has no mail"
    await door.says("The hens are well")
    await door.weeks()
    assert "The hens are well" in door.kept.text()
    assert "Seeds have come" not in door.kept.text()


async def test_a_year_has_one_mail_for_each_iso_week_with_news(door: Door) -> None:
    await door.follows()
    first = await door.run()
    for week in range(52):
        if week % 4 != 3:
            await door.says(f"News {week}")
        await door.weeks()
        await door.run()
    sent = door.kept.mails[first:]
    assert len(sent) == 39
    weeks = Counter(each["Date"].datetime.isocalendar()[:2] for each in sent)
    assert max(weeks.values()) == 1
    said = re.findall(r"\* News (\d+)", "".join(each.get_content() for each in sent))
    assert [int(n) for n in said] == [n for n in range(52) if n % 4 != 3], "each once"
    assert len({each["Message-ID"] for each in sent}) == 39


async def test_after_a_standstill_there_is_one(door: Door) -> None:
    await door.follows()
    for number in range(6):
        await door.says(f"News {number}")
        door.clock.forward(days=7)
    before = len(door.kept.mails)
    assert await door.run() == before + 1


async def test_a_week_made_twice_is_one_and_a_mail_sent_twice_has_one_id(door: Door) -> None:
    """As after a crash between the relay's answer and ours."""
    await door.follows()
    await door.says("News")
    at = mail_follows.next_at(door.clock.now())
    door.clock.forward(seconds=(at - door.clock.now()).total_seconds())
    async with door.house.work.transaction() as tx:
        for _ in range(3):
            await mail_follows.make(tx, door.group.id)
        jobs = await tx.conn.fetch("select * from jobs where kind = 'mail_follow'")
        assert len(jobs) == 1
    before = await door.run()
    async with door.house.work.transaction() as tx:
        args = {"follow_id": 1, "kind": "week", "since": (at - timedelta(days=7)).isoformat()}
        for lane in ("a", "b"):
            await tx.later(lane, mail_follows.JOB, args | {"until": at.isoformat()}, tx.now)
    assert await door.run() == before + 2
    first, second = door.kept.mails[-2:]
    assert first["Message-ID"] == second["Message-ID"]


async def test_one_click_ends_it_and_the_address_is_gone(door: Door) -> None:
    await door.follows()
    await door.says("News")
    await door.weeks()
    stop = door.link(STOP)
    # As a mail program does it: no cookie, no token, and from anywhere.
    sent = {"List-Unsubscribe": "One-Click"}
    done = await door.browser.post(stop, token="", origin="https://mail.example", **sent)
    assert done.status == 200
    assert (await door.rows(), await door.rows("new")) == (0, 0)
    assert (await door.browser.post(stop)).words == done.words, "once more is no event"
    await door.says("More news")
    before = len(door.kept.mails)
    await door.weeks(3)
    assert len(door.kept.mails) == before


async def test_links_that_are_not_ours_do_nothing(door: Door) -> None:
    await door.follows()
    number, _, seal = door.link(STOP).rpartition("/")[2].partition(".")
    other = door.link().rpartition("/")[2] if LINK.search(door.kept.text()) else ""
    for token in (f"{number}.{'0' * 32}", f"2.{seal}", number, f"{number}.", "x.y", other):
        assert (await door.browser.post(f"/by-email/stop/{token}")).status == 404, token
    assert (await door.browser.post(f"/by-email/confirm/{number}.{seal}")).status == 404
    assert await door.rows() == 1


async def test_the_page_says_the_same_whoever_follows(door: Door) -> None:
    await door.follows()
    door.clock.forward(hours=2)
    again = await door.send(email="Neighbour+tag@MAIL.example")
    door.clock.forward(hours=2)
    new = await door.send(email="other@mail.example")
    assert (again.status, again.words) == (new.status, new.words)
    await door.run()
    told = {each["To"]: each["Subject"] for each in door.kept.mails[-2:]}
    assert told[ADDRESS] == "You get the mail about The shared garden already"
    assert "Was this you?" in told["other@mail.example"]
    assert (await door.rows(), await door.rows("new")) == (1, 1)


@pytest.mark.parametrize(
    ("typed", "status", "why"),
    [
        ({"stamp": ""}, 403, "another day"),
        ({"website": "https://spam.example"}, 403, "another day"),
        ({"email": "nobody"}, 422, "not an e-mail address"),
        ({"email": "robot@spam.example"}, 422, "cannot be used here"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    door: Door, typed: dict[str, str], status: int, why: str
) -> None:
    async with door.house.work.transaction() as tx:
        await barriers.block_email_domain(tx, "spam.example")
    answer = await door.send(**typed)
    assert (answer.status, why in answer.words) == (status, True), answer.words
    assert (await door.rows("new"), await door.run()) == (0, 0)


async def test_programs_strangers_and_floods_are_held_back(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "faster than anybody reads" in (await door.send(wait=1)).words
    for _ in range(4):
        assert (await door.send()).status == 200
    assert await door.run() == 1, "one mail an hour, whoever asks for it"
    evil = await door.browser.post(door.link(), origin="https://evil.example")
    assert evil.status == 403
    assert (await door.browser.post(door.link())).status == 200
    monkeypatch.setattr(mail_follows, "MOST", 1)
    full = await door.send(email="other@mail.example")
    assert (full.status, "More than 1 people" in full.words) == (403, True)
    async with door.house.work.transaction() as tx:
        await barriers.block_network(tx, "127.0.0.0/8", "sign_up_block", "", None)
    assert "From your network" in (await door.send()).words


async def test_addresses_that_nobody_confirms_lock_nobody_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_follows, "MOST", 1)
    monkeypatch.setattr(mail_follows, "MOST_NEW", 2)
    for number in range(3):
        await door.send(email=f"typed{number}@mail.example")
    assert await door.rows("new") == 2, "the oldest fell out"
    await door.run()
    await door.follows()
    assert (await door.rows(), await door.rows("new")) == (1, 1)
    await door.send(email="late@mail.example")
    assert await door.rows("new") == 1, "one is the limit of those who confirmed"
    first = next(each for each in door.kept.mails if each["To"] == "typed2@mail.example")
    found = LINK.search(first.get_content())
    assert found
    assert (await door.browser.post(found[1])).status == 403
    assert await door.rows() == 1


async def test_a_link_to_confirm_is_good_for_seven_days(door: Door) -> None:
    await door.send()
    await door.run()
    link = door.link()
    door.clock.forward(days=7, seconds=1)
    assert (await door.browser.get(link)).status == 404
    assert (await door.browser.post(link)).status == 404
    assert await door.rows() == 0


async def test_who_is_refused_three_times_is_forgotten(door: Door) -> None:
    await door.follows()
    for week in range(2):
        door.kept.refusal = "550 Nobody here"
        await door.says(f"News {week}")
        await door.weeks()
    assert await door.rows() == 1
    door.kept.refusal = ""
    await door.says("It works again")
    await door.weeks()
    door.kept.refusal = "550 Nobody here"
    for week in range(3):
        assert await door.rows() == 1, "in a row"
        await door.says(f"More news {week}")
        await door.weeks()
    assert await door.rows() == 0


async def test_an_address_that_takes_no_mail_is_not_kept(door: Door) -> None:
    door.kept.refusal = "550 Nobody here"
    await door.send()
    await door.run()
    assert await door.rows("new") == 0


async def test_a_private_community_has_no_form_and_loses_its_followers(door: Door) -> None:
    await door.send()
    await door.run()
    link = door.link()
    async with door.house.work.transaction() as tx:
        await edit(tx, door.organiser, door.group, Changes(visibility="private", policy="request"))
        assert await tx.conn.fetchval("select count(*) from mail_follows") == 0
    assert "by-email" not in (await door.browser.get("/@garden")).text
    assert (await door.browser.post(link)).status == 404
    assert (await door.browser.post("/@garden/by-email", email=ADDRESS)).status in (403, 404)


async def test_what_is_for_few_is_in_no_mail(door: Door) -> None:
    await door.follows()
    await door.says("For followers", visibility="private")
    await door.says("For nobody", visibility="direct")
    before = len(door.kept.mails)
    await door.weeks()
    assert len(door.kept.mails) == before


async def test_news_that_were_agreed_to_with_an_answer_come(door: Door) -> None:
    call = await door.house.call(door.organiser, door.group)
    page = await door.browser.get(f"/calls/{call.id}")
    stamp = STAMP.search(page.text)
    assert stamp
    door.clock.forward(seconds=60)
    typed = {"email": ADDRESS, "said": "going", "agree_answer": "1", "agree_news": "1"}
    await door.browser.post(f"/calls/{call.id}/by-email", stamp=stamp[1], **typed)
    await door.run()
    assert await door.rows() == 0, "nothing before the button"
    found = re.search(r"https://\S+?(/answers/\S+)", door.kept.text())
    assert found
    receipt = (await door.browser.post(found[1])).headers["Location"]
    assert await door.rows() == 1
    await door.weeks()
    assert door.kept.mails[-1]["Subject"] == "This week in The shared garden"
    await door.browser.post(receipt, act="end_news")
    assert await door.rows() == 0


async def test_no_row_holds_an_address_in_the_open(door: Door) -> None:
    await door.follows()
    await door.says("News")
    async with door.house.work.reading() as tx:
        for table in ("mail_follows", "mail_invitations", "jobs", "budgets", "lanes"):
            rows = await tx.conn.fetch(f"select t::text from {table} t")
            told = " ".join(row[0] for row in rows)
            assert ADDRESS not in told, table
            assert ADDRESS.encode().hex() not in told, table


async def test_the_api_is_another_door_to_the_same(door: Door) -> None:
    path = f"/api/beckon/v1/communities/{door.group.id}/by_email"
    form = orjson.loads((await door.browser.get(path)).text)
    assert "Nobody else learns it" in form["statement"]
    early = await door.browser.post(path, email=ADDRESS, stamp=form["stamp"])
    assert early.status == 403
    door.clock.forward(seconds=60)
    for given, status in (({}, 403), ({"stamp": form["stamp"], "website": "x"}, 403)):
        assert (await door.browser.post(path, email=ADDRESS, **given)).status == status
    assert await door.run() == 0
    sent = await door.browser.post(path, email=ADDRESS, stamp=form["stamp"])
    assert (sent.status, sent.text) == (200, "{}")
    assert await door.run() == 1
    async with door.house.work.transaction() as tx:
        await edit(tx, door.organiser, door.group, Changes(visibility="private", policy="request"))
    assert (await door.browser.get(path)).status == 404
    refused = await door.browser.post(path, email="b@mail.example", stamp=form["stamp"])
    assert refused.status == 404
    listed = await door.browser.get(path.replace("by_email", "mail_list"))
    assert listed.status == 401


async def test_a_secret_link_is_in_no_log(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the log could press the button, or join, in somebody else's place."""
    await door.send()
    await door.run()
    confirm, stop = door.link(), door.link(STOP)
    digest = door.house.work.site.urls.unsubscribe(1).partition("/unsubscribe/")[2]
    paths = (confirm, stop, f"/unsubscribe/{digest}", "/join/abcdefghijk-secret")
    for path in paths:
        await door.browser.get(path)
    said = capsys.readouterr()
    log = said.out + said.err
    assert "/by-email/stop/{token}" in log
    assert [path for path in paths if path.rpartition("/")[2] in log] == []
