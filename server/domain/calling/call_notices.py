"""What those who take part in a call are told: each through the door by which they answered, and once.

``send`` writes down one notice in the transaction of its cause; a job (``run``) walks through those who take part,
so many at a time, and goes on behind the last one, so that a crash tells nobody twice. What reaches whom:

- **members of ours**: a letter by the community (``letter_writing``), which rings as a mention;
- **members of nothing, who answered one call of a private community** (``opened``): a letter by the server itself,
  in which the community is not named, with the link that takes their answer back;
- **by e-mail**: a mail with the link that takes their answer back;
- **from elsewhere, by the card or a reply**: a direct message by the community, the only thing that reaches them, which
  one answers as a receipt;
- **from elsewhere, by a Join**: their server carries the event in their calendar, hears of each change by its
  Update, and reminds them itself (Mobilizon and Beckon do): they are written to only what no Update says.

Reminders are for who has a place; that a call is moved or called off is for those who wait for one, too. What
becomes of a volunteer call is told to all who are in its shifts, each person once; reminders are of each shift.
"""

from __future__ import annotations

from datetime import timedelta

from server import text
from server.domain import policy, sight, wire_calls
from server.domain.calling import feedback, next_steps, online, participations, receipts
from server.domain.groups import affiliations, communities, letter_writing
from server.domain.mailing import mails
from server.domain.tx import Tx
from server.errors import Invalid, NotFound, TooMany
from server.i18n import mark
from storage import accounts, calls
from storage import call_notices as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.call_notices import Notice
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post

JOB = "call_notice"
BATCH = 50
REMINDERS = ("reminder", "morning")
TO_WHO_WAITS = ("changed", "postponed", "cancelled", "reopened")
WITH_PLACE = (*REMINDERS, "changed", "reopened")
"""What says where one takes part from afar, as far as that is for them."""
WITH_WAY_BACK = ("reminder", "changed", "reopened")
"""What says how to take an answer back: a member signs in, who is elsewhere has a link of their own, of which only the digest is kept here."""
BY_UPDATE = (*REMINDERS, *TO_WHO_WAITS, "outcome")
"""What the servers of those who joined tell them themselves, but for the reason."""

WHY_MAX = 500
FEEDBACK = "What was good, and what could be better? Say so to the organisers, without your name:"
MESSAGE_MAX = 2000
MESSAGES, WINDOW = 3, timedelta(days=7)
CHANGES, DAY = 10, timedelta(days=1)
"""How often a day people are told of each kind of change."""


async def send(
    tx: Tx, post_id: int, what: str, *, by: Account | None = None, said: str = ""
) -> None:
    """``what``: as the table has it; ``said``: of a message, or why it is put off or called off. Raises ``TooMany`` for what is changed all the time;
    that a call is called off is always told."""
    told = await rows.count_since(tx.conn, post_id, what, tx.now - DAY)
    if what in TO_WHO_WAITS and what != "cancelled" and told >= CHANGES:
        raise TooMany(
            mark(
                "Those who take part were told of %(changes)s such changes today: that is enough.",
                changes=CHANGES,
            ),
            retry_after=int(DAY.total_seconds()),
        )
    notice = await rows.insert(tx.conn, post_id, what, by.id if by else None, said, tx.now)
    await _go_on(tx, notice, 0)


async def _go_on(tx: Tx, notice: Notice, after: int) -> None:
    args = {"notice_id": notice.id, "after": after}
    await tx.later(f"notices:{notice.post_id}", JOB, args, tx.now)


async def run(tx: Tx, notice_id: int, after: int) -> None:
    """Tell the next ``BATCH`` of people. Nothing where the call is gone, its community is suspended, or a reminder comes too late."""
    notice = await rows.by_id(tx.conn, notice_id)
    call = await calls.by_id(tx.conn, notice.post_id) if notice else None
    post = await post_rows.by_id(tx.conn, notice.post_id) if notice else None
    if not (notice and call and post) or is_late(tx, notice, call):
        return
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    if community.is_hidden:
        return
    what = notice.what
    people = await rows.taking_part(
        tx.conn, post.id, after, BATCH,
        waiting=what in TO_WHO_WAITS, below=what not in REMINDERS, off=what == "cancelled",
    )  # fmt: skip
    facts = facts_of(notice, post, call)
    reached = set(await sight.still(tx, post, [p.account_id for p in people if p.account_id]))
    for person in people:
        if person.account_id in (None, *reached) or person.door == participations.OPENED:
            await _tell(tx, notice, community, person, facts)
    if len(people) == BATCH:
        await _go_on(tx, notice, people[-1].id)


def is_late(tx: Tx, notice: Notice, call: Call) -> bool:
    """Whether a reminder has lost its sense."""
    begun = call.starts_at is None or call.starts_at <= tx.now
    return notice.what in REMINDERS and (begun or call.state != "open")


