"""What a member is told, and what keeps quiet: the one rule for every notification.

Who acts calls ``effects.tell``; that asks here, for each recipient, one pure function (``verdict``) of
facts that one query gathers. Its answer is to accept, to filter (the row is written and waits with a
request of its sender, which the member lets in or sends away) or to drop (nothing is written). The rules
are Mastodon's (NotifyService); what another server's clients expect of them is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from server.domain.tx import Tx
from storage import events, notifications
from storage import notification_requests as requests
from storage.accounts import Account
from storage.notification_requests import Policy
from storage.notifications import Facts, News, Notification

SYSTEM = frozenset({"admin.sign_up", "admin.report", "moderation_warning", "severed_relationships"})
"""What the server itself has to say: nothing silences it."""
UNFILTERED = SYSTEM | {"poll", "update", "quoted_update"}
"""About what the recipient took part in: no policy applies."""
OF_ONESELF = frozenset({"poll", "moderation_warning", "severed_relationships"})
"""What is also told to whom it comes from."""
HEARD: Mapping[str, Collection[str]] = {"mentions": ("mention", "quote"), "nothing": ()}
"""What is still told of a community, at the levels at which something is not (domain/members/attention.py)."""
GROUPED = frozenset({"favourite", "reblog", "follow", "admin.sign_up"})
"""Of these, many are shown as one."""

NEW_ACCOUNT = timedelta(days=30)
NEW_FOLLOWER = timedelta(days=3)
GROUP_SPAN = 12  # hours for which a group stays open
ACTIONS = ("accept", "filter", "drop")  # from mild to strict
NO_CHOICE = Policy()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``action`` is one of ``ACTIONS``; ``reason`` is stable."""

    action: str
    reason: str


def verdict(type_: str, facts: Facts, now: datetime) -> Verdict:
    """What becomes of one notification for one recipient."""
    if type_ in SYSTEM:
        return Verdict("accept", "system")
    if type_ == "mention" and facts.from_staff:
        return Verdict("accept", "staff")
    silence = _silence(facts)
    if silence:
        return Verdict("drop", silence)
    if type_ in UNFILTERED:
        return Verdict("accept", "taking_part")
    if type_ not in HEARD.get(facts.level or "", (type_,)):
        return Verdict("drop", "level")
    if facts.permitted:
        return Verdict("accept", "permitted")
    found = max(_chosen(type_, facts, now), key=lambda v: ACTIONS.index(v.action), default=None)
    return found if found and found.action != "accept" else Verdict("accept", "welcome")


def _silence(facts: Facts) -> str:
    """What the recipient did to hear nothing of this, or ""."""
    named = {
        "blocked": facts.blocking,
        "host_blocked": facts.domain_blocking and not facts.following,
        "muted": facts.muting,
        "conversation_muted": facts.thread_muted,
    }
    return next((reason for reason, holds in named.items() if holds), "")


def _chosen(type_: str, facts: Facts, now: datetime) -> Iterator[Verdict]:
    """What the policy says about each kind that the sender is of."""
    stranger = not facts.following
    since = facts.followed_since
    fresh = since is None or now - since < NEW_FOLLOWER
    new = now - facts.sender_since < NEW_ACCOUNT
    unasked = type_ == "mention" and facts.private and stranger and not facts.answers_recipient
    limited = facts.sender_limited and stranger
    kinds = (
        ("not_following", facts.for_not_following, NO_CHOICE.for_not_following, stranger),
        ("not_follower", facts.for_not_followers, NO_CHOICE.for_not_followers, fresh),
        ("new_account", facts.for_new_accounts, NO_CHOICE.for_new_accounts, new),
        ("private_mention", facts.for_private_mentions, NO_CHOICE.for_private_mentions, unasked),
        ("limited_account", facts.for_limited_accounts, NO_CHOICE.for_limited_accounts, limited),
        ("bot", facts.for_bots, NO_CHOICE.for_bots, facts.sender_is_bot and stranger),
    )
    for reason, action, otherwise, holds in kinds:
        if holds:
            yield Verdict(action or otherwise, reason)


def group_keys(type_: str, post_id: int | None, now: datetime) -> tuple[list[str], str]:
    """The keys of groups that may still be open, and that of a new one; none for what stands alone.

    A key names the type, the post and the hour (of 1970) in which the group began.
    """
    if type_ not in GROUPED:
        return [], ""
    hour = int(now.timestamp()) // 3600
    stem = type_ if post_id is None else f"{type_}-{post_id}"
    open_ = [f"{stem}-{hour - back}" for back in range(GROUP_SPAN)]
    return open_, open_[0]


async def tell(
    tx: Tx,
    ids: Sequence[int],
    type_: str,
    from_id: int,
    post_id: int | None,
    about: Mapping[str, Any] | None,
) -> list[Notification]:
    """Write what these members are told, as far as they want to be. Gives the rows that are new."""
    found = await notifications.facts(tx.conn, sorted(set(ids)), from_id, post_id, tx.now)
    actions = {f.account_id: verdict(type_, f, tx.now).action for f in found}
    told = {i: actions[i] == "filter" for i in sorted(actions) if actions[i] != "drop"}
    if not told:
        return []
    joins, begins = group_keys(type_, post_id, tx.now)
    news = News(type_, from_id, post_id, about, joins, begins)
    rows = await notifications.tell(tx.conn, told, news, tx.now)
    waiting = sorted(row.account_id for row in rows if row.filtered)
    if waiting:
        await requests.wait(tx.conn, waiting, from_id, tx.now)
    return rows


# Requests


async def accept(tx: Tx, member: Account, ids: Sequence[int]) -> bool:
    """Let the senders of these requests in for good, with all that waited. False: there were none."""
    senders = await requests.take(tx.conn, member.id, ids)
    await requests.permit(tx.conn, member.id, senders, tx.now)
    if await requests.merge(tx.conn, member.id, senders):
        tx.happened(events.notifications_merged(member.id))  # open clients load again
    return bool(senders)


async def dismiss(tx: Tx, member: Account, ids: Sequence[int]) -> bool:
    """Send these requests away, with all that waited; later ones may come. False: there were none."""
    senders = await requests.take(tx.conn, member.id, ids)
    await requests.drop(tx.conn, member.id, senders)
    return bool(senders)


async def choose(tx: Tx, member: Account, chosen: Mapping[str, str]) -> None:
    """Change the policy where something was chosen; what is not one of ``ACTIONS`` is ignored."""
    stands = await requests.policy(tx.conn, member.id)
    good = {name: action for name, action in chosen.items() if action in ACTIONS}
    await requests.put_policy(tx.conn, member.id, replace(stands, **good))
