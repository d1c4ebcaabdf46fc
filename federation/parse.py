"""Activities: from any neighbour's JSON to one frozen value, or ``Refused`` with a named reason.

Nothing is fetched and nothing believed beyond what the sender may say: the id of an activity, its actor
and an object that it creates share one origin (FEP-fe34); a copy of somebody else's object is dropped
and only its id kept, so that it is asked of its own server. ``bto`` and ``bcc`` never get past here.
Types that we do nothing with are refused as ``unknown_type``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypedDict

from federation import activities as verbs
from federation.activities import Activity
from federation.errors import Refused
from federation.fields import (
    SUMMARY_MAX,
    TEXT_MAX,
    Document,
    items,
    mapping,
    mappings,
    own_ref,
    recipients,
    ref,
    refs,
    require_ref,
    text,
    time,
    type_of,
    uri,
    whole,
)
from federation.jsonld import check_context
from federation.objects import Actor, Agreement, Collection, Post, QuoteAuthorization, Vote
from federation.origin import same_origin
from federation.parse_actor import parse_actor
from federation.parse_agreement import confirmed, parse_agreement
from federation.parse_post import (
    is_vote,
    parse_post,
    parse_quote_authorization,
    parse_vote,
)
from federation.parse_relationship import is_relationship, parse_linked
from federation.parse_tally import is_tally, parse_tally
from federation.vocab import ACTOR_KINDS, COLLECTION_TYPES, POST_KINDS

__all__ = [
    "parse_activity",
    "parse_actor",
    "parse_collection",
    "parse_object",
    "parse_post",
    "parse_quote_authorization",
    "parse_replies",
    "parse_vote",
    "strip_private",
]

VOTES_MAX: Final = 64
REPORTED_MAX: Final = 256


ANSWER_MAX: Final = 40
ROLE_MAX: Final = 60
MESSAGE_MAX: Final = 500
GUESTS_MAX: Final = 10
BALLOT_MAX: Final = 4
MARK_MAX: Final = 5
QUESTIONS_MAX: Final = 3
QUESTION_MAX: Final = 200
FIELD_MAX: Final = 500


class Head(TypedDict):
    """The fields that every activity has."""

    id: str
    actor: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: str | None
    published: datetime | None


def parse_activity(document: Document) -> Activity:
    """Read an activity that arrived on its own or was proven out of an Announce.

    Raises Refused: unknown_type, ambiguous_type, context_redefines, jsonld_shape, no_id, no_actor,
    foreign_id, no_object, no_target, too_many_recipients, and what the verb's own reader names:
    foreign_author, foreign_object, foreign_undo, foreign_accept, foreign_move, mixed_objects,
    unknown_object_type, and the reasons of ``parse_post`` and ``parse_actor``.
    """
    check_context(document)
    if ref(document.get("id")) is None:
        raise Refused("no_id", "An activity needs an https id.")
    return _read(strip_private(document))


def parse_object(document: Document) -> Actor | Post | Vote:
    """Read what was fetched from its own origin: an actor, a post or a vote.

    Raises Refused as ``parse_actor`` and ``parse_post`` do.
    """
    check_context(document)
    kind = type_of(document, ACTOR_KINDS | POST_KINDS)
    if kind in ACTOR_KINDS:
        return parse_actor(document)
    return parse_vote(document) if is_vote(document) else parse_post(document)


def parse_collection(document: Document, *, limit: int = 100) -> Collection:
    """Read a collection or a page, with at most ``limit`` items. Next pages count on its own origin.

    Raises Refused: unknown_type, ambiguous_type, no_id.
    """
    type_of(document, COLLECTION_TYPES)
    collection_id = require_ref(document, "id")
    listed = document.get("orderedItems") or document.get("items")
    first = mapping(document.get("first"))
    return Collection(
        id=collection_id,
        total=whole(document.get("totalItems")),
        items=tuple(filter(None, (uri(e) or mapping(e) for e in items(listed, limit)))),
        first=own_ref(document.get("first"), collection_id),
        first_page=_first_page(first, collection_id, limit) if first is not None else None,
        next=own_ref(document.get("next"), collection_id),
    )


def parse_context(document: Document) -> str | None:
    """The address of the collection of a whole thread, on the origin of the post (FEP-7888, FEP-f228).

    Elsewhere, or as another kind of value, ``context`` names something that cannot be asked.
    """
    said = document.get("context")
    return own_ref(said, require_ref(document, "id")) if isinstance(said, str) else None


def parse_replies(document: Document, *, limit: int = 100) -> Collection | str | None:
    """The replies of a post: embedded, or the address of the collection on the post's own origin.

    Mastodon embeds the first page, which names the author's own replies, and the address of the next.
    """
    owner = require_ref(document, "id")
    entry = mapping(document.get("replies"))
    if entry is None:
        return own_ref(document.get("replies"), owner)
    found = parse_collection({**entry, "id": owner}, limit=limit)
    if found.items or found.first or found.first_page or found.next:
        return found
    return own_ref(entry, owner)


def _first_page(first: Document, collection_id: str, limit: int) -> Collection | None:
    """An embedded first page; it may have no id of its own."""
    if mapping(first.get("first")) is not None:
        return None
    named = first if own_ref(first, collection_id) else {**first, "id": collection_id}
    try:
        return parse_collection(named, limit=limit)
    except Refused:
        return None


def strip_private(document: Document) -> Document:
    """``document`` without bto and bcc, three levels of ``object`` deep (ActivityPub 6).

    The same value comes back where there was nothing to strip, so that proofs still hold.
    """
    return _strip(document, 3)


def _strip(document: Document, depth: int) -> Document:
    inner = mapping(document.get("object"))
    kept = _strip(inner, depth - 1) if inner is not None and depth else inner
    if kept is inner and not {"bto", "bcc"} & document.keys():
        return document
    stripped = {key: value for key, value in document.items() if key not in {"bto", "bcc"}}
    return stripped | {"object": kept} if inner is not None else stripped


def _read(document: Document) -> Activity:
    reader = _READERS[type_of(document, _READERS)]
    return reader(document, _head(document))


def _head(document: Document) -> Head:
    """The shared fields; the id is of the actor's origin, or empty (only inside another activity)."""
    activity_id = ref(document.get("id")) or ""
    actor = require_ref(document, "actor")
    if activity_id and not same_origin(activity_id, actor):
        raise Refused("foreign_id", "The activity's id belongs to another server than its actor.")
    return Head(
        id=activity_id,
        actor=actor,
        to=recipients(document.get("to")),
        cc=recipients(document.get("cc")),
        audience=ref(document.get("audience")),
        published=time(document.get("published")),
    )


