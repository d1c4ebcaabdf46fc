"""What moderators of the instance do to accounts.

*Disabled*: a user of ours cannot sign in, and their tokens are void; what they wrote stays. *Suspended*: an
account, ours or remote, is not seen, nor is anything it wrote (``sight``), it cannot act (its tokens and
sessions are void, what its server sends is refused), and nothing is sent to it. Both are taken back
whole. Nothing is deleted, and other servers are not told: they hold their own copies, and a Delete could
not be taken back.
"""

from __future__ import annotations

from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from storage import accounts, users
from storage.accounts import Account
from storage.users import User

STAFF = ("moderator", "admin")
REFUSED = "This action is not allowed"
RANKS = {"member": 0, "moderator": 1, "admin": 2}


def require_staff(by: User) -> None:
    """Raises ``Forbidden`` for who is neither moderator nor administrator."""
    if by.role not in STAFF:
        raise Forbidden(REFUSED, reason="role")


async def user_of(tx: Tx, account: Account) -> User | None:
    return await users.by_id(tx.conn, account.user_id) if account.user_id else None


async def _require_above(tx: Tx, by: User, account: Account) -> User | None:
    """The user of an account that ``by`` may act upon. Raises ``Forbidden``: nobody judges their like."""
    require_staff(by)
    user = await user_of(tx, account)
    if account.kind == "application" or (user and RANKS[user.role] >= RANKS[by.role]):
        raise Forbidden(REFUSED, reason="rank")
    return user


async def suspend(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``. A repeat changes nothing."""
    await _require_above(tx, by, account)
    return await accounts.suspend(tx.conn, account.id, tx.now)


async def unsuspend(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``."""
    await _require_above(tx, by, account)
    return await accounts.unsuspend(tx.conn, account.id)


async def set_disabled(tx: Tx, by: User, account: Account, *, disabled: bool) -> None:
    """Raises ``Forbidden``, and ``Invalid`` for an account that nobody here signs in to."""
    user = await _require_above(tx, by, account)
    if user is None:
        raise Invalid("Nobody here signs in to this account.")
    await users.set_disabled(tx.conn, user.id, tx.now if disabled else None)


async def waiting_user(tx: Tx, by: User, account: Account) -> User:
    """Whose sign-up ``by`` decides. Raises ``Forbidden``, and ``NotFound`` where nobody signs in."""
    require_staff(by)
    user = await user_of(tx, account)
    if user is None:
        raise NotFound
    return user
