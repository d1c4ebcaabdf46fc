"""Lanes: leased to one at a time, and free again when who leased them is no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage import db, lanes

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)


async def claimed(conn: db.Connection, worker: int | None, now: datetime = NOW) -> list[str]:
    return sorted(
        await lanes.claim(conn, lanes.DELIVERY, now, now + timedelta(minutes=5), 9, worker)
    )


async def test_the_leases_of_the_dead_are_free_at_once(database_url: str) -> None:
    conn, living, dying = [await db.connect(database_url) for _ in range(3)]
    try:
        await lanes.enlist(living, 1)
        await lanes.enlist(dying, 2)
        await lanes.touch(conn, lanes.DELIVERY, {"a.example": NOW})
        assert await claimed(conn, 1) == ["a.example"]
        await lanes.touch(conn, lanes.DELIVERY, {"b.example": NOW, "c.example": NOW})
        assert await claimed(conn, 2) == ["b.example", "c.example"]
        assert await lanes.reclaim(conn) == 0
        await dying.close()
        while await conn.fetchval("select count(*) from pg_locks where objid = 2"):
            pass  # the server takes note of a closed connection in its own time
        assert await lanes.reclaim(conn) == 2
        assert await claimed(conn, 3) == ["b.example", "c.example"]
    finally:
        for one in (conn, living, dying):
            await one.close()


async def test_a_lease_runs_out(database_url: str) -> None:
    conn = await db.connect(database_url)
    try:
        await lanes.touch(conn, lanes.DELIVERY, {"a.example": NOW})
        assert await claimed(conn, None) == ["a.example"]
        assert await claimed(conn, None) == []
        assert await claimed(conn, None, SOON) == ["a.example"]
    finally:
        await conn.close()


async def test_a_lane_that_waits_keeps_waiting_but_for_jobs(database_url: str) -> None:
    conn = await db.connect(database_url)
    try:
        for queue, at in ((lanes.DELIVERY, SOON), (lanes.JOBS, NOW)):
            await lanes.touch(conn, queue, {"x": SOON})
            await lanes.touch(conn, queue, {"x": NOW})
            assert await lanes.next_ready(conn, queue, NOW) == at
    finally:
        await conn.close()