def _create(document: Document, head: Head) -> Activity:
    listed = mappings(document.get("object"), VOTES_MAX)
    if listed and all(is_vote(entry) for entry in listed):
        return _create_votes(listed, head)
    if len(items(document.get("object"), 2)) > 1:
        raise Refused("mixed_objects", "Only votes may be created several at once.")
    embedded = _embedded(document)
    if embedded is not None and is_tally(embedded):
        return _tell(embedded, head)
    object_id = require_ref(document, "object")
    agreed = confirmed(embedded, head["actor"]) if embedded is not None else None
    if agreed:
        return verbs.Confirm(**head, object=object_id, agreement=agreed)
    if embedded is None or not same_origin(object_id, head["actor"]):
        return verbs.Create(**head, object=object_id)
    _require_object_type(embedded, POST_KINDS)
    post = _authored(embedded, head["actor"])
    return verbs.Create(**head, object=object_id, post=post, embedded=embedded)


def _create_votes(listed: tuple[Document, ...], head: Head) -> Activity:
    """GoToSocial sends all the choices of one voter in one Create; the others one each."""
    votes = tuple(parse_vote(entry) for entry in listed)
    if any(vote.attributed_to != head["actor"] for vote in votes):
        raise Refused("foreign_author", "The object is by somebody else than the actor.")
    if len({vote.in_reply_to for vote in votes}) > 1:
        raise Refused("mixed_objects", "The votes are for several polls.")
    return verbs.Create(**head, object=votes[0].id, votes=votes)


def _authored(embedded: Document, actor: str) -> Post:
    post = parse_post(embedded, author=actor)
    if post.attributed_to != actor:
        raise Refused("foreign_author", "The object is by somebody else than the actor.")
    return post


