"""Templates of calls from other servers: fetched when somebody asks for one, and read as data."""

from __future__ import annotations

from federation import fetch, jsonld
from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain.calling import call_templates
from server.domain.calling.call_templates import Template
from server.errors import Invalid


async def fetched(net: Net, url: str) -> tuple[Template, str]:
    """The template at an address, and where it was found in the end. Raises ``Invalid``."""
    try:
        await resolve.require_open(net, host_of(url))
        async with net.turns.at(host_of(url)):
            got = await net.egress.get(url, fetch.TEMPLATE)
        await resolve.require_open(net, host_of(got.url))
        document = jsonld.loads(got.body)
    except (Gone, Unreachable, Refused) as error:
        raise Invalid(
            "There is no template at this address.", field="url", cause=str(error)
        ) from error
    return call_templates.read(document), got.url
