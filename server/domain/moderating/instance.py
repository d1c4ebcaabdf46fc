"""What the instance says of itself: its name, what it is for, its rules, and whom to write to."""

from __future__ import annotations

from collections.abc import Sequence

from server import text
from server.domain.members.users import check_email
from server.domain.moderating import staff_log
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage import instance
from storage.users import User

TITLE_MAX = 100  # characters
DESCRIPTION_MAX = 5000
RULE_MAX = 500
RULES_MAX = 50


async def describe(
    tx: Tx,
    *,
    title: str | None = None,
    description: str | None = None,
    rules: Sequence[str] | None = None,
    contact: str | None = None,
    by: User | None = None,
) -> None:
    """Change what is given (None: leave it). Rules replace all former ones, whose numbers reports keep.

    Raises ``Invalid``.
    """
    if title is not None and not 0 < len(title.strip()) <= TITLE_MAX:
        raise Invalid(mark("A title has 1 to %(most)s characters.", most=TITLE_MAX), field="title")
    if description is not None and len(description) > DESCRIPTION_MAX:
        raise Invalid(
            mark("A description has at most %(most)s characters.", most=DESCRIPTION_MAX),
            field="description",
        )
    await instance.describe(
        tx.conn,
        None if title is None else text.one_line(title, TITLE_MAX),
        None if description is None else description.strip(),
        None if rules is None else _rules(rules),
        None if contact is None else _contact(contact),
    )
    given = {"title": title, "description": description, "rules": rules, "contact": contact}
    changed = ", ".join(name for name, value in given.items() if value is not None)
    await staff_log.note(tx, by, "describe", about=changed)


def _rules(rules: Sequence[str]) -> list[str]:
    if len(rules) > RULES_MAX:
        raise Invalid(mark("There are at most %(most)s rules.", most=RULES_MAX), field="rules")
    if any(not 0 < len(rule.strip()) <= RULE_MAX for rule in rules):
        raise Invalid(mark("A rule has 1 to %(most)s characters.", most=RULE_MAX), field="rules")
    return [text.one_line(rule, RULE_MAX) for rule in rules]


def _contact(contact: str) -> str:
    return check_email(contact) if contact.strip() else ""