def _update(document: Document, head: Head) -> Activity:
    """Another server's object is refused; one of the same server by another actor keeps its id only."""
    object_id = require_ref(document, "object")
    if not same_origin(object_id, head["actor"]):
        raise Refused("foreign_object", "The object belongs to another server than the actor.")
    embedded = _embedded(document)
    if embedded is not None and is_tally(embedded):
        return _tell(embedded, head)
    if embedded is None:
        return verbs.Update(**head, object=object_id)
    _require_object_type(embedded, ACTOR_KINDS | POST_KINDS)
    if type_of(embedded, ACTOR_KINDS | POST_KINDS) in ACTOR_KINDS:
        own = object_id == head["actor"]
        person = parse_actor(embedded) if own else None
        return verbs.Update(**head, object=object_id, person=person, embedded=embedded)
    post = parse_post(embedded, author=head["actor"])
    own_post = post if post.attributed_to == head["actor"] else None
    return verbs.Update(**head, object=object_id, post=own_post, embedded=embedded)


def _tell(embedded: Document, head: Head) -> Activity:
    tally = parse_tally(embedded, head["actor"])
    return verbs.Tell(**head, object=tally.id, tally=tally)


def _embedded(document: Document) -> Document | None:
    """The object if it is more than an id."""
    found = mappings(document.get("object"), 1)
    return found[0] if found and "type" in found[0] else None


def _require_object_type(embedded: Document, known: dict[str, str]) -> None:
    try:
        type_of(embedded, known)
    except Refused as refused:
        name = "unknown_object_type" if refused.reason == "unknown_type" else refused.reason
        raise Refused(name, refused.sentence, cause=refused.cause) from refused


def _delete(document: Document, head: Head) -> Activity:
    tombstone = _embedded(document) or {}
    return verbs.Delete(
        **head,
        object=require_ref(document, "object"),
        former_type=text(tombstone.get("formerType"), 64) or None,
        summary=text(document.get("summary"), SUMMARY_MAX),
        remove_data=document.get("removeData") is True,
    )


def _follow(document: Document, head: Head) -> Activity:
    return verbs.Follow(**head, object=require_ref(document, "object"))


def _accept(document: Document, head: Head) -> Activity:
    return verbs.Accept(
        **head,
        object=_answered(document),
        inner=_answered_inner(document, head),
        result=own_ref(document.get("result"), head["actor"]),
        stamp=_stamp(document, head),
        agreement=_agreed(document),
    )


def _agreed(document: Document) -> Agreement | None:
    """The agreement that an Accept carries."""
    try:
        return parse_agreement(document.get("result"))
    except Refused:
        return None


def _stamp(document: Document, head: Head) -> QuoteAuthorization | None:
    """The stamp that an Accept carries, if it is the word of who sends it."""
    embedded = next(iter(mappings(document.get("result"), 1)), None)
    if embedded is None:
        return None
    try:
        stamp = parse_quote_authorization(embedded)
    except Refused:
        return None
    return stamp if stamp.attributed_to == head["actor"] else None


def _tentative_accept(document: Document, head: Head) -> Activity:
    inner = _answered_inner(document, head)
    return verbs.TentativeAccept(**head, object=_answered(document), inner=inner)


def _reject(document: Document, head: Head) -> Activity:
    return verbs.Reject(**head, object=_answered(document), inner=_answered_inner(document, head))


def _answered(document: Document) -> str:
    """The id of what is answered; an embedded activity may have none."""
    if ref(document.get("object")) is None and _embedded(document) is not None:
        return ""
    return require_ref(document, "object")


def _answered_inner(document: Document, head: Head) -> Activity | None:
    """The embedded activity if it can be read: peers rewrite what they answer, so the id decides.

    Nobody answers a Follow of somebody else (Discourse took such an Accept from a third actor).
    """
    inner = _readable(_embedded(document))
    if isinstance(inner, verbs.Follow) and inner.object != head["actor"]:
        raise Refused("foreign_accept", "The follow was of somebody else.")
    if inner is None and not _answered(document):
        raise Refused("no_object", "What is answered has no id and cannot be read.")
    return inner


def _readable(embedded: Document | None) -> Activity | None:
    if embedded is None:
        return None
    try:
        return _read(embedded)
    except Refused:
        return None


