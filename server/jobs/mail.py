"""Sending a mail: written in a transaction, sent outside of it.

What fails is tried again, later each time, as every job (server/jobs/later.py); what the relay refuses for
good is dropped. A crash after sending sends again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from server import mail
from server.arriving.resolve import Net
from server.domain.calling import contact_mails, target_mails
from server.domain.mailing import digests, mail_digests, mail_follows, mails
from server.mail import Mail
from storage.jobs import Job

log = structlog.get_logger()


async def send(net: Net, job: Job) -> None:
    """To a member. Raises what ``mail.send`` raises where it is to be tried again."""
    await _send(net, job, mails.write)


async def send_to_contact(net: Net, job: Job) -> None:
    """To somebody who answered a call by e-mail; raises the same."""
    await _send(net, job, contact_mails.write)


async def send_digest(net: Net, job: Job) -> None:
    """What a user gets once a week; raises the same."""
    await _send(net, job, digests.write)


async def send_to_follower(net: Net, job: Job) -> None:
    """To who follows a community by e-mail; raises the same. Addresses that are refused are let go."""
    sent = await _send(net, job, mail_digests.write)
    if sent is not None:
        async with net.work.transaction() as tx:
            await mail_follows.told(tx, job.args["follow_id"], arrived=sent)


async def send_to_target(net: Net, job: Job) -> None:
    """To whom a contact call writes; raises the same. What is refused is not tried again."""
    if await _send(net, job, target_mails.write) is False:
        async with net.work.transaction() as tx:
            await target_mails.refused(tx, job.args["mail_id"])


async def _send(net: Net, job: Job, write: Callable[..., Awaitable[Mail | None]]) -> bool | None:
    """Whether the relay took it; None where nothing was to be sent."""
    if net.relay is None:
        log.warning("mail.no_relay", args=job.args)
        return None
    async with net.work.transaction() as tx:
        written = await write(tx, **job.args)
    if written is None:
        return None
    try:
        await mail.send(net.relay, written)
    except mail.Refused as error:
        log.warning("mail.refused", args=job.args, error=str(error)[:200])
        return False
    return True
