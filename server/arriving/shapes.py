"""Documents in another JSON-LD shape, made plain beside the loop: one at a time in a process.

What ``federation/shapes.py`` does takes up to a tenth of a second of a processor, so it runs in one thread of its
own, where none waits for long, and it is counted per domain. A plain document passes untouched.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from federation import jsonld
from federation.errors import Unreachable
from server.arriving import budgets
from server.domain.tx import Work

SECONDS = 5.0
"""How long a document may wait for its turn and be read."""

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jsonld")


async def counted(work: Work, host: str, document: dict[str, object]) -> dict[str, object]:
    """The plain form of what ``host`` says, counted for its domain.

    Raises ``Refused`` as ``federation.shapes.plain``, ``OverBudget``, and ``Unreachable`` where others are in turn.
    """
    if jsonld.is_plain(document):
        return document
    async with work.transaction() as tx:
        await budgets.take(tx, budgets.SHAPES, host)
    return await plain(document)


async def plain(document: dict[str, object]) -> dict[str, object]:
    """The same, of what was counted when it arrived."""
    if jsonld.is_plain(document):
        return document
    try:
        async with asyncio.timeout(SECONDS):  # what waits is not begun any more; what runs ends
            return await asyncio.get_running_loop().run_in_executor(_thread, _read, document)
    except TimeoutError:
        raise Unreachable("jsonld_busy", "Too many unusual documents wait.") from None


def _read(document: dict[str, object]) -> dict[str, object]:
    """pyld comes with the first document that needs it: most servers never see one."""
    from federation import shapes  # noqa: PLC0415

    return shapes.plain(document)
