"""``/metrics``: what waits and why, for Prometheus (text exposition format 0.0.4).

Served only to who knows ``BECKON_METRICS_TOKEN``, as ``Authorization: Bearer``; to all others, and where the
setting is empty, there is nothing at this address. Of hosts and domains those are named that have most
waiting, so that nobody else decides how many series there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from secrets import compare_digest

from aiohttp import web

from server.context import context
from server.waiting import Report, report

NAMED = 50
TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[dict[str, str], float]


async def metrics(request: web.Request) -> web.Response:
    here = context(request)
    token = here.settings.metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not compare_digest(sent.encode(errors="surrogateescape"), token.encode()):
        raise web.HTTPNotFound
    async with here.work.reading() as tx:
        body = "".join(written(await report(tx), tx.now))
    answer = web.Response(body=body.encode(), headers={"Content-Type": TYPE})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def written(found: Report, now: datetime) -> Iterator[str]:
    """The families, a sample on each line."""
    hosts, domains = found.deliveries[:NAMED], found.arrivals[:NAMED]
    by_host = [({"host": lane.host}, float(lane.waiting)) for lane in hosts]
    yield from _family("deliveries_waiting", "Deliveries that wait, by host.", by_host)
    ages = [({"host": lane.host}, _age(lane.oldest, now)) for lane in hosts]
    yield from _family("deliveries_oldest_seconds", "How long the oldest has waited.", ages)
    failures = [({"host": lane.host}, float(lane.failures)) for lane in hosts]
    yield from _family("deliveries_failures", "Times in a row that it took nothing.", failures)
    hosts_in_all: list[Sample] = [({}, float(len(found.deliveries)))]
    yield from _family("deliveries_hosts", "Hosts for which something waits.", hosts_in_all)
    by_domain = [({"domain": row.domain}, float(row.waiting)) for row in domains]
    yield from _family("inbox_waiting", "Arrivals that wait, by domain.", by_domain)
    ages = [({"domain": row.domain}, _age(row.oldest, now)) for row in domains]
    yield from _family("inbox_oldest_seconds", "How long the oldest has waited.", ages)
    refused = [({"reason": row.reason}, float(row.count)) for row in found.refused]
    yield from _family("inbox_refused_day", "Arrivals refused within a day, by reason.", refused)
    jobs = [({"kind": row.kind}, float(row.late)) for row in found.jobs]
    yield from _family("jobs_late", "Jobs whose time has come, by kind.", jobs)
    failing = [({"kind": row.kind}, float(row.failing)) for row in found.jobs]
    yield from _family("jobs_failing", "Jobs tried before and to be tried again.", failing)
    yield from _family("pushes_waiting", "Notifications to push.", [({}, found.pushes.waiting)])
    used = [({"rule": row.rule, "key": row.key}, 1.0) for row in found.over_budget[:NAMED]]
    yield from _family("over_budget", "Budgets of which nothing is left now.", used)


def _age(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


def _family(name: str, meaning: str, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# HELP beckon_{name} {meaning}\n# TYPE beckon_{name} gauge\n"
    for labels, value in samples:
        named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"beckon_{name}{{{named}}} {value:g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def routes() -> list[web.RouteDef]:
    return [web.get("/metrics", metrics)]
