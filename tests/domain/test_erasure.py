"""After somebody is forgotten, no row of any table says that they were here, but for what is listed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from federation import parse
from server.arriving import drafts as arriving_drafts
from server.domain import notifications, retention
from server.domain.calling import (
    calls,
    calls_elsewhere,
    contacts,
    drafting,
    participations,
    questions,
    tallies,
)
from server.domain.calling.contacts import Typed
from server.domain.groups import communities
from server.domain.mailing import mail_follows, mail_lists, sealed
from server.domain.members import (
    accounts,
    attention,
    farewell,
    follows,
    imports,
    own_archives,
    users,
)
from server.domain.moderating import reports
from server.domain.posting import drafts, marks, polls, posts
from server.domain.tx import Arrived, Tx
from storage import contacts as rows
from storage import digests as digest_rows
from storage import mail_follows as follow_rows
from storage import tallies as tally_rows
from storage.accounts import Account
from storage.attention import Attention
from storage.calls import Details
from storage.mail_follows import MailFollow
from storage.posts import Post
from tests.domain.conftest import World

ADDRESS, NAME = "very.private@mail.example", "Rarename"
COLUMNS = """
    select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
        and not a.attisdropped and a.atttypid in ('text'::regtype, 'bytea'::regtype, 'json'::regtype,
            'jsonb'::regtype, 'text[]'::regtype, 'bigint'::regtype, 'bigint[]'::regtype)
