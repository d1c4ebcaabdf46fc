"""An instance in one file: a used one comes back row by row, and nothing else comes in."""

from __future__ import annotations

import asyncio
import gzip
import io
import shutil
import tarfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from federation import keys, proofs
from server import backup, blobs, keeper, run
from server.backup import BackupError
from server.clock import Clock
from server.config import Settings, load
from server.decoding.made import File, Made
from server.domain import effects, notifications
from server.domain.calling import (
    call_templates,
    calls,
    contacts,
    conversions,
    drafting,
    participations,
    starting,
    templates,
)
from server.domain.groups import (
    communities,
    community_archives,
    community_settings,
    documents,
    joining,
    post_notes,
    proposals,
    roles,
    ties,
)
from server.domain.mailing import mail_follows, mail_lists, mails
from server.domain.members import accounts as people
from server.domain.members import (
    attention,
    featured,
    follower_sync,
    follows,
    lists,
    mutes,
    oauth,
    preferences,
    push,
    scopes,
    sign_up,
    subscriptions,
    users,
)
from server.domain.members import people as people_verbs
from server.domain.moderating import (
    announcements,
    appeals,
    ban_lists,
    barriers,
    domain_blocks,
    filters,
    group_moderation,
    hold_rules,
    host_allows,
    host_blocks,
    reports,
)
from server.domain.moderating.group_moderation import Steward
from server.domain.moderating.host_blocks import Terms
from server.domain.posting import dislikes, drafts, marks, media, polls, posts, scheduled
from server.domain.posting.composing import Wanted as Later
from server.domain.tx import Site, Tx, Work
from server.errors import SettingsError
from server.sealing import Secret
from server.urls import Urls
from storage import (
    accounts,
    budgets,
    cards,
    db,
    group_properties,
    group_readers,
    group_votes,
    histories,
    instance,
    migrate,
    notification_requests,
    receipts,
    status,
    suggestions,
    threads,
)
from storage import appeals as appeal_rows
from storage import contacts as contact_rows
from storage import digests as digest_rows
from storage import group_moderation as moderation_rows
from storage import media as media_rows
from storage import tags as tag_rows
from storage.accounts import Account, Profile
from storage.attention import Attention
from storage.calls import Details
from storage.pushes import Wanted
from storage.timelines import Page
from tests.conftest import database_of, fresh_database

DOMAIN = "beckon.example"
SECRET = Secret(b"a secret of thirty-two bytes ...")
BASE = f"https://{DOMAIN}"
PHOTO = "ab" * 16 + ".png"
PLANNED = "cd" * 16 + ".png"
PIXELS = bytes(range(256)) * 5000
REMOTE_KEY = keys.public_pem(keys.generate_rsa().public_key())
ALL_TABLES = (
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
)
RULES = """
    select conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2
"""


def settings(database_url: str, data: Path, **others: str) -> Settings:
    given = {
        "BECKON_DOMAIN": DOMAIN,
        "BECKON_DATA": str(data),
        "BECKON_SECRET": keeper.write(SECRET),
        "DATABASE_URL": database_url,
    }
    return load(given | others)


def remote(name: str, host: str) -> Profile:
    uri = f"https://{host}/users/{name}"
    return Profile(
        username=name,
        url=f"https://{host}/@{name}",
        inbox=f"{uri}/inbox",
        shared_inbox=f"https://{host}/inbox",
        followers_uri=f"{uri}/followers",
        display_name=f"{name} \t\\N of {host}\n",
    )


async def met(tx: Tx, name: str, host: str) -> Account:
    uri = f"https://{host}/users/{name}"
    key = people.PublicKey(f"{uri}#main-key", "rsa", REMOTE_KEY)
    return await people.remember(tx, uri, host, "person", remote(name, host), [key], None)


