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
#: Of groups that show each other: the relationship that one offers, and the property of each.
LINKED: Final = f"{CTA}linked"

#: Events (FEP-8a8e), and the states of one that we send.
EVENTS: Final = "https://w3id.org/fep/8a8e/"
EVENT_STATUS_WORDS: Final = ("EventScheduled", "EventTentative", "EventCancelled", "EventPostponed")

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

COLLECTION_TYPES: Final = {
    "Collection": "collection",
    "OrderedCollection": "collection",
    "CollectionPage": "page",
    "OrderedCollectionPage": "page",
}

#: Wire type -> ``Attachment.kind``. Any other attachment type (``PropertyValue`` …) is not a file.
ATTACHMENT_KINDS: Final = {
    "Image": "image",
    "Video": "video",
    "Audio": "audio",
    "Document": "document",
    "Link": "link",
}

STANDINGS: Final = frozenset({"asked", "pledged", "refused", "answered"})
CALL_STATES: Final = frozenset({"open", "postponed", "cancelled", "closed"})
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
    "eventtentative": "tentative",
    "eventmovedonline": "confirmed",
    "eventpostponed": "postponed",
    "eventrescheduled": "confirmed",
}

#: Mobilizon's closed list, and "none" of FEP-8a8e, which we never send; anything else is read as "free".
JOIN_MODES: Final = frozenset({"free", "restricted", "invite", "external", "none"})

# --- The contexts that we send. Stable: a proof covers them, and peers cache by them. ---

ACTIVITY_CONTEXT: Final = (AS, DATA_INTEGRITY)

ACTOR_TERMS: Final = {
    "assertionMethod": {"@id": "sec:assertionMethod", "@type": "@id"},
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "schema": "http://schema.org#",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    "toot": "http://joinmastodon.org/ns#",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
    "upcomingEvents": {"@id": f"{EVENTS}upcomingEvents", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "suspended": "toot:suspended",
    "lemmy": "https://join-lemmy.org/ns#",
    "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
    "Hashtag": "as:Hashtag",
    "linked": {"@id": LINKED, "@type": "@id"},
    "language": "http://schema.org/inLanguage",
    "identifier": "http://schema.org/identifier",
    "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    "implements": {
        "@id": "https://w3id.org/fep/844e/implements",
        "@type": "@id",
        "@container": "@list",
    },
}
ACTOR_CONTEXT: Final = (AS, SECURITY, MULTIKEY, ACTOR_TERMS)

#: What any post may carry.
POST_TERMS: Final = {
    "sensitive": "as:sensitive",
    "Hashtag": "as:Hashtag",
    "toot": "http://joinmastodon.org/ns#",
    "Emoji": "toot:Emoji",
    "blurhash": "toot:blurhash",
    "focalPoint": {"@id": "toot:focalPoint", "@container": "@list"},
    "votersCount": "toot:votersCount",
    "pt": "https://joinpeertube.org/ns#",
    "commentsEnabled": "pt:commentsEnabled",
    "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
    "quoteUrl": "as:quoteUrl",
    "quoteUri": "http://fedibird.com/ns#quoteUri",
    "_misskey_quote": "https://misskey-hub.net/ns#_misskey_quote",
    "gts": "https://gotosocial.org/ns#",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
    "manualApproval": {"@id": "gts:manualApproval", "@type": "@id"},
}

#: What moderators of a group do, in the words of Lemmy.
MODERATION_TERMS: Final = {
    "lemmy": "https://join-lemmy.org/ns#",
    "Lock": "lemmy:Lock",
    "removeData": "lemmy:removeData",
    "restoreData": "lemmy:restoreData",
}

#: Asking for a quote, and the answer (FEP-044f).
QUOTE_TERMS: Final = {
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "gts": "https://gotosocial.org/ns#",
    "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
    "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
}

