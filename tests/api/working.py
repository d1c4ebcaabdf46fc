"""Jobs of an instance under test, run when a test says so."""

from __future__ import annotations

from federation.fetch import Egress, EgressConfig
from server.arriving import resolve
from server.domain.tx import Work
from server.jobs import later


async def run_jobs(work: Work) -> None:
    """Everything that is due now, to the end."""
    async with Egress(EgressConfig("test")) as egress:
        net = await resolve.open_net(work, egress)
        while await later.work_once(net):
            pass
