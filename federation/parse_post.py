"""Post documents: from any neighbour's JSON to one ``Post`` (or ``Vote``).

The author is who stands in ``attributedTo``, of the id's own origin (FEP-fe34); another origin is
refused. Mobilizon names the person in ``actor`` and the group in ``attributedTo``: the person is the
author, the group the ``audience``.
"""

from __future__ import annotations

import mimetypes
import re
from typing import Final, cast
from urllib.parse import urlsplit

from federation.errors import Refused
from federation.fields import (
    CONTENT_MAX,
    SUMMARY_MAX,
    TEXT_MAX,
    Document,
    items,
    mapping,
    mappings,
    number,
    own_page,
    own_ref,
    recipients,
    ref,
    refs,
    require_ref,
    text,
    time,
    type_of,
    uri,
    web_url,
    whole,
)
from federation.objects import (
    Attachment,
    AttachmentKind,
    Event,
    Mention,
    Post,
    PostKind,
    QuoteAuthorization,
    QuotePolicy,
    Vote,
)
from federation.origin import same_origin
from federation.parse_agreement import parse_category
from federation.parse_event import parse_call, parse_event, parse_poll
from federation.tagged import emojis, is_a
from federation.vocab import ATTACHMENT_KINDS, POST_KINDS

ATTACHMENTS_MAX: Final = 32
TAGS_MAX: Final = 512
PIXELS_MAX: Final = 100_000
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
_MEDIA_TYPE: Final = re.compile(r"[a-z]{1,32}/[A-Za-z0-9.+_-]{1,127}")
_BLURHASH: Final = re.compile(r"[A-Za-z0-9#$%*+,\-.:;=?@\[\]^_{|}~]{6,200}")
_BLANK: Final = re.compile(r"(\s|<br ?/?>|</?p>)*")
APPROVED_MAX: Final = 16
_ENDINGS: Final = mimetypes.MimeTypes()  # the same on every machine
#: FEP-044f first, then the older spellings of Fedibird and Misskey.
_QUOTE_KEYS: Final = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_MISSKEY_QUOTE: Final = "https://misskey-hub.net/ns#_misskey_quote"
#: Media types of a Link in ``tag`` that stands for an object (FEP-e232).
_OBJECT_LINKS: Final = ("application/activity+json", "application/ld+json")


def parse_post(document: Document, *, author: str | None = None) -> Post:
    """Read a post; ``author`` is preferred where several stand in ``attributedTo``.

    Raises Refused: unknown_type, ambiguous_type, no_id, no_author, foreign_author, content_too_long,
    too_many_recipients, too_many_options.
    """
    kind = cast("PostKind", POST_KINDS[type_of(document, POST_KINDS)])
    post_id = require_ref(document, "id")
    owner, group = _attribution(document, post_id, author)
    content, language = _content(document)
    tags = mappings(document.get("tag"), TAGS_MAX)
    event = parse_event(document) if kind == "event" else None
    published, updated = time(document.get("published")), time(document.get("updated"))
    return Post(
        id=post_id,
        kind=kind,
        attributed_to=owner,
        name=text(document.get("name")),
        summary=text(document.get("summary"), SUMMARY_MAX),
        content=content,
        media_type=_media_type(document.get("mediaType")) or "text/html",
        source=_source(document, "content"),
        source_type=_media_type(_source(document, "mediaType")),
        in_reply_to=ref(document.get("inReplyTo")),
        published=published,
        updated=updated,
        to=recipients(document.get("to")),
        cc=recipients(document.get("cc")),
        audience=ref(document.get("audience")) or group,
        # a string only: objects and lists here are something else than a thread
        context=uri(document.get("context")),
        replies=own_ref(document.get("replies"), post_id),
        url=own_page(document.get("url"), post_id),
        sensitive=document.get("sensitive") is True,
        language=language,
        comments_enabled=_comments_enabled(document),
        attachments=tuple(
            entry for entry in _attachments(document) if not _is_stream(entry, event)
        ),
        mentions=_mentions(tags),
        hashtags=_hashtags(tags),
        emojis=emojis(tags),
        quote=_quote(document, tags),
        quote_authorization=ref(document.get("quoteAuthorization")),
        quote_policy=_quote_policy(document.get("interactionPolicy")),
        poll=parse_poll(document, updated or published) if kind == "question" else None,
        event=event,
        call=parse_call(document.get("cta:call"), post_id, parse_category(document)),
        card_for=ref(document.get("cta:cardFor")),
    )


