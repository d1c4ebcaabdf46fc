"""What a member chose once holds for each of their clients, wherever the client does not say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import House, Member

ME = "/api/v1/accounts/update_credentials"


async def kept(member: Member) -> tuple[Any, Any]:
    """What the account says, and what the preferences say: (visibility, sensitive, language) each."""
    me = await member.good("GET", "/api/v1/accounts/verify_credentials")
    told = await member.good("GET", "/api/v1/preferences")
    return (
        tuple(me["source"][name] for name in ("privacy", "sensitive", "language")),
        tuple(told[f"posting:default:{name}"] for name in ("visibility", "sensitive", "language")),
    )


async def test_at_first_nothing_is_chosen(house: House) -> None:
    writer = await house.member("writer")
    assert await kept(writer) == (("public", False, ""), ("public", False, None))


@pytest.mark.parametrize("form", [True, False])
async def test_choices_are_kept_and_used(house: House, form: bool) -> None:
    writer, other = await house.member("writer"), await house.member("other")
    if form:
        sent = {"source[privacy]": "unlisted", "source[sensitive]": "1", "source[language]": "it"}
        await writer.good("PATCH", ME, data=sent)
    else:
        source = {"privacy": "unlisted", "sensitive": True, "language": "it"}
        await writer.good("PATCH", ME, json={"source": source})
    assert await kept(writer) == (("unlisted", True, "it"), ("unlisted", True, "it"))
    post = await writer.says("ciao")
    assert (post["visibility"], post["sensitive"], post["language"]) == ("unlisted", True, "it")
    post = await writer.says("hello", visibility="public", sensitive=False, language="en")
    assert (post["visibility"], post["sensitive"], post["language"]) == ("public", False, "en")
    await writer.good("PATCH", ME, json={"source": {"language": ""}, "note": "I dig"})
    assert await kept(writer) == (("unlisted", True, ""), ("unlisted", True, None))
    assert await kept(other) == (("public", False, ""), ("public", False, None))


@pytest.mark.parametrize("wrong", [{"privacy": "direct"}, {"privacy": "x"}, {"language": "x y"}])
async def test_what_is_no_choice_is_refused_whole(house: House, wrong: dict[str, str]) -> None:
    writer = await house.member("writer")
    refused = await writer.ask("PATCH", ME, json={"note": "changed", "source": wrong})
    assert refused.status == 422
    assert (await kept(writer))[0] == ("public", False, "")
    me = await writer.good("GET", "/api/v1/accounts/verify_credentials")
    assert me["source"]["note"] == ""
