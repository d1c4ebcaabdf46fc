"""What a community of ours looks at before it is shown, and slow mode.

A rule catches a post: by a *word* or phrase in it, by the *host* of a link, by as many *links* as it says,
or because its author is a *newcomer*: a member for less than so many days, or with fewer than so many posts
that are shown (one: the first post), as Discourse's approve_post_count has it. Whoever is no member is new.
The first rule that catches decides, and is kept with the post: which one, and by what.

*Slow mode* keeps a member's posts so many seconds apart. Our member is told when they may post again. What
comes from elsewhere is held instead: servers deliver late and in heaps, and a post refused is lost.

Both bind everybody but those who steer the community. What is caught is written and *held* (``hold``):
``sight`` shows it to its author alone; it is neither counted nor sent, and names nobody. What becomes of it
is decided in ``held_posts``. A change of a post that is shown is not held but refused: others have seen it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

from server import text
from server.domain import policy
from server.domain.moderating import hold_notices, notices
from server.domain.tx import Arrived, Tx
from server.errors import Invalid, NotFound, TooMany
from server.i18n import mark
from storage import communities, group_moderation, held_posts
from storage import hold_rules as rows
from storage.accounts import Account
from storage.hold_rules import HoldRule, Settings
from storage.posts import Post

KINDS = ("word", "host", "links", "newcomer")
MAX_RULES = 100
MAX_VALUE = 100
MAX_DAYS, MAX_AMOUNT = 365, 100
MAX_SLOW = 24 * 3600
MAX_OF_AUTHOR = 5
MAX_HELD = 500
KEEP = timedelta(days=30)
"""For so long a post waits to be decided, and a refused one can still be let through."""
JOB = "held_post"
HOST = re.compile(r"[^\s/@:]+\.[^\s/@:.]+")
LINK = re.compile(r'href="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Said:
    """What rules look at, of a post."""

    words: str
    hosts: tuple[str, ...]
    links: int


@dataclass(frozen=True, slots=True)
class Newness:
    """``joined_at``: None for who is no member. ``shown``: how many of their posts the community shows."""

    joined_at: datetime | None
    shown: int


@dataclass(frozen=True, slots=True)
class Caught:
    """``matched``: the word or host that was found."""

    reason: str
    rule_id: int | None = None
    matched: str = ""


def said(
    title: str, summary: str, html: str, attachments: Sequence[Mapping[str, object]] = ()
) -> Said:
    """``html``: cleaned. Mentions and tags are links too, as far as hosts go."""
    found = [*LINK.findall(html), *(str(each.get("url") or "") for each in attachments)]
    hosts = (_host(unescape(url)) for url in found)
    words = " ".join((title, summary, text.plain(html)))
    return Said(_folded(words), tuple(h for h in hosts if h), len(text.links(html)))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def judge(
    rules: Sequence[HoldRule], what: Said, who: Newness | None, now: datetime
) -> Caught | None:
    """The first rule that catches, if one does. ``who``: None where newness does not matter."""
    for rule in rules:
        if _catches(rule, what, who, now):
            return Caught(rule.kind, rule.id, rule.value)
    return None


def _catches(rule: HoldRule, what: Said, who: Newness | None, now: datetime) -> bool:
    if rule.kind == "word":
        whole = rf"(?<!\w){re.escape(_folded(rule.value))}(?!\w)"
        return re.search(whole, what.words) is not None
    if rule.kind == "host":
        return any(h == rule.value or h.endswith(f".{rule.value}") for h in what.hosts)
    if rule.kind == "links":
        return what.links >= rule.amount
    return who is not None and _is_new(rule, who, now)


def _is_new(rule: HoldRule, who: Newness, now: datetime) -> bool:
    young = who.joined_at is None or now - who.joined_at < timedelta(days=rule.days)
    return (rule.days > 0 and young) or who.shown < rule.amount


async def caught(tx: Tx, community: Account, author: Account, what: Said) -> Caught | None:
    """What holds a new post to a community of ours. Raises ``TooMany`` for a member of ours in slow mode,
    ``Forbidden`` where as many wait as may."""
    standing = await rows.standing(tx.conn, community.id, author.id)
    if standing.role is not None:
        return None
    rules = await rows.rules(tx.conn, community.id)
    shown = max((rule.amount for rule in rules if rule.kind == "newcomer"), default=0)
    count = await rows.shown(tx.conn, community.id, author.id, shown) if shown else 0
    found = judge(rules, what, Newness(standing.joined_at, count), tx.now)
    found = await _slowed(tx, community, author) or found
    if found:
        waiting = await held_posts.waiting(tx.conn, community.id, author.id)
        policy.may_wait(
            mine=waiting.of_author >= MAX_OF_AUTHOR, full=waiting.every >= MAX_HELD
        ).require()
    return found


async def _slowed(tx: Tx, community: Account, author: Account) -> Caught | None:
    seconds = (await rows.settings(tx.conn, community.id)).slow_seconds
    if not seconds:
        return None
    await rows.take_turns(tx.conn, community.id, author.id)
    since = tx.now - timedelta(seconds=seconds)
    last = await rows.last(tx.conn, community.id, author.id, since)
    if last is None:
        return None
    if not author.local:
        return Caught("slow_mode")
    again = last + timedelta(seconds=seconds)
    left = max(1, int((again - tx.now).total_seconds()))
    raise TooMany(
        mark(
            "This community is in slow mode: you may post again in %(left)s seconds, at %(again)s UTC.",
            left=left,
            again=f"{again:%H:%M:%S}",
        ),
        retry_after=left,
    )


async def require_edit(tx: Tx, community: Account, author: Account, what: Said) -> None:
    """Raises ``Forbidden`` for a change that would have been caught, but for its author being new."""
    standing = await rows.standing(tx.conn, community.id, author.id)
    if standing.role is not None:
        return
    if judge(await rows.rules(tx.conn, community.id), what, None, tx.now):
        policy.EDIT_CAUGHT.require()


async def hold(
    tx: Tx, community: Account, author: Account, post: Post, why: Caught, arrived: Arrived | None
) -> None:
    """Keep a new post back; who steers the community is told that it waits."""
    by = arrived.document if arrived else dict[str, object]()
    await held_posts.insert(
        tx.conn, post.id, community.id, author.id, why.reason, why.rule_id, why.matched, by, tx.now
    )
    await tx.later(f"held:{post.id}", JOB, {"post_id": post.id}, tx.now + KEEP)
    words = mark(
        "Your post to @%(handle)s waits for those who steer it: nobody else sees it yet."
        " You will be told what becomes of it.",
        handle=community.handle,
    )
    await notices.tell(tx, community, author, "none", words, [post.id])
    await hold_notices.want(tx, community)


# What stewards say. The caller has asked for the role.


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: str
    value: str = ""
    days: int = 0
    amount: int = 0


async def add(tx: Tx, community: Account, by: Account, role: str, wanted: Wanted) -> HoldRule:
    """Raises ``Invalid``."""
    wanted = _checked(wanted)
    await communities.hold(tx.conn, community.id)
    if len(await rows.rules(tx.conn, community.id)) >= MAX_RULES:
        raise Invalid(mark("A community has at most %(most)s rules.", most=MAX_RULES), field="kind")
    made = await rows.add(
        tx.conn, community.id, wanted.kind, wanted.value, wanted.days, wanted.amount, tx.now
    )
    await _log(tx, community, by, role, "hold_rule", f"Added: {wanted.kind}")
    return made


def _checked(wanted: Wanted) -> Wanted:
    if wanted.kind not in KINDS:
        raise Invalid(mark("A rule is one of %(known)s.", known=", ".join(KINDS)), field="kind")
    value = _folded(wanted.value)[: MAX_VALUE + 1] if wanted.kind in ("word", "host") else ""
    if wanted.kind == "host" and not HOST.fullmatch(value):
        raise Invalid("A host is a name like spam.example.", field="value")
    if (wanted.kind == "word" and not value) or len(value) > MAX_VALUE:
        raise Invalid(
            mark("A word or phrase has 1 to %(most)s characters.", most=MAX_VALUE), field="value"
        )
    days = wanted.days if wanted.kind == "newcomer" else 0
    amount = wanted.amount if wanted.kind in ("links", "newcomer") else 0
    if wanted.kind in ("links", "newcomer") and days + amount <= 0:
        raise Invalid("Say how many.", field="amount")
    if not 0 <= days <= MAX_DAYS or not 0 <= amount <= MAX_AMOUNT:
        raise Invalid(
            mark(
                "At most %(most)s days, and %(max_amount)s of anything.",
                most=MAX_DAYS,
                max_amount=MAX_AMOUNT,
            ),
            field="amount",
        )
    return Wanted(wanted.kind, value, days, amount)


async def drop(tx: Tx, community: Account, by: Account, role: str, rule_id: int) -> None:
    """Raises ``NotFound``."""
    if not await rows.drop(tx.conn, community.id, rule_id):
        raise NotFound
    await _log(tx, community, by, role, "hold_rule", "Removed")


async def slow(tx: Tx, community: Account, by: Account, role: str, seconds: int) -> None:
    """0 ends it. Raises ``Invalid``. A repeat is no event."""
    if not 0 <= seconds <= MAX_SLOW:
        raise Invalid(mark("At most %(most)s seconds.", most=MAX_SLOW), field="slow_seconds")
    stands = await rows.settings(tx.conn, community.id)
    if stands.slow_seconds == seconds:
        return
    await rows.put_settings(tx.conn, Settings(community.id, seconds, stands.shares_bans))
    await _log(tx, community, by, role, "slow_mode", f"{seconds} seconds")


async def _log(
    tx: Tx, community: Account, by: Account, role: str, action: str, reason: str
) -> None:
    await group_moderation.write(tx.conn, community.id, action, role, by.id, tx.now, reason=reason)
