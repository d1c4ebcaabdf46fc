"""The mails to those who follow a community by e-mail, written when they are about to be sent.

``confirm``: was this you? ``invited``: the organisers had your address; would you like this? ``again``: somebody
asked for this with your address, and you have it already. ``week``: what happened. Each has the link that
ends all of it, and but for the answers to a form, for the mail program's own button too (RFC 8058).
"""

from __future__ import annotations

from datetime import datetime

from server import i18n
from server.domain.mailing import digests, mail_follows
from server.domain.mailing.digests import Part
from server.domain.tx import Tx
from server.mail import Mail
from server.pages import render_text
from storage import accounts
from storage import mail_follows as rows
from storage.accounts import Account
from storage.mail_follows import MailFollow

BEFORE = ("confirm", "invited")


async def write(tx: Tx, follow_id: int, kind: str, since: str = "", until: str = "") -> Mail | None:
    """The mail as it is to be sent now; None where it has lost its reason."""
    follow = await rows.by_id(tx.conn, follow_id)
    if follow is None or (follow.state == "new") != (kind in BEFORE):
        return None
    group = await accounts.by_id(tx.conn, follow.community_id)
    address = await mail_follows.address_of(tx, follow)
    if group is None or address is None or not await mail_follows.may_follow(tx, group):
        return None
    part = await _part(tx, group, since, until) if kind == "week" else None
    if kind == "week" and part is None:
        return None
    return _mail(tx, follow, group, address, kind, part, f"{kind} {since} {until}")


async def _part(tx: Tx, group: Account, since: str, until: str) -> Part | None:
    begun, ended = datetime.fromisoformat(since), datetime.fromisoformat(until)
    return await digests.for_everybody(tx, group, begun, ended)


def _mail(
    tx: Tx,
    follow: MailFollow,
    group: Account,
    address: str,
    kind: str,
    part: Part | None,
    what: str,
) -> Mail:
    urls = tx.site.urls
    stop = urls.mail_follow(mail_follows.token(tx, follow, "stop"), stop=True)
    with i18n.speaking(i18n.best(follow.language)):
        text = render_text(
            f"mail_follow_{kind}.txt",
            site=tx.site,
            group=mail_follows.name_of(group),
            url=group.url,
            link=urls.mail_follow(mail_follows.token(tx, follow, "confirm")),
            stop=stop,
            agreed=follow.agreed,
            days=mail_follows.CONFIRM_WITHIN.days,
            part=part,
        )
    subject, _, body = text.partition("\n\n")
    listed = stop if kind in ("week", "invited") else ""
    key = f"{urls.domain} {follow.id} {what}" if kind == "week" else ""
    return Mail(address, " ".join(subject.split()), body, tx.now, unsubscribe=listed, key=key)
