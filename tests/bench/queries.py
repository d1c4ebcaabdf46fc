"""How many statements an answer costs: through the same doors, on a connection that we listen to."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from asyncpg.connection import LoggedQuery

from server import config
from server.app import make_app
from server.domain.tx import Work
from storage import db
from tests.bench import load
from tests.bench.house import House, settings


async def per_request(here: House, request: bytes) -> int:
    """Statements of a second, like request; the first one prepares them."""
    asked: list[str] = []

    def note(query: LoggedQuery) -> None:
        asked.append(query.query)

    async with db.pool(here.dsn, size=1) as pool:
        async with pool.acquire() as conn:
            conn.add_query_logger(note)
        work = Work(pool, here.work.clock, here.work.site)
        runner = web.AppRunner(make_app(config.load(settings(Path(), here.port)), work))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            await load.drive(port, iter([request]), 1)
            asked.clear()
            await load.drive(port, iter([request]), 1)
        finally:
            await runner.cleanup()
    return len(asked)
