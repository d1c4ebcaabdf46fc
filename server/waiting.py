"""What waits here, for whom, since when, and why: the same for the command line, the API and ``/metrics``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from server.arriving import budgets
from server.domain.tx import Tx
from storage import inbox, outbox, status
from storage.budgets import Used
from storage.inbox import Waiting
from storage.outbox import Lane
from storage.status import Jobs, Pushes, RefusedFor

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Report:
    """``deliveries`` by host, ``arrivals`` by domain, ``over_budget``: of which nothing is left now;
    ``refused``: arrivals of the last day, by reason."""

    deliveries: list[Lane]
    arrivals: list[Waiting]
    jobs: list[Jobs]
    pushes: Pushes
    over_budget: list[Used]
    refused: list[RefusedFor]

    def plain(self) -> dict[str, Any]:
        """As dicts and lists; times are times."""
        return asdict(self)


async def report(tx: Tx) -> Report:
    return Report(
        deliveries=await outbox.status(tx.conn),
        arrivals=await inbox.by_domain(tx.conn),
        jobs=await status.jobs(tx.conn, tx.now),
        pushes=await status.pushes(tx.conn),
        over_budget=await budgets.exhausted(tx.conn, tx.now),
        refused=await status.refused(tx.conn, tx.now - DAY),
    )