async def use(work: Work) -> None:
    """Leave a trace in as many tables as the verbs reach."""
    async with work.transaction() as tx:
        await instance.create(tx.conn, DOMAIN, DOMAIN, b"\x00\\digest\xff", tx.now)
        await instance.note_backup(tx.conn, instance.Backup(tx.now, "/somewhere/before.tar.gz", 7))
        await people.instance_actor(tx)
        _, gardener = await users.register(tx, "gardener@beckon.example", "gardener", "a password")
        _, baker = await users.register(tx, "baker@beckon.example", "baker", None)
        far = await met(tx, "organiser", "far.example")
        community = await communities.create(
            tx, gardener, "river", "River clean-up", rules=['Be "kind"', "{x},\\"]
        )
        await follows.follow(tx, far, community, uri="https://far.example/follows/1")
        await follows.follow(tx, baker, community)
        await communities.invite(tx, gardener, community, await met(tx, "guest", "far.example"))
        newcomer = await people.create(tx, "person", "newcomer")
        await communities.invite(tx, gardener, community, newcomer)
        await keep(tx, gardener, community)
        await histories.begin(tx.conn, far.id, tx.now, tx.now)
        await follows.follow(tx, baker, gardener)
        await follows.follow(tx, gardener, far)
        await follower_sync.heard(tx, far, "https://far.example/followers/sync", "0" * 64)
        await follows.block(tx, baker, await met(tx, "loud", "loud.example"))
        await keep_quiet(tx, gardener, baker, far)
        loud = await met(tx, "louder", "loud.example")
        by = await group_moderation.steward(tx, community, gardener)
        await group_moderation.ban(tx, by, loud, group_moderation.Ban(None, "Too loud"))
        await moderation_rows.remember(tx.conn, far.id, [loud.uri], tx.now)
        await live(tx, gardener, baker, community)
        await look_first(tx, by, baker, community)
    async with work.transaction() as tx:
        await converse(tx, gardener, baker, community)
        await act(tx, gardener, baker, far, community)
        await choose(tx, gardener, baker)
        await share(tx, gardener, baker, far)
        await sign_in(tx, baker)
        await sign_up.invite(tx)
        await barriers.block_email_domain(tx, "spam.example")
        await host_blocks.block(tx, "quiet.example", Terms("silence", public_comment="Spam"))
        await host_allows.allow(tx, "friends.example")
        await barriers.block_email(tx, "robot@people.example", "")
        await barriers.block_network(tx, "192.0.2.0/24", "sign_up_block", "", None)
        assert baker.user_id
        assert await mails.write(tx, baker.user_id, "reset")


async def live(tx: Tx, gardener: Account, baker: Account, community: Account) -> None:
    """A full community, with a link, an offer, an idea that somebody carries, and another one that it shows."""
    settings_ = community_settings.Changes(norms="Be kind", capacity=1, topics=["river"])
    await community_settings.edit(tx, gardener, community, settings_)
    await follows.follow(tx, await people.create(tx, "person", "later_on"), community)
    await joining.make_link(tx, baker, community)
    await roles.offer(tx, gardener, community, baker)
    bank = await communities.create(tx, gardener, "bank", "The bank")
    await ties.tie(tx, gardener, community, bank)
    uri = "https://far.example/groups/orchard"
    key = people.PublicKey(f"{uri}#main-key", "rsa", REMOTE_KEY)
    orchard = remote("orchard", "far.example")
    elsewhere = await people.remember(tx, uri, "far.example", "group", orchard, [key], None)
    await ties.tie(tx, gardener, community, elsewhere)
    wanted = drafting.Wanted("Plant", Details(tx.now + timedelta(days=1), None, "Europe/Rome"))
    idea = await proposals.propose(tx, baker, community, wanted)
    await proposals.second(tx, gardener, idea.id, added=True)


async def keep(tx: Tx, gardener: Account, community: Account) -> None:
    """What a community keeps."""
    await documents.create(tx, gardener, community, documents.Wanted("Keys", "Under the\tpot"))
    said = await publish(tx, gardener, "Let us dig", community=community)
    ahead = tx.now + timedelta(days=9)
    dig = await conversions.make_call(
        tx, gardener, community, said, drafting.Wanted("Dig", Details(ahead, None, "UTC"))
    )
    copy = drafting.Wanted("Dig here", Details(ahead, None, "UTC"))
    await starting.start(tx, gardener, community, dig, copy)
    await community_archives.ask(tx, gardener, community)
    begun = call_templates.ready_made()["event"]
    await templates.keep(tx, gardener, community, begun, shared=True)


async def look_first(tx: Tx, by: Steward, baker: Account, community: Account) -> None:
    """A rule with what it held, a note, somebody who appeals, and the list of another community."""
    seen = await posts.publish(tx, baker, drafts.Draft(content="<p>Mud</p>", community=community))
    assert seen
    await post_notes.put(tx, by, seen, "Not any more")
    await hold_rules.add(tx, community, by.account, by.role, hold_rules.Wanted("word", "frost"))
    await posts.publish(tx, baker, drafts.Draft(content="<p>frost\\N</p>", community=community))
    await group_moderation.remove(tx, by, seen, "Off topic")
    (met_by, *_) = await appeal_rows.decisions(tx.conn, baker.id, 2**63 - 1, 0, 1)
    await appeals.appeal(tx, baker, met_by.id, "It is not")
    await ban_lists.share(tx, by, shared=True)
    other = await communities.create(tx, by.account, "meadow", "Meadow")
    steers = await group_moderation.steward(tx, other, by.account)
    list_ = await ban_lists.follow(tx, steers, community)
    await ban_lists.heard(tx, list_, await ban_lists.shared(tx, community))


