"""What those who steer a community tell whom a decision meets.

It comes as a warning of Mastodon's (``moderation_warning``), so that every client shows it, from the
community: which steward it was stays unsaid. Members of other servers hear of it from their own server, as
far as that understands what we send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.domain import effects
from server.domain.tx import Tx
from storage.accounts import Account


async def tell(
    tx: Tx,
    community: Account,
    person: Account,
    action: str,
    words: str,
    post_ids: Sequence[int] = (),
    *,
    appeal: Mapping[str, str] | None = None,
) -> None:
    """``action``: of Mastodon's AccountWarning. ``appeal``: its text and state."""
    about = {
        "action": action,
        "text": words,
        "status_ids": [str(i) for i in post_ids],
        "target_account_id": person.id,
        "appeal": dict(appeal) if appeal else None,
    }
    await effects.tell(tx, [person], "moderation_warning", community, None, about=about)
