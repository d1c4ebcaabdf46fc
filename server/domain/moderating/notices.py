"""What those who steer a community tell whom a decision meets.

It comes as a warning of Mastodon's (``moderation_warning``), so that every client shows it, from the
community: which steward it was stays unsaid. Members of other servers hear of it from their own server, as
far as that understands what we send.

What a steward decided comes to members of ours by mail too, with the reason and how to have it looked at again: who does
not open their client would learn of it too late to appeal. Anybody may found a community and ban people from it, so these
mails are few, and none goes to who never had a part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server import i18n
from server.domain import effects
from server.domain.mailing import mail_budgets, mails
from server.domain.tx import Tx
from storage import users
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
    by_mail: bool = False,
) -> None:
    """``action``: of Mastodon's AccountWarning. ``appeal``: its text and state. ``by_mail``: it was decided, and may be
    appealed against. ``words``: marked, and said in the language of who reads them, where that is known."""
    user = await users.by_id(tx.conn, person.user_id) if person.user_id else None
    with i18n.speaking(i18n.best(user and user.language)):
        words = i18n.gettext(words)
    about = {
        "action": action,
        "text": words,
        "status_ids": [str(i) for i in post_ids],
        "target_account_id": person.id,
        "appeal": dict(appeal) if appeal else None,
    }
    await effects.tell(tx, [person], "moderation_warning", community, None, about=about)
    if by_mail and person.user_id and community.local:
        await _mail(tx, community, person, person.user_id, words)


async def _mail(tx: Tx, community: Account, person: Account, user_id: int, words: str) -> None:
    if not tx.site.mail or tx.site.secret is None:
        return
    if await mail_budgets.may_warn(tx, user_id, community.id):
        said = {"sentence": words, "words": "", "community": community.url or community.uri}
        await mails.want(tx, user_id, "warning", handle=f"@{person.username}", **said)
