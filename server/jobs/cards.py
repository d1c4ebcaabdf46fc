"""Asking the pages that posts link to for their previews: one page at a time of each host.

A page is asked once, whatever comes of it: what cannot be had is written down as nothing, and asked again
only when a later post leads there. It is read in a thread, as a large page takes some hundredths of a second.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog

from federation import fetch, preview
from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of
from federation.preview import Preview
from server.arriving.resolve import Net, require_open
from server.domain.posting.cards import FRESH
from storage import cards
from storage.cards import Card
from storage.jobs import Job

log = structlog.get_logger()

_READER = ThreadPoolExecutor(1, thread_name_prefix="preview")


async def run(net: Net, job: Job) -> None:
    """Write down what the page at ``url`` says of itself."""
    url = str(job.args["url"])
    async with net.work.reading() as tx:
        if await cards.is_fresh(tx.conn, url, tx.now - FRESH):
            return
    found = await _ask(net, url)
    async with net.work.transaction() as tx:
        p = found or Preview("")
        await cards.put(
            tx.conn,
            Card(
                url, p.title, p.description, p.provider, p.author, p.language, p.image,
                p.image_description, p.width, p.height, p.published, tx.now,
            ),
        )  # fmt: skip


async def _ask(net: Net, url: str) -> Preview | None:
    try:
        await require_open(net, host_of(url))
        got = await net.egress.get(url, fetch.PAGE)
    except (Gone, Refused, Unreachable) as error:
        log.info("card.refused", url=url, reason=str(error))
        return None
    header = got.headers.get("Content-Type", "")
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_READER, preview.parse, got.body, header, got.url)