def is_vote(document: Document) -> bool:
    """A Note with a name, an inReplyTo and no content (FEP-9967): a vote if that is a poll.

    snac 2.38 fills the content of a vote with a line break.
    """
    return (
        document.get("type") == "Note"
        and isinstance(document.get("name"), str)
        and bool(document.get("name"))
        and bool(document.get("inReplyTo"))
        and _is_blank(document.get("content"))
        and not document.get("contentMap")
        and not document.get("attachment")
    )


def _is_blank(content: object) -> bool:
    return not content or (isinstance(content, str) and _BLANK.fullmatch(content) is not None)


def parse_vote(document: Document) -> Vote:
    """Read one vote. Raises Refused: no_id, no_author, foreign_author, no_inReplyTo."""
    vote_id = require_ref(document, "id")
    return Vote(
        id=vote_id,
        attributed_to=_attribution(document, vote_id, None)[0],
        in_reply_to=require_ref(document, "inReplyTo"),
        name=text(document.get("name")),
    )


def parse_quote_authorization(document: Document) -> QuoteAuthorization:
    """Read a stamp (FEP-044f). It says nothing yet: whose word it is, its id and the fetch decide.

    Raises Refused: unknown_type, no_id, no_attributedTo, no_interactingObject, no_interactionTarget,
    foreign_author (its id belongs to another server than who is said to vouch).
    """
    type_of(document, {"QuoteAuthorization": "quote"})
    stamp = QuoteAuthorization(
        id=require_ref(document, "id"),
        attributed_to=require_ref(document, "attributedTo"),
        interacting=require_ref(document, "interactingObject"),
        target=require_ref(document, "interactionTarget"),
    )
    if not same_origin(stamp.id, stamp.attributed_to):
        raise Refused("foreign_author", "A stamp is of another server than its author.")
    return stamp


def _quote(document: Document, tags: tuple[Document, ...]) -> str | None:
    """What is quoted; Pleroma and others without a property of their own send a Link (FEP-e232)."""
    said = (ref(document.get(key)) for key in _QUOTE_KEYS)
    linked = (ref(tag.get("href")) for tag in tags if _is_quote_link(tag))
    return next(filter(None, (*said, *linked)), None)


def _is_quote_link(tag: Document) -> bool:
    rel = items(tag.get("rel"), 8)
    named = text(tag.get("name")).startswith("RE:") or _MISSKEY_QUOTE in rel
    return (
        tag.get("type") == "Link" and named and _media_type(tag.get("mediaType")) in _OBJECT_LINKS
    )


def _quote_policy(value: object) -> QuotePolicy | None:
    """GoToSocial wrote ``always`` and ``approvalRequired`` before 0.20."""
    rules = mapping((mapping(value) or {}).get("canQuote"))
    if rules is None:
        return None
    automatic = rules.get("automaticApproval", rules.get("always"))
    manual = rules.get("manualApproval", rules.get("approvalRequired"))
    return QuotePolicy(automatic=_approved(automatic), manual=_approved(manual))


def _approved(value: object) -> tuple[str, ...]:
    return recipients(list(items(value, APPROVED_MAX)))


def _attribution(document: Document, post_id: str, author: str | None) -> tuple[str, str | None]:
    """The author, and the group that an event of Mobilizon names in the author's place."""
    named = refs(document.get("attributedTo"), 8)
    acting = ref(document.get("actor"))
    if acting is not None and same_origin(acting, post_id):
        return acting, next((entry for entry in named if entry != acting), None)
    if not named:
        raise Refused("no_author", "The object says nothing of its author.")
    owner = author if author in named else named[0]
    if not same_origin(owner, post_id):
        raise Refused("foreign_author", "The author belongs to another server than the object.")
    return owner, None


def _content(document: Document) -> tuple[str, str | None]:
    """The content and its language; ``contentMap`` says which language the content is in."""
    content = document.get("content")
    translations = {
        code: value
        for code, value in (mapping(document.get("contentMap")) or {}).items()
        if isinstance(value, str) and _LANGUAGE.fullmatch(code) and code != "und"
    }
    language = next((code for code, value in translations.items() if value == content), None)
    if not content and translations:
        language, content = next(iter(translations.items()))
    if isinstance(content, str) and len(content) > CONTENT_MAX:
        raise Refused("content_too_long", f"Content has at most {CONTENT_MAX} characters.")
    return text(content, CONTENT_MAX), language or _language(document)


