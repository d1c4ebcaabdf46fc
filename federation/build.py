"""The documents that we send: actors, activities and collections (posts are in ``build_post``).

Every function takes plain values and returns a new ``dict`` with its ``@context``. An object inside an
activity loses its own ``@context``, which the activity then carries; an object with a ``proof``, and
whatever is announced, stays exactly the value that came in, so that its proof still holds.
Lemmy demands arrays for ``to`` and ``cc``, so both are always arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from federation import capabilities
from federation.build_post import (
    Json,
    event,
    hashtag,
    note,
    one_line,
    page,
    post,
    question,
    quote_authorization,
    tombstone,
    utc,
    vote,
)
from federation.build_tally import tally
from federation.fields import ref
from federation.objects import Actor, Picture
from federation.vocab import (
    ACTIVITY_CONTEXT,
    ACTOR_CONTEXT,
    AS,
    CTA,
    JOIN_TERMS,
    POST_TERMS,
    PUBLIC,
    QUOTE_TERMS,
)

__all__ = [
    "Json",
    "PublicKeys",
    "accept",
    "actor",
    "add",
    "announce",
    "answer_quote",
    "block",
    "collection",
    "collection_page",
    "create",
    "delete",
    "delete_stamp",
    "dislike",
    "event",
    "flag",
    "follow",
    "hashtag",
    "ignore",
    "join",
    "leave",
    "like",
    "move",
    "note",
    "one_line",
    "page",
    "post",
    "question",
    "quote_authorization",
    "quote_request",
    "reject",
    "remove",
    "tally",
    "tentative_accept",
    "tombstone",
    "undo",
    "update",
    "vote",
]

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """An actor's public keys: RSA as PEM for HTTP signatures, Ed25519 as multibase for proofs."""

    pem: str
    multibase: str | None = None


def actor(value: Actor, keys: PublicKeys) -> Json:
    """The document of an actor of ours, of any kind.

    ``publicKey`` is what every neighbour reads; ``assertionMethod`` carries the key for proofs
    (FEP-521a). Nothing is written where the value says nothing.
    """
    document: Json = {
        "@context": list(ACTOR_CONTEXT),
        "id": value.id,
        "type": value.kind.capitalize(),
        "preferredUsername": value.username,
        "inbox": value.inbox,
        "manuallyApprovesFollowers": value.locked,
        "attachment": [_property(name, text) for name, text in value.fields],
        "publicKey": _public_key(value.id, keys.pem),
        **capabilities.advertised(value.kind),
    }
    if value.kind == "group":
        document["postingRestrictedToMods"] = value.posting_restricted
        document |= _about_group(value)
    return document | _said(
        {
            "name": value.name,
            "summary": value.summary,
            "url": value.url,
            "outbox": value.outbox,
            "followers": value.followers,
            "following": value.following,
            "featured": value.featured,
            "featuredTags": value.featured_tags,
            "attributedTo": value.moderators,
            "upcomingEvents": value.upcoming_events,
            "icon": _image(value.icon),
            "image": _image(value.image),
            "discoverable": value.discoverable,
            "indexable": value.indexable,
            "published": utc(value.published) if value.published else None,
            "alsoKnownAs": list(value.also_known_as) or None,
            "movedTo": value.moved_to,
            "suspended": value.suspended or None,
            "webfinger": value.webfinger,
            "endpoints": {"sharedInbox": value.shared_inbox} if value.shared_inbox else None,
            "assertionMethod": _assertion_method(value.id, keys.multibase),
        }
    )


def _about_group(value: Actor) -> Json:
    """What a group is about as hashtags, and its languages as Lemmy and PieFed read them."""
    base = "/".join(value.id.split("/", 3)[:3])
    languages = [{"identifier": code, "name": code} for code in value.languages]
    topics = [hashtag(topic, base) for topic in value.topics]
    linked = list(value.linked) or None
    return _said({"tag": topics or None, "language": languages or None, "linked": linked})


def create(activity_id: str, actor: str, document: Document) -> Json:
    """Create of an object, addressed as the object is.

    ``actor`` is the author, but for Gancio, which listens to one actor per server: there it is the
    community.
    """
    extra = {"published": document.get("published")}
    return _with_object("Create", activity_id, actor, document, document) | _said(extra)


def update(
    activity_id: str,
    actor: str,
    document: Document,
    *,
    to: Iterable[str] = (),
    cc: Iterable[str] = (),
) -> Json:
    """Update of a post, addressed as the post is, or of an actor, for ``to`` and ``cc``."""
    audience = document if "to" in document else {"to": list(to), "cc": list(cc)}
    return _with_object("Update", activity_id, actor, document, audience)


def delete(
    activity_id: str,
    actor: str,
    gone: str | Document,
    *,
    to: Iterable[str] = (PUBLIC,),
    cc: Iterable[str] = (),
) -> Json:
    """Delete of a post (give its ``tombstone``) or of the actor itself (give its id)."""
    head = _head("Delete", activity_id, actor, to, cc)
    return head | {"object": gone if isinstance(gone, str) else _embedded(gone)}


