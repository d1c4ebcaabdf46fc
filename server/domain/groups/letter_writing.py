"""Writes the letters that were asked for (``letters``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from server import text
from server.domain.members import accounts
from server.domain.posting import posts
from server.domain.posting.drafts import Draft
from server.domain.tx import Tx
from server.errors import BeckonError
from storage import accounts as account_rows
from storage.accounts import Account

log = structlog.get_logger()

TEXTS: Mapping[str, str] = {
    "invited": "{by} invites you to join {subject}: {url}\n\nTo say yes, follow that account.",
    "invited_closed": "You are invited to join {subject}: {url}\n\nTo say yes, follow that account.",
    "invited_event": "{by} invites you to {subject}: {url}",
    "full": "{title} is full at the moment. You are number {place} in line, and are let in when a"
    " place is free. There is nothing more to do.",
    "let_in": "A place in {title} is free: you are a member now. {url}",
    "welcome": "Welcome to {title}. New members say hello here: {url}",
    "reached": "{title} has as many members as it wants to have, and people wait. You can take in"
    " more, or start a second community for those who wait and link the two.",
    "handover": "{by} offers you the role of organiser of {title}: {url}\n\nAnswer it in the"
    " community's settings.",
    "handed_over": "{by} is an organiser of {title} now: {url}",
    "appointed": "{title} had nobody left to steer it. You are its organiser now: {url}",
    "digest": "\n\n{body}",
    "tied": "{by} would like {title} and it to show each other: {url}",
    "trial": "Your idea “{idea}” is being tried in {title}: {url}",
    "held": "Posts to {title} wait for you or another of those who steer it: {count}. Nobody else sees them until"
    " they are let in. You are told once a day while any waits. {url}",
    "call_reminder": "A reminder of what is soon: {call}. {line}{online} {url}\n\nIf you come, there is nothing to do. If"
    " you cannot, take your answer back, and somebody else gets your place{back}",
    "call_morning": "Today: {call}. {line}{online} {url}",
    "call_changed": "Time or place have changed: {call}. It is now: {line}{online} {url}\n\nIf you cannot come then,"
    " take your answer back{back}",
    "call_postponed": "Postponed: {call}. A new time will be told. {url}{why}",
    "call_cancelled": "Cancelled: {call}. It does not take place. {url}{why}",
    "call_deleted": "Deleted by {by}: {call}. You take part in it; that server says no more of it, so do not expect it to"
    " take place.",
    "call_reopened": "It takes place after all: {call}. {line}{online} {url}\n\nIf you cannot come, take"
    " your answer back{back}",
    "call_outcome": "What came of {call}, in which you took part:\n\n{said}\n\n{url}{feedback}{next}",
    "call_message": "The organisers write to all who take part in {call}:\n\n{said}\n\n{url}",
    "series_asked": "{call} repeats. Does it go on? Please confirm it for another three months; without an answer"
    " nothing new is made after two weeks. {url}",
    "series_paused": "{call} repeats no more until one of you confirms it. What is announced already takes place. {url}",
    "ask_outcome": "{call} is over. What came of it? Those who took part would like to hear it: {url}",
    "declined": "Your idea “{idea}” was not taken up in {title}. {note}",
}


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
    said = TEXTS[args["what"]].format(title=sender.display_name, **args["facts"])
    try:
        await posts.publish(tx, sender, _draft(tx, to, f"@{to.handle} {said}"))
    except BeckonError as refused:
        log.info("letter.refused", to=to.uri, what=args["what"], why=str(refused))


def _draft(tx: Tx, to: Account, said: str) -> Draft:
    """To one person alone, whatever handles stand in titles and names."""
    named = {(to.username, to.handle_host): to.url}
    content = text.compose(said, named, tx.site.urls.tag)
    return Draft(visibility="direct", content=content, source=said, mentions=(to,))
