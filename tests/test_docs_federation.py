"""FEDERATION.md says what the code does: the limits, the reasons of refusals, the forms of moderation."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from federation import build_moderation as build
from federation import (
    deliver,
    fetch,
    jsonld,
    keys,
    origin,
    parse,
    parse_event,
    parse_post,
    requests,
    shapes,
)
from federation.build_moderation import Desk
from server import limits, proxy, text
from server.activitypub import bodies, inboxes
from server.arriving import attempts, inbox, resolve, vouching
from server.domain import policy
from server.domain.groups import histories as history_verbs
from server.domain.members import featured, follower_sync
from server.domain.moderating import host_blocks
from server.domain.posting import threads as thread_verbs
from server.jobs import deliver as deliveries
from server.jobs import histories, later, threads

ROOT = Path(__file__).parents[1]
MIB = 1024 * 1024


def between(marker: str) -> str:
    document = (ROOT / "FEDERATION.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {marker}:[^>]*-->\n(.*?)<!-- {marker} end -->", document, re.DOTALL)
    assert found, f"no marker {marker}"
    return found[1]


def rows(table: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)[1:]


# --- limits


def span(time: timedelta) -> str:
    """In the largest unit that divides it: ``14 days``, ``12 hours``, ``a day``."""
    seconds = int(time.total_seconds())
    for length, unit, one in ((86_400, "day", "a"), (3600, "hour", "an"), (60, "minute", "a")):
        count, left = divmod(seconds, length)
        if count and not left:
            return f"{one} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} seconds"


def seconds(count: float) -> str:
    return span(timedelta(seconds=count))


LIMITS = [
    (
        "an activity",
        f"{bodies.MAX_BODY // MIB} MiB, uncompressed; an id of {inboxes.MAX_ID:,} bytes; "
        f"ours are served for {span(later.KEEP_SENT)}",
    ),
    (
        "what one address sends and does not prove (400, 401, 413, 415)",
        f"{limits.UNPROVEN.limit:,} in {seconds(limits.UNPROVEN.seconds)}, then 429 with `Retry-After`",
    ),
    (
        "keys that one address names and that do not come or fit",
        f"{limits.NO_KEYS.limit} in {seconds(limits.NO_KEYS.seconds)}, then 429 but for keys that are known",
    ),
    (
        "a document that is fetched",
        f"{fetch.ACTIVITY.max_bytes // MIB} MiB when unpacked, {fetch.MAX_REDIRECTS} redirects, "
        f"{seconds(fetch.ACTIVITY.deadline)}, media type of ActivityStreams",
    ),
    (
        "a document in another JSON-LD shape",
        f"{shapes.MAX_BYTES // 1024} KiB, {shapes.MAX_DEPTH} levels, {shapes.MAX_VALUES:,} values",
    ),
    (
        "any JSON",
        f"{jsonld.MAX_DEPTH} levels, {jsonld.MAX_VALUES:,} values, {jsonld.MAX_LIST:,} in a list, "
        f"{jsonld.MAX_STRING:,} characters in a text",
    ),
    (
        "`to`, `cc`, `bto`, `bcc`, `audience`, `tag`, `attachment`",
        f"{jsonld.MAX_ADDRESSED:,} entries in all",
    ),
    (
        "what is kept of a post",
        f"{parse_post.ATTACHMENTS_MAX} attachments, {parse_post.TAGS_MAX} tags, "
        f"{text.MAX_REMOTE_HTML:,} characters of HTML",
    ),
    (
        "a poll, an address",
        f"{parse_event.OPTIONS_MAX} options; {origin.MAX_URL:,} characters, https only",
    ),
    (
        "keys",
        f"{keys.MAX_KEYS} of an actor; RSA of {keys.MIN_RSA_BITS} to {keys.MAX_RSA_BITS} bits; "
        f"one that does not come is asked for again after {span(attempts.KEY_RETRY)}",
    ),
    (
        "a signature",
        f"{span(requests.CLOCK_WINDOW)} from our time; "
        f"a repeat is known as one for {span(later.KEEP_ARRIVALS)}",
    ),
    (
        "an actor, and what a server runs",
        f"read anew after {span(resolve.FRESH)}, {span(resolve.HOST_FRESH)}",
    ),
    (
        "a thread, upwards; downwards",
        f"{resolve.MAX_ANCESTORS} posts, {seconds(resolve.ANCESTRY_SECONDS)}; "
        f"{threads.PAGES} pages of a collection, {threads.POSTS} posts, {threads.HOSTS} hosts, "
        f"{seconds(threads.SECONDS)}; every {span(thread_verbs.COOL_DOWN)} at most",
    ),
    (
        "the history of a group",
        f"{histories.PAGES} pages; for each {histories.ITEMS} items, {histories.FETCHES} requests, "
        f"{histories.HOSTS} hosts, {seconds(histories.SECONDS)}; every {span(history_verbs.AGAIN)} at most",
    ),
    (
        "featured posts of others; moderators of their groups",
        f"{featured.MOST}, read once in {span(featured.FRESH)}; "
        f"{vouching.MAX_MODERATORS}, kept for {span(vouching.FRESH)}",
    ),
    (
        "followers at one server that are compared",
        f"{follower_sync.LISTED_MAX:,}, once in {span(follower_sync.PAUSE)}",
    ),
    (
        "a file of another server",
        f"{fetch.MEDIA.max_bytes // MIB} MiB, a picture {proxy.IMAGE_BYTES // MIB} MiB",
    ),
    ("an activity that needs what does not come", f"{inbox.MAX_ATTEMPTS} attempts, then refused"),
    (
        "a delivery",
        f"{seconds(deliver.DEADLINE)} for an attempt, {deliveries.PARALLEL} at a time to a host, "
        f"given up after {span(deliver.GIVE_UP_AFTER)}",
    ),
]  # fmt: skip


def test_limits_are_those_of_the_code() -> None:
    assert rows(between("limits")) == LIMITS


def test_the_times_of_delivery_are_told() -> None:
    told = " ".join((ROOT / "FEDERATION.md").read_text(encoding="utf-8").split())
    steps = [span(deliver.backoff(attempt, 0)) for attempt in range(1, 9)]
    assert steps == [
        *("a minute", "5 minutes", "20 minutes", "an hour"),
        *("3 hours", "6 hours", "12 hours", "a day"),
    ]
    assert deliver.backoff(9, 0) == deliver.backoff(8, 0)
    assert deliver.backoff(1, 1) == timedelta(minutes=1.2)
    assert (
        "after 1, 5 and 20 minutes, then 1, 3, 6 and 12 hours, then daily, each up to a fifth"
        in told
    )
    assert deliver.timedelta(days=1) == deliver.MAX_RETRY_AFTER
    assert "`Retry-After` is kept, a day at most" in told
    assert deliveries.STEP_ASIDE == 3
    assert "What fails three times while its host takes others" in told


# --- reasons

# Where what arrives, or what is fetched for it, is refused. What speaks with members only is not here.
DOORS = [
    *(f"federation/{name}.py" for name in ("cavage", "fetch", "fields", "jsonld", "keys", "origin")),
    *(f"federation/{name}.py" for name in ("multibase", "requests", "rfc9421", "signatures")),
    *(f"federation/{name}.py" for name in ("parse", "parse_actor", "parse_event", "parse_post")),
    *(f"federation/{name}.py" for name in ("follower_sync", "proofs", "shapes", "structured")),
    *(f"server/arriving/{name}.py"
        for name in ("inbox", "passed_on", "receive", "receive_calls", "receive_moderation", "resolve")),
    *("server/arriving/vouching.py", "server/activitypub/bodies.py"), "server/activitypub/inboxes.py",
]  # fmt: skip
# Named elsewhere than in the call that refuses.
OTHERS = {"gone", "id_taken", "jsonld_busy", "key_gone", "over_budget", "too_many"} | {
    *("unknown_object_type", "no_inbox", "no_target", "no_instrument"),
}
NAMED = {verdict.reason for verdict in vars(policy).values() if isinstance(verdict, policy.Verdict)}


def refused_in(path: str) -> Iterator[str]:
    """The reasons that are written down in a module's calls of ``Refused``."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            reason = node.args[0]
            if node.func.id == "Refused" and isinstance(reason, ast.Constant):
                yield str(reason.value)


