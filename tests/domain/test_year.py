"""A year of one community, day by day, by a clock that is moved and through a real relay.

What repeats, reminds, gathers and forgets is tested by itself elsewhere. Here all of it runs at once, as it does on a
server that nobody looks after but the organiser: a supper each Sunday in Rome, whose clocks change twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from server.domain import retention
from server.domain.calling import attendance, call_series, calls, contacts, outcomes
from server.domain.calling.contacts import Typed
from server.domain.calling.drafting import Wanted
from server.domain.mailing import mail_follows
from server.domain.members import accounts, attention, follows
from server.domain.tx import Site, Work
from server.jobs import later
from server.urls import Urls
from storage import call_series as series_rows
from storage import calls as call_rows
from storage import check, users
from storage import contacts as contact_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.attention import Attention
from storage.calls import Call, Details
from storage.posts import Post
from tests.domain.conftest import World
from tests.domain.happening import ADDRESS, Around, at_work
from tests.domain.test_calls import say

ROME = ZoneInfo("Europe/Rome")
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(
    2026, 3, 8, 18, 30, tzinfo=ROME
)  # a Sunday, and so are the days of both clock changes
DAYS = 376
"""A year behind the first supper, and a little."""
DAY = timedelta(days=1)
FOLLOWER = "follower@mail.example"
MEMBERS = {
    "quiet": Attention("Europe/Berlin", 22 * 60, 7 * 60, "mail", digest_day=6, digest_hour=2),
    "mailed": Attention("UTC", digest="mail"),
    "messaged": Attention("UTC", digest="message"),
}
MOVED, CANCELLED = 5, 9
"""Of the suppers, counted from the first, which is 0."""
SILENT_FROM, AWAKE = 250, 330
"""The days between which the organisers do not answer whether it goes on."""
ABOUT = re.compile(r"/calls/(\d+)")


@dataclass
class Supper:
    post: Post
    at: datetime  # by the clock on the wall in Rome
    over: datetime
    answered: bool = False
    changed: bool = False
    mailed: int = 0  # the contact who answered by e-mail


@dataclass
class Year:
    around: Around
    organiser: Account
    group: Account
    series: int
    members: dict[str, Account]
    voter: Account
    suppers: list[Supper] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.around.world.clock.now()

    async def until(self, end: datetime) -> None:
        """From job to job: a worker that is never late. Files of other servers are cleaned up beside."""
        clock = self.around.world.clock
        while True:
            async with self.around.world.work.reading() as tx:
                at = await tx.conn.fetchval(
                    "select min(run_at) from jobs where kind <> 'clean_cache'"
                )
            if at is None or at > end:
                break
            clock.forward(seconds=max(0.0, (at - clock.now()).total_seconds()))
            await self.around.work()
        clock.forward(seconds=(end - clock.now()).total_seconds())

    async def look(self) -> list[Call]:
        """The calls of the series, the new ones noted."""
        async with self.around.world.work.reading() as tx:
            rows = await tx.conn.fetch("select post_id from call_occurrences order by post_id")
            known = await call_rows.by_ids(tx.conn, [row["post_id"] for row in rows])
            posts = await post_rows.by_ids(tx.conn, list(known))
        for post_id in sorted(known)[len(self.suppers) :]:
            call = known[post_id]
            assert call.starts_at
            assert call.ends_at
            supper = Supper(posts[post_id], call.starts_at.astimezone(ROME), call.ends_at)
            self.suppers.append(supper)
        return [known[supper.post.id] for supper in self.suppers]

    async def letters(self, to: Account) -> list[tuple[datetime, str, bool]]:
        """When, what, and whether the server itself wrote it."""
        async with self.around.world.work.reading() as tx:
            rows = await tx.conn.fetch(
                "select p.published_at, p.source, a.kind = 'application' as own from posts p"
                " join post_mentions m on m.post_id = p.id join accounts a on a.id = p.account_id"
                " where m.account_id = $1 and p.visibility = 'direct' order by p.id",
                to.id,
            )
        away = await self.around.sent(to)
        return [tuple(row) for row in rows] + [(at, f" {said}", False) for at, said in away]

    def mails(self, to: str, subject: str = "") -> list[EmailMessage]:
        kept = self.around.kept.mails
        return [m for m in kept if m["To"] == to and m["Subject"].startswith(subject)]


@pytest.fixture
async def year(world: World, free_port: Callable[[], int]) -> AsyncIterator[Year]:
    urls = Urls("a.example", "https://a.example", "s" * 32)
    site = Site(urls, federates=True, mail=True, secret=world.work.site.secret)
    world.work = Work(world.work.pool, world.clock, site)
    async with at_work(world, free_port()) as around:
        yield await begun(around)


async def begun(around: Around) -> Year:
    world = around.world
    organiser = await member(world, "organiser", Attention(digest="none"))
    group = await world.community("kitchen", organiser)
    members = {name: await member(world, name, chosen) for name, chosen in MEMBERS.items()}
    voter = await world.stranger("voter", "mastodon.example")
    starts = FIRST.astimezone(UTC)
    details = Details(starts, starts + timedelta(hours=2), "Europe/Rome", "The kitchen")
    async with world.work.transaction() as tx:
        for person in members.values():
            await follows.follow(tx, person, group)
        await later.plan(tx)
        wanted = Wanted("Supper for all", details, "Bring a plate.")
        series = await call_series.create(tx, organiser, group, wanted, "FREQ=WEEKLY;BYDAY=SU")
        await mail_follows.begin(tx, group, FOLLOWER)
        follow = await mail_follows.keep(tx, group, FOLLOWER, "form")
        await mail_follows.confirm(tx, mail_follows.token(tx, follow, "confirm"))
    return Year(around, organiser, group, series.id, members, voter)


async def member(world: World, name: str, chosen: Attention) -> Account:
    async with world.work.transaction() as tx:
        user = await users.create(tx.conn, f"{name}@mail.example", None, "member", tx.now)
        await attention.choose(tx, user.id, chosen)
        return await accounts.create(tx, "person", name, user_id=user.id)


# What people do


async def everybody_answers(year: Year, supper: Supper) -> None:
    for person in year.members.values():
        await say(year.around.world, person, supper.post, "going", "client")
    await say(year.around.world, year.voter, supper.post, "going", "card")
    async with year.around.world.work.transaction() as tx:
        await contacts.begin(tx, supper.post, Typed(ADDRESS, "going", agreed=("answer",)))
        supper.mailed = await tx.conn.fetchval("select max(id) from contacts")
        found = await contact_rows.by_id(tx.conn, supper.mailed)
        assert found
        await contacts.confirm(tx, await contacts.new_link(tx, found, "confirm"))
        # And one whose mail is never opened.
        await contacts.begin(
            tx, supper.post, Typed("nobody@mail.example", "going", agreed=("answer",))
        )
        await mail_follows.begin(tx, year.group, "nobody@mail.example")
    supper.answered = True


async def change_or_cancel(year: Year, number: int) -> None:
    """On the Wednesday before."""
    supper, world = year.suppers[number], year.around.world
    supper.changed = True
    async with world.work.transaction() as tx:
        if number == CANCELLED:
            await calls.edit(tx, year.organiser, supper.post, state="cancelled")
            supper.over = tx.now
            return
        supper.at = (supper.at + DAY).replace(hour=19, minute=0)
        supper.over = supper.at.astimezone(UTC) + timedelta(hours=2)
        details = Details(supper.at.astimezone(UTC), supper.over, "Europe/Rome", "The kitchen")
        wanted = Wanted("Supper for all", details, "Bring a plate.")
        await calls.edit(tx, year.organiser, supper.post, wanted=wanted)


async def after(year: Year, number: int) -> None:
    """On the second day after: who came, and every other time what came of it."""
    supper = year.suppers[number]
    async with year.around.world.work.transaction() as tx:
        for line in await attendance.at_door(tx, year.organiser, supper.post):
            await attendance.record(tx, year.organiser, supper.post, line.given.id, attended=True)
        if number % 2 == 0:
            await outcomes.note(tx, year.organiser, supper.post, f"Soup number {number}.")


async def live(year: Year, day: int) -> None:
    """What people do at noon of a day."""
    for number, supper in enumerate(list(year.suppers)):
        ahead = (supper.at.date() - year.now.date()).days
        if ahead == 6:
            await everybody_answers(year, supper)
        if ahead == 4 and number in (MOVED, CANCELLED) and not supper.changed:
            await change_or_cancel(year, number)
        if ahead == -2 and supper.answered and number != CANCELLED:
            await after(year, number)
    async with year.around.world.work.transaction() as tx:
        series = await series_rows.by_id(tx.conn, year.series)
        assert series
        asked = series.asked_at is not None and series.state == "running"
        if asked and (not year.asked or year.asked[-1] + call_series.PATIENCE.days < day):
            year.asked.append(day)
            if day < SILENT_FROM:
                await call_series.confirm(tx, year.organiser, year.series)
        if day == AWAKE:
            await call_series.confirm(tx, year.organiser, year.series)


# What holds on each day


async def look_ahead(year: Year) -> str:
    async with year.around.world.work.reading() as tx:
        series = await series_rows.by_id(tx.conn, year.series)
        found = await series_rows.ahead(tx.conn, year.series, tx.now)
    assert series
    called_off = sum(
        s.at > year.now and n == CANCELLED and s.over < s.at for n, s in enumerate(year.suppers)
    )
    if series.state == "running":
        assert len(found) == 3 - called_off
    return series.state


async def look_at_what_is_kept(year: Year) -> None:
    """Contact data for 90 days behind the end, that somebody answered for a year; the rule is carried out daily."""
    async with year.around.world.work.reading() as tx:
        rows = await tx.conn.fetch("select id, sealed is not null as told from contacts")
        assert await tx.conn.fetchval("select count(*) from jobs where attempts > 0") == 0
        assert (
            await tx.conn.fetchval("select count(*) from jobs where run_at < $1", tx.now - DAY) == 0
        )
    kept = {row["id"]: row["told"] for row in rows}
    for supper in year.suppers:
        if supper.mailed:
            since = (year.now - supper.over) / DAY
            assert (supper.mailed in kept) or since > 365
            assert (supper.mailed not in kept) or since < 366 + 1
            told = kept.get(supper.mailed, False)
            assert told or since > 90
            assert not told or since < 90 + 2


# What holds in the end


def times(supper: Supper) -> dict[str, datetime]:
    """At the same hour a day before, and at eight in the morning, by the clock on the wall."""
    morning = supper.at.replace(hour=8, minute=0)
    return {"A reminder of what is soon": supper.at - DAY, "Today": morning}


def reminded(letters: list[tuple[datetime, str, bool]]) -> Counter[tuple[int, str, datetime]]:
    return Counter(
        (int(ABOUT.findall(what)[-1]), said, at.astimezone(ROME))
        for at, what, _ in letters
        for said in ("A reminder of what is soon", "Today")
        if f" {said}: " in what
    )


async def check_reminders(year: Year) -> None:
    due = [
        s for n, s in enumerate(year.suppers) if s.answered and n != CANCELLED and s.over < year.now
    ]
    expected = Counter((s.post.id, said, at) for s in due for said, at in times(s).items())
    assert len(due) > 40
    for person in (*year.members.values(), year.voter):
        assert reminded(await year.letters(person)) == expected, person.username
    mails = [
        (m["Date"].datetime, f" {said}: ", m)
        for said in ("A reminder", "Today")
        for m in year.mails(ADDRESS, f"{said}: ")
    ]
    by_mail = Counter(
        (int(ABOUT.findall(m.get_content())[0]), at.astimezone(ROME)) for at, _, m in mails
    )
    assert by_mail == Counter((post_id, at) for post_id, _, at in expected)


async def check_news_of_suppers(year: Year) -> None:
    """What was moved and called off is told once; the organiser is asked twice what came of each."""
    moved, cancelled = year.suppers[MOVED].post.id, year.suppers[CANCELLED].post.id
    for person in year.members.values():
        told = [what for _, what, _ in await year.letters(person)]
        assert [int(ABOUT.findall(w)[-1]) for w in told if "Time or place have changed" in w] == [
            moved
        ]
        assert [int(ABOUT.findall(w)[-1]) for w in told if "Cancelled: " in w] == [cancelled]
    for subject, post_id in (("Time or place have changed", moved), ("Cancelled", cancelled)):
        (sent,) = year.mails(ADDRESS, subject)
        assert int(ABOUT.findall(sent.get_content())[0]) == post_id
    letters = [what for _, what, _ in await year.letters(year.organiser)]
    asked = Counter(int(ABOUT.findall(w)[-1]) for w in letters if "What came of it?" in w)
    over = [(n, s) for n, s in enumerate(year.suppers) if s.over < year.now - timedelta(days=11)]
    expected = {s.post.id: 2 for n, s in over if n != CANCELLED and (n % 2 or not s.answered)}
    recent = {s.post.id for s in year.suppers[len(over) :]}
    assert {i: n for i, n in asked.items() if i not in recent} == expected
    assert sum("Does it go on?" in what for what in letters) == len(year.asked)
    assert sum("repeats no more" in what for what in letters) == 1


def weeks_of(at: list[datetime], zone: ZoneInfo) -> Counter[tuple[int, int]]:
    return Counter(each.astimezone(zone).isocalendar()[:2] for each in at)


async def check_digests(year: Year) -> None:
    """One a week at most, none of them empty, and none in the weeks in which nothing was to be said."""
    utc = ZoneInfo("UTC")
    subject = "This week in"
    sent = {
        name: [(m["Date"].datetime, m.get_content()) for m in year.mails(address, subject)]
        for name, address in (
            ("quiet", "quiet@mail.example"), ("mailed", "mailed@mail.example"), ("follower", FOLLOWER),
        )
    }  # fmt: skip
    letters = await year.letters(year.members["messaged"])
    sent["messaged"] = [(at, what) for at, what, own in letters if own]
    for name, digests in sent.items():
        weeks = weeks_of([at for at, _ in digests], BERLIN if name == "quiet" else utc)
        assert max(weeks.values()) == 1, name
        assert 40 <= len(digests) < DAYS / 7 - 2, name
        for _, said in digests:
            assert re.search(r"^(New|What came of it|To come|Said)[:,]", said, re.MULTILINE), (
                name,
                said,
            )
    hours = {at.astimezone(BERLIN).hour for at, _ in sent["quiet"]}
    assert hours == {7}, "what was ready at two waits for the end of the quiet hours"
    assert "messaged@mail.example" not in {m["To"] for m in year.around.kept.mails}


async def check_nothing_is_too_old(year: Year) -> None:
    async with year.around.world.work.transaction() as tx:
        for rule in retention.RULES:
            before = tx.now - rule.after - 2 * DAY
            assert await rule.forget(tx.conn, before, retention.BATCH) == 0, rule.name
        for table in (
            "attendances",
            "contacts",
            "contact_links",
        ):  # something is there to be forgotten
            assert await tx.conn.fetchval(f"select count(*) from {table}") > 0, table
        waiting = await tx.conn.fetch("select attempts from jobs")
    assert {row["attempts"] for row in waiting} == {0}
    async with year.around.world.work.pool.acquire() as conn:
        assert await check.faults(conn) == []


async def test_a_year_of_one_community(year: Year) -> None:
    begun_at = year.now
    states: list[str] = []
    with capture_logs() as logged:
        await year.look()
        for day in range(1, DAYS + 1):
            await year.until(begun_at + day * DAY)
            await year.look()
            states.append(await look_ahead(year))
            await look_at_what_is_kept(year)
            await live(year, day)
            await year.around.work()
    assert [line for line in logged if line["event"] in ("job.failed", "job.dropped")] == []
    assert year.asked[:3] == [91, 182, 273]
    paused = [day for day, state in enumerate(states, 1) if state == "paused"]
    assert paused == list(range(287, AWAKE + 1))
    assert {f"{s.at:%a %H:%M}" for n, s in enumerate(year.suppers) if n != MOVED} == {"Sun 18:30"}
    assert {s.at.utcoffset() for s in year.suppers} == {timedelta(hours=1), timedelta(hours=2)}
    await check_reminders(year)
    await check_news_of_suppers(year)
    await check_digests(year)
    await check_nothing_is_too_old(year)
