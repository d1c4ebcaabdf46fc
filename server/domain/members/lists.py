"""Lists of a member's own. Private to them: who is in one never learns of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import lists
from storage.accounts import Account
from storage.lists import POLICIES, List

TITLE_MAX = 256
LISTS_MAX = 50
MEMBERS_MAX = 500
"""Of one list: reading it costs a look at each."""


@dataclass(frozen=True, slots=True)
class Settings:
    title: str
    replies_policy: str = "list"
    exclusive: bool = False


def check(wanted: Settings) -> None:
    """Raises ``Invalid``."""
    if not wanted.title.strip():
        raise Invalid("Validation failed: Title can't be blank", field="title")
    if len(wanted.title) > TITLE_MAX:
        raise Invalid(
            mark(
                "Validation failed: Title is too long (maximum is %(most)s characters)",
                most=TITLE_MAX,
            ),
            field="title",
        )
    if wanted.replies_policy not in POLICIES:
        raise Invalid(
            mark("'%(what)s' is not a valid replies_policy", what=wanted.replies_policy[:40]),
            field="replies_policy",
        )


async def create(tx: Tx, owner: Account, wanted: Settings) -> List:
    """Raises ``Invalid``."""
    check(wanted)
    if await lists.count(tx.conn, owner.id) >= LISTS_MAX:
        raise Invalid("Validation failed: You have reached the maximum number of lists")
    policy, exclusive = wanted.replies_policy, wanted.exclusive
    return await lists.insert(tx.conn, owner.id, wanted.title, policy, tx.now, exclusive=exclusive)


async def edit(tx: Tx, row: List, wanted: Settings) -> List:
    """Raises ``Invalid``. One that becomes exclusive takes its members' posts out of home."""
    check(wanted)
    policy, exclusive = wanted.replies_policy, wanted.exclusive
    new = await lists.update(tx.conn, row.id, wanted.title, policy, exclusive=exclusive)
    await lists.leave_home(tx.conn, row.id)
    return new


async def add(tx: Tx, owner: Account, row: List, ids: Sequence[int]) -> None:
    """All or none. Raises ``NotFound`` for who is not followed, ``Invalid`` for who is in it."""
    wanted = set(ids)
    if await lists.addable(tx.conn, owner.id, sorted(wanted)) != wanted:
        raise NotFound
    if await lists.add(tx.conn, row.id, owner.id, sorted(wanted)) != len(wanted):
        raise Invalid("Validation failed: Account has already been taken", field="account_ids")
    if await lists.count_members(tx.conn, row.id) > MEMBERS_MAX:
        raise Invalid(
            mark("Validation failed: A list has at most %(most)s accounts", most=MEMBERS_MAX),
            field="account_ids",
        )
    await lists.leave_home(tx.conn, row.id)
