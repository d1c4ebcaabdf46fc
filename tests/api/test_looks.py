"""How what other servers wrote looks here: custom emoji, previews of films, described pictures of people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.fields import check
from tests.api.networked import Town, town
from tests.api.people import Member
from tests.federation.peer import Json, Peer, Person, peer

__all__ = ["town"]

PICTURES = "https://files.microblog.example"


def emoji(name: str, **icon: str) -> Json:
    shown = {"type": "Image", "url": f"{PICTURES}/{name}.png"} | icon
    return {"type": "Emoji", "name": f":{name}:", "icon": shown}


@pytest.fixture
async def microblog() -> AsyncIterator[Peer]:
    async with peer() as made:
        yield made


@pytest.fixture
async def reader(town: Town) -> Member:
    return await town.house.member("reader")


@pytest.fixture
def gardener(microblog: Peer) -> Person:
    made = microblog.person("gardener")
    microblog.serve(
        made.document()
        | {
            "name": "Gardener :seed:",
            "summary": "<p>Grows :bean:</p>",
            "tag": [emoji("seed"), emoji("bean"), emoji("unused")],
            "icon": {"type": "Image", "url": f"{PICTURES}/a.png", "summary": "A hat\nin the sun"},
            "image": {"type": "Image", "url": f"{PICTURES}/h.png", "name": "x" * 3000},
        }
    )
    return made


async def shown(town: Town, reader: Member, microblog: Peer, by: Person, note: Json) -> Any:
    assert reader.account
    me = reader.account.uri
    tags = [{"type": "Mention", "href": me, "name": "@reader"}, *note.get("tag", [])]
    document = microblog.note(by, "hello", [me]) | note | {"tag": tags}
    assert (await microblog.send(by, microblog.create(by, document), town.ours.inbox)).status == 202
    await town.later(minutes=1)
    (told,) = await reader.good("GET", "/api/v1/notifications?limit=1")
    check(told["status"], "Status")
    return told["status"]


def names(entities: list[Json]) -> list[str]:
    return [each["shortcode"] for each in entities]


async def test_custom_emoji_of_others(
    town: Town, reader: Member, microblog: Peer, gardener: Person
) -> None:
    tags = [emoji("bean"), emoji("bean"), emoji("a b"), emoji("cw"), emoji("unused")]
    note = {"content": "<p>:bean: and :a b:</p>", "summary": ":cw:", "tag": tags}
    status = await shown(town, reader, microblog, gardener, note)
    assert names(status["emojis"]) == ["bean", "cw"]
    ours = f"https://{town.ours.host}/media/remote/"
    for each in (*status["emojis"], *status["account"]["emojis"]):
        assert each["url"] == each["static_url"]
        assert each["url"].startswith(ours)
    assert names(status["account"]["emojis"]) == ["seed", "bean"]
    history = await reader.good("GET", f"/api/v1/statuses/{status['id']}/history")
    assert [each["emojis"] for each in history] == [status["emojis"]]
    assert await reader.good("GET", "/api/v1/custom_emojis") == []


async def test_emoji_in_a_poll(
    town: Town, reader: Member, microblog: Peer, gardener: Person
) -> None:
    options = [{"type": "Note", "name": name} for name in (":bean:", "no")]
    note = {"type": "Question", "oneOf": options, "tag": [emoji("bean"), emoji("unused")]}
    status = await shown(town, reader, microblog, gardener, note)
    assert names(status["poll"]["emojis"]) == names(status["emojis"]) == ["bean"]


async def test_emoji_change_with_an_edit(
    town: Town, reader: Member, microblog: Peer, gardener: Person
) -> None:
    status = await shown(
        town, reader, microblog, gardener, {"content": ":bean:", "tag": [emoji("bean")]}
    )
    new = {"content": ":seed:", "tag": [emoji("seed")], "updated": "2027-01-01T00:00:00Z"}
    document = microblog.documents["/notes/1"] | new
    update = microblog.activity(gardener, "Update", document)
    assert (await microblog.send(gardener, update, town.ours.inbox)).status == 202
    await town.later(minutes=1)
    now = await reader.good("GET", f"/api/v1/statuses/{status['id']}")
    assert (now["content"], names(now["emojis"])) == (":seed:", ["seed"])


async def test_what_is_no_emoji(
    town: Town, reader: Member, microblog: Peer, gardener: Person
) -> None:
    tags = [
        emoji("drawing", mediaType="image/svg+xml", url=f"{PICTURES}/x.svg"),
        emoji("plain", url="http://files.microblog.example/plain.png"),
        emoji("script", url="javascript:alert(1)"),
        {"type": "Emoji", "name": ":bare:"},
        *(emoji(f"many{n}") for n in range(80)),
    ]
    said = " ".join(tag["name"] for tag in tags)
    status = await shown(town, reader, microblog, gardener, {"content": said, "tag": tags})
    assert names(status["emojis"]) == [f"many{n}" for n in range(64)]


async def test_our_own_words_show_none(reader: Member) -> None:
    assert (await reader.says("a :bean: of ours"))["emojis"] == []


async def test_pictures_of_people_are_described(
    town: Town, reader: Member, microblog: Peer, gardener: Person
) -> None:
    account = (await shown(town, reader, microblog, gardener, {}))["account"]
    assert account["avatar_description"] == "A hat in the sun"
    assert 0 < len(account["header_description"]) <= 1500


async def test_films_of_others_have_a_preview(
    town: Town, reader: Member, microblog: Peer, gardener: Person
) -> None:
    def film(**more: object) -> Json:
        document = {"type": "Document", "mediaType": "video/mp4", "url": f"{PICTURES}/a.mp4"}
        return document | more

    given = {"type": "Image", "url": f"{PICTURES}/a.jpg"}
    files = [film(icon=given), film(preview=given), film(), film(icon={"url": "http://a.example/"})]
    sound = {"type": "Audio", "mediaType": "audio/mpeg", "url": f"{PICTURES}/a.mp3"}
    note = {"attachment": [*files, sound, sound | {"icon": [given]}]}
    status = await shown(town, reader, microblog, gardener, note)
    named = [each["preview_url"] for each in status["media_attachments"]]
    sealed = named[0]
    assert sealed.startswith(f"https://{town.ours.host}/media/remote/")
    neutral = f"https://{town.ours.host}/assets/film.png"
    assert named == [sealed, sealed, neutral, neutral, None, sealed]
    assert status["media_attachments"][0]["preview_remote_url"] == given["url"]
