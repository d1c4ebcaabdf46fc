"""The end of an account: what it wrote and did here goes with it, and every count stays true.

Who is *forgotten* is gone: its origin says so. Who is *erased*, by moderators or by their own wish, leaves a hollow account of the
same id and name, suspended for good, so that nobody else can take the name and a remote one does not come
back as somebody new. All else that hangs on it goes by the database's own rules, reports about it included,
so nothing can be forgotten here. Other servers are sent a Delete of an account of ours.
"""

from __future__ import annotations

from server.domain import effects
from server.domain.calling import kinds, participations
from server.domain.groups import roles
from server.domain.members import follows, own_archives
from server.domain.moderating import host_blocks
from server.domain.tx import Tx
from server.errors import Forbidden
from server.i18n import mark
from storage import accounts, calls, communities, community_archives, joins, posts, users
from storage import participations as participation_rows
from storage.accounts import Account, Profile
from storage.users import User

LAST = mark("Nobody else runs this server. Please make somebody else an administrator first.")
SHOWN = 100
"""How many of its posts leave the screens of those who look just now; the others go when they load again."""


async def forget(tx: Tx, account: Account) -> None:
    """Its origin says that an actor is gone (or it says so itself). Ours are never forgotten so."""
    if account.local:
        return
    await _withdraw(tx, account)
    await posts.bury(tx.conn, account.uri, tx.now)
    left = await _left(tx, account)
    await accounts.delete(tx.conn, account.id)
    await _close_gaps(tx, left)


async def _withdraw(tx: Tx, account: Account) -> None:
    for participation in await participation_rows.all_of_account(tx.conn, account.id):
        post = await posts.by_id(tx.conn, participation.post_id)
        if post and (post.local or not await _is_named(tx, post.id)):
            await participations.withdraw(tx, account, post)
    await community_archives.drop_of(tx.conn, account.id)
    await own_archives.drop(tx, account.id)
    for post in await posts.latest(tx.conn, account.id, SHOWN):
        await effects.vanish(tx, post)


async def _is_named(tx: Tx, post_id: int) -> bool:
    """Whether the host of a call knows who takes part: it hears who goes, and no number of ours changes."""
    call = await calls.by_id(tx.conn, post_id)
    return call is None or kinds.KINDS[call.kind].named


async def erase(tx: Tx, account: Account) -> Account:
    """Everything but the name of a suspended person. Gives the hollow account.

    Its user goes with the last person. What was to be sent for it is not sent any more.
    """
    reached = await effects.followers(tx, account.id) if account.local else {}
    await _withdraw(tx, account)
    await posts.bury_all(tx.conn, account.id, tx.now)
    hollow = await _hollow(tx, account)
    if account.user_id and not await accounts.of_user(tx.conn, account.user_id):
        await users.delete(tx.conn, account.user_id)
    if account.local:
        await effects.leave(tx, hollow, reached)
    return hollow


async def leave(tx: Tx, user: User) -> None:
    """A member goes, with all their persons. Raises ``Forbidden`` for the last who runs the instance."""
    if user.role == "admin" and not await users.other_admin(tx.conn, user.id):
        raise Forbidden(LAST, reason="last_admin")
    for person in await accounts.of_user(tx.conn, user.id):
        await erase(tx, person)


async def _left(tx: Tx, account: Account) -> tuple[list[Account], list[int]]:
    """What it steered, and where others wait for its place."""
    return await communities.run_by(tx.conn, account.id), await joins.lines_of(tx.conn, account.id)


async def _close_gaps(tx: Tx, left: tuple[list[Account], list[int]]) -> None:
    steered, lines = left
    for community in steered:
        await roles.succeed(tx, community)
    for community_id in lines:
        await follows.free_places(tx, community_id)


async def _hollow(tx: Tx, account: Account) -> Account:
    keys = await accounts.keys_of(tx.conn, account.id)
    left = await _left(tx, account)
    await accounts.delete(tx.conn, account.id)
    await _close_gaps(tx, left)
    made = await accounts.insert(
        tx.conn,
        account.id,
        account.uri,
        account.kind,
        _bare(account),
        host=account.host,
        created_at=account.created_at,
        fetched_at=account.fetched_at,
    )
    await accounts.replace_keys(tx.conn, made.id, keys)
    await accounts.erased(tx.conn, made.id)
    made = made if account.local else await host_blocks.met(tx, made)
    if account.suspended_by_host:
        return made
    return await accounts.suspend(tx.conn, made.id, account.suspended_at or tx.now)


def _bare(account: Account) -> Profile:
    return Profile(
        username=account.username,
        url=account.url,
        inbox=account.inbox,
        shared_inbox=account.shared_inbox,
        outbox=account.outbox,
        followers_uri=account.followers_uri,
        featured_uri=account.featured_uri,
        discoverable=False,
        indexable=False,
        handle_host=account.handle_host,
        handle_lost=account.handle_lost,
    )
