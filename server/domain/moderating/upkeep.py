"""What keeps an instance running, done by hand: trying again at once, letting go, tidying up.

All of it happens by itself too, later. Nothing here is for moderators: it decides about no person but by who may
sign in, and asks for an administrator.
"""

from __future__ import annotations

from server.domain.members import farewell, second_factor
from server.domain.moderating import moderation, staff_log
from server.domain.posting import media
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from storage import invites, jobs, oauth, outbox, passkeys, users
from storage.accounts import Account
from storage.users import User

ROLES = ("member", "moderator", "admin")


async def retry_host(tx: Tx, by: User, host: str) -> None:
    """Try what waits for a host now. Raises ``Forbidden``, and ``NotFound`` where nothing waits."""
    moderation.require_admin(by)
    if not await outbox.retry(tx.conn, host, tx.now):
        raise NotFound
    await staff_log.note(tx, by, "host_retry", about=host)


async def forget_host(tx: Tx, by: User, host: str) -> None:
    """Drop what waits for a host. Raises ``Forbidden``, and ``NotFound`` where nothing waits."""
    moderation.require_admin(by)
    if not await outbox.drop(tx.conn, host):
        raise NotFound
    await staff_log.note(tx, by, "host_forget", about=host)


async def job_again(tx: Tx, by: User, job_id: int) -> None:
    """Do a job now that waits to be tried again. Raises ``Forbidden``, ``NotFound``."""
    moderation.require_admin(by)
    row = await jobs.hasten(tx.conn, job_id, tx.now)
    if row is None:
        raise NotFound
    tx.wake("jobs", [row.lane], tx.now)
    await staff_log.note(tx, by, "job_again", about=row.kind)


async def clean_up(tx: Tx, by: User, *, cache: bool = False) -> None:
    """Remove files that nothing shows, and copies of other servers' files that are old; with ``cache``, all copies:
    they are fetched again when somebody looks. As many as one transaction bears. Raises ``Forbidden``."""
    moderation.require_admin(by)
    await media.clean(tx)
    await (media.forget_copies(tx) if cache else media.forget_remote(tx))
    await staff_log.note(tx, by, "clean", about="all copies" if cache else "")


async def revoke_invite(tx: Tx, by: User, digest: bytes) -> None:
    """Whoever has the link comes too late. Raises ``Forbidden``, ``NotFound``."""
    moderation.require_admin(by)
    if not await invites.drop(tx.conn, digest):
        raise NotFound
    await staff_log.note(tx, by, "uninvite")


async def set_role(tx: Tx, by: User, account: Account, role: str) -> None:
    """Give somebody of ours another role. Nobody demotes an administrator, so that none locks the others out. Raises
    ``Forbidden``, ``Invalid``."""
    moderation.require_admin(by)
    user = await moderation.user_below(tx, by, account)
    if user is None or role not in ROLES:
        raise Invalid("There is no such role.", field="role")
    if user.approved_at is None:
        raise Forbidden(moderation.REFUSED, reason="waiting")
    await users.set_role(tx.conn, user.id, role)
    await staff_log.note(tx, by, "role", account=account, about=role)


async def appoint(tx: Tx, user: User, account: Account, role: str) -> None:
    """The operator gives somebody another role, an administrator too. Raises ``Forbidden`` where nobody else would run the
    instance."""
    demoted = user.role == "admin" and role != "admin"
    if demoted and not await users.other_admin(tx.conn, user.id):
        raise Forbidden(farewell.LAST, reason="last_admin")
    await users.set_role(tx.conn, user.id, role)
    await staff_log.note(tx, None, "role", account=account, about=role)


async def password_alone(tx: Tx, user: User, account: Account) -> None:
    """The operator helps somebody in who has lost what they sign in with: no code and no passkey is asked for any more, and their
    mail says so."""
    await passkeys.drop_all(tx.conn, user.id)
    await second_factor.end(tx, user.id)
    await staff_log.note(tx, None, "password_alone", account=account)


async def sign_out(tx: Tx, by: User, account: Account) -> None:
    """End every session and every token of somebody of ours. Raises ``Forbidden``, ``Invalid``."""
    user = await moderation.user_below(tx, by, account)
    if user is None:
        raise Invalid("Nobody here signs in to this account.")
    await oauth.drop_of_user(tx.conn, user.id)
    await staff_log.note(tx, by, "sign_out", account=account)
