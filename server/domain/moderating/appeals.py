"""Appeals: whom a removal, a refusal or a ban met may ask once for it to be looked at again.

It is answered by another steward than the one who decided, where the community has another. An appeal that
is approved undoes what was decided: the post comes back or is let in, the ban is lifted. Either answer
stands in the public log, and the member is told. Members of other servers have no door for it yet: they
write to a steward.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from server.domain import policy
from server.domain.moderating import group_moderation, held_posts, notices
from server.domain.moderating.group_moderation import REASON_MAX, Steward
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import joined, mark
from storage import accounts, communities
from storage import appeals as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.appeals import Appeal
from storage.group_moderation import Entry

WORDS_MAX = 1000
WITHIN = timedelta(days=30)
"""As long as a refused post is kept (``hold_rules.KEEP``)."""
DECISIONS = ("remove", "refuse", "ban")


async def appeal(tx: Tx, account: Account, entry_id: int, words: str) -> Appeal:
    """Raises ``NotFound`` for what did not meet the account, ``Invalid``, ``Forbidden`` for a second one and
    for one that is late."""
    entry = await rows.entry(tx.conn, entry_id)
    if entry is None or entry.account_id != account.id or entry.action not in DECISIONS:
        raise NotFound
    if not 0 < len(words.strip()) <= WORDS_MAX:
        raise Invalid(mark("An appeal has 1 to %(most)s characters.", most=WORDS_MAX), field="text")
    community = await accounts.by_id(tx.conn, entry.community_id)
    open_to(entry, community, tx.now).require()
    said = words.strip()
    made = await rows.insert(tx.conn, entry.id, entry.community_id, account.id, said, tx.now)
    if made is None:
        policy.APPEALED.require()
    assert made, "the verdict raised"
    return made


def open_to(entry: Entry, community: Account | None, now: datetime) -> policy.Verdict:
    """Whether what was decided in ``community`` can still be appealed against by whom it met, if they have not."""
    here = community is not None and community.local
    return policy.may_appeal(here=here, late=entry.created_at + WITHIN < now)


async def answer(tx: Tx, by: Steward, appeal_id: int, words: str, *, approved: bool) -> None:
    """``words``: what the member is told. Raises ``NotFound``, ``Invalid``, and ``Forbidden`` for who decided
    it, for whom it met, and where it was answered before."""
    if len(words) > REASON_MAX:
        raise Invalid(
            mark("A reason has at most %(most)s characters.", most=REASON_MAX), field="reason"
        )
    row = await rows.hold(tx.conn, appeal_id, by.community.id)
    entry = await rows.entry(tx.conn, row.entry_id) if row else None
    person = await accounts.by_id(tx.conn, row.account_id) if row else None
    if row is None or entry is None or person is None:
        raise NotFound
    await _require_judge(tx, by, row, entry)
    state = "approved" if approved else "rejected"
    await rows.answer(tx.conn, row.id, state, words, by.account.id, tx.now)
    if approved:
        await _undo(tx, by, entry, person)
    action = "overturn" if approved else "uphold"
    await group_moderation.log(tx, by, action, words, account=person)
    await _tell(tx, by, row, person, words, state)


async def _require_judge(tx: Tx, by: Steward, row: Appeal, entry: Entry) -> None:
    stewards = await communities.stewards(tx.conn, by.community.id)
    others = {person.id for person in stewards} - {entry.by_id, row.account_id}
    policy.may_judge(
        pending=row.state == "pending",
        own=row.account_id == by.account.id,
        decided=entry.by_id == by.account.id,
        others=bool(others),
    ).require()


async def _undo(tx: Tx, by: Steward, entry: Entry, person: Account) -> None:
    """What was undone or is gone since needs no undoing."""
    if entry.action == "ban":
        await group_moderation.unban(tx, by, person, "After an appeal")
        return
    post = await post_rows.by_id(tx.conn, entry.post_id) if entry.post_id else None
    if post is None:
        return
    if entry.action == "refuse":
        with suppress(NotFound):
            await held_posts.let_through(tx, by, post.id, "After an appeal")
    elif not post.held:
        await group_moderation.restore(tx, by, post, "After an appeal")


async def _tell(tx: Tx, by: Steward, row: Appeal, person: Account, words: str, state: str) -> None:
    said = joined(
        mark("Your appeal to @%(handle)s was looked at.", handle=by.community.handle),
        mark("The decision was taken back.")
        if state == "approved"
        else mark("The decision stays."),
        mark("They say: %(words)s", words=words) if words else "",
    )
    about = {"text": row.words, "state": state}
    await notices.tell(tx, by.community, person, "none", said, appeal=about)