async def choose(tx: Tx, gardener: Account, baker: Account) -> None:
    """What one member wants to see, and does not."""
    settings_ = filters.Settings("Quiet", ["home"])
    quiet = await filters.create(tx, baker, settings_, [filters.Word(keyword="flood\\N")])
    caught = await publish(tx, gardener, "Mud #mud")
    await filters.add_post(tx, baker, quiet, caught)
    friends = await lists.create(tx, baker, lists.Settings("Friends"))
    await lists.add(tx, baker, friends, [gardener.id, baker.id])
    await preferences.choose(tx, baker, visibility="unlisted", language="it")
    await featured.feature_tag(tx, gardener, "mud")
    await tag_rows.follow(tx.conn, baker.id, "mud", tx.now)
    await suggestions.dismiss(tx.conn, baker.id, gardener.id, tx.now)


async def share(tx: Tx, gardener: Account, baker: Account, far: Account) -> None:
    """Files, a quote, a link that was looked at, a private word, a complaint, and what is to come."""
    file = await upload(tx, gardener, PHOTO)
    shown = await media.choose(tx, gardener, [file])
    head = await publish(tx, gardener, "Look https://news.example/a", attachments=shown)
    await publish(tx, baker, "And this https://news.example/a", quote=head)
    when = tx.now
    await cards.put(
        tx.conn,
        cards.Card("https://news.example/a", "A", "", "", "", "en", None, "", 0, 0, None, when),
    )
    await threads.begin(tx.conn, head.id, when, when)
    await publish(tx, gardener, "Psst @baker", visibility="direct")
    await reports.report(tx, baker, far, reports.Complaint(comment="Too\tloud"))
    plan = Later("Later", media_ids=(await upload(tx, gardener, PLANNED),))
    await scheduled.keep(tx, gardener, plan, when + timedelta(days=3), "key")
    word = await announcements.announce(tx, "We meet")
    await announcements.dismiss(tx, baker, word.id)
    await announcements.react(tx, baker, word.id, "\N{SEEDLING}")
    await people_verbs.note(tx, baker, gardener, "of old")
    await people_verbs.endorse(tx, baker, gardener)
    await media_rows.keep_remote(tx.conn, b"\0digest", None, when)


async def upload(tx: Tx, owner: Account, key: str) -> int:
    row = await media.begin(tx, owner, "image", "A \\ picture")
    await media_rows.expect(tx.conn, row.id, [key])
    return (await media.finish(tx, row.id, Made("image", File(key, 4, 2)))).id


async def keep_quiet(tx: Tx, gardener: Account, baker: Account, far: Account) -> None:
    """Somebody let in, somebody who waits, and all that silences."""
    await notifications.choose(tx, baker, {"for_not_following": "filter"})
    await marks.like(tx, far, await publish(tx, baker, "Bread"))
    crumbs = await publish(tx, baker, "Crumbs")
    await dislikes.dislike(tx, far, crumbs)
    await group_properties.put(tx.conn, far.id, ["food"], ["it"])
    await group_readers.remember(tx.conn, far.id, far.id, tx.now, reads=True)
    await group_votes.set_vote(tx.conn, crumbs.id, "https://far.example/users/voter", -1, tx.now)
    waiting = await notification_requests.page(tx.conn, baker.id, Page(1))
    await notifications.accept(tx, baker, [waiting[0].id])
    asking = await met(tx, "asking", "far.example")
    await marks.like(tx, asking, await publish(tx, baker, "Rye"))
    await mutes.mute(tx, baker, gardener, duration=timedelta(days=1))
    await mutes.mute_thread(tx, gardener, await publish(tx, gardener, "Enough"))
    await domain_blocks.block(tx, gardener, "loud.example")


async def converse(tx: Tx, gardener: Account, baker: Account, community: Account) -> None:
    head = await publish(tx, gardener, "Who has a boat?\n\t\\. \\N ünï #river", community=community)
    reply = await publish(tx, baker, "I have one @gardener", in_reply_to=head)
    await publish(tx, gardener, "Thanks", in_reply_to=reply)
    await marks.boost(tx, baker, head)
    await marks.like(tx, baker, head)
    await marks.bookmark(tx, baker, head, kept=True)
    await marks.pin(tx, gardener, head, added=True)
    await posts.edit(tx, gardener, head, await draft(tx, gardener, "Who has a big boat?"))
    poll = drafts.PollDraft((("Saturday", 0), ("Sunday", 0)), ends_at=tx.now + timedelta(days=1))
    asked = await publish(tx, gardener, "Which day?", poll=poll)
    await polls.vote(tx, baker, asked, [1])
    gone = await publish(tx, baker, "Never mind")
    await posts.delete(tx, baker, gone)


async def draft(tx: Tx, author: Account, text: str, **more: Any) -> drafts.Draft:
    return await drafts.draft(tx, author, drafts.Typed(text, **more))


async def publish(tx: Tx, author: Account, text: str, **more: Any) -> posts.Post:
    post = await posts.publish(tx, author, await draft(tx, author, text, **more))
    assert post
    return post


