"""`beckon check` is silent about what the verbs leave behind, and speaks of every kind of fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.decoding.made import File, Made
from server.domain.calling import (
    calls,
    commitments,
    contacts,
    conversions,
    drafting,
    outcomes,
    participations,
    target_mails,
    targets,
)
from server.domain.calling.contacts import Typed
from server.domain.groups import community_settings, documents, joining
from server.domain.mailing import mail_follows, mail_lists
from server.domain.members import follows, lists
from server.domain.posting import drafts, marks, media, polls, posts, quotes, scheduled
from server.domain.posting.composing import Wanted
from storage import check, users
from storage import contacts as contact_rows
from storage import digests as digest_rows
from storage import media as media_rows
from storage import tallies as tally_rows
from storage import targets as target_rows
from storage.accounts import Account
from storage.calls import Details
from storage.tallies import Tally
from storage.target_mails import Mailing
from storage.targets import NewTarget
from tests.domain.conftest import World

# Each breaks one rule by hand, where `fill` has put something to break.
BROKEN = {
    "followers": "update accounts set followers_count = 7 where username = 'gardener'",
    "following": "update accounts set following_count = 7 where username = 'gardener'",
    "posts": "delete from posts where title = '' and kind = 'note' and in_reply_to_id is not null",
    "waiting": "with u as (insert into users (id, email, created_at) values (7, 'x', now()) returning id)"
    " update accounts set user_id = (select id from u) where username = 'gardener'",
    "replies": "update posts set replies_count = 7 where kind = 'question'",
    "quotes": "update posts set quote_state = 'revoked', quote_stamp = null where quote_id is not null",
    "boosts": "delete from posts where reblog_of_id is not null",
    "favourites": "delete from favourites",
    "dislikes": "insert into dislikes (account_id, post_id, created_at)"
    " select account_id, post_id, now() from favourites",
    "votes": "update poll_options set votes_count = 7 where title = 'Spades'",
    "voters": "update polls set voters_count = 7"
    " where post_id = (select id from posts where kind = 'question' limit 1)",
    "places": "update calls set capacity = 2",
    "persons": "with u as (insert into users (id, email, created_at) values (7, 'x', now()) returning id)"
    " update accounts set user_id = (select id from u) where username in ('gardener', 'neighbour')",
    "calls": "delete from calls",
    "promises": "update commitments set state = 'cancelled', said = ''",
    "targets": "update call_targets set status = 'refused'",
    "letters": "delete from jobs where kind = 'target_mails'",
    "decisions": "insert into decision_rules select post_id, 5, 60, true from calls where kind = 'need'",
    "tallies": "update posts set local = false where id in (select post_id from tallies)",
    "contacts": "delete from community_keys",
    "threads": "update posts set thread_id = 7 where in_reply_to_id is not null",
    "quoted": "update posts set quoted_account_id = null where quote_id is not null",
    "files": "update media set post_id = null",
    "lists": "update list_accounts set follow_id = null",
    "own data": "insert into imports (account_id, kind, overwrites, state, created_at)"
    " select id, 'blocks', false, 'running', now() from accounts where username = 'gardener'",
    "conversations": "update conversations set thread_id = 7",
    "notifications": "update notifications set filtered = true",
    "plans": "delete from jobs where kind = 'publish_scheduled'",
    "mail follows": "delete from jobs where kind = 'mail_follow_week'",
    "outreach": "insert into attention_levels (account_id, community_id, level)"
    " select a.id, g.id, 'calls' from accounts a, accounts g where not a.local and g.kind = 'group'",
    "homes": "insert into home_entries (account_id, post_id, subject_id)"
    " select a.id, p.id, p.id from accounts a, posts p where not a.local limit 1",
    "keys": "delete from keys where kind = 'ed25519'",
    "foreign keys": "insert into keys (id, account_id, kind, public, private, fetched_at)"
    " select 'x', id, 'rsa', 'x', 'x', now() from accounts where not local",
    "communities": "delete from communities",
    "call origins": "update call_origins set from_post_id ="
    " (select id from posts where community_id is null limit 1)",
    "call copies": "insert into call_copies (post_id, origin_uri)"
    " select c.post_id, p.uri from calls c join posts p on p.id = c.post_id limit 1",
    "documents": "delete from document_versions",
    "bans": "insert into community_bans (community_id, account_id, created_at)"
    " select f.target_id, f.follower_id, now() from follows f join communities c on c.account_id = f.target_id",
    "invited": "insert into community_invites (community_id, account_id, uri, created_at)"
    " select f.target_id, f.follower_id, 'x' || f.id, now() from follows f join communities c on c.account_id = f.target_id",
    "joins": "update community_joins set answers = '{xyzzy}' where line is null",
    "held": "update posts set removed = 'held' where community_id is not null",
    "removed": "update posts set removed = 'elsewhere' where community_id is not null",
    "members only": "update communities set visibility = 'private', policy = 'request'",
    "histories": "insert into group_histories (account_id, started_at)"
    " select id, now() from accounts where username = 'gardener'",
    "lanes": "delete from lanes",
}
ALSO_BROKEN = [
    ("decisions", "update participations set ballot = '{1,2}'"),
    (
        "promises",
        "update participations set state = 'withdrawn', account_id = null"
        " where id in (select participation_id from commitments)",
    ),
    (
        "promises",
        "insert into call_categories select post_id, 'food' from calls where kind = 'event'",
    ),
    (
        "promises",
        "insert into commitments (participation_id, quantity, state, changed_at)"
        " select participation_id, 1, 'promised', now() from call_letters",
    ),
    ("targets", "update call_targets set uri = 'https://b.example/1'"),
    (
        "targets",
        "insert into call_targets (post_id, name, role, address, area, changed_at)"
        " select post_id, 'x', '', 'x', '', now() from calls where kind = 'need'",
    ),
    (
        "letters",
        "update call_letters set participation_id = (select participation_id from commitments)"
        " where not exists (select from target_mails m where m.participation_id = call_letters.participation_id)",
    ),
    ("letters", "update call_letters set status = 'unsent'"),
    (
        "letters",
        "update participations set state = 'withdrawn', account_id = null"
        " where id in (select participation_id from call_letters)",
    ),
    (
        "decisions",
        "with r as (insert into reasons (participation_id, reason)"
        " select id, 'Mud' from participations where account_id is not null limit 1 returning participation_id)"
        " update participations set state = 'withdrawn', account_id = null where account_id is not null",
    ),
    (
        "decisions",
        "with f as (insert into participation_fields (participation_id, sealed)"
        " select id, 'x' from participations where account_id is not null limit 1 returning participation_id)"
        " update participations set state = 'withdrawn', account_id = null where account_id is not null",
    ),
    (
        "tallies",
        "insert into tallies (post_id, host, seq, own, email, withdrawn, told_at)"
        " select post_id, 'b.example', 1, 1, 0, 0, now() from calls where kind = 'need'",
    ),
    ("files", "delete from media"),
    (
        "files",
        "update outcome_posts set post_id = (select id from posts where title = '' and kind = 'question' limit 1)",
    ),
    (
        "lists",
        "update list_accounts set follow_id = (select id from follows where follow_id <> id limit 1)",
    ),
    (
        "own data",
        "insert into own_archives select id, now(), 'x', null, null, 0 from accounts where username = 'gardener'",
    ),
    (
        "own data",
        "with i as (insert into imports (account_id, kind, overwrites, state, created_at, ended_at)"
        " select id, 'blocks', false, 'done', now(), now() from accounts where username = 'gardener' returning id)"
        " insert into import_lines (import_id, number, subject, options, state, reason, due_at)"
        " select id, 1, 'x', '{}', 'waiting', '', now() from i",
    ),
    (
        "conversations",
        "update conversations set account_id = (select id from accounts where not local)",
    ),
    ("notifications", "update notifications set post_id = null where type = 'favourite'"),
    ("plans", "delete from jobs where kind = 'close_poll'"),
    ("places", "update participations set state = 'refused' where state = 'granted'"),
    ("places", "update calls set confirmed = 0"),
    ("places", "update calls set taken = 7"),
    ("contacts", "update participations set contact_id = null where contact_id is not null"),
    ("places", "update poll_options set votes_count = 7 where position = 1"),
    (
        "places",
        "update calls set secret_until_closed = true, state = 'open' where kind = 'decision'",
    ),
    (
        "joins",
        "update communities set capacity = 9 where account_id in (select community_id from community_joins)",
    ),
    (
        "joins",
        "update community_joins j set line = 99 from follows f"
        " where f.id = j.follow_id and f.accepted_at is not null",
    ),
    ("mail follows", "delete from jobs where kind = 'mail_list'"),
    ("mail follows", "delete from community_keys"),
    ("mail follows", "update communities set visibility = 'private', policy = 'request'"),
    ("outreach", "update digests set week = '2030-W05'"),
    (
        "outreach",
        "insert into quiet_nudges (community_id, account_id, told_at) select c.account_id, a.id, now()"
        " from communities c, accounts a where not a.local",
    ),
    ("lanes", "insert into lanes (queue, key, ready_at) values ('inbox', 'nothing', now())"),
]


async def fill_calls(world: World, gardener: Account, neighbour: Account, garden: Account) -> None:
    """A need with a promise, a decision, and a contact call to which another server told a tally, with letters."""
    plain = Details(None, None, "UTC")
    async with world.work.transaction() as tx:
        need = await calls.create(tx, gardener, garden, drafting.Wanted("Van", plain, kind="need"))
        await commitments.promise(tx, neighbour, need, 1, "Mine is blue")
        path = drafting.Wanted("The path", plain, kind="contact")
        asked = drafting.Wanted("The bench", plain, kind="decision", variant="sense")
        bench = await calls.create(tx, gardener, garden, asked)
        await participations.answer(tx, neighbour, bench, "agree", "client")
        await calls.edit(tx, gardener, bench, state="closed")
        await outcomes.note(tx, gardener, bench, "It stays.")
        call = await calls.create(tx, gardener, garden, path)
        council = NewTarget("Council", "", "council@town.example", "", None)
        await targets.add(tx, gardener, call, council)
        (target,) = await target_rows.of_call(tx.conn, call.id)
        await targets.set_status(tx, gardener, call, target.id, "answered", "")
        await target_mails.allow(tx, gardener, call, Mailing(20, 200, hidden=False))
        for who in (gardener, neighbour):
            shown = await target_mails.preview(tx, who, call, target.id, "Us", reply=False)
            await target_mails.ask(tx, who, call, target.id, "Us", reply=False, seen=shown.stamp)
        await tx.conn.execute(
            "delete from target_mails where id = (select max(id) from target_mails)"
        )
        await tally_rows.put(tx.conn, Tally(call.id, "b.example", 1, 1, 0, 0, tx.now))


async def fill(world: World) -> None:
    """A community with a full call, a poll that was answered, a liked, quoted and boosted thread."""
    gardener, neighbour = await world.person("gardener"), await world.person("neighbour")
    stranger = await world.stranger("visitor", "b.example")
    garden = await world.community("garden", gardener)
    starts = world.clock.now() + timedelta(days=7)
    await fill_up(world, gardener, [neighbour, stranger])
    await fill_calls(world, gardener, neighbour, garden)
    details = Details(starts, None, "Europe/Rome", capacity=1)
    options = drafts.PollDraft((("Spades", 0), ("Rakes", 0)))
    async with world.work.transaction() as tx:
        await follows.follow(tx, stranger, gardener, uri="https://b.example/follows/1")
        call = await calls.create(tx, gardener, garden, drafting.Wanted("Dig", details))
        await participations.answer(tx, gardener, call, "going", "page")
        await participations.answer(tx, neighbour, call, "going", "page")
        await contacts.begin(tx, call, Typed("guest@mail.example", "going", agreed=("answer",)))
        guest = await contact_rows.by_id(tx.conn, 1)
        assert guest
        await contacts.confirm(tx, await contacts.new_link(tx, guest, "confirm"))
        await mail_follows.begin_confirmed(tx, garden, "reader@mail.example", "Write to me.", "en")
        await mail_lists.upload(tx, gardener, garden, "old@mail.example")
        user = await users.create(tx.conn, "cook@mail.example", None, "member", tx.now)
        week = mail_follows.week_of(tx.now)
        assert await digest_rows.begin(tx.conn, user.id, week, tx.now)
        poll = await posts.publish(tx, gardener, drafts.Draft(kind="question", poll=options))
        assert poll
        await polls.vote(tx, neighbour, poll, [0])
        reply = await posts.publish(tx, neighbour, drafts.Draft(in_reply_to=poll))
        assert reply
        await marks.like(tx, gardener, reply)
        await posts.publish(tx, gardener, drafts.Draft(quote=quotes.Quoting(reply)))
        await marks.boost(tx, gardener, reply)
        await follows.follow(tx, neighbour, gardener)
        friends = await lists.create(tx, neighbour, lists.Settings("Friends"))
        await lists.add(tx, neighbour, friends, [gardener.id])
        private = drafts.Draft(visibility="direct", mentions=(neighbour,))
        await posts.publish(tx, gardener, private)
        file = await media.begin(tx, gardener, "image")
        await media_rows.expect(tx.conn, file.id, ["x.png"])
        await media.finish(tx, file.id, Made("image", File("x.png", 4, 2)))
        shown = await media.choose(tx, gardener, [file.id])
        await posts.publish(tx, gardener, drafts.Draft(attachments=shown))
        ends = tx.now + timedelta(days=1)
        brief = drafts.PollDraft((("Yes", 0), ("No", 0)), ends_at=ends)
        await posts.publish(tx, gardener, drafts.Draft(kind="question", poll=brief))
        await scheduled.keep(tx, gardener, Wanted("Later"), ends)
        talk = await posts.publish(
            tx, gardener, drafts.Draft(content="<p>Let us</p>", community=garden)
        )
        assert talk
        await conversions.make_call(tx, gardener, garden, talk, drafting.Wanted("Sow", details))
        await documents.create(tx, gardener, garden, documents.Wanted("Keys", "Under the pot"))


async def fill_up(world: World, gardener: Account, others: list[Account]) -> None:
    """A community with norms and two places: the gardener, who founds it, one member, and one who waits."""
    small = await world.community("shed", gardener)
    async with world.work.transaction() as tx:
        settings = community_settings.Changes(norms="Be kind", capacity=2)
        await community_settings.edit(tx, gardener, small, settings)
    for number, other in enumerate(others):
        async with world.work.transaction() as tx:
            if other.local:
                await joining.join(tx, other, small, joining.Wish(norms=True))
            else:
                await follows.follow(tx, other, small, uri=f"https://b.example/joins/{number}")


async def test_finds_nothing_where_the_verbs_were_at_work(world: World) -> None:
    await fill(world)
    async with world.work.reading() as tx:
        assert await check.faults(tx.conn) == []


@pytest.mark.parametrize(("name", "statement"), [*BROKEN.items(), *ALSO_BROKEN])
async def test_finds_what_was_broken(world: World, name: str, statement: str) -> None:
    await fill(world)
    world.checked = False
    async with world.work.transaction() as tx:
        assert (await tx.conn.execute(statement)).rpartition(" ")[2] != "0", "nothing was broken"
    async with world.work.reading() as tx:
        found = await check.faults(tx.conn)
    assert name in {fault.partition(":")[0] for fault in found}


def test_every_check_was_seen_to_find_something() -> None:
    assert {c.name for c in check.CHECKS} == set(BROKEN)


async def test_tells_no_more_of_a_kind_than_anybody_reads(world: World) -> None:
    for number in range(check.MOST + 1):
        await world.stranger(f"visitor{number}", "b.example")
    world.checked = False
    async with world.work.transaction() as tx:
        await tx.conn.execute("update accounts set posts_count = 1")
    async with world.work.reading() as tx:
        assert len(await check.faults(tx.conn)) == check.MOST
