"""The weekly digest, through a year and a real relay: never twice, never empty, and never eight at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.calling import calls, drafting
from server.domain.mailing import digests
from server.domain.members import accounts, attention, follows
from server.domain.posting import drafts, posts
from server.domain.tx import Site, Tx, Work
from server.jobs import later
from server.urls import Urls
from storage import attention as choices
from storage import digests as digest_rows
from storage import posts as post_rows
from storage import users
from storage.accounts import Account
from storage.attention import Attention
from storage.calls import Details
from tests.domain.conftest import World
from tests.relay import Kept, relay

BERLIN = Attention(
    "Europe/Berlin", digest_day=6, digest_hour=2
)  # within the hours that clocks change
SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Post:
    world: World
    net: Net
    kept: Kept

    async def member(self, name: str) -> Account:
        async with self.world.work.transaction() as tx:
            user = await users.create(tx.conn, f"{name}@mail.example", None, "member", tx.now)
            return await accounts.create(tx, "person", name, user_id=user.id)

    async def call(self, who: Account, group: Account, title: str, **details: object) -> int:
        starts = self.world.clock.now() + timedelta(days=9)
        details = {"starts_at": starts, "ends_at": None, "timezone": "UTC", **details}
        async with self.world.work.transaction() as tx:
            post = await calls.create(tx, who, group, drafting.Wanted(title, Details(**details)))
        return post.id

    async def run(self) -> None:
        """What is due now."""
        while await later.work_once(self.net):
            pass

    async def until(self, end: datetime) -> None:
        """Go from job to job."""
        clock = self.world.clock
        while True:
            async with self.world.work.reading() as tx:
                at = await tx.conn.fetchval("select min(run_at) from jobs")
            if at is None or at > end:
                break
            clock.forward(seconds=max(0.0, (at - clock.now()).total_seconds()))
            await self.run()
        clock.forward(seconds=(end - clock.now()).total_seconds())


@pytest.fixture
async def post(world: World, free_port: Callable[[], int]) -> AsyncIterator[Post]:
    port = free_port()
    site = Site(Urls("a.example", "https://a.example", "s" * 32), federates=False, mail=True)
    world.work = Work(world.work.pool, world.clock, site)
    known = {"BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}", "BECKON_SMTP_FROM": "n@a.example"}
    async with relay(port) as kept, Egress(EgressConfig("test", None, ())) as egress:
        net = await resolve.open_net(world.work, egress, relay=mail.relay(load(known)))
        yield Post(world, net, kept)


async def river(post: Post) -> tuple[Account, Account, Account]:
    organiser, member = await post.member("organiser"), await post.member("member")
    group = await post.world.community("river", organiser)
    async with post.world.work.transaction() as tx:
        await follows.follow(tx, member, group)
        for person in (organiser, member):
            assert person.user_id
        await attention.choose(tx, member.user_id or 0, BERLIN)
        await choices.put(tx.conn, organiser.user_id or 0, Attention(digest="none"))
        await digests.plan(tx)
    return organiser, member, group


async def test_a_digest_says_what_was_called_what_came_of_it_and_what_is_to_come(
    post: Post,
) -> None:
    organiser, _, group = await river(post)
    first = await post.call(organiser, group, "River clean-up")
    await post.call(organiser, group, "Mend the boats")
    async with post.world.work.transaction() as tx:
        await tx.conn.execute(
            "update calls set outcome = '<p>Ten bags</p>', outcome_at = $2 where post_id = $1",
            first, tx.now + timedelta(hours=1),
        )  # fmt: skip
    await post.until(SINCE + timedelta(days=8))
    (sent,) = post.kept.mails
    assert sent["To"] == "member@mail.example"
    assert "River" in sent["Subject"]
    text = post.kept.text()
    new = text.partition("New:")[2].partition("What came of it:")[0]
    assert new.index("River clean-up") < new.index("Mend the boats")
    assert "River clean-up: Ten bags" in text
    assert "https://a.example/calls/" in text
    assert "To come:" in text
    (link,) = re.findall(r"https://a\.example/unsubscribe/\S+", text)
    assert sent["List-Unsubscribe"] == f"<{link}>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert post.world.work.site.urls.unsubscribing(link.rpartition("/")[2])
    assert post.world.work.site.urls.unsubscribing(link.rpartition("/")[2] + "0") is None


async def test_a_year_of_digests_has_one_for_each_week_with_news(post: Post) -> None:
    organiser, member, group = await river(post)
    for week in range(52):
        if week % 4 != 3:  # nothing is called, and what is to come is over by then
            soon = post.world.clock.now() + timedelta(hours=1)
            await post.call(organiser, group, f"Call {week}", starts_at=soon)
        await post.until(SINCE + timedelta(days=7 * (week + 1)))
    at = [sent["Date"].datetime.astimezone(ZoneInfo("Europe/Berlin")) for sent in post.kept.mails]
    assert len(at) == 39
    assert max(Counter(each.isocalendar()[:2] for each in at).values()) == 1
    assert {each.hour for each in at} <= {2, 3}  # 3: in the night in which there is no 2
    assert {each.weekday() for each in at} == {6}
    async with post.world.work.reading() as tx:
        rows = await tx.conn.fetchval(
            "select count(*) from digests where user_id = $1", member.user_id
        )
    assert rows == 52


async def test_after_a_standstill_there_is_one_and_not_eight(post: Post) -> None:
    organiser, _, group = await river(post)
    await post.until(SINCE + timedelta(days=8))
    await post.call(organiser, group, "Long ago")
    post.world.clock.forward(days=25)
    await post.call(organiser, group, "Not so long ago")
    post.world.clock.forward(days=31)
    await post.run()
    (sent,) = post.kept.mails
    assert "Not so long ago" in sent.get_content()
    assert "Long ago\n" not in sent.get_content()  # beyond what a digest looks back on
    await post.until(post.world.clock.now() + timedelta(days=13))
    assert len(post.kept.mails) == 1


async def test_a_digest_made_twice_is_one(post: Post) -> None:
    organiser, member, group = await river(post)
    await post.call(organiser, group, "River clean-up")
    async with post.world.work.transaction() as tx:
        for _ in range(2):
            await digests.make(tx, member.user_id or 0)
    other_day = Attention("UTC", digest_day=2)
    post.world.clock.forward(days=1)
    async with post.world.work.transaction() as tx:
        await attention.choose(tx, member.user_id or 0, other_day)
        await digests.plan_one(tx, member.user_id or 0)
        await digests.make(tx, member.user_id or 0)
    await post.run()
    assert len(post.kept.mails) == 1


async def test_who_wants_to_hear_nothing_is_sent_nothing(post: Post) -> None:
    organiser, member, group = await river(post)
    await post.call(organiser, group, "River clean-up")
    async with post.world.work.transaction() as tx:
        await attention.set_level(tx, member, group, "nothing")
    await post.until(SINCE + timedelta(days=8))
    async with post.world.work.transaction() as tx:
        await attention.set_level(tx, member, group, "mentions")
        await digests.unsubscribe(tx, member.user_id or 0)
    await post.call(organiser, group, "Mend the boats")
    await post.until(SINCE + timedelta(days=30))
    assert post.kept.mails == []
    async with post.world.work.reading() as tx:
        assert await digest_rows.unplanned(tx.conn, 10, mail=True) == []


async def test_what_was_deleted_meanwhile_is_not_sent(post: Post) -> None:
    organiser, member, group = await river(post)
    made = await post.call(organiser, group, "River clean-up")
    async with post.world.work.transaction() as tx:
        await digests.make(tx, member.user_id or 0)
    async with post.world.work.transaction() as tx:
        found = await post_rows.by_id(tx.conn, made)
        assert found
        await posts.delete(tx, organiser, found)
    await post.run()
    assert post.kept.mails == []


async def test_organisers_are_told_once_for_each_silence(post: Post) -> None:
    organiser, _, group = await river(post)
    async with post.world.work.transaction() as tx:
        await attention.choose(tx, organiser.user_id or 0, Attention())
        await digests.plan(tx)
    await post.until(SINCE + timedelta(days=27))
    assert post.kept.mails == []
    await post.until(SINCE + timedelta(days=90))
    (sent,) = post.kept.mails
    assert sent["To"] == "organiser@mail.example"
    assert "Nobody has written here since Sun 1 Mar 2026" in sent.get_content()
    async with post.world.work.transaction() as tx:
        draft = drafts.Draft(content="<p>Hello</p>", community=group)
        assert await posts.publish(tx, organiser, draft)
    await post.until(SINCE + timedelta(days=150))
    assert [m["To"] for m in post.kept.mails] == ["organiser@mail.example"] * 2


async def test_quiet_hours_hold_a_digest_back(post: Post) -> None:
    organiser, member, group = await river(post)
    await post.call(organiser, group, "River clean-up")
    night = Attention("UTC", 0, 10 * 60, digest_hour=8)
    async with post.world.work.transaction() as tx:
        await attention.choose(tx, member.user_id or 0, night)
        await digests.make(tx, member.user_id or 0)  # at noon: at once
        await tx.conn.execute("delete from digests")
    post.world.clock.forward(hours=20)
    async with post.world.work.transaction() as tx:
        await tx.conn.execute("delete from jobs where kind = 'digest_mail'")
        await digests.make(tx, member.user_id or 0)
        at = await tx.conn.fetchval("select run_at from jobs where kind = 'digest_mail'")
    assert at == SINCE.replace(day=2, hour=10)


@given(
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
    day=st.integers(0, 6),
    hour=st.integers(0, 23),
    minutes=st.integers(0, 366 * 1440),
)
def test_the_next_is_within_a_week(zone: str, day: int, hour: int, minutes: int) -> None:
    chosen = Attention(zone, digest_day=day, digest_hour=hour)
    now = SINCE + timedelta(minutes=minutes)
    found = digests.next_at(chosen, now)
    assert now < found <= now + timedelta(days=7, hours=1)
    assert found.astimezone(ZoneInfo(zone)).weekday() == day
    assert digests.next_at(chosen, found) - found > digests.GAP


async def test_it_can_be_a_direct_post_by_the_server(post: Post) -> None:
    """Also where the server sends no mail; and each person of a user hears of their own communities alone."""
    organiser, member, group = await river(post)
    async with post.world.work.transaction() as tx:
        second = await accounts.create(tx, "person", "second", user_id=member.user_id)
        await attention.choose(tx, member.user_id or 0, Attention(digest="message"))
        await tx.conn.execute("delete from jobs where kind = 'digest'")
        silent = Tx(tx.conn, tx.now, replace(tx.site, mail=False))
        await digests.plan(silent)
        await silent.flush()
    await post.call(organiser, group, "River clean-up")
    await post.until(SINCE + timedelta(days=2))
    assert post.kept.mails == []
    async with post.world.work.reading() as tx:
        said = await tx.conn.fetch(
            "select content from posts where visibility = 'direct' and local"
        )
        told = await tx.conn.fetch(
            "select account_id from notifications where type = 'mention' order by 1"
        )
    (letter,) = said
    assert "River clean-up" in letter["content"]
    assert [row["account_id"] for row in told] == [member.id] != [second.id]
    await post.until(SINCE + timedelta(days=8))
    async with post.world.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from posts where visibility='direct'") == 2
