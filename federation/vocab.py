"""The words of the wire: context, Public and its aliases, and which types mean what to us.

Only names live here. What is done with them is in ``parse`` (reading) and ``build`` (writing).
"""

from __future__ import annotations

from typing import Final

AS: Final = "https://www.w3.org/ns/activitystreams"
SECURITY: Final = "https://w3id.org/security/v1"
DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v2"
MULTIKEY: Final = "https://w3id.org/security/multikey/v1"

#: Our own terms: the slug of the FEP "Calls to Action and Campaigns".
CTA: Final = "https://w3id.org/fep/d9f9/"

MEDIA_TYPE: Final = "application/activity+json"
LD_MEDIA_TYPE: Final = f'application/ld+json; profile="{AS}"'

PUBLIC: Final = f"{AS}#Public"
#: JSON-LD compaction may write Public in three ways; all mean the same (ActivityPub 5.6).
PUBLIC_ALIASES: Final = frozenset({PUBLIC, "as:Public", "Public"})

#: Wire type -> ``Actor.kind``.
ACTOR_KINDS: Final = {
    "Person": "person",
    "Group": "group",
    "Application": "application",
    "Service": "service",
    "Organization": "organization",
}

#: Wire type -> ``Post.kind``. The union of what our neighbours publish as a post.
POST_KINDS: Final = {
    "Note": "note",
    "Page": "page",
    "Article": "article",
    "Question": "question",
    "Event": "event",
    "Video": "video",
    "Audio": "audio",
    "Image": "image",
    "Document": "document",
}

#: Wire type -> ``Attachment.kind``. Any other attachment type (``PropertyValue`` …) is not a file.
ATTACHMENT_KINDS: Final = {
    "Image": "image",
    "Video": "video",
    "Audio": "audio",
    "Document": "document",
    "Link": "link",
}

CALL_KINDS: Final = frozenset(
    {"event", "volunteer", "petition", "contact", "need", "donate", "decision", "share"}
)

#: The spelling of a cancelled event differs: Mobilizon and RFC 5545 write CANCELLED, FEP-8a8e and
#: schema.org EventCancelled.
EVENT_STATUSES: Final = {
    "confirmed": "confirmed",
    "tentative": "tentative",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "postponed": "postponed",
    "eventscheduled": "confirmed",
    "eventcancelled": "cancelled",
    "eventpostponed": "postponed",
    "eventrescheduled": "confirmed",
}

#: Mobilizon's closed list; anything else is read as "free".
JOIN_MODES: Final = frozenset({"free", "restricted", "invite", "external"})
