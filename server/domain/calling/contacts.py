"""Answering a call with an e-mail address and no account.

    form → (consent, human step, limits) → new, and a mail → the button behind its link → confirmed: an
    answer like any other → a receipt, with a link → withdrawn, or forgotten when its time is over

The page says the same whoever the address belongs to: that somebody answered already is told in a mail to
them alone. One address has one answer to one call, known by a fingerprint that is of no use for another
call. What somebody writes about themselves is sealed for the community (domain/mailing/sealed.py); their name stands
nowhere in the open, and no job or mail row holds an address.

Whoever types somebody else's address gets them one mail an hour at most, four a day, whatever call it is; what
was typed first stays until then, so that its link keeps its meaning. The link shows what it will confirm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import orjson

from server import ids, text
from server.domain import policy
from server.domain.calling import ballots, consents, guests, opened, participations, questions
from server.domain.calling.kinds import Answer
from server.domain.groups import communities
from server.domain.mailing import mail_budgets, mail_follows, mails, sealed
from server.domain.mailing.mail_budgets import Asked
from server.domain.mailing.sealed import Ring
from server.domain.members import users
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import Invalid, NotFound, Unavailable
from server.i18n import mark
from server.sealing import Sealed
from storage import accounts, calls, contacts, opened_calls
from storage import consents as consent_rows
from storage import participations as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.consents import Given
from storage.contacts import Contact, Link
from storage.participations import Participation
from storage.posts import Post

PURPOSE = "contact"
NAME_MAX = 100
LIFETIME = {"confirm": timedelta(days=2), "manage": timedelta(days=365)}
"""Of the links in mails, by purpose."""
USED = mark("This link was used already, or is too old.")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form. ``fields``: answers to the questions of the organisers, in
    their order; ``ballot``: instead of ``said``, of a call that takes one; ``agreed``: purposes; ``seen``: the version of each text that was shown."""

    address: str
    said: str
    name: str = ""
    fields: Sequence[str] = ()
    agreed: Collection[str] = ()
    seen: Mapping[str, int] = field(default_factory=dict[str, int])
    guests: int = 0
    ballot: Sequence[int] | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What was sealed. ``language``: of the page where they typed it, in which their mails speak."""

    address: str
    name: str
    fields: Mapping[str, str]
    ballot: Sequence[int] | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands behind a link. ``said``: the answer in words; ``person``: None once their data is forgotten;
    ``place``: their answer as it counts; ``line``: where in the waiting list they are (1 is next); ``path``: of the
    call's page, "" where there is none for them."""

    contact: Contact
    post: Post
    kind: str
    said: str
    person: Person | None
    agreed: list[Given]
    place: Participation | None
    line: int | None
    path: str


async def begin(tx: Tx, post: Post, typed: Typed, source: str | None = None) -> None:
    """Write down an answer, and send a mail that asks whether it was theirs. ``source``: the network address of who
    typed it.

    Raises ``Invalid`` (naming the field), ``Conflict`` (a text has changed), ``Forbidden`` (the call takes no
    answers), ``TooMany`` (as ``mail_budgets.may_mail``), ``Unavailable``.
    """
    if not tx.site.mail:
        raise Unavailable("This server sends no mail, and cannot confirm an address.")
    call = await calls.lock(tx.conn, post.id)
    if call is None or not post.local:
        raise NotFound
    is_open = await opened_calls.is_open(tx.conn, post.id)
    policy.may_take_up(post.visibility, member=False, opened=is_open).require()
    participations.require_open(tx, call)
    if typed.ballot is not None:
        typed = replace(typed, said=await participations.lead(tx, call, typed.ballot))
    person = await _person(tx, call, typed)
    guests.wanted(call, typed.guests, None)
    texts = await consents.require(tx, call, typed.agreed, typed.seen)
    asked = Asked(f"call {post.id}", source)
    if not await mail_budgets.may_mail(tx, person.address, asked):
        return
    ring = await sealed.ring(tx, call.community_id)
    await _keep(tx, ring, post, typed, person, texts)


async def offered(tx: Tx, call: Call) -> list[Answer]:
    """What can be answered by e-mail: all but to be shown with a handle, which nobody has here."""
    return [a for a in await participations.answers(tx, call) if not a.key.endswith("_named")]


