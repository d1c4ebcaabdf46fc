"""The weekly digest: at most one mail a week of what nobody asked for by name, or one direct post by the server.

Each user has one job, which runs at the day and hour they chose, in their time zone, and plans itself again
(``make``). It writes the row of the week, unique per user, and the job of the mail in one transaction, so
neither is lost or doubled by a crash. After a standstill of weeks it runs once, not once for each week. A
second one within six and a half days is not sent, however often the day is changed. A digest with nothing in
it is not sent either; its week then counts as had.

In it stand, for each community, what was called, what came out, and what is to come, by time and never by
how much it was liked. An organiser is told there, once for each silence, that a community has gone quiet:
a mail of its own would be a second one in the week. What may be seen is asked when the mail is written
(``write``): what was deleted meanwhile is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server import i18n
from server import text as texts
from server.domain import sight
from server.domain.groups import letters
from server.domain.members import attention
from server.domain.tx import Tx
from server.mail import Mail
from server.pages import render_text
from storage import accounts, calls, digests, posts, users
from storage import attention as choices
from storage.accounts import Account
from storage.attention import Attention
from storage.calls import Call
from storage.digests import Item, Quiet
from storage.posts import Post
from storage.users import User

JOB = "digest"
MAIL = "digest_mail"
GAP = timedelta(days=6, hours=12)
"""Between two: less than a week, as a day of the clock change has 23 hours."""
LONGEST = timedelta(days=35)
"""What a digest looks back on at most, after a standstill."""
AHEAD = timedelta(days=14)
SILENCE = timedelta(weeks=4)
KEEP = timedelta(days=400)
AT_ONCE = 500
MAX_GROUPS = 50
EACH = 10
TITLE = 100


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    url: str
    at: datetime
    timezone: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Part:
    """Of one community. ``quiet_since``: told to an organiser, where nobody has spoken for long.
    ``said``: other threads, where they are told."""

    name: str
    url: str
    called: list[Line]
    came_out: list[Line]
    to_come: list[Line]
    quiet_since: datetime | None = None
    said: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Calls that belong into a digest, by the part they belong into."""

    called: list[Item]
    came_out: list[Item]
    to_come: list[Item]

    @property
    def all(self) -> list[Item]:
        return [*self.called, *self.came_out, *self.to_come]


def next_at(chosen: Attention, after: datetime) -> datetime:
    """The first of the user's hours after this moment."""
    local = after.astimezone(ZoneInfo(chosen.timezone))
    days = (chosen.digest_day - local.weekday()) % 7
    found = _slot(chosen, local + timedelta(days=days))
    return found if found > after else _slot(chosen, local + timedelta(days=days + 7))


def _slot(chosen: Attention, day: datetime) -> datetime:
    return attention.at_minute(day, chosen.digest_hour * 60, ZoneInfo(chosen.timezone))


def week_of(chosen: Attention, now: datetime) -> str:
    """The ISO week of the user's last hour."""
    due = next_at(chosen, now) - timedelta(days=7)
    year, week, _ = due.astimezone(ZoneInfo(chosen.timezone)).isocalendar()
    return f"{year}-W{week:02}"


async def plan(tx: Tx) -> bool:
    """Give jobs to users who want digests and have none. False where more are left."""
    await digests.forget(tx.conn, tx.now - KEEP)
    found = await digests.unplanned(tx.conn, AT_ONCE, mail=tx.site.mail)
    for user_id in found:
        await plan_one(tx, user_id)
    return len(found) < AT_ONCE


async def plan_one(tx: Tx, user_id: int) -> None:
    """After a choice: the next digest of this user. One job stays one, at the earlier time."""
    chosen = await choices.of(tx.conn, user_id)
    if _can(tx, chosen):
        at = next_at(chosen, tx.now)
        await tx.later(f"digest/{user_id}", JOB, {"user_id": user_id}, at)


