"""Files beside a post, from the entries of ``posts.attachments``, whose keys are those of federation's Attachment.

A file of another server is shown at an address of ours (``server/proxy.py``). What is no picture, film or
sound in a form that is fetched there is ``unknown``: clients show a link to where it is, and load nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.blobs import MEDIA_TYPES
from server.render.view import Json
from server.urls import Urls
from storage.media import Media
from storage.posts import Post

MAX_SHOWN = 10  # a digit of the id tells those of other servers apart
TYPES = ("image", "gifv", "video", "audio")


def attachments(urls: Urls, post: Post, entries: Sequence[dict[str, Any]]) -> list[Json]:
    """Of the present post or of a former version; links are no files."""
    files = [a for a in entries if a.get("kind") != "link"][:MAX_SHOWN]
    if post.local:
        return [attachment(urls, each) for each in files]
    return [_remote(urls, f"{post.id}{at}", each) for at, each in enumerate(files)]


def attachment(urls: Urls, entry: dict[str, Any]) -> Json:
    """``MediaAttachment`` of a file of ours."""
    kind = entry["kind"] if entry["kind"] in TYPES else "unknown"
    # Android drops a video without a preview.
    fallback = {"image": entry["url"], "video": urls.asset("film.png")}.get(kind)
    return _entity(entry.get("id", "0"), kind, entry) | {
        "url": entry["url"],
        "preview_url": entry.get("preview") or fallback,
    }


def waiting(row: Media) -> Json:
    """Of one that is not ready: clients ask again until there is a ``url``."""
    said = {"description": row.description, "focus": row.focus}
    return _entity(str(row.id), row.kind, said)


def _remote(urls: Urls, id_: str, entry: dict[str, Any]) -> Json:
    kind, media_type = entry.get("kind", ""), entry.get("media_type")
    # Without a media type the file itself tells, when it is fetched.
    shown = kind in TYPES and (media_type is None or media_type in MEDIA_TYPES.values())
    url = urls.remote_media(entry["url"]) if shown else entry["url"]
    return _entity(id_, kind if shown else "unknown", entry) | {
        "url": url,
        "preview_url": _remote_preview(urls, kind, url, entry) if shown else None,
        "remote_url": entry["url"],
        "preview_remote_url": entry.get("preview"),
    }


def _remote_preview(urls: Urls, kind: str, url: str, entry: dict[str, Any]) -> str | None:
    """What stands for a film or a sound; a film without one has a picture of ours."""
    if kind == "image":
        return url
    given = entry.get("preview")
    fallback = urls.asset("film.png") if kind in ("video", "gifv") else None
    return urls.remote_media(given) if given else fallback


def _entity(id_: str, kind: str, entry: dict[str, Any]) -> Json:
    return {
        "id": id_,
        "type": kind,
        "url": None,
        "preview_url": None,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(entry),
        "description": entry.get("description") or None,
        "blurhash": entry.get("blurhash"),
    }


def _meta(entry: dict[str, Any]) -> Json:
    meta: Json = {}
    original = _size(entry.get("width"), entry.get("height"))
    if entry.get("duration") is not None:
        original.pop("aspect", None)
        original.pop("size", None)
        names = ("frame_rate", "duration", "bitrate")
        original |= {name: entry[name] for name in names if entry.get(name) is not None}
    if original:
        meta["original"] = original
    small = entry.get("small")
    if small:
        meta["small"] = _size(*small)
    focus = entry.get("focus")
    if focus:
        meta["focus"] = {"x": focus[0], "y": focus[1]}
    return meta


def _size(width: int | None, height: int | None) -> Json:
    if not width or not height:
        return {}
    size = f"{width}x{height}"
    return {"width": width, "height": height, "size": size, "aspect": width / height}