def _undo(document: Document, head: Head) -> Activity:
    """What is undone must be by the same actor; of a verb unknown here, only the id remains."""
    embedded = _embedded(document)
    if embedded is not None and ref(embedded.get("actor")) not in {None, head["actor"]}:
        raise Refused("foreign_undo", "Only its own actor can undo an activity.")
    inner = _readable(embedded)
    object_id = inner.id if inner else require_ref(document, "object")
    return verbs.Undo(
        **head,
        object=object_id,
        inner=inner,
        summary=text(document.get("summary"), SUMMARY_MAX),
        restore_data=document.get("restoreData") is True,
    )


def _announce(document: Document, head: Head) -> Activity:
    """A copy of a post counts as its id; only an activity is carried along, exactly as it came."""
    embedded = _embedded(document)
    is_activity = embedded is not None and _is_activity(embedded)
    return verbs.Announce(
        **head,
        object=require_ref(document, "object"),
        embedded=embedded if is_activity else None,
    )


def _is_activity(embedded: Document) -> bool:
    return any(
        isinstance(name, str) and name in _READERS for name in items(embedded.get("type"), 8)
    )


def _like(document: Document, head: Head) -> Activity:
    """EmojiReact (Pleroma, FEP-c0e0) and Like with ``content`` (Misskey) are one reaction."""
    content = text(document.get("content"), 64)
    return verbs.Like(**head, object=require_ref(document, "object"), content=content)


def _dislike(document: Document, head: Head) -> Activity:
    return verbs.Dislike(**head, object=require_ref(document, "object"))


def _add(document: Document, head: Head) -> Activity:
    target = require_ref(document, "target")
    return verbs.Add(**head, object=require_ref(document, "object"), target=target)


def _remove(document: Document, head: Head) -> Activity:
    target = require_ref(document, "target")
    return verbs.Remove(**head, object=require_ref(document, "object"), target=target)


def _block(document: Document, head: Head) -> Activity:
    return verbs.Block(
        **head,
        object=require_ref(document, "object"),
        target=ref(document.get("target")),
        summary=text(document.get("summary"), SUMMARY_MAX),
        end_time=time(document.get("endTime")) or time(document.get("expires")),
        remove_data=document.get("removeData") is True,
    )


def _lock(document: Document, head: Head) -> Activity:
    summary = text(document.get("summary"), SUMMARY_MAX)
    return verbs.Lock(**head, object=require_ref(document, "object"), summary=summary)


def _flag(document: Document, head: Head) -> Activity:
    """Mastodon lists the account and its posts and writes ``content``; Lemmy writes ``summary``."""
    objects = refs(document.get("object"), REPORTED_MAX)
    if not objects:
        raise Refused("no_object", "A report needs to say of what.")
    words = text(document.get("content"), TEXT_MAX) or text(document.get("summary"), TEXT_MAX)
    return verbs.Flag(**head, objects=objects, content=words)


def _join(document: Document, head: Head) -> Activity:
    message = text(document.get("participationMessage"), TEXT_MAX)
    answer = text(document.get("cta:answer"), ANSWER_MAX)
    role = text(document.get("cta:role"), ROLE_MAX)
    about = require_ref(document, "object")
    return verbs.Join(
        **head, object=about, message=message, answer=answer, role=role,
        guests=_guests(document), fields=_fields(document), ballot=_ballot(document),
    )  # fmt: skip


def _guests(document: Document) -> int | None:
    """None where it says nothing of them, as no other software does."""
    said = document.get("cta:guests")
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= GUESTS_MAX:
        raise Refused("bad_guests", f"Guests are a whole number from 0 to {GUESTS_MAX}.")
    return said


def _fields(document: Document) -> tuple[tuple[str, str], ...] | None:
    """What is answered to the questions of a call: nothing is cut, as it is somebody's word."""
    said = document.get("cta:fields")
    if said is None:
        return None
    found = [_field(entry) for entry in items(said, QUESTIONS_MAX + 1)]
    if len(found) > QUESTIONS_MAX or len({name for name, _ in found}) < len(found):
        raise Refused("bad_fields", f"At most {QUESTIONS_MAX} questions are answered, each once.")
    return tuple(found)