async def act(tx: Tx, gardener: Account, baker: Account, far: Account, community: Account) -> None:
    when = tx.now + timedelta(days=7)
    details = Details(when, when + timedelta(hours=3), "Europe/Rome", "The old bridge", capacity=1)
    call = await calls.create(tx, gardener, community, drafting.Wanted("Clean the river", details))
    await participations.answer(tx, baker, call, "going", "client")
    joined = await participations.answer(
        tx, far, call, "going", "join", uri="https://far.example/joins/1"
    )
    await receipts.put(tx.conn, joined.id, bytes(32), "granted", tx.now)
    await contacts.begin(
        tx, call, contacts.Typed("neighbour@mail.example", "going", "Neighbour", agreed=("answer",))
    )
    by_email = await contact_rows.by_id(tx.conn, 1)
    assert by_email
    await contacts.new_link(tx, by_email, "confirm")
    await reach(tx, gardener, baker, community)


async def reach(tx: Tx, gardener: Account, baker: Account, community: Account) -> None:
    """What members and others hear by mail, and what they chose."""
    assert baker.user_id
    await attention.choose(tx, baker.user_id, Attention("Europe/Rome", 60, 120))
    await attention.set_level(tx, baker, community, "everything")
    await digest_rows.begin(tx.conn, baker.user_id, "2030-W05", tx.now)
    await digest_rows.nudged(tx.conn, [community.id], gardener.id, tx.now)
    await mail_follows.begin_confirmed(tx, community, "reader@mail.example", "Write to me.", "en")
    await mail_lists.upload(tx, gardener, community, "Name,Address\nN,old@mail.example\n")


async def sign_in(tx: Tx, baker: Account) -> None:
    app, _ = await oauth.register_app(tx, "App", [oauth.OUT_OF_BAND], "read push", None)
    read = scopes.parse("read push")
    made = await oauth.issue(tx, app, read, user_id=baker.user_id, account_id=baker.id)
    phone = Wanted("https://push.example/1", b"\4" + b"\\" * 64, b"\0" * 16, True, ["poll"], "all")
    await push.subscribe(tx, made.token, made.secret, phone)
    await effects.tell(tx, [baker], "poll", baker, None)  # and it waits to ring
    await tx.conn.execute(
        "insert into inbox (origin, activity_id, signer, subject, body, received_at)"
        " values ('far.example', 'https://far.example/1', 's', 'o', $1, $2)",
        bytes(range(256)),
        tx.now,
    )
    await subscriptions.renew(tx, baker)
    await near(tx)
    await budgets.take(tx.conn, "accounts met", "far.example", tx.now, 1, 9)


