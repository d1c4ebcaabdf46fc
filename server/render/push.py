"""What a telephone shows of a notification before any client is opened: a title, a line of text, a picture."""

from __future__ import annotations

from server import i18n, text
from server.i18n import gettext, mark
from server.render.status import WARNED
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.notifications import Notification
from storage.posts import Post

TITLE_MAX = 100  # characters; a message has less than 4 KB in all
BODY_MAX = 140
ICON_MAX = 1000
TITLES = {
    "mention": mark("%(name)s mentioned you"),
    "status": mark("%(name)s just posted"),
    "reblog": mark("%(name)s boosted your post"),
    "follow": mark("%(name)s is now following you"),
    "follow_request": mark("%(name)s has asked to follow you"),
    "favourite": mark("%(name)s favourited your post"),
    "poll": mark("A poll by %(name)s has ended"),
    "update": mark("%(name)s edited a post"),
    "quote": mark("%(name)s quoted your post"),
    "quoted_update": mark("%(name)s edited a post that you quoted"),
    "admin.sign_up": mark("%(name)s signed up"),
    "admin.report": mark("%(name)s filed a report"),
}
OTHER = mark("News from %(name)s")


def message(
    urls: Urls, row: Notification, sender: Account, post: Post | None, access_token: str
) -> Json:
    """The payload, in the language that is spoken. Ice Cubes reads ``notification_id`` as an integer."""
    name = text.one_line(sender.display_name, 60) or sender.handle
    icon = sender.avatar_url or ""
    return {
        "access_token": access_token,
        "preferred_locale": i18n.spoken().code,
        "notification_id": row.id,
        "notification_type": row.type,
        "icon": icon if 0 < len(icon) <= ICON_MAX else urls.asset("avatar.png"),
        "title": _cut(gettext(TITLES.get(row.type, OTHER)) % {"name": name}, TITLE_MAX),
        "body": _cut(_body(sender, post), BODY_MAX),
    }


def _body(sender: Account, post: Post | None) -> str:
    """A warning hides the text here as it does everywhere."""
    if post is None:
        return text.plain(sender.note)
    if post.summary and post.kind in WARNED:
        return post.summary
    return post.title or text.plain(post.content)


def _cut(line: str, limit: int) -> str:
    whole = " ".join(line.split())
    return whole if len(whole) <= limit else f"{whole[: limit - 1]}…"
