"""What a community said and kept, as one file that stays readable without any server: plain HTML, with JSON
of the same beside it.

An organiser asks; a job makes it of what that organiser may see at that moment, within ``POSTS`` and
``BYTES``; it can be fetched by the organisers for ``KEPT``, and is then forgotten; at once, when a post is deleted or somebody who
posted there is erased. Pictures stay where they are,
and are linked. A crash before it was made leaves the job, which is done again.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import datetime, timedelta
from html import escape

import orjson

from server import text
from server.domain import policy, sight
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import accounts, communities, documents
from storage import community_archives as rows
from storage.accounts import Account
from storage.community_archives import State
from storage.documents import Document
from storage.posts import Post

JOB = "archive_community"
POSTS = 5_000
BYTES = 32 * 1024 * 1024
KEPT = timedelta(days=7)

_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width"></head>\n<body>\n{body}\n</body></html>\n'
)


async def require_organiser(tx: Tx, community: Account, account: Account) -> None:
    """Raises ``Forbidden``: an archive is for organisers."""
    if await communities.role(tx.conn, community.id, account.id) != "organiser":
        policy.NOT_AN_ORGANISER.require()


async def ask(tx: Tx, organiser: Account, community: Account) -> State:
    """It is made soon; what was made before is replaced. Raises ``Forbidden``, ``Invalid`` (being made)."""
    await require_organiser(tx, community, organiser)
    known = await rows.state(tx.conn, community.id)
    if known and known.made_at is None and known.asked_at > tx.now - KEPT:
        raise Invalid("The archive is being made already.")
    await rows.ask(tx.conn, community.id, organiser.id, tx.now)
    await tx.later(f"archive:{community.id}", JOB, {"community_id": community.id}, tx.now)
    return await state(tx, community)


async def state(tx: Tx, community: Account) -> State:
    """Raises ``NotFound`` where none was asked for."""
    found = await rows.state(tx.conn, community.id)
    if found is None:
        raise NotFound
    return found


async def make(tx: Tx, community_id: int) -> None:
    """The job. Nothing is made for who is no organiser any more."""
    asked = await rows.state(tx.conn, community_id)
    community = await accounts.by_id(tx.conn, community_id)
    if asked is None or community is None:
        return
    viewer = await accounts.by_id(tx.conn, asked.asked_by)
    role = await communities.role(tx.conn, community_id, asked.asked_by)
    if viewer is None or role != "organiser":
        return
    posts = await sight.posts_by_ids(tx, await rows.posts(tx.conn, community_id, POSTS), viewer)
    people = await accounts.by_ids(tx.conn, sorted({p.account_id for p in posts}))
    kept = await documents.of_community(tx.conn, community_id)
    # Beside the loop: packing takes seconds.
    body = await asyncio.to_thread(pack, community, posts, people, kept, tx.now)
    await rows.keep(tx.conn, community_id, body, tx.now)


async def forget(tx: Tx) -> None:
    await rows.forget(tx.conn, tx.now - KEPT)


def pack(
    community: Account,
    posts: list[Post],
    people: dict[int, Account],
    kept: list[Document],
    now: datetime,
) -> bytes:
    """A ZIP: ``index.html``, a page of each thread and document, and ``archive.json``. Pure; the oldest are
    left out beyond ``BYTES``."""
    threads: dict[int, list[Post]] = {}
    for post in posts:
        threads.setdefault(post.thread_id, []).append(post)
    out, size = io.BytesIO(), 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        told: list[Post] = []
        listed: list[tuple[str, str]] = []
        for document in kept:
            name = f"documents/{document.id}.html"
            file.writestr(name, _document(document))
            listed.append((name, document.title))
        for thread_id, said in threads.items():
            page = _thread(sorted(said, key=lambda p: p.id), people)
            size += len(page)
            if size > BYTES:
                break
            name = f"threads/{thread_id}.html"
            file.writestr(name, page)
            listed.append((name, _title(said[-1])))
            told += said
        file.writestr("index.html", _index(community, listed, now))
        file.writestr("archive.json", _json(community, told, people, kept, now))
    return out.getvalue()


def _title(post: Post) -> str:
    return post.title or text.one_line(text.plain(post.content), 80) or "A post"


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)


def _index(community: Account, listed: list[tuple[str, str]], now: datetime) -> str:
    name = community.display_name or community.username
    items = "\n".join(f'<li><a href="{n}">{escape(title)}</a></li>' for n, title in listed)
    about = text.clean(community.note)
    return _page(
        name,
        f"<h1>{escape(name)}</h1>\n{about}\n<p>As of {now:%d %B %Y}.</p>\n<ul>\n{items}\n</ul>",
    )


def _thread(said: list[Post], people: dict[int, Account]) -> str:
    return _page(_title(said[0]), "\n".join(_article(post, people) for post in said))


def _article(post: Post, people: dict[int, Account]) -> str:
    heading = f"<h1>{escape(post.title)}</h1>\n" if post.title else ""
    files = "".join(f"<p>{_link(str(file.get('url') or ''))}</p>" for file in post.attachments)
    return (
        f"<article>\n{heading}<p><b>{escape(_name(post, people))}</b>, "
        f"{post.published_at:%d %B %Y, %H:%M} UTC</p>\n{text.clean(post.content)}\n{files}"
        f"<p>{_link(post.url)}</p>\n</article>"
    )


def _link(url: str) -> str:
    shown = escape(url)
    return f'<a href="{shown}">{shown}</a>' if url.startswith(("https://", "http://")) else ""


def _name(post: Post, people: dict[int, Account]) -> str:
    author = people.get(post.account_id)
    return f"{author.display_name or author.username} (@{author.handle})" if author else "Somebody"


def _document(document: Document) -> str:
    body = "".join(text.from_plain(part) for part in text.paragraphs(document.source))
    return _page(document.title, f"<h1>{escape(document.title)}</h1>\n{body}")


def _json(
    community: Account,
    posts: list[Post],
    people: dict[int, Account],
    kept: list[Document],
    now: datetime,
) -> bytes:
    told = {
        "community": {"uri": community.uri, "title": community.display_name, "about": community.note},
        "made_at": now,
        "posts": [
            {
                "uri": p.uri, "url": p.url, "in_reply_to_id": p.in_reply_to_id, "id": p.id,
                "author": _name(p, people), "title": p.title, "content": p.content, "kind": p.kind,
                "published_at": p.published_at,
            }
            for p in posts
        ],
        "documents": [
            {"title": d.title, "text": d.source, "changed_at": d.changed_at} for d in kept
        ],
    }  # fmt: skip
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)
