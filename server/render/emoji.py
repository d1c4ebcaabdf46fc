"""Custom emoji of other servers, shown at an address of ours; our own members are offered none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.render.view import Json
from server.urls import Urls


def emojis(urls: Urls, stored: Sequence[dict[str, Any]]) -> list[Json]:
    """``CustomEmoji`` each. What moves has no still twin here, so both addresses are one."""
    return [_emoji(each["shortcode"], urls.remote_media(each["url"])) for each in stored]


def _emoji(shortcode: str, url: str) -> Json:
    return {"shortcode": shortcode, "url": url, "static_url": url, "visible_in_picker": False}