def _language(document: Document) -> str | None:
    """``inLanguage`` is Mobilizon's, ``language.identifier`` Lemmy's and PieFed's."""
    language = mapping(document.get("language"))
    for code in (language.get("identifier") if language else None, document.get("inLanguage")):
        if isinstance(code, str) and _LANGUAGE.fullmatch(code) and code != "und":
            return code
    return None


def _source(document: Document, key: str) -> str | None:
    source = mapping(document.get("source"))
    return text(source.get(key), CONTENT_MAX) or None if source is not None else None


def _media_type(value: object) -> str | None:
    """The media type without parameters."""
    bare = value.partition(";")[0].strip() if isinstance(value, str) else ""
    return bare if _MEDIA_TYPE.fullmatch(bare) else None


def _comments_enabled(document: Document) -> bool:
    """``commentsEnabled`` is PeerTube's word, the other Mobilizon's."""
    closed = document.get("repliesModerationOption") == "closed"
    return document.get("commentsEnabled") is not False and not closed


def _attachments(document: Document) -> tuple[Attachment, ...]:
    listed = mappings(document.get("attachment"), ATTACHMENTS_MAX)
    return tuple(filter(None, (_attachment(entry) for entry in listed)))


def _is_stream(attachment: Attachment, event: Event | None) -> bool:
    """The link to take part online is part of the event already."""
    if event is None or attachment.kind != "link":
        return False
    return attachment.url == event.online_url


def _attachment(entry: Document) -> Attachment | None:
    """A file or link; Mobilizon's and others' ``PropertyValue`` is neither and is passed over."""
    named = entry.get("type")
    url = web_url(entry.get("url")) or web_url(entry.get("href"))
    if url is None or not isinstance(named, str) or named not in ATTACHMENT_KINDS:
        return None
    media_type = _media_type(entry.get("mediaType")) or _media_type(_link_type(entry))
    return Attachment(
        url=url,
        kind=_attachment_kind(ATTACHMENT_KINDS[named], media_type or _type_by_ending(url)),
        media_type=media_type,
        description=text(entry.get("name") or entry.get("summary"), TEXT_MAX),
        width=whole(entry.get("width"), PIXELS_MAX),
        height=whole(entry.get("height"), PIXELS_MAX),
        blurhash=_matching(_BLURHASH, entry.get("blurhash")),
        focus=_focus(entry.get("focalPoint")),
        preview=_preview(entry),
    )


def _preview(entry: Document) -> str | None:
    """``icon`` is Mastodon's and PeerTube's word, ``preview`` that of ActivityStreams."""
    return uri(web_url(entry.get("icon"))) or uri(web_url(entry.get("preview")))


def _link_type(entry: Document) -> object:
    """The media type inside ``url`` where that is a list of Links (Pleroma)."""
    links = mappings(entry.get("url"), 1)
    return links[0].get("mediaType") if links else None


def _type_by_ending(url: str) -> str | None:
    """Friendica, Takahē and others sometimes name no media type."""
    return _ENDINGS.guess_type(urlsplit(url).path)[0]


def _attachment_kind(kind: str, media_type: str | None) -> AttachmentKind:
    """Most microblogs call every file a Document: its media type says more."""
    family = (media_type or "").partition("/")[0]
    if kind != "link" and family in {"image", "video", "audio"}:
        return cast("AttachmentKind", family)
    return cast("AttachmentKind", kind)


def _focus(value: object) -> tuple[float, float] | None:
    axes = [number(axis) for axis in items(value, 3)]
    if len(axes) != 2 or any(axis is None or abs(axis) > 1 for axis in axes):
        return None
    return cast("tuple[float, float]", tuple(axes))


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _mentions(tags: tuple[Document, ...]) -> tuple[Mention, ...]:
    found = ((ref(tag.get("href")), tag) for tag in tags if is_a(tag, "Mention"))
    mentions = (Mention(href, text(tag.get("name"))) for href, tag in found if href is not None)
    return tuple(dict.fromkeys(mentions))


def _hashtags(tags: tuple[Document, ...]) -> tuple[str, ...]:
    """Names without the number sign; folding their case is the domain's."""
    names = (text(tag.get("name"), 200) for tag in tags if is_a(tag, "Hashtag"))
    bare = (name.strip().removeprefix("#") for name in names)
    return tuple(dict.fromkeys(name for name in bare if name))
