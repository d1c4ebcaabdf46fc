"""Starting a community in the browser."""

from __future__ import annotations

import pytest

from tests.web.house import House

TYPED = {
    "title": "The tool shed",
    "username": "shed",
    "about": "Lend & borrow",
    "rules": "Bring it back\n\nClean it",
    "policy": "request",
}


async def test_a_member_starts_a_community_and_steers_it(house: House) -> None:
    founder = await house.browser(await house.person("founder"))
    assert "/new-community" in (await founder.get("/")).text
    await founder.get("/new-community")
    made = await founder.post("/new-community", **TYPED)
    assert (made.status, made.headers["Location"]) == (303, "/@shed")
    page = await founder.get("/@shed")
    for words in ("The tool shed", "Lend & borrow", "Bring it back", "Clean it", "1 member"):
        assert words in page.words
    assert (await founder.get("/@shed/calls/new")).status == 200


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "A community needs a title."),
        ("username", "a b", "A handle has 1 to 30 of the letters a to z, digits and underscores."),
        ("username", "admin", "This handle is reserved."),
        ("username", "Founder", "The handle @Founder is taken."),
        ("policy", "secret", "A community is open, joined on request, or by invitation."),
    ],
)
async def test_what_cannot_be_is_told_beside_its_field(
    house: House, field: str, value: str, sentence: str
) -> None:
    founder = await house.browser(await house.person("founder"))
    await founder.get("/new-community")
    refused = await founder.post("/new-community", **{**TYPED, field: value})
    assert refused.status == 422
    assert sentence in refused.words
    assert f'id="{field}-error"' in refused.text
    assert "Lend &amp; borrow" in refused.text
    assert (await founder.get("/@shed")).status == 404


async def test_only_who_is_signed_in_with_the_token_of_the_form(house: House) -> None:
    stranger = await house.browser()
    away = await stranger.get("/new-community")
    assert away.headers["Location"] == "/sign-in?next=%2Fnew-community"
    founder = await house.browser(await house.person("founder"))
    assert (await founder.post("/new-community", token="", **TYPED)).status == 403
