"""Sending a mail: written in a transaction, sent outside of it.

What fails is tried again, later each time, as every job (server/jobs/later.py); what the relay refuses for
good is dropped. A crash after sending sends again.
"""

from __future__ import annotations

import structlog

from server import mail
from server.arriving.resolve import Net
from server.domain import digests, mails
from server.mail import Mail
from storage.jobs import Job

log = structlog.get_logger()


async def send(net: Net, job: Job) -> None:
    """Raises what ``mail.send`` raises where it is to be tried again."""
    async with net.work.transaction() as tx:
        written = await mails.write(tx, **job.args)
    await _deliver(net, job, written)


async def send_digest(net: Net, job: Job) -> None:
    """As ``send``. It was chosen in the transaction that planned it, and is written now."""
    async with net.work.reading() as tx:
        written = await digests.write(tx, **job.args)
    await _deliver(net, job, written)


async def _deliver(net: Net, job: Job, written: Mail | None) -> None:
    if net.relay is None:
        log.warning("mail.no_relay", args=job.args)
        return
    if written is None:
        return
    try:
        await mail.send(net.relay, written)
    except mail.Refused as error:
        log.warning("mail.refused", args=job.args, error=str(error)[:200])