async def _person(tx: Tx, call: Call, typed: Typed) -> Person:
    counting = {answer.key: answer.counts for answer in await offered(tx, call)}
    if typed.said not in counting:
        raise Invalid("Please choose an answer.", field="said")
    address = users.check_email(typed.address.strip())
    if await barriers.refuses_email(tx, address):
        raise Invalid("This address cannot be used here.", field="email")
    if len(typed.name) > NAME_MAX:
        raise Invalid(mark("A name has at most %(most)s characters.", most=NAME_MAX), field="name")
    asked = await questions.of(tx, call)
    fields = questions.answered(asked, typed.fields, required=counting[typed.said])
    name = text.one_line(typed.name, NAME_MAX)
    return Person(address, name, fields, typed.ballot, typed.language)


async def _keep(
    tx: Tx, ring: Ring, post: Post, typed: Typed, person: Person, texts: list[int]
) -> None:
    fingerprint = ring.fingerprint(sealed.plain(person.address), post.id)
    ballot = list(person.ballot) if person.ballot else None
    written = orjson.dumps(
        {
            "address": person.address,
            "name": person.name,
            "fields": dict(person.fields),
            "ballot": ballot,
            "language": person.language,
        }
    )
    box = ring.seal(written, PURPOSE, post.id)
    kept = await contacts.put(tx.conn, post.id, fingerprint, box, typed.said, typed.guests, tx.now)
    if kept is None:
        known = await contacts.by_fingerprint(tx.conn, post.id, fingerprint)
        assert known, "the call is locked"
        await mails.want_by_contact(tx, known.id, "again")
        return
    await contacts.drop_links(tx.conn, kept.id, "confirm")
    await consent_rows.give(tx.conn, kept.id, texts, tx.now)
    await mails.want_by_contact(tx, kept.id, "confirm")


async def read(tx: Tx, contact: Contact, call: Call) -> Person | None:
    """What somebody wrote about themselves; None once it is forgotten, or cannot be opened."""
    ring = await sealed.known(tx, call.community_id) if contact.sealed else None
    return _opened(ring, contact)


def _opened(ring: Ring | None, contact: Contact) -> Person | None:
    if ring is None or contact.sealed is None:
        return None
    try:
        found = orjson.loads(ring.open(contact.sealed, PURPOSE, contact.post_id))
    except Sealed:
        return None
    return Person(
        found["address"],
        found["name"],
        found["fields"],
        found.get("ballot"),
        found.get("language", ""),
    )


async def new_link(tx: Tx, contact: Contact, purpose: str) -> str:
    """The secret of a link, which stands in a mail alone."""
    secret = ids.secret()
    link = Link(ids.digest(secret), contact.id, purpose, tx.now + LIFETIME[purpose])
    await contacts.insert_link(tx.conn, link)
    return secret


async def _behind(tx: Tx, secret: str, purpose: str) -> Contact:
    """Raises ``NotFound``."""
    link = await contacts.link(tx.conn, ids.digest(secret), tx.now)
    if link is None or link.purpose != purpose:
        raise NotFound(USED)
    found = await contacts.by_id(tx.conn, link.contact_id)
    if found is None:
        raise NotFound(USED)
    return found


async def shown(tx: Tx, secret: str, purpose: str) -> Shown:
    """What a link is about: looking changes nothing. Raises ``NotFound``."""
    contact = await _behind(tx, secret, purpose)
    post = await post_rows.by_id(tx.conn, contact.post_id)
    call = await calls.by_id(tx.conn, contact.post_id)
    assert post, "a foreign key holds it"
    assert call, "a foreign key holds it"
    place = await rows.of_contact(tx.conn, contact.id)
    waits = place is not None and place.state == "waiting"
    person = await read(tx, contact, call)
    return Shown(
        contact,
        post,
        call.kind,
        await _in_words(tx, call, contact, person),
        person,
        await consent_rows.of_contact(tx.conn, contact.id),
        place,
        await rows.place_in_line(tx.conn, place) if place and waits else None,
        await opened.path(tx, post),
    )


async def _in_words(tx: Tx, call: Call, contact: Contact, person: Person | None) -> str:
    titles = {a.key: a.title for a in await participations.answers(tx, call)}
    if person and person.ballot:
        return ballots.words(call.variant, person.ballot, list(titles.values()))
    return titles.get(contact.answer, contact.answer)


