"""Previews of links as the client API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.render.view import Json, View, maybe_stamp
from server.urls import Urls
from storage import cards
from storage.cards import Shown
from storage.posts import Post


async def load(view: View, proper: Sequence[Post]) -> Mapping[int, Shown]:
    """By post. Nothing is asked where no post of the page can have one."""
    ids = [p.id for p in proper if p.is_public and ("<a " in p.content or p.attachments)]
    return await cards.of_posts(view.conn, ids) if ids else {}


def card(urls: Urls, row: Shown | None) -> Json | None:
    """``PreviewCard``. Its picture lies at the other side and is shown at an address of ours."""
    if row is None:
        return None
    # We fetch by https alone: the address of any other picture would lead nowhere.
    at = row.image_url or ""
    image = urls.remote_media(at) if at.startswith("https://") else None
    author = {"name": row.author_name, "url": "", "account": None}
    return {
        "url": row.url,
        "title": row.title,
        "description": row.description,
        "language": row.language,
        "type": "link",
        "author_name": row.author_name,
        "author_url": "",
        "provider_name": row.provider_name,
        "provider_url": "",
        "html": "",
        "width": row.width if image else 0,
        "height": row.height if image else 0,
        "image": image,
        "image_description": row.image_description,
        "embed_url": "",
        "blurhash": None,
        "published_at": maybe_stamp(row.published_at),
        "authors": [author] if row.author_name else [],
    }