def _can(tx: Tx, chosen: Attention) -> bool:
    return chosen.digest == "message" or (chosen.digest == "mail" and tx.site.mail)


async def make(tx: Tx, user_id: int) -> datetime | None:
    """The digest of the week that is due. Gives when the next one is; None where none is wanted any more."""
    user = await users.by_id(tx.conn, user_id)
    chosen = await choices.of(tx.conn, user_id)
    if user is None or user.disabled_at or not _can(tx, chosen):
        return None
    previous = await digests.last(tx.conn, user_id)
    early = previous is not None and tx.now - previous < GAP
    if not early and await digests.begin(tx.conn, user_id, week_of(chosen, tx.now), tx.now):
        since = max(previous or tx.now - timedelta(days=7), tx.now - LONGEST)
        await (_say if chosen.digest == "message" else _send)(tx, user, since)
    return next_at(chosen, tx.now)


async def _say(tx: Tx, user: User, since: datetime) -> None:
    """As a direct post by the server, to each of the user's persons: an app that acts as one of them learns
    nothing of another's communities."""
    zone = (await choices.of(tx.conn, user.id)).timezone
    for person in await accounts.of_user(tx.conn, user.id):
        parts = {} if person.is_hidden else await _parts_of(tx, person, since, tx.now)
        parts = await _with_quiet(tx, parts, await _nudge_one(tx, person.id))
        if parts:
            with i18n.speaking(i18n.best(user.language)):
                words = render_text("letter_digest.txt", parts=parts, timezone=zone)
            await letters.send(tx, None, person, "digest", body=words)


async def _send(tx: Tx, user: User, since: datetime) -> None:
    nudges = await _nudge(tx, user.id)
    if not nudges and not await _parts(tx, user.id, since, tx.now, []):
        return
    args = {
        "user_id": user.id,
        "since": since.isoformat(),
        "until": tx.now.isoformat(),
        "quiet": {str(q.account_id): q.since.isoformat() for q in nudges},
    }
    at = await attention.ready_at(tx, user.id)
    await tx.later(f"mail/{user.id}", MAIL, args, at)


async def _nudge(tx: Tx, user_id: int) -> list[Quiet]:
    """Communities of this user that have gone quiet; each is told once."""
    told: list[Quiet] = []
    for person in await accounts.of_user(tx.conn, user_id):
        told += await _nudge_one(tx, person.id)
    return told


async def _nudge_one(tx: Tx, person_id: int) -> list[Quiet]:
    silent = await digests.quiet(tx.conn, person_id, tx.now - SILENCE)
    await digests.nudged(tx.conn, [q.account_id for q in silent], person_id, tx.now)
    return silent


async def write(tx: Tx, user_id: int, since: str, until: str, quiet: dict[str, str]) -> Mail | None:
    """The mail as it is to be sent now; None where nothing is left to tell, or nobody wants it."""
    user = await users.by_id(tx.conn, user_id)
    chosen = await choices.of(tx.conn, user_id)
    if user is None or user.disabled_at or chosen.digest != "mail":
        return None
    silent = [Quiet(int(key), datetime.fromisoformat(at)) for key, at in quiet.items()]
    begun, ended = datetime.fromisoformat(since), datetime.fromisoformat(until)
    parts = await _parts(tx, user_id, begun, ended, silent)
    if not parts:
        return None
    link = tx.site.urls.unsubscribe(user_id)
    with i18n.speaking(i18n.best(user.language)):
        text = render_text(
            "mail_digest.txt", site=tx.site, parts=parts, link=link, timezone=chosen.timezone
        )
    subject, _, body = text.partition("\n\n")
    return Mail(user.email, " ".join(subject.split()), body, tx.now, unsubscribe=link)


async def _parts(
    tx: Tx, user_id: int, since: datetime, until: datetime, quiet: Sequence[Quiet]
) -> list[Part]:
    parts: dict[int, Part] = {}
    for person in await accounts.of_user(tx.conn, user_id):
        if not person.is_hidden:
            parts |= await _parts_of(tx, person, since, until)
    return await _with_quiet(tx, parts, quiet)