def facts_of(notice: Notice, post: Post, call: Call) -> dict[str, str]:
    """What the texts of letters and mails name."""
    said = text.plain(call.outcome) if notice.what == "outcome" else notice.text
    url, line = "" if post.is_deleted else post.url, wire_calls.line(call)
    why = f"\n\n{notice.text}" if notice.text else ""
    return {"call": post.title, "line": line, "url": url, "back": ".", "said": said, "why": why}


async def _tell(
    tx: Tx, notice: Notice, community: Account, person: Participation, facts: dict[str, str]
) -> None:
    if person.contact_id:
        await mails.want_by_contact(tx, person.contact_id, notice.what, notice_id=notice.id)
    account = await accounts.by_id(tx.conn, person.account_id or 0)
    if account and await _is_told(tx, notice, community, account, person):
        what = f"call_{notice.what}"
        outside = person.door == participations.OPENED
        if outside:
            own = await receipts.again(tx, person)
            facts = {**facts, "url": own, "back": own}
        if notice.what == "outcome":
            step = "" if outside else await next_steps.as_text(tx, notice.post_id, account)
            below = {"feedback": await _ask_feedback(tx, account, person)}
            facts = {**facts, **below, "next": f"\n\nNext: {step}" if step else ""}
        if notice.what in WITH_PLACE:
            facts = {**facts, "online": await _afar(tx, person)}
        if notice.what in WITH_WAY_BACK and not account.local:
            facts = {**facts, "back": f": {await receipts.again(tx, person)}"}
        if account.local or outside:
            sender = None if outside else community.id
            args = {"from": sender, "to": account.id, "what": what, "facts": facts}
            await letter_writing.write(tx, args)
        else:
            await _message(tx, community, account, letter_writing.TEXTS[what] % facts, person)


async def _message(
    tx: Tx, community: Account, account: Account, said: str, person: Participation
) -> None:
    """To who is elsewhere, and answers it as a receipt."""
    html = text.compose(said, {}, tx.site.urls.tag)
    await receipts.send(tx, community, account, html, person.id)


async def _afar(tx: Tx, person: Participation) -> str:
    call = await calls.by_id(tx.conn, person.post_id)
    url = await online.for_participant(tx, call, person) if call else None
    return f" Online: {url}" if url else ""


async def _ask_feedback(tx: Tx, account: Account, person: Participation) -> str:
    """What stands below an outcome: a member signs in, who is elsewhere has a secret of their own."""
    call = await calls.by_id(tx.conn, person.post_id)
    if call is None or not feedback.is_asked(tx, call):
        return ""
    signs_in = account.local and person.door != participations.OPENED
    page = tx.site.urls.call(person.post_id) if signs_in else await receipts.again(tx, person)
    return f"\n\n{FEEDBACK} {page}/feedback"


async def _is_told(
    tx: Tx, notice: Notice, community: Account, account: Account, person: Participation
) -> bool:
    if account.id == notice.by_account_id or account.is_hidden:
        return False
    if notice.what == "message" and await communities.is_banned(tx, community.id, account):
        return False  # it may say where the others meet
    if account.local:
        return notice.what not in REMINDERS or not await rows.reminders_off(tx.conn, account.id)
    return person.door != "join" or notice.what not in BY_UPDATE or bool(notice.text)


def reason(said: str) -> str:
    """Why a call is put off or called off, as it is told. Raises ``Invalid``."""
    why = said.strip()
    if len(why) > WHY_MAX:
        raise Invalid(mark("A reason has at most %(most)s characters.", most=WHY_MAX), field="why")
    return why


async def messages_left(tx: Tx, post_id: int) -> int:
    """How often this week those who take part may still be written to."""
    written = await rows.count_since(tx.conn, post_id, "message", tx.now - WINDOW)
    return max(MESSAGES - written, 0)


async def write_to_all(tx: Tx, actor: Account, post: Post, said: str) -> None:
    """A steward writes to all who take part in a call of ours, whatever door they came through.

    Raises ``Forbidden``, ``Invalid``, ``NotFound``, ``TooMany``: people gave their address for this call, not
    for a newsletter.
    """
    call = await calls.lock(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    policy.may_see_people("organiser", await affiliations.of(tx, actor)).require()
    said = said.strip()
    if not said:
        raise Invalid("What do you want to tell them?", field="text")
    if len(said) > MESSAGE_MAX:
        raise Invalid(
            mark("A message has at most %(most)s characters.", most=MESSAGE_MAX), field="text"
        )
    if not await messages_left(tx, post.id):
        raise TooMany(
            mark(
                "Those who take part were written to %(messages)s times this week: that is enough.",
                messages=MESSAGES,
            ),
            retry_after=int(WINDOW.total_seconds()),
        )
    await send(tx, post.id, "message", by=actor, said=said)
