"""What the instance says of itself, what it plainly does not do, and its posts on other people's pages."""

from __future__ import annotations

import pytest

from tests.api.people import House, Member

INSTANCE = "/api/v1/instance"


@pytest.fixture
async def writer(house: House) -> Member:
    return await house.member("writer")


async def test_the_description_is_html(house: House) -> None:
    async with house.work.transaction() as tx:
        await tx.conn.execute("update instance set description = 'For <gardeners>'")
    said = await house.stranger.good("GET", f"{INSTANCE}/extended_description")
    assert said == {"updated_at": None, "content": "<p>For &lt;gardeners&gt;</p>"}


async def test_what_there_is_not(house: House, writer: Member) -> None:
    async def of(path: str) -> object:
        return await house.stranger.good("GET", f"{INSTANCE}/{path}")

    assert await of("privacy_policy") == {"updated_at": None, "content": ""}
    assert await of("translation_languages") == {}
    assert await of("domain_blocks") == []
    assert await of("languages") == [{"code": "en", "name": "English"}]
    for path in ("terms_of_service", "terms_of_service/2026-01-01"):
        assert (await house.stranger.get(f"{INSTANCE}/{path}")).status == 404
    assert await writer.good("GET", "/api/v1/donation_campaigns") == {}
    none = await writer.good("GET", "/api/v1/annual_reports")
    assert none == {"annual_reports": [], "accounts": [], "statuses": []}
    year = "/api/v1/annual_reports/2025"
    assert await writer.good("GET", f"{year}/state") == {"state": "ineligible"}
    assert (await writer.get(year)).status == 404
    for act in ("read", "generate"):
        assert (await writer.post(f"{year}/{act}")).status == 404


async def test_peers_are_found_by_how_they_begin(house: House) -> None:
    async with house.work.transaction() as tx:
        await tx.conn.execute("insert into hosts (host) values ('far.example'), ('fare%.example')")
    path = "/api/v1/peers/search"
    assert await house.stranger.good("GET", f"{path}?q=FAR.") == ["far.example"]
    assert await house.stranger.good("GET", f"{path}?q=%25") == []
    assert await house.stranger.good("GET", path) == []


async def test_nothing_is_translated(house: House, writer: Member) -> None:
    public = await writer.says("ciao")
    private = await writer.says("ciao", visibility="private")
    reader = await house.member("reader")

    async def asks(who: Member, post: object) -> int:
        return (await who.post(f"/api/v1/statuses/{post}/translate")).status

    assert await asks(writer, public["id"]) == 403
    assert await asks(writer, private["id"]) == 403
    assert await asks(reader, private["id"]) == 404
    assert await asks(house.stranger, public["id"]) == 401


async def test_a_post_on_somebody_elses_page(house: House, writer: Member) -> None:
    post = await writer.says("Hello <world>", spoiler_text="")
    found = await house.stranger.good("GET", "/api/oembed", params={"url": post["url"]})
    assert (found["type"], found["version"], found["author_name"]) == ("rich", "1.0", "writer")
    assert "<p>Hello &lt;world&gt;</p>" in found["html"]
    assert post["url"] in found["html"]
    warned = await writer.says("the secret", spoiler_text="a warning <b>")
    found = await house.stranger.good("GET", "/api/oembed", params={"url": warned["url"]})
    assert "secret" not in found["html"]
    assert "a warning &lt;b&gt;" in found["html"]


async def test_what_no_page_may_show(house: House, writer: Member) -> None:
    private = await writer.says("x", visibility="private")
    for url in (private["url"], "https://far.example/1", "", f"{house.base}/posts/1"):
        answer = await writer.get("/api/oembed", params={"url": url})
        assert answer.status == 404