"""
LEFT_OF_AN_ACCOUNT = {
    ("accounts", "id"): "the hollow account, so that nobody else gets its id",
    ("accounts", "uri"): "the same",
    ("accounts", "url"): "the same",
    ("accounts", "username"): "the same: its name is never given to somebody else",
    ("accounts", "inbox"): "the same",
    ("accounts", "outbox"): "the same",
    ("accounts", "followers_uri"): "the same",
    ("accounts", "featured_uri"): "the same",
    ("keys", "id"): "other servers ask for the key with which its Delete is signed",
    ("keys", "account_id"): "the same",
    ("outbox", "account_id"): "the Delete that is sent",
    ("outbox", "about"): "the same",
    ("outbox", "body"): "the same",
    ("outbox", "subject"): "the same",
}


async def found(tx: Tx, *needles: str | bytes | int) -> set[tuple[str, str]]:
    """Every column of every table in which one of these stands, in whatever case or encoding."""
    told = set[tuple[str, str]]()
    for table, column in await tx.conn.fetch(COLUMNS):
        for needle in needles:
            written = needle.hex() if isinstance(needle, bytes) else str(needle)
            for form in {written, written.encode().hex()}:
                seen = await tx.conn.fetchval(
                    f'select exists (select from "{table}" where "{column}"::text ilike $1)',
                    f"%{form}%",
                )
                if seen:
                    told.add((table, column))
    return told


async def call(world: World, *, capacity: int | None = None) -> tuple[Account, Post]:
    organiser = await world.person("organiser")
    garden = await world.community("garden", organiser)
    starts = world.clock.now() + timedelta(days=7)
    details = Details(starts, None, "Europe/Rome", capacity=capacity)
    async with world.work.transaction() as tx:
        wanted = drafting.Wanted("Dig", details, questions=(questions.Asked("Your telephone?"),))
        return garden, await calls.create(tx, organiser, garden, wanted)


async def answered(
    world: World, post: Post, address: str = ADDRESS, *, confirm: bool = True
) -> str:
    """Answer by e-mail; gives the secret of the receipt, or of the link to confirm."""
    typed = Typed(address, "going", NAME, ("555-0199",), ("answer", "news"))
    async with world.work.transaction() as tx:
        await contacts.begin(tx, post, typed)
        newest = await rows.by_id(tx.conn, await tx.conn.fetchval("select max(id) from contacts"))
        assert newest
        secret = await contacts.new_link(tx, newest, "confirm")
        if not confirm:
            return secret
        done = await contacts.confirm(tx, secret)
        return await contacts.new_link(tx, done, "manage")


async def fingerprint(world: World, garden: Account, post: Post) -> bytes:
    async with world.work.transaction() as tx:
        ring = await sealed.ring(tx, garden.id)
        return ring.fingerprint(sealed.plain(ADDRESS), post.id)


async def test_the_search_finds_what_is_there(world: World) -> None:
    """Else the tests below would prove nothing."""
    garden, post = await call(world)
    await answered(world, post)
    mark = await fingerprint(world, garden, post)
    async with world.work.reading() as tx:
        assert ("contacts", "fingerprint") in await found(tx, mark)
        assert ("accounts", "username") in await found(tx, "organiser")
        assert ("posts", "account_id") in await found(tx, world.people["organiser"].id)
        assert await found(tx, ADDRESS, NAME, "555-0199") == set(), "what is sealed is not readable"


async def test_who_takes_an_answer_back_leaves_nothing(world: World) -> None:
    garden, post = await call(world)
    secret = await answered(world, post)
    mark = await fingerprint(world, garden, post)
    async with world.work.transaction() as tx:
        await contacts.withdraw(tx, secret)
    async with world.work.reading() as tx:
        assert await found(tx, ADDRESS, NAME, mark) == set()
        for table in ("contacts", "consents", "contact_links"):
            assert await tx.conn.fetchval(f"select count(*) from {table}") == 0
        states = await tx.conn.fetch("select state, account_id, contact_id from participations")
        assert [tuple(row) for row in states] == [("withdrawn", None, None)]


async def test_a_community_takes_its_key_with_it(world: World) -> None:
    """What a backup still holds of it opens for nobody."""
    garden, post = await call(world)
    await answered(world, post)
    mark = await fingerprint(world, garden, post)
    async with world.work.transaction() as tx:
        await tx.conn.execute("delete from accounts where id = $1", garden.id)
    world.checked = False  # its calls went without a farewell
    async with world.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from community_keys") == 0
        assert await found(tx, mark) == set()


# --- what is kept goes when its time is over


async def count(world: World, rule: str) -> int:
    async with world.work.reading() as tx:
        return await tx.conn.fetchval(rule)


async def forget(world: World, **by: float) -> None:
    world.clock.forward(**by)
    async with world.work.transaction() as tx:
        while await retention.run(tx):
            pass


async def test_an_answer_that_nobody_confirmed_goes_after_two_days(world: World) -> None:
    garden, post = await call(world)
    await answered(world, post, confirm=False)
    mark = await fingerprint(world, garden, post)
    await forget(world, days=2, seconds=-1)
    assert await count(world, "select count(*) from contacts") == 1
    await forget(world, seconds=2)
    async with world.work.reading() as tx:
        assert await found(tx, ADDRESS, NAME, mark) == set()
        assert await tx.conn.fetchval("select count(*) from contact_links") == 0


async def test_contact_data_goes_ninety_days_after_the_call(world: World) -> None:
    garden, post = await call(world)
    await answered(world, post)
    mark = await fingerprint(world, garden, post)
    sealed_rows = "select count(*) from contacts where sealed is not null"
    await forget(world, days=8)  # it was over the day before
    await forget(world, days=89, seconds=-1)
    assert await count(world, sealed_rows) == 1
    await forget(world, seconds=2)
    assert await count(world, sealed_rows) == 0
    async with world.work.reading() as tx:
        assert await found(tx, mark) == set()
    assert await count(world, "select count(*) from participations where state = 'granted'") == 1


async def test_receipts_go_after_a_year_and_the_count_stays(world: World) -> None:
    _, post = await call(world)
    secret = await answered(world, post)
    await forget(world, days=8)
    await forget(world, days=300)
    async with world.work.reading() as tx:
        shown = await contacts.shown(tx, secret, "manage")
    assert shown.person is None
    assert [given.purpose for given in shown.agreed] == ["answer", "news"]
    await forget(world, days=65)
    for table in ("contacts", "consents", "contact_links"):
        assert await count(world, f"select count(*) from {table}") == 0
    assert await count(world, "select confirmed from calls") == 1
    assert await count(world, "select count(*) from participations where state = 'granted'") == 1


async def test_a_call_without_an_end_counts_from_when_it_was_closed(world: World) -> None:
    """And one that is opened again counts anew."""
    organiser = await world.person("organiser")
    garden = await world.community("garden", organiser)
    wanted = drafting.Wanted("Save the tree", Details(None, None, "UTC"), kind="petition")
    async with world.work.transaction() as tx:
        post = await calls.create(tx, organiser, garden, wanted)
        await contacts.begin(tx, post, Typed(ADDRESS, "sign", NAME, agreed=("answer",)))
        made = await rows.by_id(tx.conn, await tx.conn.fetchval("select max(id) from contacts"))
        assert made
        await contacts.confirm(tx, await contacts.new_link(tx, made, "confirm"))
    over = "select count(*) from contacts where over_at is not null"
    await forget(world, days=200)
    assert await count(world, over) == 0
    for state, marked in (("closed", 1), ("open", 0), ("closed", 1)):
        async with world.work.transaction() as tx:
            await calls.edit(tx, organiser, post, state=state)
        await forget(world, days=1)
        assert await count(world, over) == marked
    await forget(world, days=89)
    assert await count(world, "select count(*) from contacts where sealed is not null") == 1
    await forget(world, days=2)
    assert await count(world, "select count(*) from contacts where sealed is not null") == 0


async def test_a_run_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, post = await call(world)
    for number in range(3):
        await answered(world, post, f"n{number}@mail.example", confirm=False)
    monkeypatch.setattr(retention, "BATCH", 2)
    world.clock.forward(days=3)
    async with world.work.transaction() as tx:
        assert await retention.run(tx)
        assert await tx.conn.fetchval("select count(*) from contacts") == 1
        assert not await retention.run(tx)
        assert await tx.conn.fetchval("select count(*) from contacts") == 0


def test_every_rule_says_what_it_does() -> None:
    names = [rule.name for rule in retention.RULES]
    assert len(set(names)) == len(names)
    for rule in retention.RULES:
        assert rule.statement.endswith(".")
        assert rule.after >= timedelta(0)
        days = re.search(r"(\d+) days", rule.statement)
        assert not days or int(days[1]) == rule.after.days


# --- who follows by e-mail


async def followed(world: World) -> tuple[Account, MailFollow]:
    garden, _ = await call(world)
    async with world.work.transaction() as tx:
        await mail_follows.begin(tx, garden, ADDRESS)
        kept = await follow_rows.by_id(tx.conn, 1)
    assert kept
    return garden, kept


async def test_who_stops_the_weekly_mail_leaves_a_mark_that_keeps_lists_away(world: World) -> None:
    """For a year, so that no list of organisers writes to them again; only this server can make it."""
    _, kept = await followed(world)
    async with world.work.transaction() as tx:
        await mail_follows.confirm(tx, mail_follows.token(tx, kept, "confirm"))
        assert await found(tx, ADDRESS) == set(), "what is sealed is not readable"
        assert ("mail_follows", "fingerprint") in await found(tx, kept.fingerprint)
        await mail_follows.stop(tx, mail_follows.token(tx, kept, "stop"))
    async with world.work.reading() as tx:
        assert await found(tx, ADDRESS, kept.sealed) == set()
        assert await found(tx, kept.fingerprint) == {("mail_invitations", "fingerprint")}
        assert await tx.conn.fetchval("select count(*) from mail_follows") == 0


async def test_who_never_confirmed_the_weekly_mail_goes_after_seven_days(world: World) -> None:
    _, kept = await followed(world)
    await forget(world, days=7, seconds=-1)
    assert await count(world, "select count(*) from mail_follows") == 1
    await forget(world, seconds=2)
    async with world.work.reading() as tx:
        assert await found(tx, ADDRESS, kept.fingerprint, kept.sealed) == set()


async def test_of_a_list_a_fingerprint_stays_for_a_year(world: World) -> None:
    garden, _ = await call(world)
    async with world.work.transaction() as tx:
        await mail_lists.upload(tx, world.people["organiser"], garden, ADDRESS)
        await mail_lists.drip(tx, garden.id)
        kept = await follow_rows.by_id(tx.conn, 1)
        assert kept
        await mail_follows.stop(tx, mail_follows.token(tx, kept, "stop"))
    async with world.work.reading() as tx:
        assert await found(tx, ADDRESS, kept.sealed) == set()
        assert await found(tx, kept.fingerprint) == {("mail_invitations", "fingerprint")}
    await forget(world, days=365, seconds=-1)
    assert await count(world, "select count(*) from mail_invitations") == 1
    await forget(world, seconds=2)
    async with world.work.reading() as tx:
        assert await found(tx, kept.fingerprint) == set()


# --- a member who is erased


async def lived(world: World) -> Account:
    """Somebody who left a trace wherever members do."""
    garden, event = await call(world)
    organiser = world.people["organiser"]
    async with world.work.transaction() as tx:
        _, member = await users.register(tx, ADDRESS, "rarehandle", "a password of some length")
        await accounts.edit_profile(tx, member, display_name=NAME, note=f"I am {NAME}")
        await follows.follow(tx, member, garden)
        await follows.follow(tx, member, organiser)
        await follows.follow(tx, organiser, member)
        await participations.answer(tx, member, event, "going", "page")
        said = await posts.publish(tx, member, drafts.Draft(title=NAME, content=NAME, source=NAME))
        own = await posts.publish(tx, organiser, drafts.Draft(content="x", mentions=(member,)))
        options = drafts.PollDraft((("A", 0), ("B", 0)))
        poll = await posts.publish(tx, organiser, drafts.Draft(kind="question", poll=options))
        assert said and own and poll
        await marks.like(tx, organiser, said)
        await marks.like(tx, member, own)
        await marks.boost(tx, member, own)
        await marks.bookmark(tx, member, own, kept=True)
        await polls.vote(tx, member, poll, [0])
        await notifications.choose(tx, member, {"for_not_following": "filter"})
        await reports.report(tx, member, organiser, reports.Complaint(comment=NAME))
        await communities.grant(tx, organiser, garden, member, "moderator")
        assert member.user_id
        await attention.choose(tx, member.user_id, Attention("Europe/Rome"))
        await attention.set_level(tx, member, garden, "everything")
        await digest_rows.begin(tx.conn, member.user_id, mail_follows.week_of(tx.now), tx.now)
        await digest_rows.nudged(tx.conn, [garden.id], member.id, tx.now)
        line = imports.Read(1, ADDRESS, {"list": NAME})
        await imports.check(tx, member, "lists", [line], overwrites=False)
        await own_archives.ask(tx, member)
    return member


async def test_an_erased_member_leaves_what_is_listed_and_nothing_else(world: World) -> None:
    member = await lived(world)
    async with world.work.transaction() as tx:
        assert len(await found(tx, ADDRESS, NAME, "rarehandle", member.id)) > 20
        await tx.conn.execute(
            "update accounts set suspended_at = $2 where id = $1", member.id, tx.now
        )
        await farewell.erase(tx, member)
    async with world.work.reading() as tx:
        assert await found(tx, ADDRESS, NAME) == set()
        left = await found(tx, "rarehandle", member.id)
    assert left == LEFT_OF_AN_ACCOUNT.keys()


async def test_a_signature_that_is_erased_is_taken_off_what_its_server_is_told(
    world: World,
) -> None:
    member = await world.person("member")
    author = await world.stranger("organiser", "b.example")
    uri = "https://b.example/calls/1"
    document = {
        "id": uri, "type": "Page", "attributedTo": author.uri, "name": "Sign", "content": "<p>Sign",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cta:call": {"type": "cta:Call", "kind": "petition"},
    }  # fmt: skip
    value = parse.parse_post(document)
    async with world.work.transaction() as tx:
        post = await calls_elsewhere.receive(
            tx, author, await arriving_drafts.draft_of(tx, author, value), arriving_drafts.details_of(value),
            arriving_drafts.reported_of(value), Arrived(uri, document),
        )  # fmt: skip
        assert post
        await participations.answer(tx, member, post, "sign", "client")
    people: list[int] = []
    for gone in (False, True):
        async with world.work.transaction() as tx:
            await tx.conn.execute("delete from jobs where kind = 'tell_tally'")
            if gone:
                await farewell.erase(tx, member)
            await tallies.tell(tx, post.id)
            told = await tally_rows.of_host(tx.conn, post.id, "")
            assert told
            people.append(told.people)
            assert not gone or await tx.conn.fetchval(
                "select true from jobs where kind = 'tell_tally'"
            )
    assert people == [1, 0]
