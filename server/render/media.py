"""Files beside a post: the rows of ``posts.attachments``, whose keys are those of federation's Attachment."""

from __future__ import annotations

from typing import Any

from server.render.view import Json
from server.urls import Urls
from storage.posts import Post

MAX_SHOWN = 10  # a digit of the id tells them apart
TYPES = {"image": "image", "video": "video", "audio": "audio"}


def attachments(urls: Urls, post: Post) -> list[Json]:
    """``MediaAttachment`` each; links are no files."""
    files = [a for a in post.attachments if a.get("kind") != "link"]
    return [
        _attachment(urls, f"{post.id}{at}", entry, local=post.local)
        for at, entry in enumerate(files[:MAX_SHOWN])
    ]


def _attachment(urls: Urls, id_: str, entry: dict[str, Any], *, local: bool) -> Json:
    kind = TYPES.get(entry.get("kind", ""), "unknown")
    url = entry["url"]
    # Android drops a video without a preview.
    preview = {"image": url, "video": urls.asset("header.png")}.get(kind)
    return {
        "id": id_,
        "type": kind,
        "url": url,
        "preview_url": preview,
        "remote_url": None if local else url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(entry),
        "description": entry.get("description") or None,
        "blurhash": entry.get("blurhash"),
    }


def _meta(entry: dict[str, Any]) -> Json:
    meta: Json = {}
    width, height = entry.get("width"), entry.get("height")
    if width and height:
        size = {"width": width, "height": height, "size": f"{width}x{height}"}
        meta["original"] = size | {"aspect": width / height}
    focus = entry.get("focus")
    if focus:
        meta["focus"] = {"x": focus[0], "y": focus[1]}
    return meta