async def confirm(tx: Tx, secret: str) -> Contact:
    """Use a link up: the answer counts from now on. Raises ``NotFound``, and ``Forbidden`` as ``begin`` does."""
    contact = await _behind(tx, secret, "confirm")
    post = await opened.answerable(tx, contact.post_id)
    call = await participations.locked(tx, post)
    done = await contacts.confirm(tx.conn, contact.id, tx.now)
    if done is None:
        raise NotFound(USED)
    person = await read(tx, done, call)
    ballot = person.ballot if person else None
    await participations.answer_by_contact(tx, post, done.id, done.answer, done.guests, ballot)
    await contacts.drop_links(tx.conn, contact.id, "confirm")
    await _follow(tx, done)
    await mails.want_by_contact(tx, done.id, "receipt")
    return done


async def _follow(tx: Tx, contact: Contact) -> None:
    """Who agreed to news gets the community's weekly mail: the address is confirmed with the answer."""
    given = await consent_rows.of_contact(tx.conn, contact.id)
    agreed = [g.text for g in given if g.purpose == consents.NEWS and g.ended_at is None]
    found = await _person_of(tx, contact) if agreed else None
    if found:
        group, person = found
        await mail_follows.begin_confirmed(tx, group, person.address, agreed[0], person.language)


async def _unfollow(tx: Tx, contact: Contact) -> None:
    """What began with this answer; who asked for the mails elsewhere keeps them."""
    found = await _person_of(tx, contact)
    if found:
        await mail_follows.end_of_answer(tx, found[0], found[1].address)


async def _person_of(tx: Tx, contact: Contact) -> tuple[Account, Person] | None:
    call = await calls.by_id(tx.conn, contact.post_id)
    assert call, "a foreign key holds it"
    group = await accounts.by_id(tx.conn, call.community_id)
    person = await read(tx, contact, call)
    return (group, person) if group and person else None


async def withdraw(tx: Tx, secret: str) -> Post:
    """Take the answer back, and forget who gave it. Raises ``NotFound``."""
    contact = await _behind(tx, secret, "manage")
    post = await post_rows.by_id(tx.conn, contact.post_id)
    assert post, "a foreign key holds it"
    await _unfollow(tx, contact)
    await participations.withdraw_contact(tx, post, contact.id)
    await contacts.drop(tx.conn, contact.id)
    return post


async def bring(tx: Tx, secret: str, number: int) -> None:
    """Come with another number of guests. Raises ``NotFound``, and ``Forbidden`` as ``participations.answer`` does."""
    contact = await _behind(tx, secret, "manage")
    post = await post_rows.by_id(tx.conn, contact.post_id)
    assert post, "a foreign key holds it"
    await participations.bring_by_contact(tx, post, contact.id, number)


async def end_consent(tx: Tx, secret: str, purpose: str) -> None:
    """Take back what was agreed to for a further purpose; a repeat is no event. Raises ``NotFound``."""
    contact = await _behind(tx, secret, "manage")
    if purpose == consents.NEWS:
        await _unfollow(tx, contact)
    await consent_rows.end(tx.conn, contact.id, purpose, tx.now)


async def of_call(
    tx: Tx, viewer: Account, call: Call, after: int, limit: int
) -> list[tuple[Contact, Person]]:
    """Who answered by e-mail and is confirmed, for those who steer the community.

    Raises ``Forbidden`` for everybody else. Callers show names and answers, and never an address. ``answer`` is empty
    while it is secret.
    """
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_people(tx, community, viewer)
    found = await contacts.of_call(tx.conn, call.post_id, after, limit)
    if call.hides_counts:
        found = [replace(row, answer="") for row in found]
    people = [(row, await read(tx, row, call)) for row in found]
    return [(row, person) for row, person in people if person]


async def people(tx: Tx, call: Call, found: Sequence[Participation]) -> dict[int, Person]:
    """Who gave these answers by e-mail, by participation, as far as it is kept. Callers asked before whether they may be shown."""
    ids_ = [row.contact_id for row in found if row.contact_id]
    kept = await contacts.by_ids(tx.conn, ids_) if ids_ else {}
    known = any(contact.sealed for contact in kept.values())
    ring = await sealed.known(tx, call.community_id) if known else None
    opened_ = {
        row.id: _opened(ring, kept[row.contact_id]) for row in found if row.contact_id in kept
    }
    return {id_: person for id_, person in opened_.items() if person}


async def fields(
    tx: Tx, call: Call, found: Sequence[Participation]
) -> dict[int, Mapping[str, str]]:
    """As ``questions.read``, with those who answered by e-mail. Callers asked before whether it may be shown."""
    told = await questions.read(tx, call, found)
    typed = await people(tx, call, found)
    return told | {id_: person.fields for id_, person in typed.items()}
