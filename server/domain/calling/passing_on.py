"""What is passed on of a call: a few plain lines for any messenger, and its address as a picture for paper.

A message that is longer than ``MAX`` is cut by some of the services it is pasted into, and then what is lost is the
address, which stands last: so title and place give way before it does.
"""

from __future__ import annotations

import io

import segno

from server import text
from server.domain import wire_calls
from server.domain.tx import Tx
from storage import posts
from storage.calls import Call
from storage.posts import Post

MAX = 300
URL_MAX = 120
"""Of another server's address. A longer one is not passed on: ours leads there."""

QUIET = 4
"""Modules of empty space around the code (ISO/IEC 18004, 6.3.8)."""


async def words(tx: Tx, post: Post, call: Call) -> str:
    """Title, when and where or until when, and the address, each in a line of its own: ``MAX`` characters at most."""
    within = await posts.by_id(tx.conn, call.parent_id) if call.parent_id else None
    title = f"{within.title}: {post.title}" if within else post.title
    told = text.CALL_STATES.get(call.state, "") + wire_calls.line(call)
    return fit(title, told, address(tx, post))


def address(tx: Tx, post: Post) -> str:
    """Of the call's page, for people."""
    here = post.local or len(post.url) > URL_MAX
    return tx.site.urls.call(post.id) if here else post.url


def fit(title: str, told: str, url: str) -> str:
    """Pure. ``url`` is whole; of the rest as much as there is room for, the title before what is told."""
    room = MAX - len(url)
    head = _cut(title, room - 1)
    told = _cut(told, room - len(head) - 2)
    return "\n".join(line for line in (head, told, url) if line)


def _cut(line: str, length: int) -> str:
    line = text.one_line(line)
    if len(line) <= length:
        return line
    return line[: length - 1].rstrip() + "…" if length > 1 else ""


def code(url: str) -> bytes:
    """An address as a QR code: SVG without a size of its own, so that a sheet of paper may choose it. It stays
    readable where a seventh of it is torn (level M)."""
    drawn = io.BytesIO()
    made = segno.make_qr(url, error="m")
    made.save(drawn, kind="svg", border=QUIET, light="#fff", omitsize=True, title=url)
    return drawn.getvalue()
