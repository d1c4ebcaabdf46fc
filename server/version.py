"""What this software calls itself, and which version of the client API it claims.

Clients read the version and the number in ``api_versions`` before they call: Ice Cubes asks for grouped
notifications from 4.3 on whatever the number says, Phanpy, Android and iOS go by the number alone. So both
rise together, and only when every route and every field is there that the step promises: a claim without
them is a feature that shows nothing. ``STEPS`` is that table. What is claimed is computed from the routes
of the running application and from the entities that they answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

NAME = "beckon"
VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Step:
    """A version of Mastodon, its number in ``api_versions``, and what clients then call and read.

    ``routes`` as ``GET /api/v1/lists/{}``; ``fields`` are always there (``Status.quote``).
    """

    version: str
    number: int | None
    routes: tuple[str, ...]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """``number``: of ``api_versions.mastodon``; None: not sent."""

    version: str
    number: int | None

    @property
    def text(self) -> str:
        """Three dotted parts, the second of one digit: Ice Cubes reads the first three characters as a
        number, Mastodon.py all up to the blank. Phanpy and Elk look in it for the names of other families.
        """
        return f"{self.version} (compatible; Beckon {VERSION})"


STEPS: tuple[Step, ...] = (
    Step(
        "4.2.0",
        None,  # never sent before grouped notifications, the first that anybody asks for by number
        (
            "GET /api/v2/instance",
            "GET /api/v2/search",
            "GET /api/v2/filters",
            "PUT /api/v1/statuses/{}",
            "GET /api/v1/statuses/{}/source",
            "GET /api/v1/statuses/{}/history",
            "GET /api/v1/followed_tags",
        ),
        ("Status.edited_at", "Relationship.requested_by"),
    ),
    Step(
        "4.3.0",
        2,
        (
            "GET /api/v2/notifications",
            "GET /api/v2/notifications/{}",
            "GET /api/v2/notifications/{}/accounts",
            "POST /api/v2/notifications/{}/dismiss",
            "GET /api/v2/notifications/unread_count",
            "GET /api/v1/notifications/unread_count",
            "GET /api/v2/notifications/policy",
            "PATCH /api/v2/notifications/policy",
            "GET /api/v1/notifications/requests",
            "GET /api/v1/notifications/requests/{}",
            "POST /api/v1/notifications/requests/{}/accept",
            "POST /api/v1/notifications/requests/{}/dismiss",
            "POST /api/v1/notifications/requests/accept",
            "POST /api/v1/notifications/requests/dismiss",
            "GET /api/v1/notifications/requests/merged",
            "GET /api/v1/timelines/link",
            "GET /oauth/userinfo",
        ),
        (
            "Notification.group_key",
            "GroupedNotificationsResults.notification_groups",
            "NotificationGroup.most_recent_notification_id",
            "NotificationPolicy.for_limited_accounts",
            "NotificationRequest.notifications_count",
            "Instance.icon",
        ),
    ),
    Step(
        "4.4.0",
        6,  # 3: PKCE; 4: web push as the standard has it; 5: filters that blur; 6: featured accounts
        (
            "GET /.well-known/oauth-authorization-server",
            "GET /api/v1/push/subscription",
            "POST /api/v1/push/subscription",
            "PUT /api/v1/push/subscription",
            "DELETE /api/v1/push/subscription",
            "DELETE /api/v1/media/{}",
            "POST /api/v2/filters",
            "PUT /api/v2/filters/{}",
            "POST /api/v2/filters/{}/keywords",
            "GET /api/v1/accounts/{}/endorsements",
            "POST /api/v1/accounts/{}/endorse",
            "POST /api/v1/accounts/{}/unendorse",
            "POST /api/v1/tags/{}/feature",
            "POST /api/v1/tags/{}/unfeature",
        ),
        (
            "OAuthMetadata.code_challenge_methods_supported",
            "WebPushSubscription.standard",
            "Filter.filter_action",
        ),
    ),
    Step(
        "4.5.0",
        7,
        (
            "GET /api/v1/statuses/{}/quotes",
            "POST /api/v1/statuses/{}/quotes/{}/revoke",
            "PUT /api/v1/statuses/{}/interaction_policy",
        ),
        (
            "Status.quote",
            "Status.quote_approval",
            "Status.quotes_count",
            "Quote.quoted_status",
            "ShallowQuote.quoted_status_id",
            "Preferences.posting:default:quote_policy",
        ),
    ),
    Step(
        "4.6.0",
        10,  # 8 and 9: the profile; 10: collections
        (
            "GET /api/v1/profile",
            "PATCH /api/v1/profile",
            "DELETE /api/v1/profile/avatar",
            "DELETE /api/v1/profile/header",
            "POST /api/v1/collections",
            "GET /api/v1/collections/{}",
            "GET /api/v1/accounts/{}/collections",
            "GET /api/v1/accounts/{}/in_collections",
        ),
    ),
)


def claim(routes: Collection[str], fields: Collection[str]) -> Claim:
    """The highest step of which, and of all before which, nothing is missing; else the first.

    ``routes`` as ``GET /api/v1/lists/{id}``, ``fields`` as ``Status.quote``.
    """
    reached = STEPS[0]
    for step in STEPS:
        if missing(step, routes, fields):
            break
        reached = step
    return Claim(reached.version, reached.number)


def missing(step: Step, routes: Collection[str], fields: Collection[str]) -> list[str]:
    """What the step promises and is not there."""
    known = {re.sub(r"{\w+}", "{}", route) for route in routes}
    return sorted({*step.routes} - known | ({*step.fields} - {*fields}))
