"""What happened, told to every process: NOTIFY in the transaction of the act, delivered when it commits.

An event holds ids and names of channels, never text: whoever receives it reads the rows that it means,
as they are then and as far as each reader may see them. What is gone cannot be read any more, so a
deletion names its channels itself. An event is news and no work: nobody may hear it, and a process that
was not listening has missed it. What must happen is a row (lanes.py).

A channel is a text: ``home/7``, ``told/7`` (notifications), ``direct/7`` and ``list/3/7`` (list, then
reader) are one account's; ``public``, ``public:local``, ``public:remote`` (each also with ``:media``),
``hashtag/tea`` and ``hashtag:local/tea`` are the same for all, and ``everybody`` is who is signed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from storage.db import Command, Connection, Query

CHANNEL = "beckon_events"

POST = "update"
EDIT = "status.update"
DELETE = "delete"
NOTIFICATION = "notification"
CONVERSATION = "conversation"
FILTERS = "filters_changed"
MERGED = "notifications_merged"
ANNOUNCEMENT = "announcement"
REACTION = "announcement.reaction"
ANNOUNCEMENT_GONE = "announcement.delete"
REVOKED = "revoked"

EVERYBODY = "everybody"
ROOM = 6000  # bytes of channels in one event; PostgreSQL takes less than 8000 in all
LONGEST = 500  # characters of a channel: a tag of another server may be absurd


@dataclass(frozen=True, slots=True)
class Event:
    """``kind`` is the client API's name of it; ``id`` of what it is about; ``name`` says more (an emoji).

    ``channels``: where it goes; empty for a new or an edited post, whose channels are its audience.
    """

    kind: str
    id: int = 0
    channels: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Where a post is shown. ``home`` and ``members`` (of its community): accounts of ours.

    ``reply``: it answers somebody else.
    ``lists``: channels of the lists that hold its author, whether or not they show it (lists.py).
    """

    id: int
    visibility: str
    local: bool
    boost: bool
    reply: bool
    media: bool
    head: bool
    tags: list[str]
    community_id: int | None
    home: list[int]
    members: list[int]
    lists: list[str]

    @property
    def channels(self) -> list[str]:
        """The same that the timelines ask for (timelines.py)."""
        found = [home(account) for account in self.home]
        if self.visibility == "public" and not self.boost:
            found += self._public()
        if self.community_id is not None and self.head and self.visibility != "direct":
            found += [of_list(self.community_id, account) for account in self.members]
        return found

    def _public(self) -> Iterator[str]:
        side = "local" if self.local else "remote"
        for stream in () if self.reply else ("public", f"public:{side}"):
            yield stream
            if self.media:
                yield f"{stream}:media"
        for tag in self.tags:
            yield f"hashtag/{tag}"
            if self.local:
                yield f"hashtag:local/{tag}"


@dataclass(frozen=True, slots=True)
class Boosted:
    """In whose homes a boost stands."""

    post_id: int
    home: list[int]


AUDIENCE = Query(
    """
    select p.id, p.visibility, p.local, p.reblog_of_id is not null as boost,
        p.in_reply_to_id is not null and p.in_reply_to_account_id is distinct from p.account_id as reply,
        p.attachments <> '[]' as media, p.thread_id = p.id as head, p.tags, p.community_id,
        array(select distinct h.account_id from home_entries h
              where h.post_id in (select p.id union all
                                  select b.id from posts b where $3 and b.reblog_of_id = p.id)
                and ($2::bigint[] is null or h.account_id = any($2))) as home,
        array(select f.follower_id from follows f join accounts a on a.id = f.follower_id
              where f.target_id = p.community_id and f.accepted_at is not null and a.local
                and ($2::bigint[] is null or f.follower_id = any($2))) as members,
        array(select format('list/%s/%s', l.id, l.account_id) from list_accounts m
              join lists l on l.id = m.list_id
              where m.account_id = p.account_id and p.visibility <> 'direct'
                and ($2::bigint[] is null or l.account_id = any($2))) as lists
    from posts p where p.id = $1
    """,
    Audience,
)
BOOSTS_IN_HOMES = Query(
    "select b.id as post_id, array_agg(h.account_id) as home from posts b"
    " join home_entries h on h.post_id = b.id where b.reblog_of_id = $1 group by b.id order by b.id",
    Boosted,
)
PUBLISH = Command("select pg_notify('beckon_events', e) from unnest($1::text[]) as e")


def home(account_id: int) -> str:
    return f"home/{account_id}"


def told(account_id: int) -> str:
    return f"told/{account_id}"


def direct(account_id: int) -> str:
    return f"direct/{account_id}"


def of_list(list_id: int, account_id: int) -> str:
    return f"list/{list_id}/{account_id}"


def list_of(channel: str) -> int:
    """The list of such a channel."""
    return int(channel.split("/")[1])


def notification(account_id: int, notification_id: int) -> Event:
    """Somebody was told something."""
    return Event(NOTIFICATION, notification_id, (told(account_id),))


def conversation(account_id: int, conversation_id: int) -> Event:
    """A conversation of this account grew. ``conversation_id``: as the client API names it."""
    return Event(CONVERSATION, conversation_id, (direct(account_id),))


def filters_changed(account_id: int) -> Event:
    return Event(FILTERS, channels=(home(account_id),))


def notifications_merged(account_id: int) -> Event:
    """What waited as requests now stands among the notifications of this account."""
    return Event(MERGED, channels=(told(account_id),))


def announcement(announcement_id: int) -> Event:
    """It is new, or it was changed."""
    return Event(ANNOUNCEMENT, announcement_id, (EVERYBODY,))


def announcement_reaction(announcement_id: int, emoji: str) -> Event:
    return Event(REACTION, announcement_id, (EVERYBODY,), emoji)


def announcement_gone(announcement_id: int) -> Event:
    return Event(ANNOUNCEMENT_GONE, announcement_id, (EVERYBODY,))


def deleted(post_id: int, channels: Iterable[str]) -> list[Event]:
    """As many events as the channels need room for."""
    return [Event(DELETE, post_id, part) for part in _parts(channels)]


def _parts(channels: Iterable[str]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    used = 0
    for channel in channels:
        size = len(channel.encode()) + 3
        if used + size > ROOM:
            yield tuple(part)
            part, used = [], 0
        if len(channel) <= LONGEST:
            part.append(channel)
            used += size
    if part:
        yield tuple(part)


def encode(event: Event) -> str:
    return orjson.dumps([event.kind, event.id, event.channels, event.name]).decode()


def decode(payload: str) -> Event:
    """Raises ``ValueError`` for what is none of ours (another version of this program may say more)."""
    kind, id_, channels, name, *_ = orjson.loads(payload)
    return Event(str(kind), int(id_), tuple(channels), str(name))


async def publish(conn: Connection, happened: Sequence[Event]) -> None:
    """Tell every process, when the transaction commits; the same event twice is one."""
    if happened:
        await PUBLISH.run(conn, [encode(event) for event in happened])


async def audience(
    conn: Connection, post_id: int, accounts: Sequence[int] | None, *, boosted: bool
) -> Audience | None:
    """Where a post is shown, among these accounts (None: all of ours). None where it is gone.

    ``boosted``: also the homes that show it as a boost.
    """
    return await AUDIENCE.first(conn, post_id, accounts, boosted)


async def boosts_in_homes(conn: Connection, post_id: int) -> list[Boosted]:
    return await BOOSTS_IN_HOMES.all(conn, post_id)