#: PieFed's onlineLink, buyTicketsLink, fee* and anonymousParticipation have no vocabulary and stay
#: unmapped: plain JSON for its reader, nothing in JSON-LD.
EVENT_TERMS: Final = {
    "sc": "http://schema.org/",
    "mz": "https://joinmobilizon.org/ns#",
    "ical": "http://www.w3.org/2002/12/cal/ical#",
    "address": "sc:address",
    "PostalAddress": "sc:PostalAddress",
    "streetAddress": "sc:streetAddress",
    "addressLocality": "sc:addressLocality",
    "addressRegion": "sc:addressRegion",
    "addressCountry": "sc:addressCountry",
    "postalCode": "sc:postalCode",
    "maximumAttendeeCapacity": "sc:maximumAttendeeCapacity",
    "remainingAttendeeCapacity": "sc:remainingAttendeeCapacity",
    "inLanguage": "sc:inLanguage",
    "e": EVENTS,
    "eventStatus": {"@id": "e:eventStatus", "@type": "@vocab"},
    **{status: f"e:{status}" for status in EVENT_STATUS_WORDS},
    "displayEndTime": "e:displayEndTime",
    "attendees": {"@id": "e:attendees", "@type": "@id"},
    "organizers": {"@id": "e:organizers", "@type": "@id"},
    "requiredJoinVisibility": {
        "@id": "e:requiredJoinVisibility",
        "@type": "@id",
        "@container": "@list",
    },
    "category": "mz:category",
    "repliesModerationOption": "mz:repliesModerationOption",
    "status": "ical:status",
    "timezone": "mz:timezone",
    "joinMode": "mz:joinMode",
    "participantCount": "mz:participantCount",
    "isOnline": "mz:isOnline",
    "externalParticipationUrl": "mz:externalParticipationUrl",
    "anonymousParticipationEnabled": "mz:anonymousParticipationEnabled",
}

#: What a Join says of a call beside its answer, where one is in an order.
JOIN_TERMS: Final = {"cta": CTA, "cta:ballot": {"@id": "cta:ballot", "@container": "@list"}}

#: What one server counted for another.
TALLY_TERMS: Final = {
    "cta": CTA,
    "lines": {"@id": "cta:lines", "@container": "@list"},
    "tier": "cta:tier",
    "own": "cta:own",
    "email": "cta:email",
    "byDomain": {"@id": "cta:byDomain", "@container": "@list"},
    "domain": "cta:domain",
    "people": "cta:people",
    "withdrawn": "cta:withdrawn",
    "seq": "cta:seq",
}

#: Of a campaign: what an entry of its log is added to, or taken from.
CO_HOSTS: Final = "cta:coHosts"
COUNTERS: Final = "cta:vouches"
CALLS: Final = "cta:calls"
SILENT: Final = "cta:silent"

#: The log of a campaign, and its charter.
CAMPAIGN_TERMS: Final = {
    "cta": CTA,
    "dcterms": "http://purl.org/dc/terms/",
    "om2": "http://www.ontology-of-units-of-measure.org/resource/om-2/",
    "hasUnit": "om2:hasUnit",
    "hasNumericalValue": "om2:hasNumericalValue",
    "publicKeyMultibase": "https://w3id.org/security#publicKeyMultibase",
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "replaces": "dcterms:replaces",
    "campaign": "cta:campaign",
    "charterDigest": "cta:charterDigest",
    "previous": "cta:previous",
    "seen": {"@id": "cta:seen", "@container": "@set"},
    "digest": "cta:digest",
    "seat": "cta:seat",
    "community": {"@id": "cta:community", "@type": "@id"},
    "kind": "cta:kind",
    "kinds": {"@id": "cta:kinds", "@container": "@list"},
    "opened": "cta:opened",
    "quorum": "cta:quorum",
    "goal": "cta:goal",
    "metric": "cta:metric",
    "milestones": {"@id": "cta:milestones", "@container": "@list"},
    "targets": {"@id": "cta:targets", "@container": "@list"},
    "data": "cta:data",
    "funders": {"@id": "cta:funders", "@container": "@list"},
    "amount": "cta:amount",
    "large": {"@id": "cta:large", "@container": "@list"},
}