def follow(activity_id: str, actor: str, target: str) -> Json:
    return _head("Follow", activity_id, actor, (target,)) | {"object": target}


def accept(activity_id: str, actor: str, answered: Document) -> Json:
    """Accept of a Follow or Join, embedded in full as Lemmy demands, for its actor."""
    return _answer("Accept", activity_id, actor, answered)


def tentative_accept(activity_id: str, actor: str, answered: Document) -> Json:
    return _answer("TentativeAccept", activity_id, actor, answered)


def reject(activity_id: str, actor: str, answered: Document) -> Json:
    return _answer("Reject", activity_id, actor, answered)


def quote_request(
    activity_id: str, actor: str, quoted: str, instrument: str | Document, *, to: Iterable[str] = ()
) -> Json:
    """May ``instrument`` (the quoting post, by its id or whole) quote a post (FEP-044f)? ``to``: its
    author."""
    head = _quoting("QuoteRequest", activity_id, actor, to, instrument)
    return head | {"object": quoted, "instrument": _embedded(instrument)}


def answer_quote(activity_id: str, actor: str, request: Document, stamp: str | None) -> Json:
    """Accept with the id of the stamp as its result, or Reject where there is none."""
    kind = "Reject" if stamp is None else "Accept"
    head = _quoting(kind, activity_id, actor, _actor_of(request))
    return head | _said({"object": _embedded(request), "result": stamp})


def delete_stamp(activity_id: str, actor: str, stamp: Document, *, cc: Iterable[str] = ()) -> Json:
    """A quote is not approved any more."""
    head = _quoting("Delete", activity_id, actor, (PUBLIC,))
    return head | {"cc": list(cc), "object": _embedded(stamp)}


def _quoting(
    kind: str, activity_id: str, actor: str, to: Iterable[str], post_: str | Document = ""
) -> Json:
    """With the terms of FEP-044f, and of a post that is embedded."""
    terms = QUOTE_TERMS if isinstance(post_, str) else POST_TERMS | QUOTE_TERMS
    return _head(kind, activity_id, actor, to) | {"@context": [*ACTIVITY_CONTEXT, dict(terms)]}


def undo(activity_id: str, actor: str, undone: Document) -> Json:
    """Undo of an activity of the same actor, addressed as that was."""
    return _with_object("Undo", activity_id, actor, undone, undone)


def announce(
    activity_id: str,
    actor: str,
    announced: str | Document,
    *,
    to: Iterable[str] = (PUBLIC,),
    cc: Iterable[str] = (),
    published: datetime | None = None,
) -> Json:
    """A boost or distribution of an id, or (FEP-1b12) of an activity: that very value, unchanged."""
    head = _head("Announce", activity_id, actor, to, cc)
    extra = {"published": utc(published) if published else None}
    return head | _said(extra) | {"object": announced}


def like(activity_id: str, actor: str, liked: str, *, to: Iterable[str] = ()) -> Json:
    return _head("Like", activity_id, actor, to) | {"object": liked}


def dislike(activity_id: str, actor: str, disliked: str, *, to: Iterable[str] = ()) -> Json:
    return _head("Dislike", activity_id, actor, to) | {"object": disliked}


def invite(activity_id: str, actor: str, group: str, invited: str) -> Json:
    """Asks somebody to join a group, as Mobilizon does: the group is the object, the person the target."""
    head = _head("Invite", activity_id, actor, [invited], [group])
    return head | {"object": group, "attributedTo": group, "target": invited}


def add(
    activity_id: str,
    actor: str,
    added: str | Document,
    target: str,
    *,
    to: Iterable[str] = (PUBLIC,),
    cc: Iterable[str] = (),
) -> Json:
    """Add to a collection: ``target`` is that of the featured posts or of the moderators."""
    return _head("Add", activity_id, actor, to, cc) | {"object": added, "target": target}


def remove(
    activity_id: str,
    actor: str,
    removed: str | Document,
    target: str,
    *,
    to: Iterable[str] = (PUBLIC,),
    cc: Iterable[str] = (),
) -> Json:
    return _head("Remove", activity_id, actor, to, cc) | {"object": removed, "target": target}


def join(
    activity_id: str,
    actor: str,
    joined: str,
    *,
    to: Iterable[str],
    message: str = "",
    answer: str = "",
    role: str = "",
    guests: int | None = None,
    fields: Mapping[str, str] | None = None,
    ballot: Sequence[int] | None = None,
) -> Json:
    """Taking part in an event or call; ``to`` names its organiser, who answers.

    ``answer``: which of the answers of a call; empty for the one that a plain Join means.
    ``role``: which of a shift. ``guests``: how many more come along, None where nobody may.
    ``fields``: what is answered to the questions of a call, by the question. ``ballot``: a number for each of its
    answers.
    """
    head = _head("Join", activity_id, actor, to)
    if answer or role or guests is not None or fields:
        head["@context"] = [*ACTIVITY_CONTEXT, JOIN_TERMS if ballot else {"cta": CTA}]
    said = _said({"participationMessage": message, "cta:answer": answer, "cta:role": role})
    brings = {} if guests is None else {"cta:guests": guests}
    told = {"cta:fields": [_field(name, value) for name, value in fields.items()]} if fields else {}
    voted = {"cta:ballot": list(ballot)} if ballot else {}
    return head | {"object": joined} | said | brings | told | voted


