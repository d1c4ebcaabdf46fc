"""Persons of one user: a pseudonym for each community, if one wants that.

A user (who signs in) may act as several persons. Each has a handle, a name, posts, follows and blocks of its own,
and nothing that anybody else can read says that they belong together: not the API, not ActivityPub, no page, no
badge. Who runs this server can tell, and nobody else. A new one is not suggested and not listed, and shows nobody
whom it follows, until it says otherwise. A token acts for one person; an app asks for another one's here, or its
user chooses at sign-in.
"""

from __future__ import annotations

from server.domain.members import accounts, oauth
from server.domain.members.oauth import Issued
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts as rows
from storage import oauth as oauth_rows
from storage import users
from storage.accounts import Account
from storage.oauth import Token

MOST = 10


async def create(tx: Tx, user_id: int, username: str, display_name: str = "") -> Account:
    """One more person of a user. Raises ``Conflict``, ``Invalid``."""
    await users.hold(tx.conn, user_id)
    if len(await rows.of_user(tx.conn, user_id)) >= MOST:
        raise Invalid(mark("One user has at most %(most)s persons.", most=MOST), field="username")
    person = await accounts.create(
        tx, "person", username, user_id=user_id, display_name=display_name, discoverable=False
    )
    return await accounts.edit_profile(tx, person, indexable=False, hide_collections=True)


async def token(tx: Tx, by: Token, user_id: int, person_id: int) -> Issued:
    """A token for another person of the same user: of the same app, for the same scopes. Raises ``NotFound``."""
    mine = {p.id: p for p in await rows.of_user(tx.conn, user_id) if not p.is_hidden}
    app = (await oauth_rows.apps(tx.conn, [by.app_id])).get(by.app_id)
    if person_id not in mine or app is None:
        raise NotFound
    return await oauth.issue(tx, app, by.scopes, user_id=user_id, account_id=person_id)


async def shows_role(tx: Tx, person: Account) -> bool:
    """Whether the badge of who runs this server stands on a profile: on that of the first person alone."""
    if person.user_id is None:
        return False
    first = next(iter(await rows.of_user(tx.conn, person.user_id)), None)
    return first is not None and first.id == person.id
