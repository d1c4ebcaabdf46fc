"""What a page links to beside itself: the menus of the head, of a person's settings, of those who steer a community,
of those who organise a call, and of those who run the instance. An entry is added here by whoever adds its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from server.i18n import mark


@dataclass(frozen=True, slots=True)
class Entry:
    """``path``: whole, or, in ``STEERING``, below the community's own. ``title`` and ``group``, the heading that it
    stands under: marked, said with ``said``. Entries of one group stand together."""

    path: str
    title: str
    group: str = ""


def current(menu: Sequence[Entry], root: str, here: str) -> Entry | None:
    """The entry of the page at ``here``: its own, or the nearest above it. The first one, which stands for the whole,
    is above nothing."""
    above = [e for e in menu[1:] if e.path and here.startswith(f"{root}{e.path}/")]
    exact = [e for e in menu if here == root + e.path]
    return next(iter(exact), max(above, key=lambda e: len(e.path), default=None))


def grouped(menu: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    """Each heading with what stands under it, in the order of the menu."""
    return [(group, list(entries)) for group, entries in groupby(menu, attrgetter("group"))]


YOU, REACHED = mark("You"), mark("What reaches you")
GETTING_IN = mark("Getting in")
PEOPLE, MEMBERS, POSTS = mark("People"), mark("Members"), mark("Posts")
THIS_COMMUNITY, THIS_SERVER = mark("This community"), mark("This server")
THIS_CALL = mark("This call")
CALLS, SERVERS = mark("Calls"), mark("Other servers")


MAIN: tuple[Entry, ...] = (
    Entry("/calls", mark("Calls")),
    Entry("/communities", mark("Communities")),
)
"""In the head of every page."""

SETTINGS: tuple[Entry, ...] = (
    Entry("/settings/profile", mark("Profile"), YOU),
    Entry("/settings/account", mark("Account"), YOU),
    Entry("/settings/persons", mark("Pseudonyms"), YOU),
    Entry("/settings/data", mark("Take along"), YOU),
    Entry("/settings/move", mark("Move"), YOU),
    Entry("/settings/sign-in", mark("Signing in"), GETTING_IN),
    Entry("/settings/password", mark("Password"), GETTING_IN),
    Entry("/settings/sessions", mark("Browsers and apps"), GETTING_IN),
    Entry("/settings/notifications", mark("Notifications"), REACHED),
    Entry("/settings/privacy", mark("Privacy"), REACHED),
    Entry("/settings/decisions", mark("Decisions about you"), REACHED),
)
"""A person's own pages, below ``/settings``."""

STEERING: tuple[Entry, ...] = (
    Entry("/steer", mark("People"), MEMBERS),
    Entry("/steer/bans", mark("Kept out"), MEMBERS),
    Entry("/steer/reports", mark("Reported posts"), POSTS),
    Entry("/steer/appeals", mark("Appeals"), POSTS),
    Entry("/steer/queue", mark("Waiting posts"), POSTS),
    Entry("/steer/rules", mark("What waits"), POSTS),
    Entry("/calls/new", mark("Make a call"), CALLS),
    Entry("/steer/templates", mark("Templates"), CALLS),
    Entry("/steer/settings", mark("About this community"), THIS_COMMUNITY),
    Entry("/documents", mark("Documents"), THIS_COMMUNITY),
    Entry("/steer/ties", mark("Other communities"), THIS_COMMUNITY),
    Entry("/log", mark("What was decided"), THIS_COMMUNITY),
    Entry("", mark("Back to its page"), THIS_COMMUNITY),
)
"""Below ``/@name``, for those who steer the community."""

ORGANISING: tuple[Entry, ...] = (
    Entry("/organise", mark("Overview")),
    Entry("/organise/people", mark("Who takes part"), PEOPLE),
    Entry("/organise/message", mark("Write to them"), PEOPLE),
    Entry("/numbers", mark("In numbers"), PEOPLE),
    Entry("/organise/change", mark("Change or call off"), THIS_CALL),
    Entry("/organise/outcome", mark("What came of it"), THIS_CALL),
    Entry("", mark("Back to its page"), THIS_CALL),
)
"""Below ``/calls/{id}``, for those who organise it."""

_OUTSIDE = Entry("/organise/outside", mark("Counted outside"), THIS_CALL)
ORGANISING_KINDS: Mapping[str, tuple[Entry, ...]] = {
    "contact": (Entry("/organise/targets", mark("To whom you write"), THIS_CALL), _OUTSIDE),
    "need": (Entry("/organise/promises", mark("What is promised"), THIS_CALL),),
    "decision": (Entry("/organise/decision", mark("How it stands"), THIS_CALL),),
    **dict.fromkeys(("event", "petition", "donate", "share"), (_OUTSIDE,)),
}
"""What a kind of call has besides."""

REPEATS = Entry("/organise/series", mark("Repeated dates"), THIS_CALL)
"""Of a call that is one of a series."""

RUNNING: tuple[Entry, ...] = (
    Entry("/admin", mark("Overview")),
    Entry("/admin/reports", mark("Reports"), PEOPLE),
    Entry("/admin/accounts", mark("Accounts"), PEOPLE),
    Entry("/admin/sign-ups", mark("Sign-ups"), PEOPLE),
    Entry("/admin/invitations", mark("Invitations"), PEOPLE),
    Entry("/admin/barred", mark("Kept from signing up"), PEOPLE),
    Entry("/admin/servers", mark("Other servers"), SERVERS),
    Entry("/admin/deliveries", mark("Deliveries"), SERVERS),
    Entry("/admin/announcements", mark("Announcements"), THIS_SERVER),
    Entry("/admin/settings", mark("About this server"), THIS_SERVER),
    Entry("/admin/storage", mark("Storage and backup"), THIS_SERVER),
    Entry("/admin/jobs", mark("Jobs"), THIS_SERVER),
    Entry("/admin/mail", mark("Mail"), THIS_SERVER),
    Entry("/admin/log", mark("Log"), THIS_SERVER),
)
"""Below ``/admin``, for those who run the instance."""
