"""What a telephone shows of a notification before any client is opened: a title, a line of text, a picture."""

from __future__ import annotations

from server import text
from server.render.status import WARNED
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account
from storage.notifications import Notification
from storage.posts import Post

TITLE_MAX = 100  # characters; a message has less than 4 KB in all
BODY_MAX = 140
ICON_MAX = 1000
LOCALE = "en"
TITLES = {
    "mention": "{} mentioned you",
    "status": "{} just posted",
    "reblog": "{} boosted your post",
    "follow": "{} is now following you",
    "follow_request": "{} has asked to follow you",
    "favourite": "{} favourited your post",
    "poll": "A poll by {} has ended",
    "update": "{} edited a post",
    "quote": "{} quoted your post",
    "quoted_update": "{} edited a post that you quoted",
    "admin.sign_up": "{} signed up",
    "admin.report": "{} filed a report",
}
OTHER = "News from {}"


def message(
    urls: Urls, row: Notification, sender: Account, post: Post | None, access_token: str
) -> Json:
    """The payload. Ice Cubes reads ``notification_id`` as an integer."""
    name = text.one_line(sender.display_name, 60) or sender.handle
    icon = sender.avatar_url or ""
    return {
        "access_token": access_token,
        "preferred_locale": LOCALE,
        "notification_id": row.id,
        "notification_type": row.type,
        "icon": icon if 0 < len(icon) <= ICON_MAX else urls.asset("avatar.png"),
        "title": _cut(TITLES.get(row.type, OTHER).format(name), TITLE_MAX),
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
