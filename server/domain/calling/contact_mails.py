"""The mails to those who answer a call by e-mail: which there are, and what stands in them.

As with members' mails (domain/mailing/mails.py) a mail is written when it is about to be sent, and the secret of its
link is made then. The address comes out of what is sealed, so that no row of a job holds one.

``confirm``: was this you? ``receipt``: it counts, where in the line it stands, and this link takes it
back. ``again``: somebody answered with
your address once more; yours stands. ``moved``: you were on the waiting list, and have a place. All others: what a
notice (domain/calling/call_notices.py) tells those who take part.
"""

from __future__ import annotations

from collections.abc import Mapping

from server import i18n
from server.domain.calling import (
    audience,
    call_notices,
    contacts,
    next_steps,
    online,
    opened,
    participants_notes,
)
from server.domain.calling.contacts import Person
from server.domain.tx import Tx
from server.mail import Mail
from server.pages import render_text
from storage import accounts, calls, communities, participations
from storage import call_notices as notice_rows
from storage import contacts as rows
from storage import posts as post_rows
from storage.calls import Call
from storage.contacts import Contact
from storage.posts import Post

PURPOSES = {"confirm": "confirm", "receipt": "manage", "again": "manage", "moved": "manage"}
"""Of the link in each kind of mail; in all others it takes the answer back, too."""


async def write(tx: Tx, contact_id: int, kind: str, notice_id: int | None = None) -> Mail | None:
    """The mail as it is to be sent now; None where it has lost its reason. ``notice_id``: what it tells, where its
    kind is that of a notice."""
    contact = await rows.by_id(tx.conn, contact_id)
    if contact is None or (contact.state == "new") != (kind == "confirm"):
        return None
    post = await post_rows.by_id(tx.conn, contact.post_id)
    call = await calls.by_id(tx.conn, contact.post_id)
    person = await contacts.read(tx, contact, call) if call else None
    if post is None or call is None or person is None:
        return None
    notice = await notice_rows.by_id(tx.conn, notice_id) if notice_id else None
    if notice and call_notices.is_late(tx, notice, call):
        return None
    shown = await opened.for_strangers(tx, post)
    facts = call_notices.facts_of(notice, shown, call) if notice else {}
    written = await _text(tx, contact, kind, shown, call, person, facts)
    subject, _, body = written.partition("\n\n")
    return Mail(person.address, " ".join(subject.split()), body, tx.now)


async def _text(
    tx: Tx,
    contact: Contact,
    kind: str,
    post: Post,
    call: Call,
    person: Person,
    facts: Mapping[str, str],
) -> str:
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    group = await opened.host(tx, post, community)
    closed = post.visibility == "members"
    purpose = PURPOSES.get(kind, "manage")
    secret = await contacts.new_link(tx, contact, purpose)
    urls = tx.site.urls
    given = await participations.of_contact(tx.conn, contact.id)
    waits = given is not None and given.state == "waiting"
    values = {
        "what": kind,
        "facts": facts,
        "site": tx.site,
        "post": post,
        "call": call,
        "group": group,
        "person": person,
        "guests": given.guests if given else contact.guests,
        "line": await participations.place_in_line(tx.conn, given) if given and waits else None,
        "link": urls.confirm_answer(secret) if purpose == "confirm" else urls.my_answer(secret),
        "next": "" if closed else await next_steps.as_text(tx, call.parent_id or post.id, None),
        "online": await online.for_participant(tx, call, given),
        "note": await participants_notes.for_participant(tx, call, given),
        "privacy": audience.of_opened("email", urls.domain)
        if closed
        else audience.of_answer(call.kind, "email", audience.Place(urls.domain, group)),
        "hours": int(contacts.LIFETIME["confirm"].total_seconds() / 3600),
    }
    name = f"mail_answer_{kind}.txt" if kind in PURPOSES else "mail_call_notice.txt"
    row = await communities.by_id(tx.conn, community.id)
    with i18n.speaking(i18n.best(person.language, post.language, row and row.language)):
        return render_text(name, **values)
