"""WebFinger of other servers: whom a handle means, what handle an actor has, and where its owner may act.

A handle and an actor must name each other (Mastodon asks the same way round). The host
of an actor's id speaks for the names at itself, so an actor met there for the first time is asked about once,
which also tells whether that server's handles end in another domain. Those of a server that says its own
domain are believed from then on, until two actors want one name, or one changes its name. What another domain
is to say is asked of that domain each time. Where nobody answers, a handle at the own host stands for now and
takes nothing from anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from federation import fetch, jsonld, webfinger
from federation.errors import Gone, Refused, Unreachable
from federation.fetch import Egress
from federation.origin import host_of
from federation.webfinger import Handle
from server.arriving.stances import Stances
from server.domain.tx import Work
from storage import accounts
from storage.accounts import Account

REMEMBERED = 10_000  # hosts


@dataclass(frozen=True, slots=True)
class Named:
    """The handle of an actor. ``confirmed``: by both sides; else it stands only while nobody else has it."""

    username: str
    host: str
    confirmed: bool


def key_of(account: Account) -> tuple[str, str]:
    """As ``Handle.key``; of who has lost its handle, what no handle has."""
    return ("", "") if account.handle_lost else (account.username.lower(), account.handle_host)


@dataclass(slots=True)
class Fingers:
    """Asks the servers of others. ``own``: hosts whose handles end in themselves."""

    work: Work
    egress: Egress
    stances: Stances
    own: set[str] = field(default_factory=set[str])

    async def ask(self, handle: Handle) -> dict[str, object]:
        """The JRD of a handle, from its own host. Raises ``Gone``, ``Refused``, ``Unreachable``."""
        if not self.work.site.federates:
            raise Refused("not_federating", "This server does not talk to others.")
        await self.stances.require_open(handle.host)
        answer = await self.egress.get(webfinger.url_for(handle), fetch.JRD)
        if host_of(answer.url) != handle.host:
            await self.stances.require_open(host_of(answer.url))
        return jsonld.loads(answer.body)

    async def actor_of(self, wanted: Handle) -> tuple[str, Handle]:
        """The actor that a handle means, as far as its host says, and the handle that it has.

        A server whose handles end in another domain says so, and that domain is asked. What comes of it is
        true where the actor's document agrees (``named``). Raises as ``ask``.
        """
        first = await self.ask(wanted)
        said = webfinger.subject(first)
        if said.key == wanted.key:
            return webfinger.actor_link(first, wanted), wanted
        return webfinger.actor_link(await self.ask(said), said), said

    async def named(self, actor: Mapping[str, object]) -> Named:
        """The handle of an actor whose document came from its own id. Raises ``Refused`` for no name."""
        uri, claim = str(actor["id"]), webfinger.claimed_handle(actor)
        async with self.work.reading() as tx:
            known = await accounts.by_uri(tx.conn, uri)
            holder = await accounts.by_handle(tx.conn, claim.username, claim.host)
        if known and key_of(known) == claim.key:
            return Named(claim.username, claim.host, confirmed=True)
        free = known is None and holder is None
        if free and claim.host == host_of(uri) and claim.host in self.own:
            return Named(claim.username, claim.host, confirmed=True)
        return await self._asked(actor, known)

    async def _asked(self, actor: Mapping[str, object], known: Account | None) -> Named:
        try:
            handle = await self._confirmed(actor)
        except (Gone, Refused, Unreachable):
            if known:
                return Named(known.username, known.handle_host, confirmed=False)
            name = webfinger.claimed_handle({**actor, "webfinger": None}).username
            return Named(name, host_of(str(actor["id"])), confirmed=False)
        if handle.host == host_of(str(actor["id"])):
            self._remember(handle.host)
        return Named(handle.username, handle.host, confirmed=True)

    async def _confirmed(self, actor: Mapping[str, object]) -> Handle:
        """Raises ``Refused`` where the two do not name each other."""
        first = await self.ask(webfinger.claimed_handle(actor))
        other = webfinger.next_handle(actor, first)
        return webfinger.confirm(actor, first, await self.ask(other) if other else None)

    def _remember(self, host: str) -> None:
        if len(self.own) >= REMEMBERED:
            self.own.clear()
        self.own.add(host)
