"""Who may not sign up: by the domain of an address, by the address itself, by the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class EmailDomain:
    id: int
    domain: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Email:
    """``digest``: of the canonical form, in hexadecimal."""

    id: int
    digest: str


@dataclass(frozen=True, slots=True)
class Network:
    """``network``: ``192.0.2.0/24``. ``severity``: sign_up_requires_approval or sign_up_block."""

    id: int
    network: str
    severity: str
    comment: str
    expires_at: datetime | None
    created_at: datetime


EMAIL_DOMAINS = Query(
    "select * from email_domain_blocks where id < $1 and id > $2 order by id desc limit $3",
    EmailDomain,
)
EMAIL_DOMAIN = Query("select * from email_domain_blocks where id = $1", EmailDomain)
ADD_EMAIL_DOMAIN = Query(
    "insert into email_domain_blocks (domain, created_at) values ($1, $2)"
    " on conflict (domain) do nothing returning *",
    EmailDomain,
)
DROP_EMAIL_DOMAIN = Command("delete from email_domain_blocks where id = $1")
ANY_EMAIL_DOMAIN = Query(
    "select exists (select from email_domain_blocks where domain = any($1::text[]))", bool
)

EMAILS = Query(
    "select * from canonical_email_blocks where id < $1 and id > $2 order by id desc limit $3",
    Email,
)
EMAIL = Query("select * from canonical_email_blocks where id = $1", Email)
EMAIL_OF = Query("select * from canonical_email_blocks where digest = $1", Email)
ADD_EMAIL = Query(
    "insert into canonical_email_blocks (digest) values ($1) on conflict (digest) do nothing"
    " returning *",
    Email,
)
DROP_EMAIL = Command("delete from canonical_email_blocks where id = $1")

NETWORKS = Query(
    "select id, network::text as network, severity, comment, expires_at, created_at from ip_blocks"
    " where id < $1 and id > $2 order by id desc limit $3",
    Network,
)
NETWORK = Query(
    "select id, network::text as network, severity, comment, expires_at, created_at from ip_blocks"
    " where id = $1",
    Network,
)
ADD_NETWORK = Query(
    "insert into ip_blocks (network, severity, comment, expires_at, created_at)"
    " values ($1::text::cidr, $2, $3, $4, $5) on conflict (network) do nothing"
    " returning id, network::text as network, severity, comment, expires_at, created_at",
    Network,
)
CHANGE_NETWORK = Query(
    "update ip_blocks set network = $2::text::cidr, severity = $3, comment = $4, expires_at = $5"
    " where id = $1"
    " returning id, network::text as network, severity, comment, expires_at, created_at",
    Network,
)
DROP_NETWORK = Command("delete from ip_blocks where id = $1")
SEVERITIES = Query(
    "select distinct severity from ip_blocks where network >>= $1::text::inet"
    " and (expires_at is null or expires_at > $2)",
    str,
)


async def email_domains(conn: Connection, page: Page) -> list[EmailDomain]:
    return await EMAIL_DOMAINS.all(conn, *page.bounds, page.limit)


async def email_domain(conn: Connection, block_id: int) -> EmailDomain | None:
    return await EMAIL_DOMAIN.first(conn, block_id)


async def add_email_domain(conn: Connection, domain: str, now: datetime) -> EmailDomain | None:
    """None where it is there already."""
    return await ADD_EMAIL_DOMAIN.first(conn, domain, now)


async def drop_email_domain(conn: Connection, block_id: int) -> bool:
    return await DROP_EMAIL_DOMAIN.run(conn, block_id) == 1


async def any_email_domain(conn: Connection, domains: Sequence[str]) -> bool:
    return await ANY_EMAIL_DOMAIN.one(conn, domains)


async def emails(conn: Connection, page: Page) -> list[Email]:
    return await EMAILS.all(conn, *page.bounds, page.limit)


async def email(conn: Connection, block_id: int) -> Email | None:
    return await EMAIL.first(conn, block_id)


async def email_of(conn: Connection, digest: str) -> Email | None:
    return await EMAIL_OF.first(conn, digest)


async def add_email(conn: Connection, digest: str) -> Email | None:
    """None where it is there already."""
    return await ADD_EMAIL.first(conn, digest)


async def drop_email(conn: Connection, block_id: int) -> bool:
    return await DROP_EMAIL.run(conn, block_id) == 1


async def networks(conn: Connection, page: Page) -> list[Network]:
    return await NETWORKS.all(conn, *page.bounds, page.limit)


async def network(conn: Connection, block_id: int) -> Network | None:
    return await NETWORK.first(conn, block_id)


async def add_network(
    conn: Connection,
    network: str,
    severity: str,
    comment: str,
    expires_at: datetime | None,
    now: datetime,
) -> Network | None:
    """None where it is there already."""
    return await ADD_NETWORK.first(conn, network, severity, comment, expires_at, now)


async def change_network(
    conn: Connection,
    block_id: int,
    network: str,
    severity: str,
    comment: str,
    expires_at: datetime | None,
) -> Network:
    """Raises ``UniqueViolation`` where another block has that network."""
    return await CHANGE_NETWORK.one(conn, block_id, network, severity, comment, expires_at)


async def drop_network(conn: Connection, block_id: int) -> bool:
    return await DROP_NETWORK.run(conn, block_id) == 1


async def severities(conn: Connection, address: str, now: datetime) -> list[str]:
    """What the blocks say that hold an address of the network."""
    return await SEVERITIES.all(conn, address, now)