async def near(tx: Tx) -> None:
    """What somebody can do and about where they live, where a community is, and what a call asks for."""
    for written in (
        "insert into one_time_codes select id, 'x', 1, now(), now() from users",
        "insert into recovery_codes select id, sha256('x') from users",
        "insert into passkeys (user_id, credential, public_key, sign_count, name, added_at)"
        " select min(id), 'x', 'y', 0, 'Key ring', now() from users",
        "insert into sign_in_steps select sha256('x'), 'code', min(id), now() from users",
        "insert into skill_sets (account_id) select account_id from subscriptions",
        "insert into own_archives (account_id, asked_at, key, left_out) select account_id, now(), md5(account_id::text), 0 from skill_sets",
        "insert into imports (account_id, kind, overwrites, state, created_at)"
        " select account_id, 'following', false, 'checked', now() from skill_sets",
        "insert into import_lines (import_id, number, subject, options, state, reason, due_at)"
        " select id, 1, 'baker@far.example', '{}', 'waiting', '', now() from imports",
        "insert into skills select account_id, 'first aid' from skill_sets",
        "insert into home_areas select account_id, 455, 92, 25 from skill_sets",
        "insert into community_places select account_id, 'The valley', 45.5, 9.2 from communities",
        "insert into call_skills select post_id, 'first aid' from calls",
        "insert into call_notices (post_id, what, created_at) select post_id, 'morning', now() from calls",
        "insert into call_series (community_id, author_id, rule, first_at, lasts, timezone, template, made_until,"
        " confirmed_at, created_at) select c.community_id, s.account_id, 'FREQ=DAILY', now(), '1 hour', 'UTC', '{}',"
        " now(), now(), now() from calls c, skill_sets s limit 1",
        "insert into tallies values ((select min(post_id) from calls), 'far.example', 3, 2, 1, 0, now(), '{\"a\": 1}')",
        "insert into call_claims (post_id, account_id, people, what, evidence, created_at)"
        " select c.post_id, s.account_id, 40, 'On paper', 'https://a.example/', now() from calls c, skill_sets s",
        "insert into call_milestones select post_id, 25, now() from calls",
        "insert into shift_roles select post_id, 'driver', 0, 2, 'driving' from calls",
        "insert into call_sources select post_id, 0, 'https://town.example/report', 'The report' from calls",
        "insert into call_next select post_id, null, 'https://union.example/join' from calls",
        "insert into call_opened select post_id, left(md5(post_id::text) || md5('a'), 43), 'A neighbour', now() from calls",
        "insert into call_online select post_id, 'https://meet.example/room', true from calls",
        "insert into call_private select post_id, 'The key is below the pot.' from calls",
        "insert into call_questions select post_id, 0, 'What do you bring?', true from calls",
        "insert into participation_fields select id, 'x' from participations",
        "insert into call_feedback (post_id, good, better, said_on) select post_id, 'The tea', '', '2030-01-01' from calls",
        "insert into call_feedback_given select post_id, sha256('one'), '2030-01-01' from calls",
        "insert into outcome_posts select c.post_id, p.id from calls c, posts p where p.id <> c.post_id limit 1",
        "insert into call_occurrences select min(post_id), 1, now() from calls",
        "insert into attendances select id, true, account_id, now() from participations where account_id is not null",
        "insert into call_attendance select post_id, 1, 0 from calls",
        "insert into call_recorders select c.post_id, s.account_id from calls c, skill_sets s",
        "insert into urgent_calls select post_id, community_id, now() from calls",
        "insert into taken_back (post_id, digest) select post_id, sha256('x') from calls",
        "insert into undone_early values (sha256('x'), now())",
        "insert into reminders_off select account_id from skill_sets",
        "insert into decision_rules select post_id, 5, 60, true from calls",
        "insert into call_categories select post_id, 'tools' from calls",
        "insert into call_scripts select post_id, 'asked', 'The river', 'Dear all' from calls",
        "insert into call_targets (post_id, name, role, address, area, changed_at)"
        " select post_id, 'The council', 'council', 'mailto:council@town.example', '', now() from calls",
        "insert into call_target_changes (target_id, status, note, changed_at)"
        " select id, 'pledged', '', now() from call_targets",
        "insert into reasons (participation_id, reason) select id, 'Mud' from participations",
        "insert into call_letters (participation_id, target_id, status, written_at)"
        " select p.id, t.id, 'did', now() from participations p join call_targets t using (post_id)",
        "insert into call_mailing select post_id, 20, 200, false from calls",
        "insert into target_mails (participation_id, target_id, subject, body, reply_to, counts, state, asked_at)"
        " select participation_id, target_id, 'The river', 'Dear all', '', false, 'queued', now() from call_letters",
        "insert into mail_refusals select sha256('x'), now()",
        "insert into mail_counts values ('x', now(), 1) on conflict do nothing",
        "insert into commitments (participation_id, quantity, state, changed_at)"
        " select id, 2, 'promised', now() from participations",
    ):
        await tx.conn.execute(written)


@dataclass(frozen=True)
class Used:
    """An instance with a past, and where another one may be made."""

    settings: Settings
    fresh: Settings
    file: Path
    work: Work


@pytest.fixture
async def used(template_url: str, tmp_path: Path) -> AsyncIterator[Used]:
    async with (
        fresh_database(template_url, database_of(template_url)) as old,
        fresh_database(template_url, "template0") as new,
        db.pool(old, size=3) as pool,
    ):
        work = Work(
            pool, Clock(), Site(Urls(DOMAIN, BASE), federates=True, mail=True, secret=SECRET)
        )
        await use(work)
        here = settings(old, tmp_path / "old")
        store = blobs.open_stores(here).own
        here.data.mkdir()
        (here.data / "photo").write_bytes(PIXELS)
        for key in (PHOTO, PLANNED):
            await store.put(key, here.data / "photo")
        fresh = settings(new, tmp_path / "new")
        yield Used(here, fresh, tmp_path / "backup.tar.gz", work)


async def everything(url: str) -> dict[str, list[str]]:
    """Every row of every table as text, and every sequence and constraint."""
    conn = await asyncpg.connect(url)
    try:
        names = [row[0] for row in await conn.fetch(ALL_TABLES)]
        found = {
            name: sorted(row[0] for row in await conn.fetch(f'select t::text from "{name}" t'))
            for name in names
            if name != "schema_migrations"
        }
        counters = await conn.fetch("select sequencename, last_value from pg_sequences order by 1")
        rules = await conn.fetch(RULES)
        return found | {"counters": [str(c) for c in counters], "rules": [str(r) for r in rules]}
    finally:
        await conn.close()


async def test_the_instance_knows_its_last_backup(used: Used) -> None:
    made = await backup.backup(used.settings, used.file)
    async with db.pool(used.settings.database_url, size=1) as pool, pool.acquire() as conn:
        last = await instance.last_backup(conn)
    assert last == instance.Backup(made.made_at, str(used.file), made.size)


