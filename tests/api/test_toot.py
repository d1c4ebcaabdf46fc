"""``toot`` in a terminal, command by command: it gets in, posts, chooses, and keeps people away."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.api.test_clients import Terminal
from tests.api.test_oauth import Browser
from tests.samples import picture

PATIENCE = 60.0


async def test_gets_in_with_a_code(here: Running, tmp_path: Path) -> None:
    """It prints an address, and waits for the code that the page shows."""
    await here.member("gardener")
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    toot = (sys.executable, "-m", "toot")
    pipe = asyncio.subprocess.PIPE
    started = await asyncio.create_subprocess_exec(
        *toot, "login", "-i", here.base, env=environment, stdin=pipe, stdout=pipe
    )
    assert started.stdin
    assert started.stdout
    started.stdin.write(b"n\n")  # it opens no browser
    said = ""
    async with asyncio.timeout(PATIENCE):
        while not (found := re.search(r"http\S+/oauth/authorize\S+\s", said)):
            said += (await started.stdout.read(1000)).decode()
    async with Browser(here) as browser:
        assert await browser.sign_in("gardener") == 303
        code = await browser.allow(dict(parse_qsl(urlsplit(found[0].strip()).query)))
    async with asyncio.timeout(PATIENCE):
        out, _ = await started.communicate(f"{code}\n".encode())
    assert started.returncode == 0, said + out.decode()
    asking = await asyncio.create_subprocess_exec(*toot, "whoami", env=environment, stdout=pipe)
    assert b"@gardener" in (await asking.communicate())[0]


def terminal(member: Member, folder: Path) -> Terminal:
    assert member.account
    return Terminal(member, folder / member.account.username)


def ids(rows: Any) -> list[str]:
    return [each["id"] for each in rows]


async def test_posts(house: House, tmp_path: Path) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    toot, other = terminal(gardener, tmp_path), terminal(baker, tmp_path)
    beds = tmp_path / "beds.jpg"
    beds.write_bytes(picture())
    post = await toot.json(
        *("post", "Look at my #beds", "--media", str(beds), "--description", "Beds"),
        *("--spoiler-text", "Soil", "--language", "en", "--sensitive"),
    )
    assert [m["description"] for m in post["media_attachments"]] == ["Beds"]
    assert (post["spoiler_text"], post["language"], post["sensitive"]) == ("Soil", "en", True)
    asked = await toot.json(
        *("post", "What?", "--poll-option", "Beans", "--poll-option", "Peas"),
        *("--poll-expires-in", "1 day", "--visibility", "unlisted"),
    )
    assert asked["visibility"] == "unlisted"
    voted = await other.json("polls", "vote", asked["poll"]["id"], "1")
    assert sum(option["votes_count"] for option in voted["options"]) == 1
    reply = await other.json("post", "@gardener Beautiful", "--reply-to", post["id"])
    assert reply["in_reply_to_id"] == post["id"]
    assert ids((await toot.json("thread", post["id"]))["descendants"]) == [reply["id"]]
    planned = await toot.json("post", "Tomorrow", "--scheduled-in", "1 day")
    assert planned["params"]["text"] == "Tomorrow"
    await baker.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    said = await toot.json("notifications", "--type", "mention")
    assert [n["status"]["id"] for n in said] == [reply["id"]]
    assert "favourited" in await toot.run("notifications")
    await toot.run("notifications", "--clear")
    assert await toot.json("notifications") == []
    await toot.run("delete", post["id"])
    assert (await gardener.get(f"/api/v1/statuses/{post['id']}")).status == 404


async def test_marks(house: House, tmp_path: Path) -> None:
    """Each turned and turned back, by two people."""
    gardener, baker = await house.member("gardener"), await house.member("baker")
    toot, other = terminal(gardener, tmp_path), terminal(baker, tmp_path)
    post = (await gardener.says("Look at my beds"))["id"]
    for act, flag in ("favourite", "favourited"), ("bookmark", "bookmarked"):
        assert (await other.json(act, post))[flag]
    assert (await other.json("reblog", post))["reblog"]["id"] == post
    assert (await toot.json("pin", post))["pinned"]
    assert [a["username"] for a in await toot.json("reblogged-by", post)] == ["baker"]
    assert "Look at my" in await other.run("timelines", "favourites", "--no-pager")
    assert "Look at my" in await other.run("bookmarks", "--once")
    shown = await other.json("status", post)
    assert (shown["favourites_count"], shown["reblogs_count"]) == (1, 1)
    assert not (await other.json("unreblog", post))["reblogged"]
    assert not (await other.json("unbookmark", post))["bookmarked"]
    assert not (await toot.json("unpin", post))["pinned"]


async def test_chooses(house: House, tmp_path: Path) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker", locked=True)
    toot, other = terminal(gardener, tmp_path), terminal(baker, tmp_path)
    assert (await toot.json("follow", "@baker"))["requested"]
    assert [a["acct"] for a in await other.json("follow-requests", "list")] == ["gardener"]
    await other.run("follow-requests", "accept", "gardener")
    assert [a["acct"] for a in await toot.json("following")] == ["baker"]
    assert [a["acct"] for a in await other.json("followers")] == ["gardener"]
    post = await baker.says("Fresh #bread")
    for words in ("home",), ("public", "--local"), ("tag", "bread"), ("account", "baker"):
        assert "Fresh" in await toot.run("timelines", *words, "--no-pager")
    made = await toot.json("lists", "create", "Friends")
    await toot.run("lists", "add", "Friends", "@baker")
    assert [a["acct"] for a in await toot.json("lists", "accounts", "Friends")] == ["baker"]
    assert "Fresh" in await toot.run("timelines", "list", made["id"], "--no-pager")
    await toot.run("lists", "remove", "Friends", "@baker")
    await toot.run("lists", "delete", "Friends")
    assert await toot.json("lists", "list") == []
    assert (await toot.json("tags", "follow", "bread"))["following"]
    assert [t["name"] for t in await toot.json("tags", "followed")] == ["bread"]
    assert not (await toot.json("tags", "unfollow", "bread"))["following"]
    assert (await toot.json("tags", "feature", "soil"))["name"] == "soil"
    assert [t["name"] for t in await toot.json("tags", "featured")] == ["soil"]
    found = await toot.json("search", "bread")
    assert ids(found["statuses"]) == [post["id"]]
    assert [t["name"] for t in found["hashtags"]] == ["bread"]


async def test_keeps_away(house: House, tmp_path: Path) -> None:
    gardener = await house.member("gardener")
    await house.member("baker")
    toot = terminal(gardener, tmp_path)
    assert (await toot.json("mute", "@baker"))["muting"]
    assert [a["acct"] for a in await toot.json("muted")] == ["baker"]
    assert not (await toot.json("unmute", "@baker"))["muting"]
    assert (await toot.json("block", "@baker"))["blocking"]
    assert [a["acct"] for a in await toot.json("blocked")] == ["baker"]
    assert not (await toot.json("unblock", "@baker"))["blocking"]
    assert "@baker" in await toot.run("whois", "@baker")
    changed = await toot.json(
        "update-account", "--note", "I dig", "--locked", "--privacy", "private"
    )
    assert (changed["source"]["note"], changed["locked"]) == ("I dig", True)
    assert changed["source"]["privacy"] == "private"
    assert "I dig" in await toot.run("whoami")
    assert house.base.removeprefix("http://") in await toot.run("instance")
