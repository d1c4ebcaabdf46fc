"""What a page links to beside itself: the menus of the head, of a person's settings, of those who steer a community,
of those who organise a call, and of those who run the instance. An entry is added here by whoever adds its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.i18n import mark


@dataclass(frozen=True, slots=True)
class Entry:
    """``path``: whole, or, in ``STEERING``, below the community's own. ``title``: marked, said with ``said``."""

    path: str
    title: str


MAIN: tuple[Entry, ...] = (
    Entry("/calls", mark("Calls")),
    Entry("/communities", mark("Communities")),
)
"""In the head of every page."""

SETTINGS: tuple[Entry, ...] = (
    Entry("/settings/profile", mark("Profile")),
    Entry("/settings/account", mark("Account")),
    Entry("/settings/sign-in", mark("Signing in")),
    Entry("/settings/password", mark("Password")),
    Entry("/settings/sessions", mark("Browsers and apps")),
    Entry("/settings/notifications", mark("Notifications")),
    Entry("/settings/privacy", mark("Privacy")),
    Entry("/settings/persons", mark("Pseudonyms")),
    Entry("/settings/data", mark("Take along")),
)
"""A person's own pages, below ``/settings``."""

STEERING: tuple[Entry, ...] = (
    Entry("/steer", mark("People")),
    Entry("/steer/queue", mark("Waiting posts")),
    Entry("/steer/rules", mark("What waits")),
    Entry("/steer/bans", mark("Kept out")),
    Entry("/steer/settings", mark("About this community")),
    Entry("/log", mark("What was decided")),
    Entry("", mark("Back to its page")),
)
"""Below ``/@name``, for those who steer the community."""

ORGANISING: tuple[Entry, ...] = (
    Entry("/organise", mark("Overview")),
    Entry("/organise/people", mark("Who takes part")),
    Entry("/organise/message", mark("Write to them")),
    Entry("/organise/change", mark("Change, put off, call off")),
    Entry("/organise/outcome", mark("What came of it")),
    Entry("", mark("Back to its page")),
)
"""Below ``/calls/{id}``, for those who organise it."""

ORGANISING_KINDS: Mapping[str, tuple[Entry, ...]] = {}
"""What a kind of call has besides."""

REPEATS = Entry("/organise/series", mark("Repeated dates"))
"""Of a call that is one of a series."""

RUNNING: tuple[Entry, ...] = (
    Entry("/admin", mark("Overview")),
    Entry("/admin/reports", mark("Reports")),
    Entry("/admin/accounts", mark("Accounts")),
    Entry("/admin/sign-ups", mark("Sign-ups")),
    Entry("/admin/invitations", mark("Invitations")),
    Entry("/admin/barred", mark("Kept from signing up")),
    Entry("/admin/servers", mark("Other servers")),
    Entry("/admin/deliveries", mark("Deliveries")),
    Entry("/admin/announcements", mark("Announcements")),
    Entry("/admin/settings", mark("About this server")),
    Entry("/admin/storage", mark("Storage and backup")),
    Entry("/admin/jobs", mark("Jobs")),
    Entry("/admin/mail", mark("Mail")),
    Entry("/admin/log", mark("Log")),
)
"""Below ``/admin``, for those who run the instance."""
