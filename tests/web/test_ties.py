"""Communities that show each other, on the pages of those who steer them."""

from __future__ import annotations

from tests.web.house import House

HERE = "/@garden/steer/ties"


async def test_one_asks_the_other_agrees_and_either_ends_it(house: House) -> None:
    organiser, rival = await house.person("organiser"), await house.person("rival")
    garden = await house.community(organiser)
    hill = await house.community(rival, "hill")
    ours, theirs = await house.browser(organiser), await house.browser(rival)
    asked = await ours.post(HERE, act="tie", handle="@Hill")
    assert asked.headers["Location"] == f"{HERE}?done=done"
    assert "@hill" not in (await ours.get("/@garden")).words
    page = await theirs.get("/@hill/steer/ties")
    assert "They ask to be shown here" in page.words and "@garden" in page.words
    await theirs.post("/@hill/steer/ties", act="tie", account=str(garden.id))
    assert "Shown here, and showing this" in (await ours.get("/@garden")).words
    assert "@hill" in (await ours.get(HERE)).words
    await ours.post(HERE, act="untie", account=str(hill.id))
    assert "Shown here, and showing this" not in (await ours.get("/@garden")).words
    assert (await ours.post(HERE, act="untie", account=str(hill.id))).status == 404


async def test_a_private_one_is_as_unknown_as_none(house: House) -> None:
    organiser, keeper = await house.person("organiser"), await house.person("keeper")
    await house.community(organiser)
    shed = await house.community(keeper, "shed", community_policy="invited", visibility="private")
    ours = await house.browser(organiser)
    told = [await ours.post(HERE, act="tie", handle=name) for name in ("@shed", "@no'body")]
    for seen in told:
        assert seen.status == 422
        assert "No community of that name is known here." in seen.words
    assert "@no&#39;body" in told[1].text
    assert (await ours.post(HERE, act="tie", account=str(shed.id))).status == 404
    assert (await ours.post(HERE, act="tie", handle="@organiser")).status == 422


async def test_organisers_decide_and_nobody_else_looks(house: House) -> None:
    organiser, rival = await house.person("organiser"), await house.person("rival")
    warden, member = await house.person("warden"), await house.person("member")
    await house.community(organiser)
    hill = await house.community(rival, "hill")
    steward = await house.browser(organiser)
    browsers = {name: await house.browser(who) for name, who in
                (("rival", rival), ("warden", warden), ("member", member))}  # fmt: skip
    for name in ("warden", "member"):
        await browsers[name].post("/@garden/follow")
    await steward.post("/@garden/steer", act="grant", handle="@warden", role="moderator")
    assert "you may look" in (await browsers["warden"].get(HERE)).words
    assert (await browsers["warden"].post(HERE, act="tie", handle="@hill")).status == 403
    for name in ("rival", "member"):
        assert (await browsers[name].get(HERE)).status == 404
        assert (await browsers[name].post(HERE, act="tie", account=str(hill.id))).status == 404
    stranger = await (await house.browser()).get(HERE)
    assert stranger.headers["Location"].startswith("/sign-in?next=")
    assert "@garden" not in (await browsers["rival"].get("/@hill/steer/ties")).words