def test_every_reason_of_a_refusal_is_told() -> None:
    told = set(re.findall(r"`([a-z0-9_]+)`", between("reasons")))
    used = {reason for path in DOORS for reason in refused_in(path)} | set(host_blocks.SENTENCES)
    assert used - told == set()
    assert told - used - OTHERS - NAMED == set()


def test_reasons_in_the_text_stand_in_the_table() -> None:
    document = (ROOT / "FEDERATION.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\(`([a-z]+_[a-z_]+)`", document))
    assert len(named) > 8
    assert named - set(re.findall(r"`([a-z0-9_]+)`", between("reasons"))) == set()


def test_the_door_answers_as_told() -> None:
    table = dict(rows(between("reasons")))
    for reason, status in inboxes.STATUSES.items():
        assert any(f"({status}" in what and f"`{reason}`" in names for what, names in table.items())


# --- moderation

OURS = "https://beckon.example"
GROUP = f"{OURS}/communities/7"
POST = f"{OURS}/posts/12"
WHO = "https://elsewhere.example/u/spam"
DESK = Desk(f"{OURS}/users/3", GROUP)
HEAD = ("id", "actor", "to", "cc", "audience")


def moderation() -> list[build.Json]:
    """One of each form."""
    uri, ends = f"{OURS}/activities/90", datetime(2030, 12, 5, tzinfo=UTC)
    block = build.ban(uri, DESK, WHO, "Spam", remove_data=True)
    return [
        build.removal(uri, DESK, POST, "Off topic"),
        build.lock(uri, DESK, POST, "Too hot"),
        build.ban(uri, DESK, WHO, "Spam", until=ends, remove_data=True),
        build.listing(uri, DESK, f"{OURS}/users/4", f"{GROUP}/moderators", added=True),
        build.listing(uri, DESK, POST, f"{GROUP}/featured", added=True),
        build.undone(uri, DESK, block, "A mistake", restore_data=True),
    ]


def without(document: object, names: tuple[str, ...]) -> object:
    if not isinstance(document, dict):
        return document
    fields = cast("dict[str, object]", document)
    return {key: without(value, names) for key, value in fields.items() if key not in names}


def test_moderation_is_shown_as_it_is_sent_and_read() -> None:
    """The first whole, of the others what differs; each is read here as what it is."""
    (block,) = re.findall(r"```json\n(.*?)```", between("moderation"), re.DOTALL)
    shown = json.loads("[" + re.sub(r"}\n(?={)", "},", block) + "]")
    made = moderation()
    assert shown[0] == without(made[0], ("@context",))
    assert shown[1:] == [without(one, ("@context", *HEAD)) for one in made[1:]]
    for document in made:
        assert type(parse.parse_activity(document)).__name__ == document["type"]