async def test_a_used_instance_comes_back_row_by_row(used: Used) -> None:
    before = await everything(used.settings.database_url)
    made = await backup.backup(used.settings, used.file)
    restored = await backup.restore(used.fresh, used.file)
    assert await everything(used.fresh.database_url) == before
    assert restored == made
    assert made.rows == {n: len(before[n]) for n in before if n not in ("counters", "rules")}
    empty = {name for name, count in made.rows.items() if not count}
    assert empty <= {"authorization_codes", "sessions", "idempotency_keys", "markers", "hosts"}
    kept = used.fresh.data / "media" / "ab" / PHOTO
    assert kept.read_bytes() == PIXELS
    assert [p.name for p in used.fresh.data.iterdir()] == ["media"]


async def test_files_go_with_it_from_a_folder_to_a_bucket_and_back(
    used: Used, template_url: str, tmp_path: Path, s3: dict[str, str]
) -> None:
    await backup.backup(used.settings, used.file)
    in_bucket = used.fresh.model_copy(update=s3)
    assert (await backup.restore(in_bucket, used.file)).media == 2
    assert not (in_bucket.data / "media").exists()
    store = blobs.open_stores(in_bucket).own
    assert b"".join([c async for c in store.read(PHOTO, 0, len(PIXELS))]) == PIXELS
    assert (await backup.backup(in_bucket, tmp_path / "again.tar.gz")).media == 2
    first, again = manifest_of(used.file), manifest_of(tmp_path / "again.tar.gz")
    assert first["parts"] == again["parts"]
    async with fresh_database(template_url, "template0") as third:
        home = settings(third, tmp_path / "third")
        await backup.restore(home, tmp_path / "again.tar.gz")
        assert (home.data / "media" / "ab" / PHOTO).read_bytes() == PIXELS


async def test_says_which_files_were_not_there(used: Used, s3: dict[str, str]) -> None:
    """Nobody should learn after the fire that the settings named another bucket."""
    elsewhere = used.settings.model_copy(update={**s3, "s3_bucket": "another"})
    made = await backup.backup(elsewhere, used.file)
    assert (made.media, made.missing) == (0, 2)
    assert "2 media files that posts name were not found" in made.sentence("Wrote")


async def test_a_bucket_that_fails_makes_no_half_of_it(used: Used, s3: dict[str, str]) -> None:
    lost = {**s3, "s3_bucket": "another"}
    with pytest.raises(BackupError, match="bucket cannot be written"):
        await backup.backup(used.settings, used.file)
        await backup.restore(used.fresh.model_copy(update=lost), used.file)
    await nothing_came(used.fresh)


async def test_the_restored_goes_on(used: Used) -> None:
    """Keys sign, what waits is still to be sent, new ids do not collide, and no migration is missing."""
    await backup.backup(used.settings, used.file)
    await backup.restore(used.fresh, used.file)
    assert await migrate.migrate_url(used.fresh.database_url) == []
    async with db.pool(used.fresh.database_url, size=2) as pool:
        work = Work(pool, Clock(), used.work.site)
        async with work.transaction() as tx:
            assert (await status.figures(tx.conn, tx.now)).delivery_waiting > 0
            gardener = await accounts.by_handle(tx.conn, "gardener", "")
            assert gardener
            stored = {k.kind: k for k in await accounts.keys_of(tx.conn, gardener.id)}
            key = stored["ed25519"]
            signing = keys.SigningKey(key.id, keys.load_private(key.private or ""))
            document = {"id": f"{BASE}/x", "type": "Note", "actor": gardener.uri}
            assert "proof" in proofs.add_proof(document, signing, tx.now)
            assert await publish(tx, gardener, "Back again")


def told(report: backup.Report) -> bool:
    return "The secret that opens its contact data is not in it" in report.sentence("Wrote")


async def test_asks_for_the_secret_that_is_not_in_it(used: Used) -> None:
    made = await backup.backup(used.settings, used.file)
    assert told(made)
    with gzip.open(used.file) as file:
        whole = file.read()
    assert SECRET.value not in whole
    assert keeper.write(SECRET).encode() not in whole
    assert b"neighbour@mail.example" not in whole
    for wrong in ("", keeper.write(Secret(bytes(32)))):
        fresh = used.fresh.model_copy(update={"secret": wrong})
        with pytest.raises(BackupError, match="sealed with a secret that is not in"):
            await backup.restore(fresh, used.file)
        await nothing_came(fresh)
    await backup.restore(used.fresh, used.file)


async def test_can_give_up_contact_data_whose_secret_is_lost(used: Used) -> None:
    await backup.backup(used.settings, used.file)
    fresh = used.fresh.model_copy(update={"secret": ""})
    await backup.restore(fresh, used.file, without_contacts=True)
    found = await everything(fresh.database_url)
    assert (found["community_keys"], found["contacts"]) == ([], [])
    assert (found["mail_follows"], found["mail_invitations"]) == ([], [])
    assert len(found["participations"]) == 2
    async with run.opened(fresh):
        assert (fresh.data / "secret").stat().st_mode & 0o777 == 0o600


