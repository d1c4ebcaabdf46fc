"""How long things about people are kept: one table, carried out once a day.

Each rule says what it forgets, after how long and since when, in a sentence that is shown to everybody. It
forgets at most ``BATCH`` rows in a run; while one has more, the job runs again at once, so that no transaction
is long. What has other reasons to be cleaned up (files, caches, old arrivals) is in server/jobs/later.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from server.domain.calling import attendance as attendance_verbs
from server.domain.calling import audience, contacts
from server.domain.mailing import mail_follows, mail_lists
from server.domain.members import imports
from server.domain.tx import Tx
from server.i18n import mark
from storage import attendance, feedback, questions, staff_log, target_mails
from storage import contacts as contact_rows
from storage import imports as import_rows
from storage import mail_follows as mail_follow_rows
from storage import mail_lists as mail_list_rows
from storage.db import Connection

Forget: TypeAlias = Callable[[Connection, datetime, int], Awaitable[int]]
"""Forgets what was over before a time, so many rows at most, and tells how many."""

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """``what``: of whom or of what, as a heading; ``statement``: for everybody, in a sentence."""

    name: str
    what: str
    after: timedelta
    statement: str
    forget: Forget


async def _notice_over(conn: Connection, now: datetime, limit: int) -> int:
    noticed = (contact_rows.notice_over, questions.notice_over, target_mails.notice_over)
    return sum([await notice(conn, now, limit) for notice in noticed])


NOTICED = Rule(
    "calls_over",
    mark("When a call was over"),
    timedelta(0),
    mark("A call is over when its time has passed or its organisers have closed it."),
    _notice_over,
)
UNCONFIRMED = Rule(
    "unconfirmed_answers",
    mark("Answers by e-mail that nobody confirmed"),
    contacts.LIFETIME["confirm"],
    mark("An answer by e-mail that is not confirmed within two days is forgotten."),
    contact_rows.forget_new,
)
CONTACT_DATA = Rule(
    "contact_data",
    mark("Addresses, names and what else was typed to answer by e-mail"),
    timedelta(days=audience.KEEP_DAYS),
    mark(
        "Contact data is deleted 90 days after the call is over. That somebody answered is still"
        " counted."
    ),
    contact_rows.blank,
)
FIELDS = Rule(
    "question_answers",
    mark("What who takes part answered to the questions of the organisers"),
    timedelta(days=audience.KEEP_DAYS),
    mark(
        "Answers to the questions of the organisers are deleted 90 days after the call is over, or at once"
        " when the answer is taken back."
    ),
    questions.forget,
)
RECEIPTS = Rule(
    "receipts",
    mark("That an answer came by e-mail, and what was agreed to"),
    timedelta(days=365),
    mark(
        "Receipts, and the record of what was agreed to, are deleted a year after the call is over."
    ),
    contact_rows.forget,
)
LINKS = Rule(
    "links",
    mark("Links in mails that are too old"),
    timedelta(0),
    mark("A link that is too old is deleted within a day."),
    contact_rows.forget_links,
)

ATTENDANCE = Rule(
    "attendance",
    mark("Who came, as it was written down at the door"),
    attendance_verbs.KEEP,
    mark("Who came is deleted 30 days after the end. How many came is kept."),
    attendance.forget,
)

LETTERS = Rule(
    "letters",
    mark("Copies of letters that this server sent for who takes part in a call"),
    timedelta(days=audience.KEEP_DAYS),
    mark(
        "A copy of a letter is deleted 90 days after the call is over. That it was written is still"
        " counted."
    ),
    target_mails.forget,
)

UNCONFIRMED_FOLLOWS = Rule(
    "unconfirmed_mail_follows",
    mark("Addresses to which a community's weekly mail was to go, and that nobody confirmed"),
    mail_follows.CONFIRM_WITHIN,
    mark(
        "An address that is not confirmed within seven days is forgotten. A confirmed one is forgotten at once when its"
        " owner says stop."
    ),
    mail_follow_rows.forget_new,
)
INVITED = Rule(
    "mail_lists",
    mark(
        "That an address was invited by e-mail to follow a community, or unsubscribed from it, as a fingerprint"
    ),
    mail_lists.ONCE_IN,
    mark(
        "Of a list of addresses each is forgotten when it was written to. A fingerprint is kept for a year, so that"
        " nobody is invited twice, nor invited after they unsubscribed."
    ),
    mail_list_rows.forget,
)

FEEDBACK = Rule(
    "feedback",
    mark("What was said of a call when it was over, and that somebody did"),
    timedelta(days=365),
    mark(
        "What people say of a call when it is over is kept without who said it, and deleted after a year."
    ),
    feedback.forget,
)

IMPORTS = Rule(
    "imports",
    mark("Lists that a member brought along from another server as a file"),
    imports.KEPT,
    mark(
        "A file that a member brought along, and what became of its lines, is deleted after 7 days. Whom they follow"
        " or block by it stays."
    ),
    import_rows.forget,
)

STAFF_LOG = Rule(
    "staff_log",
    mark("What those who run this server decided"),
    timedelta(days=730),
    mark(
        "What those who run this server decided about accounts and servers is kept for two years, for them alone."
    ),
    staff_log.forget,
)
RULES = (
    NOTICED, UNCONFIRMED, CONTACT_DATA, FIELDS, RECEIPTS, LINKS, ATTENDANCE, FEEDBACK, UNCONFIRMED_FOLLOWS, INVITED, LETTERS, IMPORTS,
    STAFF_LOG,
)  # fmt: skip
"""In this order: the first notes what those after it go by."""


async def run(tx: Tx) -> bool:
    """Carry out every rule once. True where one of them may have more to forget."""
    more = False
    for rule in RULES:
        gone = await rule.forget(tx.conn, tx.now - rule.after, BATCH)
        more = more or gone >= BATCH
    return more
