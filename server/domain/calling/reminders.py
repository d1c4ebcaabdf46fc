"""When those who come to a call are reminded of it: the day before, and the morning of.

Pure times (``times``) and jobs that know for which beginning they were made (``plan``): where a call is moved
meanwhile, an old job finds another beginning and does nothing. After a standstill nothing comes late: what is
over is not reminded of, and the day's reminder makes that of the day before needless.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.domain.calling import call_notices
from server.domain.tx import Tx
from storage import calls
from storage.calls import Call

JOB = "remind"
MORNING = time(8)
AHEAD = timedelta(hours=2)
DAY = timedelta(days=1)


def times(starts_at: datetime, timezone: str) -> dict[str, datetime]:
    """When what is told: at the same time by the clock on the wall a day before; and on the day at eight in the
    morning there, or two hours before what begins earlier than ten."""
    local = starts_at.astimezone(ZoneInfo(timezone))
    before = (local - DAY).astimezone(UTC)
    morning = datetime.combine(local.date(), MORNING, local.tzinfo).astimezone(UTC)
    return {"reminder": before, "morning": min(morning, starts_at - AHEAD)}


async def plan(tx: Tx, call: Call) -> None:
    """What lies ahead; of what is made or moved at the last moment, people know without."""
    if call.starts_at is None:
        return
    for what, at in times(call.starts_at, call.timezone).items():
        if at > tx.now:
            args = {"post_id": call.post_id, "what": what, "starts_at": call.starts_at.isoformat()}
            await tx.later(f"remind:{call.post_id}", JOB, args, at)


async def run(tx: Tx, args: Mapping[str, str | int]) -> None:
    call = await calls.by_id(tx.conn, int(args["post_id"]))
    if call is None or call.starts_at is None or call.state != "open":
        return
    what, moved = str(args["what"]), call.starts_at.isoformat() != args["starts_at"]
    over = call.starts_at <= tx.now
    superseded = what == "reminder" and times(call.starts_at, call.timezone)["morning"] <= tx.now
    if not (moved or over or superseded):
        await call_notices.send(tx, call.post_id, what)