async def test_a_server_starts_with_the_secret_of_its_data_alone(used: Used) -> None:
    async with run.opened(used.settings):
        pass
    for wrong in ("", keeper.write(Secret(bytes(32)))):
        with pytest.raises(SettingsError, match="put it back there, or set BECKON_SECRET"):
            async with run.opened(used.settings.model_copy(update={"secret": wrong})):
                pass
    assert not (used.settings.data / "secret").exists()


async def test_a_backup_of_a_restored_one_is_the_same(used: Used, tmp_path: Path) -> None:
    await backup.backup(used.settings, used.file)
    await backup.restore(used.fresh, used.file)
    await backup.backup(used.fresh, tmp_path / "again.tar.gz")
    first, again = manifest_of(used.file), manifest_of(tmp_path / "again.tar.gz")
    assert first["parts"] == again["parts"]
    assert first["counters"] == again["counters"]


async def test_sees_one_moment_while_others_write(used: Used) -> None:
    """Rows that come while the backup runs are in no table of it, or in all that belong together."""
    conn = await asyncpg.connect(used.settings.database_url)
    rows = "select count(*) from posts"
    before = await conn.fetchval(rows)
    stop = False

    async def write() -> None:
        while not stop:
            async with used.work.transaction() as tx:
                gardener = await accounts.by_handle(tx.conn, "gardener", "")
                assert gardener
                await publish(tx, gardener, "and one more @baker")

    writing = asyncio.create_task(write())
    await backup.backup(used.settings, used.file)
    stop = True
    await writing
    after = await conn.fetchval(rows)
    await conn.close()
    assert after > before
    await backup.restore(used.fresh, used.file)  # every foreign key holds


async def test_is_for_the_owner_alone(used: Used) -> None:
    await backup.backup(used.settings, used.file)
    assert used.file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in used.file.parent.iterdir() if p.is_file()] == [used.file.name]


async def test_never_replaces_a_file_unasked(used: Used) -> None:
    used.file.write_text("something else")
    with pytest.raises(BackupError, match="is there already"):
        await backup.backup(used.settings, used.file)
    assert used.file.read_text() == "something else"
    await backup.backup(used.settings, used.file, force=True)
    assert manifest_of(used.file)["domain"] == DOMAIN


async def test_a_failed_backup_leaves_no_file(empty_database_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="never started"):
        await backup.backup(settings(empty_database_url, tmp_path), tmp_path / "b.tar.gz")
    assert list(tmp_path.iterdir()) == []


async def test_a_backup_needs_a_folder(used: Used, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no folder"):
        await backup.backup(used.settings, tmp_path / "nowhere" / "b.tar.gz")


# --- refusals of restore


async def nothing_came(of: Settings) -> None:
    found = await everything(of.database_url)
    assert {k: v for k, v in found.items() if v} == {}
    assert not of.data.exists() or list(of.data.iterdir()) == []


async def refused(used: Used, why: str) -> None:
    with pytest.raises(BackupError, match=why):
        await backup.restore(used.fresh, used.file)
    await nothing_came(used.fresh)


async def test_refuses_a_used_database(used: Used) -> None:
    await backup.backup(used.settings, used.file)
    await backup.restore(used.fresh, used.file)
    before = await everything(used.fresh.database_url)
    shutil.rmtree(used.fresh.data / "media")
    with pytest.raises(BackupError, match="rows in account"):
        await backup.restore(used.fresh, used.file)
    assert await everything(used.fresh.database_url) == before


async def test_refuses_used_media(used: Used) -> None:
    await backup.backup(used.settings, used.file)
    other = used.fresh.data / "media" / "other.png"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    with pytest.raises(BackupError, match="has files in it"):
        await backup.restore(used.fresh, used.file)
    assert other.read_bytes() == b"mine"


async def test_refuses_while_a_server_uses_the_database(used: Used) -> None:
    await backup.backup(used.settings, used.file)
    conn = await asyncpg.connect(used.fresh.database_url)
    try:
        await refused(used, "stop `beckon serve`")
    finally:
        await conn.close()


async def test_refuses_another_domain(used: Used) -> None:
    await backup.backup(used.settings, used.file)
    others = settings(used.fresh.database_url, used.fresh.data, BECKON_DOMAIN="other.example")
    with pytest.raises(BackupError, match="keeps its name"):
        await backup.restore(others, used.file)
    await nothing_came(used.fresh)


async def test_refuses_a_missing_file(used: Used) -> None:
    await refused(used, "no file")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9, 0.999])
async def test_refuses_a_file_that_was_cut_off(used: Used, share: float) -> None:
    await backup.backup(used.settings, used.file)
    whole = used.file.read_bytes()
    used.file.write_bytes(whole[: int(len(whole) * share)])
    await refused(used, "damaged|not whole")


async def test_refuses_what_is_no_backup(used: Used) -> None:
    used.file.write_bytes(b"no archive at all" * 100)
    await refused(used, "no backup")


# --- archives that somebody changed: whole for gzip and tar, but not what was written

Parts = list[tuple[tarfile.TarInfo, bytes]]


