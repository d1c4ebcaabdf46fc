"""One frozen value per verb: what an activity says, after ``parse`` and before ``domain``.

An activity proves nothing by being one of these: who sent it is the signature's to say. Fields named
``object`` and ``target`` are ids. Where the document carried more than an id and it may be believed
together with the activity itself, it stands beside it: ``post``, ``person``, ``votes``, ``inner``.
``inner`` and ``embedded`` of an Announce are somebody else's words and need a proof of their own or a
fetch (a group's signature authorises distribution, never content).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from federation.objects import Actor, Agreement, Post, QuoteAuthorization, Tally, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What every verb has. ``id`` is empty only for an activity inside another one that has none."""

    id: str
    actor: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    audience: str | None = None
    published: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Activity):
    """``post`` is None when only the id was sent, or when the copy was not the sender's to vouch for:
    then the object is fetched from its origin. ``votes`` holds one or, from GoToSocial, several
    choices; ``object`` is then the id of the first."""

    object: str
    post: Post | None = None
    votes: tuple[Vote, ...] = ()
    embedded: Mapping[str, object] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Activity):
    """Either ``post`` or ``person`` (any actor), or neither: then fetch ``object``."""

    object: str
    post: Post | None = None
    person: Actor | None = None
    embedded: Mapping[str, object] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Activity):
    """``summary`` is a moderator's reason; ``remove_data`` asks to drop all that the actor wrote."""

    object: str
    former_type: str | None = None
    summary: str = ""
    remove_data: bool = False

    @property
    def is_self(self) -> bool:
        """Whether an actor deletes itself."""
        return self.object == self.actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Activity):
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(Activity):
    """``object`` is the id of what is accepted (empty if it has none), ``inner`` that activity when it
    was embedded and could be read. An event's id here is an RSVP (Friendica). ``result`` is what came
    of it, of the actor's own server: the stamp for a quote; ``stamp`` is that where it was embedded, and
    ``agreement`` what was agreed on (FEP-0837)."""

    object: str
    inner: Activity | None = None
    result: str | None = None
    stamp: QuoteAuthorization | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TentativeAccept(Activity):
    object: str
    inner: Activity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Activity):
    object: str
    inner: Activity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Activity):
    """A Create or Update of a tally, which is the actor's own; ``object`` is its id."""

    object: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Activity):
    """``inner`` is by the same actor, or None where only the id was sent. ``summary`` is a moderator's
    reason, ``restore_data`` asks for all that a ban removed."""

    object: str
    inner: Activity | None = None
    summary: str = ""
    restore_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Activity):
    """A boost, or a group's distribution: ``embedded`` is then the activity as it arrived, to be given
    to ``parse_activity`` once it was proven."""

    object: str
    embedded: Mapping[str, object] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Activity):
    """``content`` is the emoji of a reaction, empty for a plain like."""

    object: str
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dislike(Activity):
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Activity):
    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(Activity):
    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Activity):
    """``target`` is the group or instance from which Lemmy's moderators ban; None between people."""

    object: str
    target: str | None = None
    summary: str = ""
    end_time: datetime | None = None
    remove_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(Activity):
    """No more replies (Lemmy 1.0). ``summary`` is the moderator's reason."""

    object: str
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Activity):
    """``objects`` are the accounts and posts reported, ``content`` the reporter's words."""

    objects: tuple[str, ...]
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Activity):
    """Taking part in an event or call, or asking to be a member of a group.

    ``answer``: which of the answers of a call (``cta:answer``), where that is not the first. ``role``: which
    of a shift (``cta:role``), where it says one. ``guests``: how many more come along (``cta:guests``), None where it
    says nothing of them. ``fields``: what it answers to the questions of a call (``cta:fields``), each with its question;
    None where it says nothing of these. ``ballot``: a number for each of the answers of a decision (``cta:ballot``).
    """

    object: str
    message: str = ""
    answer: str = ""
    role: str = ""
    guests: int | None = None
    fields: tuple[tuple[str, str], ...] | None = None
    ballot: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Activity):
    """``target`` is asked to join the group, or to come to the event, ``object`` (Mobilizon)."""

    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Activity):
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Activity):
    """Something is promised to a proposal (FEP-0837). ``object``: the id of the agreement, mostly none yet;
    ``message``: said with it."""

    object: str
    agreement: Agreement
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTie(Activity):
    """A group asks that it and the group ``object`` show each other."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Activity):
    """What was agreed on came true: ``object`` is the receipt, ``agreement`` the id of what (FEP-0837)."""

    object: str
    agreement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore(Activity):
    """Nothing comes of ``object``: a Join of what takes no answers (FEP-8a8e)."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest(Activity):
    """May ``instrument`` quote ``object`` (FEP-044f)? ``post`` is the quoting post where it was embedded
    and is the actor's own."""

    object: str
    instrument: str
    post: Post | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Activity):
    """``object`` is followed at ``target`` from now on; ``actor`` is one of the two."""

    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollVote(Activity):
    """PieFed's vote, sent to the inbox of the community: ``object`` is the question."""

    object: str
    name: str
