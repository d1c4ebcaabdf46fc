"""One call, three servers: driven only by unmodified clients, over real TLS, through a power cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mastodon
import pytest

from tests.federation.instances import Instance, Person, three
from tests.serving import until


@pytest.fixture
def instances(place: Path, free_port: Callable[[], int]) -> Iterator[list[Instance]]:
    with three(place / "three", free_port) as found:
        yield found


def texts(client: mastodon.Mastodon, list_id: str) -> list[str]:
    return [status.content for status in client.timeline_list(list_id, limit=40)]


def community_list(client: mastodon.Mastodon) -> str:
    return until("the list of the community", lambda: client.lists() or None)[0].id


def join(client: mastodon.Mastodon, handle: str) -> Any:
    found = client.search_v2(handle, resolve=True, result_type="accounts").accounts
    assert found, f"{handle} was not found"
    client.account_follow(found[0].id)
    return until(
        f"following {handle}",
        lambda: client.account_relationships(found[0].id)[0].following and found[0],
    )


def the_call(client: mastodon.Mastodon) -> Any:
    def look() -> Any:
        for status in client.timeline_home(limit=40):
            shown = status.reblog or status
            if shown.poll and "River clean-up" in shown.content:
                return shown
        return None

    return until("the call in the home timeline", look)


def going(client: mastodon.Mastodon, status_id: str) -> int:
    return client.status(status_id).poll.options[0].votes_count


# Of a server that was killed the library leaves a socket behind, and Python finds it when it likes.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_call_crosses_three_servers(instances: list[Instance], place: Path) -> None:
    a, b, c = instances
    organiser = Person(a, "organiser", place / "home-a")
    neighbour = Person(b, "neighbour", place / "home-b")
    gardener = Person(c, "gardener", place / "home-c")
    for person in (organiser, neighbour, gardener):
        person.sign_up()
    a.beckon("community", "create", "river", "--title", "River clean-up", "--by", "organiser")
    handle = f"@river@{a.domain}"

    # B's member uses a terminal client: logs in, finds the community of A, follows it, posts to it.
    neighbour.toot_login()
    assert "river" in neighbour.toot("search", "-r", handle)
    neighbour.toot("follow", handle)
    on_a, on_b, on_c = organiser.client(), neighbour.client(), gardener.client()
    until("the membership of B", lambda: on_b.lists() or None)
    join(on_c, handle)
    neighbour.toot("post", f"{handle} Who brings bags?")
    for client in (on_a, on_b, on_c):
        listed = community_list(client)
        until(
            "the post of B in the community",
            lambda client=client, listed=listed: [t for t in texts(client, listed) if "bags" in t],
        )

    # A's event, with two places.
    starts = (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M")
    a.beckon(
        "call", "create", "river", "--title", "River clean-up day", "--starts", starts,
        "--timezone", "Europe/Rome", "--place", "Mill Bridge", "--capacity", "2",
        "--by", "organiser",
    )  # fmt: skip
    seen_a, seen_b, seen_c = the_call(on_a), the_call(on_b), the_call(on_c)
    assert "votes" not in seen_b.content
    on_b.poll_vote(seen_b.poll.id, [0])
    until("the answer of B on A", lambda: going(on_a, seen_a.id) == 1)
    on_c.poll_vote(seen_c.poll.id, [0])
    until("the answer of C on A", lambda: going(on_a, seen_a.id) == 2)
    on_a.poll_vote(seen_a.poll.id, [0])
    call = on_a._Mastodon__api_request("GET", f"/api/beckon/v1/calls/{seen_a.id}")
    assert (call["counted"], call["waiting"]) == (2, 1)
    assert going(on_a, seen_a.id) == 2

    # The power goes out in the middle of deliveries: nothing is lost, nothing comes twice.
    acknowledged = cut_while_posting(a, on_a, handle)
    assert acknowledged
    a.start()
    for client in (on_b, on_c):
        listed = community_list(client)

        def arrived(client: mastodon.Mastodon = client, listed: str = listed) -> bool:
            counts = words(client, listed)
            return all(counts[word] == 1 for word in acknowledged)

        until("every acknowledged post, once", arrived)
        assert set(words(client, listed).values()) == {1}
    for instance in instances:
        instance.beckon("check")


def words(client: mastodon.Mastodon, listed: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for status in client.fetch_remaining(client.timeline_list(listed, limit=40)):
        found.update(word for word in status.content.replace("<", " ").split() if "-nr-" in word)
    return found


def cut_while_posting(a: Instance, client: mastodon.Mastodon, handle: str) -> list[str]:
    """Posts until the server is gone; gives the words whose posts it has acknowledged."""
    acknowledged: list[str] = []

    def post(number: int) -> None:
        try:
            client.status_post(f"{handle} post-nr-{number:03}")
        except mastodon.MastodonError:
            return
        acknowledged.append(f"post-nr-{number:03}")
        if len(acknowledged) == 20:
            a.kill()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(post, range(60)))
    return acknowledged
