"""Unmodified clients: ``toot`` in a terminal, and Mastodon.py. What they can do with an instance, they do."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mastodon
import pytest
import requests

from storage.calls import Details
from tests.api.people import House, Member


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


def client_of(member: Member, session: requests.Session) -> mastodon.Mastodon:
    """Mastodon.py raises wherever an answer is not what it knows."""
    secret = member.token["Authorization"].removeprefix("Bearer ")
    return mastodon.Mastodon(access_token=secret, api_base_url=member.base, session=session)


def first_steps(client: mastodon.Mastodon, group_id: str) -> None:
    """What somebody does on a first evening, with the answers that a client shows."""
    me = client.me()
    client.account_follow(group_id)
    assert client.account_relationships(group_id)[0].following
    assert [each.id for each in client.lists()] == [group_id]
    post = client.status_post("@garden Who brings #tea?", idempotency_key="k")
    assert client.status_post("@garden Who brings #tea?", idempotency_key="k").id == post.id
    assert post.mentions[0].acct == "garden"
    poll = client.make_poll(["one", "two"], expires_in=600)
    assert client.status_post("Which?", poll=poll, visibility="unlisted").poll.options[1].title
    assert client.status_update(post.id, "Who brings #tea today?").edited_at
    assert len(client.status_history(post.id)) == 2
    assert client.status_source(post.id).text == "Who brings #tea today?"
    reply = client.status_reply(post, "I do")
    assert [s.id for s in client.status_context(post.id).descendants] == [reply.id]
    assert client.status_favourite(post.id).favourited
    assert client.status_bookmark(post.id).bookmarked
    assert client.status_reblog(post.id).reblog.id == post.id
    assert [s.id for s in client.favourites()] == [s.id for s in client.bookmarks()] == [post.id]
    assert client.timeline_hashtag("tea")[0].id == post.id
    assert client.account_search("gard")[0].id == group_id
    assert client.search_v2("#tea").hashtags[0].name == "tea"
    client.markers_set("home", post.id)
    assert client.markers_get("home").home.last_read_id == post.id
    assert client.account_update_credentials(note="I dig").source.note == "I dig"
    assert len(client.account_statuses(me.id)) == 4
    assert client.status_delete(reply.id).text.endswith("I do")
    assert client.notifications() == client.filters_v2() == client.conversations() == []
    assert client.preferences()["posting:default:visibility"] == "public"


def votes_in_call(client: mastodon.Mastodon) -> int:
    """Find the call in home, as a boost of its community, and say that one comes."""
    boosted = next(s.reblog for s in client.timeline_home() if s.reblog and s.reblog.poll)
    assert not boosted.poll.voted
    voted = client.poll_vote(boosted.poll.id, [0])
    assert (voted.voted, voted.own_votes) == (True, [0])
    return client.status(boosted.id).poll.options[0].votes_count


async def test_mastodon_py(house: House, session: requests.Session) -> None:
    organiser, gardener = await house.member("organiser"), await house.member("gardener")
    garden = await house.community(organiser, "garden")
    client = client_of(gardener, session)
    await asyncio.to_thread(first_steps, client, str(garden.id))
    soon = datetime.now(UTC) + timedelta(days=1)
    await house.call(organiser, garden, Details(soon, None, "Europe/Rome", "Shed"), "Dig day")
    assert await asyncio.to_thread(votes_in_call, client) == 1


def choosing(client: mastodon.Mastodon, friend_id: str, post_id: str) -> None:
    """What somebody does to see what they want to see: filters, lists and tags."""
    words = [{"keyword": "rain", "whole_word": True}]
    made = client.create_filter_v2("Weather", ["home"], "warn", keywords_attributes=words)
    client.add_filter_keyword_v2(made.id, "snow", whole_word=False)
    client.update_filter_v2(made.id, title="Clouds", expires_in=3600)
    assert [k.keyword for k in client.filter_keywords_v2(made.id)] == ["rain", "snow"]
    assert client.status(post_id).filtered[0].filter.title == "Clouds"
    assert {old.phrase for old in client.filters()} == {"rain", "snow"}
    client.delete_filter_v2(made.id)
    assert not client.status(post_id).filtered
    friends = client.list_create("Friends", replies_policy="none", exclusive=True)
    client.list_accounts_add(friends.id, [friend_id])
    assert [a.id for a in client.list_accounts(friends.id, limit=0)] == [friend_id]
    assert [row.id for row in client.account_lists(friend_id)] == [friends.id]
    assert [s.id for s in client.timeline_list(friends.id)] == [post_id]
    assert client.list_update(friends.id, "Neighbours", exclusive=False).title == "Neighbours"
    client.list_accounts_delete(friends.id, [friend_id])
    client.list_delete(friends.id)
    assert client.tag_follow("Spring").following
    assert [tag.name for tag in client.followed_tags()] == ["spring"]
    assert not client.tag_unfollow("spring").following
    shown = client.featured_tag_create("spring")
    assert [tag.name for tag in client.featured_tags()] == ["spring"]
    client.featured_tag_delete(shown.id)
    assert [a.id for a in client.directory(order="active", local=True)] == [friend_id]
    assert client.trending_tags() == client.trending_statuses() == client.trending_links() == []
    assert client.suggestions() == client.featured_tag_suggestions() == []


async def test_mastodon_py_chooses(house: House, session: requests.Session) -> None:
    reader, friend = await house.member("reader"), await house.member("friend")
    post = await friend.says("It may rain #spring")
    await reader.good("POST", f"/api/v1/accounts/{friend.id}/follow")
    await asyncio.to_thread(choosing, client_of(reader, session), friend.id, post["id"])


async def test_mastodon_py_walks_all_pages(house: House, session: requests.Session) -> None:
    writer = await house.member("writer")
    for n in range(7):
        await writer.says(str(n))
    client = client_of(writer, session)

    def walk() -> list[str]:
        return [s.content for s in client.fetch_remaining(client.timeline_home(limit=2))]

    assert await asyncio.to_thread(walk) == [f"<p>{n}</p>" for n in reversed(range(7))]


class Terminal:
    """``toot``, signed in by the file that its login writes."""

    def __init__(self, member: Member, home: Path) -> None:
        instance = member.base.removeprefix("http://")
        user = f"{member.account.username}@{instance}" if member.account else ""
        token = member.token["Authorization"].removeprefix("Bearer ")
        app = {
            "instance": instance, "base_url": member.base, "client_id": "", "client_secret": "",
        }  # fmt: skip
        person = {"instance": instance, "username": user.partition("@")[0], "access_token": token}
        config = {"apps": {instance: app}, "users": {user: person}, "active_user": user}
        (home / "toot").mkdir(parents=True)
        (home / "toot" / "config.json").write_text(json.dumps(config))
        self._environment = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)}

    async def run(self, *words: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "toot", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"toot {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    async def json(self, *words: str) -> Any:
        return json.loads(await self.run(*words, "--json"))


async def test_toot(house: House, tmp_path: Path) -> None:
    organiser, gardener = await house.member("organiser"), await house.member("gardener")
    garden = await house.community(organiser, "garden")
    toot = Terminal(gardener, tmp_path / "home")
    assert "gardener" in await toot.run("whoami")
    await toot.run("follow", "@garden")
    post = await toot.json("post", "@garden Hello from a terminal")
    assert "Hello from a terminal" in await toot.run("timelines", "home", "--no-pager")
    await toot.run("favourite", post["id"])
    await toot.run("reblog", post["id"])
    assert "Hello from a terminal" in await toot.run("status", post["id"])
    assert "Hello from a terminal" in await toot.run("thread", post["id"])
    assert "garden" in await toot.run("search", "garden")
    assert "Garden" in await toot.run("lists", "list")
    soon = datetime.now(UTC) + timedelta(days=1)
    await house.call(organiser, garden, Details(soon, None, "Europe/Rome", "Shed"), "Dig day")
    home = await toot.run("timelines", "home", "--no-pager")
    assert "Dig day" in home
    assert "I'm coming" in home
    await toot.run("notifications")
    await toot.run("delete", post["id"])
    assert (await gardener.get(f"/api/v1/statuses/{post['id']}")).status == 404