def read_parts(file: Path) -> Parts:
    with tarfile.open(file) as tar:
        return [(entry, (tar.extractfile(entry) or io.BytesIO()).read()) for entry in tar]


def write_parts(file: Path, parts: Parts) -> None:
    with tarfile.open(file, "w:gz") as tar:
        for entry, body in parts:
            entry.size = len(body) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(body))


def manifest_of(file: Path) -> Any:
    return orjson.loads(read_parts(file)[-1][1])


def replace_manifest(parts: Parts, **changes: object) -> Parts:
    entry, body = parts[-1]
    return [*parts[:-1], (entry, orjson.dumps(orjson.loads(body) | changes))]


def with_rows_changed(parts: Parts) -> Parts:
    return [
        (e, b.replace(b"gardener", b"gardenex") if "accounts" in e.name else b) for e, b in parts
    ]


def with_part(parts: Parts, name: str, kind: bytes = tarfile.REGTYPE) -> Parts:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
    return [(entry, b"hostile" if kind == tarfile.REGTYPE else b""), *parts]


CHANGES: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "a row": (with_rows_changed, "tables/accounts is not what was written"),
    "a table left out": (lambda p: [x for x in p if "posts" not in x[0].name], "is not what was"),
    "a picture left out": (lambda p: [x for x in p if "media" not in x[0].name], "is not what was"),
    "a part more": (lambda p: with_part(p, "media/more.png"), "is not what was written"),
    "a part twice": (lambda p: [p[0], *p], "two parts"),
    "a part after the end": (lambda p: [*p[1:], p[0]], "after its end"),
    "no manifest": (lambda p: p[:-1], "end is missing"),
    "a newer format": (lambda p: replace_manifest(p, format=2), "newer Beckon"),
    "no format": (lambda p: [*p[:-1], (p[-1][0], b"{}")], "cannot be read"),
    "a manifest that is none": (lambda p: [*p[:-1], (p[-1][0], b"\xff")], "cannot be read"),
    "unknown words": (lambda p: replace_manifest(p, more=1), "cannot be read"),
    "a newer schema": (
        lambda p: replace_manifest(p, migrations={str(n): "0" * 64 for n in range(1, 9999)}),
        "upgrade it|another migration",
    ),
    "another schema": (
        lambda p: replace_manifest(p, migrations={"1": "0" * 64}),
        "another migration",
    ),
    "other counters": (lambda p: replace_manifest(p, counters={}), "not those of its version"),
    "up and out": (lambda p: with_part(p, "media/../../out"), "no backup holds"),
    "an absolute name": (lambda p: with_part(p, "/etc/beckon"), "no backup holds"),
    "another folder": (lambda p: with_part(p, "elsewhere/x"), "no backup holds"),
    "a folder's own name": (lambda p: with_part(p, "media"), "no backup holds"),
    "a dot in the way": (lambda p: with_part(p, "media/./x"), "no backup holds"),
    "a backslash": (lambda p: with_part(p, "media/..\\x"), "no backup holds"),
    "a symbolic link": (lambda p: with_part(p, "media/x", tarfile.SYMTYPE), "no backup holds"),
    "a hard link": (lambda p: with_part(p, "media/x", tarfile.LNKTYPE), "no backup holds"),
    "a device": (lambda p: with_part(p, "media/x", tarfile.CHRTYPE), "no backup holds"),
    "a folder": (lambda p: with_part(p, "media/x", tarfile.DIRTYPE), "no backup holds"),
}


@pytest.mark.parametrize(("change", "why"), CHANGES.values(), ids=CHANGES)
async def test_refuses_what_was_changed(
    used: Used, change: Callable[[Parts], Parts], why: str
) -> None:
    await backup.backup(used.settings, used.file)
    write_parts(used.file, change(read_parts(used.file)))
    await refused(used, why)
    assert not (used.file.parent / "out").exists()


async def test_rows_that_break_a_rule_leave_nothing(used: Used) -> None:
    """A manifest that fits, and rows that do not fit each other: the one transaction is undone."""
    await backup.backup(used.settings, used.file)
    parts = [(e, b"" if e.name == "tables/users" else b) for e, b in read_parts(used.file)]
    manifest = orjson.loads(parts[-1][1])
    manifest["tables"]["users"]["rows"] = 0
    manifest["parts"]["tables/users"] = {"size": 0, "sha256": SHA_OF_NOTHING}
    parts[-1] = (parts[-1][0], orjson.dumps(manifest))
    write_parts(used.file, parts)
    await refused(used, "violates foreign key")


SHA_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


async def test_the_file_is_plain_gzip_and_tar(used: Used) -> None:
    """Readable in ten years without Beckon."""
    report = await backup.backup(used.settings, used.file)
    with gzip.open(used.file) as unzipped:
        assert unzipped.read(1)
    assert report.size == used.file.stat().st_size
    assert report.made_at <= datetime.now(UTC)
