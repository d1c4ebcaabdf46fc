"""Writes the letters that were asked for (``letters``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from server import i18n, text
from server.domain.members import accounts
from server.domain.posting import posts
from server.domain.posting.drafts import Draft
from server.domain.tx import Tx
from server.errors import BeckonError
from server.i18n import gettext, mark
from storage import accounts as account_rows
from storage import users
from storage.accounts import Account

log = structlog.get_logger()

TEXTS: Mapping[str, str] = {
    "invited": mark(
        "%(by)s invites you to join %(subject)s: %(url)s\n\nTo say yes, follow that account."
    ),
    "invited_closed": mark(
        "You are invited to join %(subject)s: %(url)s\n\nTo say yes, follow that account."
    ),
    "invited_event": mark("%(by)s invites you to %(subject)s: %(url)s"),
    "full": mark(
        "%(title)s is full at the moment. You are number %(place)s in line, and are let in when a"
        " place is free. There is nothing more to do."
    ),
    "let_in": mark("A place in %(title)s is free: you are a member now. %(url)s"),
    "welcome": mark("Welcome to %(title)s. New members say hello here: %(url)s"),
    "reached": mark(
        "%(title)s has as many members as it wants to have, and people wait. You can take in"
        " more, or start a second community for those who wait and link the two."
    ),
    "handover": mark(
        "%(by)s offers you the role of organiser of %(title)s: %(url)s\n\nAnswer it in the"
        " community's settings."
    ),
    "handed_over": mark("%(by)s is an organiser of %(title)s now: %(url)s"),
    "appointed": mark("%(title)s had nobody left to steer it. You are its organiser now: %(url)s"),
    "digest": "\n\n%(body)s",
    "tied": mark("%(by)s would like %(title)s and it to show each other: %(url)s"),
    "trial": mark("Your idea “%(idea)s” is being tried in %(title)s: %(url)s"),
    "held": mark(
        "Posts to %(title)s wait for you or another of those who steer it: %(count)s. Nobody else sees them until"
        " they are let in. You are told once a day while any waits. %(url)s"
    ),
    "call_reminder": mark(
        "A reminder of what is soon: %(call)s. %(line)s%(online)s %(url)s\n\nIf you come, there is nothing to do. If"
        " you cannot, take your answer back, and somebody else gets your place%(back)s"
    ),
    "call_morning": mark("Today: %(call)s. %(line)s%(online)s %(url)s"),
    "call_changed": mark(
        "Time or place have changed: %(call)s. It is now: %(line)s%(online)s %(url)s\n\nIf you cannot come then,"
        " take your answer back%(back)s"
    ),
    "call_postponed": mark("Postponed: %(call)s. A new time will be told. %(url)s%(why)s"),
    "call_cancelled": mark("Cancelled: %(call)s. It does not take place. %(url)s%(why)s"),
    "call_deleted": mark(
        "Deleted by %(by)s: %(call)s. You take part in it; that server says no more of it, so do not expect it to"
        " take place."
    ),
    "call_reopened": mark(
        "It takes place after all: %(call)s. %(line)s%(online)s %(url)s\n\nIf you cannot come, take"
        " your answer back%(back)s"
    ),
    "call_outcome": mark(
        "What came of %(call)s, in which you took part:\n\n%(said)s\n\n%(url)s%(feedback)s%(next)s"
    ),
    "call_message": mark(
        "The organisers write to all who take part in %(call)s:\n\n%(said)s\n\n%(url)s"
    ),
    "series_asked": mark(
        "%(call)s repeats. Does it go on? Please confirm it for another three months; without an answer"
        " nothing new is made after two weeks. %(url)s"
    ),
    "series_paused": mark(
        "%(call)s repeats no more until one of you confirms it. What is announced already takes place. %(url)s"
    ),
    "ask_outcome": mark(
        "%(call)s is over. What came of it? Those who took part would like to hear it: %(url)s"
    ),
    "declined": mark("Your idea “%(idea)s” was not taken up in %(title)s. %(note)s"),
}
"""By their names, with places for what ``letters.send`` is given; ``title`` is the name of the sender."""


async def write(tx: Tx, args: Mapping[str, Any]) -> None:
    """Nothing where one of the two is gone, or may not write any more."""
    to = await account_rows.by_id(tx.conn, args["to"])
    sender = (
        await accounts.instance_actor(tx)
        if args["from"] is None
        else await account_rows.by_id(tx.conn, args["from"])
    )
    if to is None or sender is None or to.is_hidden or sender.is_hidden:
        return
    language = await language_of(tx, to)
    with i18n.speaking(i18n.best(language)):
        said = gettext(TEXTS[args["what"]]) % {"title": sender.display_name, **args["facts"]}
    try:
        await posts.publish(tx, sender, _draft(tx, to, f"@{to.handle} {said}"))
    except BeckonError as refused:
        log.info("letter.refused", to=to.uri, what=args["what"], why=str(refused))


async def language_of(tx: Tx, person: Account) -> str | None:
    """What somebody of ours chose; None where that is not known."""
    user = await users.by_id(tx.conn, person.user_id) if person.user_id else None
    return user.language if user else None


def _draft(tx: Tx, to: Account, said: str) -> Draft:
    """To one person alone, whatever handles stand in titles and names."""
    named = {(to.username, to.handle_host): to.url}
    content = text.compose(said, named, tx.site.urls.tag)
    return Draft(visibility="direct", content=content, source=said, mentions=(to,))
