"""What a community is about and its language stand in its document, and are read from those of other servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation import parse
from federation.objects import Actor
from server.arriving import resolve
from server.domain import wire
from server.domain.groups import community_settings
from server.domain.groups.community_settings import Changes
from storage import accounts, communities
from storage.accounts import Account
from tests.federation.five import five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer


async def found(at: Instance, topic: str = "", language: str = "") -> list[str]:
    async with at.work.reading() as tx:
        listed = await communities.directory(tx.conn, topic, language, 20, 0)
        return [group.username for group in listed]


async def describe(at: Instance, keeper: Account, group: Account, changes: Changes) -> None:
    async with at.work.transaction() as tx:
        row = await accounts.by_id(tx.conn, group.id)
        assert row
        await community_settings.edit(tx, keeper, row, changes)


async def test_a_topic_is_found_on_another_server(template_url: str, tmp_path: Path) -> None:
    async with five(template_url, tmp_path, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        keeper = await home.member("keeper")
        group = await home.community(keeper, "orchard")
        await describe(home, keeper, group, Changes(topics=["food", "soil"], language="it"))
        await resolve.actor(away.net, group.uri)
        assert await found(away, "food") == await found(away, "soil") == ["orchard"]
        assert await found(away, language="it") == ["orchard"]
        assert await found(away, "bread") == await found(away, language="de") == []
        await describe(home, keeper, group, Changes(topics=["bread"]))
        await resolve.actor(away.net, group.uri, refresh=True)
        assert await found(away, "bread") == ["orchard"]
        assert await found(away, "food") == []


async def test_the_document_has_tags_and_languages(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    await describe(ours, organiser, garden, Changes(topics=["food"], language="it"))
    async with ours.work.reading() as tx:
        group = await accounts.by_id(tx.conn, garden.id)
        assert group
        document = await wire.actor(tx, group)
        stub = await wire.stub(tx, group, joinable=True)
        person = await wire.actor(tx, organiser)
    (tag,) = document["tag"]
    assert (tag["type"], tag["name"]) == ("Hashtag", "#food")
    assert document["language"] == [{"identifier": "it", "name": "it"}]
    assert not {"tag", "language"} & stub.keys()  # what is closed does not say what it is about
    assert not {"tag", "language"} & person.keys()
    value = parse.parse_object(document)
    assert isinstance(value, Actor)
    assert (value.topics, value.languages) == (("food",), ("it",))


@pytest.mark.parametrize(
    ("said", "topics", "languages"),
    [
        ({"language": [{"identifier": "und", "name": "Undetermined"}]}, (), ()),
        ({"language": {"identifier": "pt-BR", "name": "Português"}}, (), ("pt-BR",)),
        ({"language": [{"identifier": "<b>"}, "it", {"name": "x"}, 7]}, (), ()),
        ({"tag": [{"type": "Hashtag", "name": "#Food"}, {"type": "Hashtag", "name": "food"}]}, ("food",), ()),
        ({"tag": [{"type": "Mention", "name": "#no"}, {"type": "Hashtag", "name": "#two words"}]}, (), ()),
        ({"tag": [{"type": "Hashtag", "name": f"#tag{n}"} for n in range(99)]},
         tuple(f"tag{n}" for n in range(10)), ()),
    ],
)  # fmt: skip
async def test_what_others_say_is_read_with_care(
    said: Json,
    topics: tuple[str, ...],
    languages: tuple[str, ...],
    ours: Instance,
    microblog: Peer,
) -> None:
    group = microblog.person("far", "Group")
    document = microblog.serve(group.document() | said)
    value = parse.parse_object(document)
    assert isinstance(value, Actor)
    assert (value.topics, value.languages) == (topics, languages)
    await resolve.remember(ours.net, document)
    rows = await ours.rows("select topics, languages from group_properties")
    assert rows == [{"topics": list(topics), "languages": list(languages)}]
