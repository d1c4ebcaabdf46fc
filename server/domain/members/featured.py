"""What a profile features: tags of our members, and what others have pinned.

The latter is read from their own collection when somebody looks, at most once a day.

A person's holds posts of their own; a community's whatever it carries. Of calls it lists answer cards too,
which mean the call.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domain import effects
from server.domain.posting import tags as tag_verbs
from server.domain.tx import Tx
from server.errors import Invalid
from storage import accounts, marks, posts, tags
from storage.accounts import Account

JOB = "featured"
TAGS_MAX = 10
FRESH = timedelta(days=1)
MOST = 20
"""Posts that are looked at."""


def is_due(account: Account, now: datetime) -> bool:
    """Whether what an account has pinned is to be read again."""
    if account.local or not account.featured_uri or account.is_hidden:
        return False
    return account.featured_at is None or account.featured_at < now - FRESH


async def looked_at(tx: Tx, account: Account) -> None:
    """Somebody follows an account or opens its profile: what it has pinned is to be read, if that is due."""
    if is_due(account, tx.now) and await accounts.begin_featured(
        tx.conn, account.id, tx.now, tx.now - FRESH
    ):
        await tx.later(f"featured:{account.id}", JOB, {"account_id": account.id}, tx.now)


def may_stand(owner: Account, post: posts.Post) -> bool:
    """Whether a post can be pinned by this account."""
    own = post.account_id == owner.id
    return post.is_public and (own or (owner.is_group and post.community_id == owner.id))


async def replace(tx: Tx, owner: Account, found: list[int]) -> None:
    """These and no others are pinned now, in their order."""
    rows = await posts.by_ids(tx.conn, found)
    kept = [i for i in found if i in rows and may_stand(owner, rows[i])]
    for row in await marks.pinned(tx.conn, owner.id):
        if row.id not in kept:
            await marks.unpin(tx.conn, owner.id, row.id)
    for place, post_id in enumerate(kept):
        await marks.pin(tx.conn, owner.id, post_id, tx.now - timedelta(microseconds=place))


async def feature_tag(tx: Tx, owner: Account, given: str) -> str:
    """Show a tag on the profile; a repeat is no event. Raises ``Invalid``. Gives its name."""
    name = tag_verbs.name_of(given)
    if name is None:
        raise Invalid("Validation failed: Tag is invalid", field="name")
    made = await tags.feature(tx.conn, owner.id, name, tx.now)
    if made and await tags.count_featured(tx.conn, owner.id) > TAGS_MAX:
        raise Invalid(
            "Validation failed: You have already featured the maximum number of hashtags",
            field="name",
        )
    if made:
        await effects.feature_tag(tx, owner, name, added=True)
    return name


async def unfeature_tag(tx: Tx, owner: Account, name: str) -> None:
    """Take a tag off the profile; a repeat is no event."""
    if await tags.unfeature(tx.conn, owner.id, name):
        await effects.feature_tag(tx, owner, name, added=False)