async def _with_quiet(tx: Tx, told: dict[int, Part], quiet: Sequence[Quiet]) -> list[Part]:
    """With the communities that have gone quiet, by name."""
    parts, silent = dict(told), {each.account_id: each.since for each in quiet}
    groups = await accounts.by_ids(tx.conn, sorted(silent))
    for group in groups.values():
        stands = parts.get(group.id) or Part(_name(group), group.url, [], [], [])
        if not stands.called:  # else somebody spoke meanwhile
            parts[group.id] = Part(
                stands.name, stands.url, [], stands.came_out, stands.to_come, silent[group.id]
            )
    return sorted(parts.values(), key=lambda part: part.name.casefold())


async def _parts_of(tx: Tx, person: Account, since: datetime, until: datetime) -> dict[int, Part]:
    groups = await digests.followed(tx.conn, person.id, MAX_GROUPS)
    return await _of_groups(tx, groups, person, since, until)


async def _of_groups(
    tx: Tx, groups: Sequence[int], viewer: Account | None, since: datetime, until: datetime
) -> dict[int, Part]:
    found = Found(
        await digests.made(tx.conn, groups, since, until, EACH),
        await digests.came_out(tx.conn, groups, since, until, EACH),
        await digests.to_come(tx.conn, groups, until, until + AHEAD, EACH),
    )
    ids = sorted({item.post_id for item in found.all})
    rows = await posts.by_ids(tx.conn, ids)
    seen = {p.id: p for p in await sight.visible(tx, rows.values(), viewer, feed=True)}
    known = await calls.by_ids(tx.conn, sorted(seen))
    names = await accounts.by_ids(tx.conn, sorted({i.community_id for i in found.all}))
    made = {group.id: _part(group, found, seen, known) for group in names.values()}
    return {key: part for key, part in made.items() if part.called or part.came_out or part.to_come}


async def for_everybody(tx: Tx, group: Account, since: datetime, until: datetime) -> Part | None:
    """What anybody may read of a community, with its other threads; None where nothing happened."""
    parts = await _of_groups(tx, [group.id], None, since, until)
    part = parts.get(group.id) or Part(_name(group), group.url, [], [], [])
    items = await digests.said(tx.conn, group.id, since, until, EACH)
    rows = await posts.by_ids(tx.conn, [item.post_id for item in items])
    seen = await sight.visible(tx, [rows[i.post_id] for i in items], None, feed=True)
    part = replace(part, said=[Line(_title(p), p.url, p.published_at, "UTC", "") for p in seen])
    return part if part.said or part.called or part.came_out or part.to_come else None


def _title(post: Post) -> str:
    """Who hid a post behind a warning is not read aloud in a mail."""
    return post.title or post.summary or texts.one_line(texts.plain(post.content), TITLE)


def _name(group: Account) -> str:
    return group.display_name or group.username


def _part(group: Account, found: Found, seen: dict[int, Post], known: dict[int, Call]) -> Part:
    def lines(items: Sequence[Item]) -> list[Line]:
        mine = [i for i in items if i.community_id == group.id and i.post_id in seen]
        return [_line(seen[i.post_id], known[i.post_id], i.at) for i in mine]

    return Part(
        _name(group), group.url, lines(found.called), lines(found.came_out), lines(found.to_come)
    )


def _line(post: Post, call: Call, at: datetime) -> Line:
    return Line(post.title, post.url, at, call.timezone, call.outcome)


async def unsubscribe(tx: Tx, user_id: int) -> None:
    """No more digests; signing in brings them back. Once more changes nothing."""
    chosen = await choices.of(tx.conn, user_id)
    if await users.by_id(tx.conn, user_id):
        await choices.put(tx.conn, user_id, replace(chosen, digest="none"))
