"""Which form a server is sent: one table, by the software that its NodeInfo names.

Names decide only the form of what we send (FEP-0151 warns against more): an unknown server gets what
every microblog reads. FEDERATION.md prints this table.
"""

from __future__ import annotations

import re

CARD = "card"
EVENT = "event"
GANCIO = "gancio"
PAGE = "page"
BECKON = "beckon"
FORMS = (CARD, EVENT, GANCIO, PAGE, BECKON)
EVENTS = (EVENT, GANCIO, PAGE, BECKON)
"""Those that carry the call itself."""
BY_ITS_OWNER = frozenset({CARD, EVENT})
"""What the owner of the document changes and deletes, whoever told of it first."""

# The form of a call. Who is not named here is a microblog and gets the answer card.
CALL_FORMS: dict[str, str] = {
    "beckon": BECKON,
    "friendica": EVENT,
    "gancio": GANCIO,
    "lemmy": PAGE,
    "mbin": PAGE,
    "mobilizon": EVENT,
    "piefed": PAGE,
    # Its Event Bridge (includes/activitypub/handler/class-create.php, 1.2) looks for the activity's actor
    # among those that it follows: what the author signs it drops.
    "wordpress": GANCIO,
}

# Who keeps an event that anybody sends and lists it only when whom it follows has announced its id
# (Mobilizon 5.1, lib/mobilizon/events/events.ex, filter_local_or_from_followed_instances_events).
LISTS_ANNOUNCED = frozenset({"mobilizon"})

# Who reads an Announce of a whole activity (FEP-1b12); the others read an Announce of a bare id.
EMBEDDING = frozenset({"beckon", "discourse", "lemmy", "mbin", "nodebb", "piefed"})

# Who reads an Invite to a group and tells the person; others are written a letter besides.
INVITED = frozenset({"beckon"})

# Who reads events and no other kind of call. Friendica and WordPress are microblogs besides.
EVENTS_ONLY = frozenset({"gancio", "mobilizon"})

# Who shows an event to whoever has its address, whomever it is for: Mobilizon knows public and unlisted ones
# (5.1, lib/federation/activity_stream/converter/event.ex, get_visibility), the others do not look.
PUBLISHING = frozenset({"gancio", "mobilizon", "wordpress"})

# Who reads a page and a Question too (PieFed 1.6, app/activitypub/util.py): it is sent a decision as it is.
# Lemmy and Mbin know no Question: they are sent its companion page.
ASKED = frozenset({"piefed"})


def of_call(software: str | None, shape: str = "event", *, closed: bool = False) -> str | None:
    """The form in which a server is sent a call whose canonical object is an ``event``, ``page`` or
    ``question``; None: it can use none. ``closed``: it is for members alone."""
    if closed and software in PUBLISHING:
        return None
    known = CALL_FORMS.get(software or "", CARD)
    if closed and known == EVENT:
        return CARD
    if shape == "question" and software in ASKED:
        return BECKON
    if shape == "event" or known not in (EVENT, GANCIO):
        return known
    return None if software in EVENTS_ONLY else CARD


def answered(door: str) -> str:
    """The form that a server read without being sent one, by what it answered: a Join or a vote."""
    return EVENT if door == "join" else CARD


# A product as Lemmy ("Lemmy/1.0; +https://host") and Mobilizon ("host - Mobilizon 5.1") write it: a word
# that is part of no address.
_PRODUCT = re.compile(r"(?<![\w.:/@+-])[A-Za-z]+(?![\w.:@-])")


def named_in(user_agent: str) -> str | None:
    """The software of the table that a ``User-Agent`` names, if any."""
    words = (word.lower() for word in _PRODUCT.findall(user_agent))
    return next((word for word in words if word in CALL_FORMS), None)


def lists_announced(software: str | None) -> bool:
    """Whether a server needs the announcement of a call beside the call."""
    return software in LISTS_ANNOUNCED


def embeds(software: str | None) -> bool:
    """Whether a server reads a group's Announce of an embedded activity."""
    return software in EMBEDDING


def table() -> list[tuple[str, str, str, str]]:
    """(software, form of an event, form of the other kinds of call, form of an Announce), for FEDERATION.md."""
    names = sorted({*CALL_FORMS, *EMBEDDING})
    return [*(_row(name, name) for name in names), _row("every other", None)]


def _row(name: str, software: str | None) -> tuple[str, str, str, str]:
    other = of_call(software, "page") or "none"
    return name, of_call(software) or "none", other, "activity" if embeds(software) else "id"
