"""One process, run inside the test: its doors, over TLS too, and the way down."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp
import asyncpg
import pytest
import trustme

from server import config, run
from server.config import Settings
from server.errors import Unavailable


@pytest.fixture
def settings(place: Path, free_port: Callable[[], int], database_url: str) -> Settings:
    port = free_port()
    return config.load(
        {
            "BECKON_DATA": str(place),
            "BECKON_LISTEN": f"127.0.0.1:{port}",
            "BECKON_DOMAIN": f"localhost:{port}",
            "DATABASE_URL": database_url,
        }
    )


async def test_serves_and_works_in_this_process(settings: Settings) -> None:
    async with run.running(settings) as here, aiohttp.ClientSession() as client:
        assert here.url == f"http://{settings.listen}"
        async with client.get(f"{here.url}/health") as answer:
            assert (answer.status, await answer.text()) == (200, "OK")
        async with here.work.reading() as tx:
            jobs = await tx.conn.fetchval("select count(*) from jobs")
        assert jobs == 4, "planned: cleaning of rows and of files, digests, what is forgotten"
    with pytest.raises(OSError, match="111"):
        await asyncio.open_connection(*settings.address)


async def test_speaks_tls_itself(settings: Settings, place: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(place / "key.pem")
    issued.cert_chain_pems[0].write_to_path(place / "cert.pem")
    secured = settings.model_copy(
        update={"tls_cert": place / "cert.pem", "tls_key": place / "key.pem"}
    )
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with run.running(secured, work=False) as here, aiohttp.ClientSession() as client:
        assert here.url.startswith("https://")
        async with client.get(f"{here.url}/health", ssl=trusting) as answer:
            assert answer.status == 200


async def test_the_database_that_is_gone_is_told(
    settings: Settings, connection: asyncpg.Connection
) -> None:
    async with run.running(settings, work=False) as here, aiohttp.ClientSession() as client:
        name = await connection.fetchval("select current_database()")
        await connection.execute(f'alter database "{name}" connection limit 0')
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        async with client.get(f"{here.url}/health") as answer:
            assert answer.status == 503
        await connection.execute(f'alter database "{name}" connection limit -1')
        async with client.get(f"{here.url}/health") as answer:
            assert answer.status == 200


async def test_a_request_under_way_is_answered_before_the_stop(
    settings: Settings, connection: asyncpg.Connection
) -> None:
    """The request waits for a row that we hold; the stop waits for the request."""
    async with aiohttp.ClientSession() as client:
        async with run.running(settings) as here:
            lock = connection.transaction()
            await lock.start()
            await connection.execute("lock table instance in access exclusive mode")
            asking = asyncio.create_task(_ask(client, f"{here.url}/health"))
            await _someone_waits(connection)
            asyncio.get_running_loop().call_later(0.2, asyncio.ensure_future, lock.rollback())
        assert await asking == 200


async def _ask(client: aiohttp.ClientSession, url: str) -> int:
    async with client.get(url) as answer:
        return answer.status


async def _someone_waits(connection: asyncpg.Connection) -> None:
    waiting = "select exists (select from pg_locks where not granted and database is not null)"
    while not await connection.fetchval(waiting):
        pass


async def test_an_address_that_is_taken(settings: Settings) -> None:
    async with run.running(settings):
        with pytest.raises(Unavailable, match="Address already in use"):
            async with run.running(settings):
                raise AssertionError("it must not come here")


async def test_two_that_start_at_once_are_one_instance(
    settings: Settings, free_port: Callable[[], int]
) -> None:
    other = settings.model_copy(update={"listen": f"127.0.0.1:{free_port()}"})

    async def actor(of: Settings) -> str:
        async with run.running(of) as here:
            return here.net.key.key_id

    assert len(set(await asyncio.gather(actor(settings), actor(other)))) == 1