def _field(name: str, value: str) -> Json:
    return {"type": "cta:Field", "name": name, "content": value}


def ignore(activity_id: str, actor: str, ignored: str, *, to: Iterable[str]) -> Json:
    """Nothing comes of a Join, named by its id, of what takes no answers (FEP-8a8e)."""
    return _head("Ignore", activity_id, actor, to) | {"object": ignored}


def leave(activity_id: str, actor: str, left: str, *, to: Iterable[str]) -> Json:
    return _head("Leave", activity_id, actor, to) | {"object": left}


def block(activity_id: str, actor: str, blocked: str) -> Json:
    return _head("Block", activity_id, actor, (blocked,)) | {"object": blocked}


def flag(
    activity_id: str,
    actor: str,
    reported: str | Sequence[str],
    content: str,
    *,
    to: Iterable[str] = (),
) -> Json:
    """A report: ``reported`` is the account first and then its posts, as Mastodon reads it; or one post to
    its group, with the reason in ``summary``, as Lemmy does."""
    head = _head("Flag", activity_id, actor, to)
    if isinstance(reported, str):
        return head | {"object": reported, "content": content, "summary": content}
    return head | {"object": list(reported), "content": content}


def move(activity_id: str, actor: str, target: str, *, followers: str) -> Json:
    return _head("Move", activity_id, actor, (followers,)) | {"object": actor, "target": target}


def collection(
    collection_id: str,
    total: int,
    *,
    first: str | None = None,
    items: Sequence[str | Document] | None = None,
    attributed_to: str | None = None,
) -> Json:
    """An ordered collection: by pages from ``first``, or short enough to carry its ``items``."""
    head = {"@context": AS, "id": collection_id, "type": "OrderedCollection", "totalItems": total}
    listed = [_embedded(item) for item in items] if items is not None else None
    return head | _said({"first": first, "attributedTo": attributed_to, "orderedItems": listed})


def featured_tags(collection_id: str, names: Sequence[str], base: str) -> Json:
    """The tags that a profile shows, as Mastodon reads them. ``base``: of our addresses."""
    items = [hashtag(name, base) for name in names]
    tags = collection(collection_id, len(items), items=items)
    return tags | {"@context": [AS, {"Hashtag": "as:Hashtag"}]}


def collection_page(
    page_id: str,
    part_of: str,
    items: Sequence[str | Document],
    *,
    next_page: str | None = None,
    previous_page: str | None = None,
) -> Json:
    head = {"@context": AS, "id": page_id, "type": "OrderedCollectionPage", "partOf": part_of}
    listed = [_embedded(item) for item in items]
    return head | {"orderedItems": listed} | _said({"next": next_page, "prev": previous_page})


def _head(
    kind: str, activity_id: str, actor: str, to: Iterable[str], cc: Iterable[str] = ()
) -> Json:
    context = list(ACTIVITY_CONTEXT)
    head: Json = {"@context": context, "id": activity_id, "type": kind, "actor": actor}
    return head | {"to": list(to), "cc": list(cc)}


def _with_object(
    kind: str, activity_id: str, actor: str, document: Document, audience: Document
) -> Json:
    head = _head(kind, activity_id, actor, ())
    head["@context"] = document.get("@context", head["@context"])
    head["to"], head["cc"] = audience.get("to", []), audience.get("cc", [])
    return head | _said({"audience": audience.get("audience")}) | {"object": _embedded(document)}


def _answer(kind: str, activity_id: str, actor: str, answered: Document) -> Json:
    head = _head(kind, activity_id, actor, _actor_of(answered))
    return head | {"object": _embedded(answered)}


def _actor_of(activity: Document) -> tuple[str, ...]:
    actor = ref(activity.get("actor"))
    return (actor,) if actor is not None else ()


def _embedded(document: str | Document) -> object:
    """A document inside another: without its context, unless a proof covers that."""
    if isinstance(document, str) or "proof" in document:
        return document
    return {key: value for key, value in document.items() if key != "@context"}


def _said(fields: Document) -> Json:
    return {key: value for key, value in fields.items() if value not in (None, "")}


def _property(name: str, text: str) -> Json:
    return {"type": "PropertyValue", "name": name, "value": text}


def _image(picture: Picture | None) -> Json | None:
    """Described in both words that neighbours read."""
    if picture is None:
        return None
    said = {
        "mediaType": picture.media_type,
        "name": picture.description,
        "summary": picture.description,
    }
    return {"type": "Image", "url": picture.url} | _said(said)


def _public_key(owner: str, pem: str) -> Json:
    return {"id": f"{owner}#main-key", "owner": owner, "publicKeyPem": pem}


def _assertion_method(owner: str, multibase: str | None) -> list[Json] | None:
    if multibase is None:
        return None
    key: Json = {"id": f"{owner}#ed25519-key", "type": "Multikey", "controller": owner}
    return [key | {"publicKeyMultibase": multibase}]
