"""Every entity of both APIs, declared once: what is always there, what may be null, what may be left out.

The OpenAPI document prints them, and tests hold the answers of all routes against them. Where decoders
differ the strictest one decides; what Mastodon's documentation calls optional is required here where a
client that people use breaks without it.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.api.own_entities import OURS
from server.api.schema import (
    ANY,
    BOOL,
    COUNT,
    DATE,
    DIGITS,
    ID,
    INT,
    NUMBER,
    TEXT,
    TIME,
    URL,
    URL_OR_EMPTY,
    Schema,
    absent,
    array,
    either,
    entity,
    mapping,
    maybe,
    where,
    with_fields,
    words,
)
from storage.notifications import TYPES

VISIBILITY = words("public", "unlisted", "private", "direct")
QUOTE_POLICY = words("public", "followers", "nobody")
WHO_MAY = array(words("public", "followers", "following", "unsupported_policy"))
ACCESS = words("public", "authenticated", "disabled")
CONTEXTS = array(words("home", "notifications", "public", "thread", "account"))
QUOTE_STATE = words(
    "pending", "accepted", "rejected", "revoked", "deleted", "unauthorized", "blocked_account",
    "blocked_domain", "muted_account",
)  # fmt: skip
NOTIFICATION_TYPE = words(*TYPES)
ABOUT_POSTS = (
    "mention", "status", "reblog", "favourite", "poll", "update", "quote", "quoted_update",
)  # fmt: skip
POLICY = words("accept", "filter", "drop")

# --- posts

MENTION = entity(id=ID, username=TEXT, url=URL, acct=TEXT)
EMOJI = entity(
    shortcode=TEXT, url=URL, static_url=URL, visible_in_picker=BOOL, category=absent(maybe(TEXT)),
    featured=absent(BOOL),
)  # fmt: skip
QUOTE_APPROVAL = entity(
    automatic=WHO_MAY,
    manual=WHO_MAY,
    current_user=words("automatic", "manual", "denied", "unknown"),
)
_STATUS = {
    "id": ID, "uri": URL, "url": maybe(URL), "created_at": TIME, "edited_at": maybe(TIME),
    "account": "Account", "content": TEXT, "visibility": VISIBILITY, "sensitive": BOOL,
    "spoiler_text": TEXT, "language": maybe(TEXT), "in_reply_to_id": maybe(ID),
    "in_reply_to_account_id": maybe(ID), "replies_count": COUNT, "reblogs_count": COUNT,
    "favourites_count": COUNT, "quotes_count": COUNT, "media_attachments": array("ShownAttachment"),
    "mentions": array("Mention"), "tags": array(entity(name=TEXT, url=URL)),
    "emojis": array("CustomEmoji"), "card": maybe("PreviewCard"), "poll": maybe("Poll"),
    "quote_approval": "QuoteApproval", "application": absent(entity(name=TEXT, website=maybe(URL))),
    # With a token only, so that a stranger's answer can be kept:
    "favourited": absent(BOOL), "reblogged": absent(BOOL), "muted": absent(BOOL),
    "bookmarked": absent(BOOL), "pinned": absent(BOOL), "held": absent(BOOL), "filtered": absent(array("FilterResult")),
}  # fmt: skip
_ORIGINAL = entity(**_STATUS, reblog={"type": "null"}, quote=maybe("Quote"))
STATUS = entity(**_STATUS, reblog=maybe("OriginalStatus"), quote=maybe("Quote"))
SIZE = entity(
    width=absent(COUNT), height=absent(COUNT), size=absent(TEXT), aspect=absent(NUMBER),
    frame_rate=absent(maybe(TEXT)), duration=absent(NUMBER), bitrate=absent(COUNT),
)  # fmt: skip
_ATTACHMENT = {
    "id": ID, "type": words("image", "gifv", "video", "audio", "unknown"), "preview_url": maybe(URL),
    "remote_url": maybe(URL), "preview_remote_url": maybe(URL), "text_url": maybe(URL),
    "description": maybe(TEXT), "blurhash": maybe(TEXT),
    "meta": maybe(entity(
        focus=absent(entity(x=NUMBER, y=NUMBER)), original=absent(SIZE), small=absent(SIZE),
        colors=absent(entity(background=TEXT, foreground=TEXT, accent=TEXT)),
    )),
}  # fmt: skip
POSTS: Mapping[str, Schema] = {
    "Status": STATUS,
    "OriginalStatus": _ORIGINAL | {"description": "A status that boosts none"},
    "DeletedStatus": with_fields(STATUS, text=TEXT),
    "Quote": entity(state=QUOTE_STATE, quoted_status=maybe("QuotedStatus")),
    "QuotedStatus": entity(**_STATUS, reblog={"type": "null"}, quote=maybe("ShallowQuote")),
    "ShallowQuote": entity(state=QUOTE_STATE, quoted_status_id=maybe(ID)),
    "QuoteApproval": QUOTE_APPROVAL,
    "Mention": MENTION,
    "CustomEmoji": EMOJI,
    "Context": entity(ancestors=array("Status"), descendants=array("Status")),
    "StatusSource": entity(id=ID, text=TEXT, spoiler_text=TEXT),
    "StatusEdit": entity(
        content=TEXT, spoiler_text=TEXT, sensitive=BOOL, created_at=TIME, account="Account",
        media_attachments=array("ShownAttachment"), emojis=array("CustomEmoji"),
        poll=absent(maybe(entity(options=array(entity(title=TEXT))))),
        quote=absent(maybe(either("Quote", "ShallowQuote"))),
    ),
    "MediaAttachment": entity(**_ATTACHMENT, url=maybe(URL)) | {
        "description": "An upload, whose url is null while it is worked on"
    },
    # Beside a post Tusky wants a url always, and Android drops a video without a preview.
    "ShownAttachment": entity(**_ATTACHMENT, url=URL)
    | where("type", ("video", "gifv"), {"properties": {"preview_url": URL}}),
    "Poll": entity(
        id=ID, expires_at=maybe(TIME), expired=BOOL, multiple=BOOL, votes_count=COUNT,
        voters_count=maybe(COUNT), options=array(entity(title=TEXT, votes_count=maybe(COUNT))),
        emojis=array("CustomEmoji"), voted=BOOL, own_votes=array(COUNT),
    ),
    "PreviewCard": entity(
        url=URL, title=TEXT, description=TEXT, type=words("link", "photo", "video", "rich"),
        language=maybe(TEXT), author_name=TEXT, author_url=URL_OR_EMPTY, provider_name=TEXT,
        provider_url=URL_OR_EMPTY, html=TEXT, width=COUNT, height=COUNT, image=maybe(URL),
        image_description=TEXT, embed_url=URL_OR_EMPTY, blurhash=maybe(TEXT), published_at=maybe(TIME),
        authors=array(entity(name=TEXT, url=URL_OR_EMPTY, account=maybe("Account"))),
        history=absent(array("Day")), missing_attribution=absent(BOOL),
    ),
    "ScheduledStatus": entity(
        id=ID, scheduled_at=TIME, media_attachments=array("MediaAttachment"),
        params=entity(
            text=TEXT, visibility=VISIBILITY, spoiler_text=maybe(TEXT), sensitive=maybe(BOOL),
            language=maybe(TEXT), in_reply_to_id=maybe(ID), media_ids=maybe(array(ID)),
            poll=maybe(entity(
                options=array(TEXT), expires_in=either(COUNT, DIGITS), multiple=absent(maybe(BOOL)),
                hide_totals=absent(maybe(BOOL)),
            )),
            application_id=either(ID, INT), scheduled_at=absent(maybe(TIME)),
            idempotency=absent(maybe(TEXT)), with_rate_limit=absent(BOOL), allowed_mentions=absent(ANY),
            quoted_status_id=absent(maybe(ID)), quote_approval_policy=absent(maybe(TEXT)),
        ),
        failure=absent(maybe(TEXT)),  # Beckon's own
    ),
    "Translation": entity(
        content=TEXT, spoiler_text=TEXT, language=TEXT, detected_source_language=TEXT, provider=TEXT,
        poll=maybe(ANY), media_attachments=array(entity(id=ID, description=TEXT)),
    ),
}  # fmt: skip

# --- people

FIELD = entity(name=TEXT, value=TEXT, verified_at=maybe(TIME))
_ACCOUNT = {
    "id": ID, "username": TEXT, "acct": TEXT, "display_name": TEXT, "locked": BOOL, "bot": BOOL,
    "group": BOOL, "discoverable": maybe(BOOL), "indexable": BOOL, "hide_collections": maybe(BOOL),
    "created_at": TIME, "note": TEXT, "url": URL, "uri": URL, "avatar": URL, "avatar_static": URL,
    "avatar_description": TEXT, "header": URL, "header_static": URL, "header_description": TEXT,
    "followers_count": COUNT, "following_count": COUNT, "statuses_count": COUNT,
    "last_status_at": maybe(DATE), "emojis": array("CustomEmoji"), "fields": array("Field"),
    "show_media": BOOL, "show_media_replies": BOOL, "show_featured": BOOL,
    "feature_approval": "QuoteApproval", "noindex": absent(BOOL),
    "roles": absent(array(entity(id=TEXT, name=TEXT, color=TEXT))),
    "suspended": absent(BOOL), "limited": absent(BOOL), "memorial": absent(BOOL),
    "moved": absent(maybe("Account")), "mute_expires_at": absent(maybe(TIME)),
}  # fmt: skip
PEOPLE: Mapping[str, Schema] = {
    "Account": entity(**_ACCOUNT),
    "CredentialAccount": entity(
        **_ACCOUNT, role="Role",
        source=entity(
            privacy=VISIBILITY, sensitive=BOOL, language=maybe(TEXT), note=TEXT,
            fields=array("Field"), follow_requests_count=COUNT, hide_collections=maybe(BOOL),
            discoverable=maybe(BOOL), indexable=BOOL, attribution_domains=array(TEXT),
            quote_policy=QUOTE_POLICY,
        ),
    ),
    "Profile": entity(
        id=ID, display_name=TEXT, note=TEXT, formatted_note=TEXT, fields=array("Field"),
        formatted_fields=array("Field"), avatar=maybe(URL), avatar_static=maybe(URL),
        avatar_description=TEXT, header=maybe(URL), header_static=maybe(URL), header_description=TEXT,
        locked=BOOL, bot=BOOL, hide_collections=maybe(BOOL), discoverable=maybe(BOOL), indexable=BOOL,
        show_media=BOOL, show_media_replies=BOOL, show_featured=BOOL, attribution_domains=array(TEXT),
        featured_tags=array("FeaturedTag"),
    ),
    "PartialAccount": entity(
        id=ID, acct=TEXT, locked=BOOL, bot=BOOL, url=URL, avatar=URL, avatar_static=URL
    ),
    "Field": FIELD,
    "AdminAccount": entity(
        id=ID, username=TEXT, domain=maybe(TEXT), created_at=TIME, email=maybe(TEXT), ip=maybe(TEXT),
        ips=array(entity(ip=TEXT, used_at=TIME)), locale=maybe(TEXT), invite_request=maybe(TEXT),
        role=maybe("Role"), confirmed=BOOL, approved=BOOL, disabled=BOOL, suspended=BOOL,
        silenced=BOOL, sensitized=BOOL, created_by_application_id=maybe(ID), account="Account",
    ),
    "AdminReport": entity(
        id=ID, action_taken=BOOL, action_taken_at=maybe(TIME), category=words("spam", "legal",
        "violation", "other"), comment=TEXT, forwarded=BOOL, created_at=TIME, updated_at=TIME,
        account="AdminAccount", target_account="AdminAccount", assigned_account=maybe("AdminAccount"),
        action_taken_by_account=maybe("AdminAccount"), statuses=array("Status"), rules=array("Rule"),
    ),
    "AdminEmailDomainBlock": entity(
        id=ID, domain=TEXT, created_at=TIME,
        history=array(entity(day=DIGITS, accounts=DIGITS, uses=DIGITS)),
    ),
    "AdminMeasure": entity(
        key=TEXT, unit=maybe(TEXT), total=DIGITS, previous_total=absent(DIGITS),
        data=array(entity(date=TIME, value=DIGITS)),
    ),
    "Waiting": entity(
        deliveries=array(entity(
            host=TEXT, waiting=COUNT, oldest=TIME, ready_at=TIME, failures=COUNT,
            failing_since=maybe(TIME), last_error=maybe(TEXT),
        )),
        arrivals=array(entity(
            domain=TEXT, waiting=COUNT, size=COUNT, oldest=TIME, reasons=array(TEXT),
        )),
        jobs=array(entity(
            kind=TEXT, waiting=COUNT, late=COUNT, next_at=TIME, failing=COUNT,
            last_error=maybe(TEXT),
        )),
        pushes=entity(
            waiting=COUNT, subscriptions=COUNT, oldest=maybe(TIME), failing=COUNT,
            last_error=maybe(TEXT),
        ),
        over_budget=array(entity(rule=TEXT, key=TEXT, since=TIME, used=COUNT)),
        refused=array(entity(reason=TEXT, count=COUNT)),
    ),
    "AdminDimension": entity(key=TEXT, data=array(ANY)),
    "AdminDomainBlock": entity(
        id=ID, domain=TEXT, digest=TEXT, created_at=TIME, severity=words("noop", "silence", "suspend"),
        reject_media=BOOL, reject_reports=BOOL, private_comment=maybe(TEXT), public_comment=maybe(TEXT),
        obfuscate=BOOL,
    ),
    "AdminDomainAllow": entity(id=ID, domain=TEXT, created_at=TIME),
    "HostList": entity(list=TEXT),
    "ImportedHosts": entity(added=COUNT, changed=COUNT, unchanged=COUNT),
    "Invite": entity(
        id=ID, created_at=TIME, account="Account", community=maybe("Account"),
        event=maybe(entity(id=ID, title=TEXT, url=URL, uri=URL)),
    ),
    "FollowedInstance": entity(
        id=ID, host=TEXT, uri=URL, state=words("requested", "accepted"), created_at=TIME
    ),
    "HostLimit": entity(limited=BOOL),
    "AdminCanonicalEmailBlock": entity(id=ID, canonical_email_hash=TEXT),
    "AdminIpBlock": entity(
        id=ID, ip=TEXT, severity=words("sign_up_requires_approval", "sign_up_block"), comment=TEXT,
        created_at=TIME, expires_at=maybe(TIME),
    ),
    "Role": entity(
        id={"type": "string", "pattern": "^-?[0-9]+$"}, name=TEXT, permissions=DIGITS, color=TEXT,
        highlighted=BOOL, collection_limit=absent(COUNT),
    ),
    "Relationship": entity(
        id=ID, following=BOOL, showing_reblogs=BOOL, notifying=BOOL, languages=maybe(array(TEXT)),
        followed_by=BOOL, blocking=BOOL, blocked_by=BOOL, muting=BOOL, muting_notifications=BOOL,
        muting_expires_at=maybe(TIME), requested=BOOL, requested_by=BOOL, domain_blocking=BOOL,
        endorsed=BOOL, note=TEXT,
    ),
    "DomainBlockPreview": entity(following_count=COUNT, followers_count=COUNT),
    "FamiliarFollowers": entity(id=ID, accounts=array("Account")),
    "Suggestion": entity(source=TEXT, sources=array(TEXT), account="Account"),
    "List": entity(
        id=ID, title=TEXT, replies_policy=words("followed", "list", "none"), exclusive=BOOL
    ),
    "Day": entity(day=DIGITS, uses=DIGITS, accounts=DIGITS),
    "Tag": entity(
        id=ID, name=TEXT, url=URL, history=array("Day"), following=absent(BOOL), featuring=absent(BOOL)
    ),
    "FeaturedTag": entity(
        id=ID, name=TEXT, url=URL, statuses_count=DIGITS, last_status_at=maybe(DATE)
    ),
    "Conversation": entity(
        id=ID, unread=BOOL, accounts=array("Account"), last_status=maybe("Status")
    ),
    "Search": entity(accounts=array("Account"), statuses=array("Status"), hashtags=array("Tag")),
    "SearchV1": entity(accounts=array("Account"), statuses=array("Status"), hashtags=array(TEXT)),
    "Report": entity(
        id=ID, action_taken=BOOL, action_taken_at=maybe(TIME), category=words("spam", "legal",
        "violation", "other"), comment=TEXT, forwarded=BOOL, created_at=TIME,
        status_ids=maybe(array(ID)), rule_ids=maybe(array(ID)), collection_ids=absent(maybe(array(ID))),
        target_account="Account",
    ),
}  # fmt: skip

# --- notifications, filters, what clients keep

_EVENT = {
    "report": absent(maybe("Report")),
    "event": absent(maybe(entity(
        id=ID, type=words("domain_block", "user_domain_block", "account_suspension"), purged=BOOL,
        target_name=TEXT, followers_count=COUNT, following_count=COUNT, created_at=TIME,
    ))),
    "moderation_warning": absent(maybe(entity(
        id=ID, action=TEXT, text=TEXT, status_ids=maybe(array(ID)), target_account="Account",
        appeal=maybe(ANY), created_at=TIME,
    ))),
    "fallback": absent(maybe(entity(title=TEXT, summary=TEXT, description=absent(maybe(TEXT))))),
}  # fmt: skip
_FILTER = {
    "id": ID, "title": TEXT, "context": CONTEXTS, "expires_at": maybe(TIME),
    "filter_action": words("warn", "hide", "blur"),
}  # fmt: skip
NOTICES: Mapping[str, Schema] = {
    "Notification": entity(
        id=ID, type=NOTIFICATION_TYPE, created_at=TIME, group_key=TEXT, account="Account",
        status=absent("Status"), filtered=absent(BOOL), **_EVENT,
    )
    | where("type", ABOUT_POSTS, {"required": ["status"]}),
    "NotificationGroup": entity(
        group_key=TEXT, notifications_count=COUNT, type=NOTIFICATION_TYPE,
        most_recent_notification_id={"type": "integer", "minimum": 1, "maximum": 2**53 - 1},
        page_min_id=absent(ID), page_max_id=absent(ID), latest_page_notification_at=absent(TIME),
        sample_account_ids=array(ID) | {"maxItems": 8}, status_id=absent(maybe(ID)), **_EVENT,
    )
    | where("type", ABOUT_POSTS, {"required": ["status_id"]}),
    "GroupedNotificationsResults": entity(
        accounts=array("Account"), partial_accounts=absent(array("PartialAccount")),
        statuses=array("Status"), notification_groups=array("NotificationGroup"),
    ),
    "UnreadCount": entity(count=COUNT),
    "NotificationPolicy": entity(
        for_not_following=POLICY, for_not_followers=POLICY, for_new_accounts=POLICY,
        for_private_mentions=POLICY, for_limited_accounts=POLICY, for_bots=absent(POLICY),
        summary=entity(pending_requests_count=COUNT, pending_notifications_count=COUNT),
    ),
    "NotificationPolicyV1": entity(
        filter_not_following=BOOL, filter_not_followers=BOOL, filter_new_accounts=BOOL,
        filter_private_mentions=BOOL,
        summary=entity(pending_requests_count=COUNT, pending_notifications_count=COUNT),
    ),
    "NotificationRequest": entity(
        id=ID, created_at=TIME, updated_at=TIME, account="Account", notifications_count=DIGITS,
        last_status=maybe("Status"),
    ),
    "NotificationsMerged": entity(merged=BOOL),
    "Filter": entity(
        **_FILTER, keywords=array("FilterKeyword"), statuses=array("FilterStatus")
    ),
    "FilterKeyword": entity(id=ID, keyword=TEXT, whole_word=BOOL),
    "FilterStatus": entity(id=ID, status_id=ID),
    "FilterResult": entity(
        filter=entity(**_FILTER), keyword_matches=maybe(array(TEXT)),
        status_matches=maybe(array(ID)),
    ),
    "FilterV1": entity(
        id=ID, phrase=TEXT, context=CONTEXTS, whole_word=BOOL, expires_at=maybe(TIME),
        irreversible=BOOL,
    ),
    "Marker": entity(last_read_id=ID, version=COUNT, updated_at=TIME),
    "Markers": entity(home=absent("Marker"), notifications=absent("Marker")),
    "Preferences": entity({
        "posting:default:visibility": VISIBILITY, "posting:default:sensitive": BOOL,
        "posting:default:language": maybe(TEXT), "posting:default:quote_policy": QUOTE_POLICY,
        "reading:expand:media": words("default", "show_all", "hide_all"),
        "reading:expand:spoilers": BOOL, "reading:autoplay:gifs": BOOL,
    }),
    "WebPushSubscription": entity(
        id={"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, endpoint=URL, standard=BOOL,
        alerts=mapping(BOOL), server_key=TEXT, policy=words("all", "followed", "follower", "none"),
    ),
    "Announcement": entity(
        id=ID, content=TEXT, starts_at=maybe(TIME), ends_at=maybe(TIME), all_day=BOOL,
        published_at=TIME, updated_at=TIME, read=absent(BOOL), mentions=array("Mention"),
        statuses=array(entity(id=ID, url=URL)), tags=array(entity(name=TEXT, url=URL)),
        emojis=array("CustomEmoji"),
        reactions=array(entity(
            name=TEXT, count=COUNT, me=absent(BOOL), url=absent(maybe(URL)),
            static_url=absent(maybe(URL)),
        )),
    ),
    "AsyncRefresh": entity(async_refresh=entity(
        id=TEXT, status=words("running", "finished"), result_count=maybe(COUNT)
    )),
}  # fmt: skip

# --- the instance, and who asks

RULE = entity(id=ID, text=TEXT, hint=absent(TEXT), translations=absent(mapping(ANY)))
_FEED = entity(local=ACCESS, remote=ACCESS)
_STATUS_LIMITS = entity(
    max_characters=COUNT, max_media_attachments=COUNT, characters_reserved_per_url=COUNT
)
_POLL_LIMITS = entity(
    max_options=COUNT, max_characters_per_option=COUNT, min_expiration=COUNT, max_expiration=COUNT
)
_MEDIA_LIMITS = {
    "supported_mime_types": array(TEXT), "image_size_limit": COUNT, "image_matrix_limit": COUNT,
    "video_size_limit": COUNT, "video_frame_rate_limit": COUNT, "video_matrix_limit": COUNT,
}  # fmt: skip
_APP = {
    "id": ID, "name": TEXT, "website": maybe(URL), "scopes": array(TEXT), "redirect_uris": array(TEXT),
    "redirect_uri": TEXT, "vapid_key": TEXT,
}  # fmt: skip
INSTANCE: Mapping[str, Schema] = {
    "InstanceV1": entity(
        uri=TEXT, title=TEXT, short_description=TEXT, description=TEXT, email=TEXT, version=TEXT,
        urls=entity(streaming_api=URL), thumbnail=maybe(URL), languages=array(TEXT),
        stats=entity(user_count=COUNT, status_count=COUNT, domain_count=COUNT), registrations=BOOL,
        approval_required=BOOL, invites_enabled=BOOL, contact_account=maybe("Account"),
        rules=array("Rule"), max_toot_chars=absent(COUNT), poll_limits=absent(_POLL_LIMITS),
        configuration=entity(
            accounts=entity(max_featured_tags=COUNT), statuses=_STATUS_LIMITS,
            media_attachments=entity(**_MEDIA_LIMITS), polls=_POLL_LIMITS,
        ),
    ),
    "Instance": entity(
        domain=TEXT, title=TEXT, version=TEXT, source_url=URL, description=TEXT,
        usage=entity(users=entity(active_month=COUNT)),
        thumbnail=entity(url=URL, blurhash=maybe(TEXT), versions=absent(mapping(URL)),
                         description=absent(TEXT)),
        icon=array(entity(src=URL, size=TEXT)), languages=array(TEXT),
        configuration=entity(
            urls=entity(streaming=URL, status=maybe(URL), about=maybe(URL), privacy_policy=maybe(URL),
                        terms_of_service=maybe(URL)),
            vapid=entity(public_key=TEXT),
            accounts=entity(max_featured_tags=COUNT, max_pinned_statuses=COUNT,
                            max_profile_fields=COUNT, profile_field_name_limit=absent(COUNT),
                            profile_field_value_limit=absent(COUNT), max_note_length=absent(COUNT),
                            max_display_name_length=absent(COUNT), max_note_lines=absent(COUNT),
                            avatar_description_limit=absent(COUNT),
                            header_description_limit=absent(COUNT)),
            statuses=_STATUS_LIMITS,
            media_attachments=entity(**_MEDIA_LIMITS, description_limit=COUNT), polls=_POLL_LIMITS,
            translation=entity(enabled=BOOL), limited_federation=BOOL,
            timelines_access=entity(live_feeds=_FEED, hashtag_feeds=_FEED, trending_link_feeds=_FEED),
        ),
        registrations=entity(enabled=BOOL, approval_required=BOOL, reason_required=maybe(BOOL),
                             message=maybe(TEXT), min_age=maybe(COUNT), url=maybe(URL)),
        api_versions=absent(entity(mastodon=COUNT)),
        contact=entity(email=TEXT, account=maybe("Account")), rules=array("Rule"),
    ),
    "Rule": RULE,
    "Week": entity(week=DIGITS, statuses=DIGITS, logins=DIGITS, registrations=DIGITS),
    "DomainBlock": entity(
        domain=TEXT, digest=TEXT, severity=words("silence", "suspend"), comment=maybe(TEXT)
    ),
    "ExtendedDescription": entity(updated_at=maybe(TIME), content=TEXT),
    "PrivacyPolicy": entity(updated_at=maybe(TIME), content=TEXT),
    "Language": entity(code=TEXT, name=TEXT),
    "Application": entity(**_APP),
    "CredentialApplication": entity(
        **_APP, client_id=TEXT, client_secret=TEXT, client_secret_expires_at=COUNT
    ),
    "Token": entity(access_token=TEXT, token_type=words("Bearer"), scope=TEXT, created_at=COUNT),
    "UserInfo": entity(
        iss=URL, sub=URL, name=TEXT, preferred_username=TEXT, profile=URL, picture=URL
    ),
    "OAuthMetadata": entity(
        issuer=URL, authorization_endpoint=URL, token_endpoint=URL, revocation_endpoint=URL,
        userinfo_endpoint=URL, app_registration_endpoint=URL, scopes_supported=array(TEXT),
        response_types_supported=array(TEXT), response_modes_supported=array(TEXT),
        grant_types_supported=array(TEXT), token_endpoint_auth_methods_supported=array(TEXT),
        code_challenge_methods_supported=array(TEXT),
    ),
    "Empty": entity(),
    "Error": entity(
        error=TEXT, error_description=absent(TEXT),
        details=absent(mapping(array(entity(error=TEXT, description=TEXT)))),
    ),
}  # fmt: skip

ENTITIES: Mapping[str, Schema] = {**POSTS, **PEOPLE, **NOTICES, **INSTANCE, **OURS}
