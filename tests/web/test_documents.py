"""The page of a document of a community, by a browser."""

from __future__ import annotations

from server.domain.groups import communities, documents
from tests.web.house import House, Seen


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


async def test_one_is_written_changed_and_deleted(house: House) -> None:
    gardener, member = await house.person("gardener"), await house.person("member")
    await house.community(gardener)
    steward, writer = await house.browser(gardener), await house.browser(member)
    await writer.post("/@garden/follow")
    sent = {"title": "Keys & locks", "text": "Under\r\n\r\nthe pot", "editors": "members"}
    made = await writer.post("/@garden/documents/new", **sent)
    path = made.headers["Location"].partition("?")[0]
    assert made.status == 303
    assert "Keys &amp; locks" in (await _stranger(house, "/@garden/documents")).text
    page = await writer.get(f"{path}/edit")
    assert "Who may change it" not in page.words, "that is for those who steer"
    empty = await writer.post(f"{path}/edit", **(sent | {"text": " ", "version": "1"}))
    assert empty.status == 422 and "The text has 1 to" in empty.words
    await steward.post(f"{path}/edit", **(sent | {"text": "In the shed", "version": "1"}))
    late = await writer.post(f"{path}/edit", **(sent | {"text": "Mine <i>!", "version": "1"}))
    assert late.status == 409
    assert "changed this document meanwhile" in late.words and "Mine &lt;i&gt;!" in late.text
    assert "In the shed" in (await writer.get(path)).words
    assert "Version 1" in (await writer.get(f"{path}/versions")).words
    assert "the pot" in (await writer.get(f"{path}/versions/1")).words
    for number in ("3", "x", "9" * 30):
        assert (await writer.get(f"{path}/versions/{number}")).status == 404
    assert (await writer.post(path, act="delete", sure="yes")).status == 403
    assert (await writer.post(path, act="pin")).status == 403
    assert (await steward.post(path, act="delete")).status == 400
    await steward.post(path, act="pin")
    assert "Pinned" in (await steward.get("/@garden/documents")).words
    gone = await steward.post(path, act="delete", sure="yes")
    assert gone.headers["Location"] == "/@garden/documents?done=removed"
    assert (await steward.get(path)).status == 404


async def _stranger(house: House, path: str) -> Seen:
    return await (await house.browser()).get(path)


async def test_who_is_not_in_it_writes_nothing(house: House) -> None:
    gardener, rival = await house.person("gardener"), await house.person("rival")
    await house.community(gardener)
    await house.community(rival, "hill")
    steward, other = await house.browser(gardener), await house.browser(rival)
    sent = {"title": "Keys", "text": "Here", "editors": "stewards", "version": "1"}
    made = await steward.post("/@garden/documents/new", **sent)
    path = made.headers["Location"].partition("?")[0]
    for there in ("/@garden/documents/new", f"{path}/edit"):
        assert (await other.get(there)).status == 403
        assert (await other.post(there, **sent)).status == 403
        assert (await _stranger(house, there)).headers["Location"].startswith("/sign-in")
    assert "Write a document" not in (await other.get("/@garden/documents")).words


async def test_those_of_a_private_one_are_not_even_listed(house: House) -> None:
    keeper, other = await house.person("keeper"), await house.person("other")
    await house.community(keeper, "shed", community_policy="invited", visibility="private")
    inside, outside = await house.browser(keeper), await house.browser(other)
    sent = {"title": "Keys", "text": "Here", "editors": "members", "version": "1"}
    path = (await inside.post("/@shed/documents/new", **sent)).headers["Location"].partition("?")[0]
    for there in ("/@shed/documents", "/@shed/documents/new", path, f"{path}/edit",
                  f"{path}/versions", f"{path}/versions/1"):  # fmt: skip
        assert (await inside.get(there)).status == 200
        assert (await outside.get(there)).status == 404
    assert (await outside.post(f"{path}/edit", **sent)).status == 404
    assert (await outside.post(path, act="delete", sure="yes")).status == 404
