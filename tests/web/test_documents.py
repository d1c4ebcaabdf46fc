"""The page of a document of a community, by a browser."""

from __future__ import annotations

from server.domain.groups import communities, documents
from tests.web.house import House


async def test_a_document_has_a_page(house: House) -> None:
    gardener = await house.person("gardener")
    said = documents.Wanted("Keys", "Under the <b>pot</b>\n\nhttps://map.example/")
    async with house.work.transaction() as tx:
        garden = await communities.create(tx, gardener, "garden", "The garden")
        made = await documents.create(tx, gardener, garden, said)
    seen = await (await house.browser()).get(f"/documents/{made.id}")
    assert "Keys" in seen.words
    assert "Under the <b>pot</b>" in seen.words
    assert 'href="https://map.example/"' in seen.text
    assert 'content="noindex"' in seen.text


async def test_of_a_private_community_it_has_one_for_members(house: House) -> None:
    gardener, other = await house.person("gardener"), await house.person("other")
    async with house.work.transaction() as tx:
        shed = await communities.create(
            tx, gardener, "shed", "Shed", community_policy="invited", visibility="private"
        )
        made = await documents.create(tx, gardener, shed, documents.Wanted("Keys", "Here"))
    for who, status in ((None, 404), (other, 404), (gardener, 200)):
        seen = await (await house.browser(who)).get(f"/documents/{made.id}")
        assert seen.status == status