#: Behind the id of a proposal, what it is about: the fragment that FEP-0837 recommends.
PRIMARY: Final = "#primary"
#: Before what a need or an offer is about, as a name of the resource.
CATEGORY: Final = f"{CTA}category/"

#: Valueflows and units of measure, as FEP-0837 maps them.
VALUEFLOWS_TERMS: Final = {
    "om2": "http://www.ontology-of-units-of-measure.org/resource/om-2/",
    "vf": "https://w3id.org/valueflows/ont/vf#",
    "resourceConformsTo": {"@id": "vf:resourceConformsTo", "@type": "@id"},
    "resourceQuantity": "vf:resourceQuantity",
    "hasUnit": "om2:hasUnit",
    "hasNumericalValue": "om2:hasNumericalValue",
}

#: What makes a need or an offer a proposal too.
PROPOSAL_TERMS: Final = {
    **VALUEFLOWS_TERMS,
    "Intent": "vf:Intent",
    "purpose": "vf:purpose",
    "publishes": "vf:publishes",
    "action": "vf:action",
    "availableQuantity": "vf:availableQuantity",
}

#: What somebody promises to one, and the answer.
AGREEMENT_TERMS: Final = {
    **VALUEFLOWS_TERMS,
    "Agreement": "vf:Agreement",
    "Commitment": "vf:Commitment",
    "stipulates": "vf:stipulates",
    "satisfies": {"@id": "vf:satisfies", "@type": "@id"},
}

#: Our own, on calls and cards only.
CALL_TERMS: Final = {
    "cta": CTA,
    "om2": "http://www.ontology-of-units-of-measure.org/resource/om-2/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "cta:cardFor": {"@id": f"{CTA}cardFor", "@type": "@id"},
    "kind": "cta:kind",
    "goal": "cta:goal",
    "metric": "cta:metric",
    "hasUnit": "om2:hasUnit",
    "hasNumericalValue": "om2:hasNumericalValue",
    "card": {"@id": "cta:card", "@type": "@id"},
    "answers": {"@id": "cta:answers", "@container": "@list"},
    "count": "cta:count",
    "waiting": "cta:waiting",
    "deadline": {"@id": "cta:deadline", "@type": "xsd:dateTime"},
    "outcome": "cta:outcome",
    "tallies": {"@id": "cta:tallies", "@type": "@id"},
    "variant": "cta:variant",
    "about": "cta:about",
    "state": "cta:state",
    "places": "cta:places",
    "link": {"@id": "cta:link", "@type": "@id"},
    "urgent": "cta:urgent",
    "subEvent": {"@id": "http://schema.org/subEvent", "@type": "@id", "@container": "@list"},
    "superEvent": {"@id": "http://schema.org/superEvent", "@type": "@id"},
    "nextStep": {"@id": "cta:nextStep", "@type": "@id"},
    "startedFrom": {"@id": "cta:startedFrom", "@type": "@id"},
    "mayBeStarted": "cta:mayBeStarted",
    "secretUntilClosed": "cta:secretUntilClosed",
    "choice": "cta:choice",
    "roles": {"@id": "cta:roles", "@container": "@list"},
    "skill": "cta:skill",
    "guestsMax": "cta:guestsMax",
    "sources": {"@id": "cta:sources", "@container": "@list"},
    "questions": {"@id": "cta:questions", "@container": "@list"},
    "required": "cta:required",
    "targets": {"@id": "cta:targets", "@container": "@list"},
    "scripts": {"@id": "cta:scripts", "@container": "@list"},
    "role": "cta:role",
    "area": "cta:area",
    "contact": {"@id": "cta:contact", "@type": "@id"},
    "standing": "cta:standing",
    "inLanguage": "http://schema.org/inLanguage",
    "note": "cta:note",
    "subject": "cta:subject",
    "body": "cta:body",
    "stewards": {"@id": "cta:stewards", "@type": "@id", "@container": "@list"},
}