def _ballot(document: Document) -> tuple[int, ...] | None:
    """Points or places of the answers of a decision, in their order."""
    said = document.get("cta:ballot")
    if said is None:
        return None
    found = items(said, BALLOT_MAX + 1)
    if not 0 < len(found) <= BALLOT_MAX:
        raise Refused("bad_ballot", f"A ballot has 1 to {BALLOT_MAX} numbers.")
    return tuple(_mark(entry) for entry in found)


def _mark(entry: object) -> int:
    if isinstance(entry, bool) or not isinstance(entry, int) or not 0 <= entry <= MARK_MAX:
        raise Refused("bad_ballot", f"A ballot has whole numbers from 0 to {MARK_MAX}.")
    return entry


def _field(entry: object) -> tuple[str, str]:
    named = mapping(entry) or {}
    name, value = named.get("name"), named.get("content")
    if not (isinstance(name, str) and 0 < len(name) <= QUESTION_MAX):
        raise Refused("bad_fields", "What is answered names its question.")
    if not (isinstance(value, str) and len(value) <= FIELD_MAX):
        raise Refused("bad_fields", f"An answer to a question has at most {FIELD_MAX} characters.")
    return name, value


def _invite(document: Document, head: Head) -> Activity:
    """To what the inviter's own server has."""
    target = require_ref(document, "target")
    about = require_ref(document, "object")
    if not same_origin(about, head["actor"]):
        raise Refused("foreign_invite", "Only whose server has it invites to a group or event.")
    return verbs.Invite(**head, object=about, target=target)


def _ignore(document: Document, head: Head) -> Activity:
    return verbs.Ignore(**head, object=require_ref(document, "object"))


def _leave(document: Document, head: Head) -> Activity:
    return verbs.Leave(**head, object=require_ref(document, "object"))


def _move(document: Document, head: Head) -> Activity:
    """By who moves away, or by whom they have become (FEP-7628: push and pull mode)."""
    moved, target = require_ref(document, "object"), require_ref(document, "target")
    if head["actor"] not in (moved, target):
        raise Refused("foreign_move", "Only the actor itself can move.")
    if moved == target:
        raise Refused("moved_nowhere", "An actor cannot become itself.")
    return verbs.Move(**head, object=moved, target=target)


def _quote_request(document: Document, head: Head) -> Activity:
    """Mastodon embeds the quoting post, as it may not be for everybody."""
    instrument = require_ref(document, "instrument")
    embedded = next(iter(mappings(document.get("instrument"), 1)), None)
    if embedded is not None and (
        "type" not in embedded or not same_origin(instrument, head["actor"])
    ):
        embedded = None
    return verbs.QuoteRequest(
        **head,
        object=require_ref(document, "object"),
        instrument=instrument,
        post=_authored(embedded, head["actor"]) if embedded is not None else None,
    )


def _offer(document: Document, head: Head) -> Activity:
    """Of a promise (FEP-0837), or of a tie between groups."""
    if is_relationship(document.get("object")):
        other = parse_linked(document.get("object"), head["actor"])
        return verbs.OfferTie(**head, object=other)
    value = parse_agreement(document.get("object"))
    message = text(document.get("content"), MESSAGE_MAX)
    return verbs.Offer(**head, object=value.id, agreement=value, message=message)


def _poll_vote(document: Document, head: Head) -> Activity:
    choice = text(document.get("choice_text"))
    if not choice:
        raise Refused("no_choice", "A vote needs to say for what.")
    return verbs.PollVote(**head, object=require_ref(document, "object"), name=choice)


_READERS: Final[dict[str, Callable[[Document, Head], Activity]]] = {
    "Accept": _accept,
    "Add": _add,
    "Announce": _announce,
    "Block": _block,
    "Create": _create,
    "Delete": _delete,
    "Dislike": _dislike,
    "EmojiReact": _like,
    "Flag": _flag,
    "Follow": _follow,
    "Ignore": _ignore,
    "Invite": _invite,
    "Join": _join,
    "Leave": _leave,
    "Like": _like,
    "Lock": _lock,
    "Move": _move,
    "Offer": _offer,
    "PollVote": _poll_vote,
    "QuoteRequest": _quote_request,
    "Reject": _reject,
    "Remove": _remove,
    "TentativeAccept": _tentative_accept,
    "Undo": _undo,
    "Update": _update,
}
