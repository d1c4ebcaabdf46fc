"""Accounts, relations between them, notifications, markers, search."""

from __future__ import annotations

import pytest

from server.domain.posting.drafts import Draft
from tests.api.fields import check
from tests.api.people import House, Member


async def relation(viewer: Member, other: str) -> set[str]:
    found = await viewer.good("GET", "/api/v1/accounts/relationships", params={"id": other})
    check(found, ["Relationship"])
    return {k for k, v in found[0].items() if v is True}


async def test_following_is_answered_as_it_stands(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    path = f"/api/v1/accounts/{other.id}"
    made = await me.good("POST", f"{path}/follow", json={"notify": True})
    assert (made["following"], made["notifying"], made["requested"]) == (True, True, False)
    again = await me.good("POST", f"{path}/follow?reblogs=false")
    assert (again["notifying"], again["showing_reblogs"]) == (True, False)
    assert "followed_by" in await relation(other, me.id)
    assert [a["id"] for a in await other.good("GET", f"{path}/followers")] == [me.id]
    followed = await house.stranger.good("GET", f"/api/v1/accounts/{me.id}/following")
    assert [a["id"] for a in followed] == [other.id]
    ended = await me.good("POST", f"{path}/unfollow")
    assert ended["following"] is False
    assert (await house.stranger.good("GET", path))["followers_count"] == 0


async def test_oneself_cannot_be_followed_or_blocked(house: House) -> None:
    me = await house.member("me_too")
    for act in ("follow", "block"):
        assert (await me.post(f"/api/v1/accounts/{me.id}/{act}")).status == 403


async def test_a_locked_account_is_asked(house: House) -> None:
    locked = await house.member("locked", locked=True)
    asking = await house.member("asking")
    made = await asking.good("POST", f"/api/v1/accounts/{locked.id}/follow")
    assert (made["following"], made["requested"]) == (False, True)
    told = await locked.good("GET", "/api/v1/notifications")
    assert [n["type"] for n in told] == ["follow_request"]
    waiting = await locked.good("GET", "/api/v1/follow_requests")
    assert [a["id"] for a in waiting] == [asking.id]
    me = await locked.good("GET", "/api/v1/accounts/verify_credentials")
    assert me["source"]["follow_requests_count"] == 1
    answer = await locked.good("POST", f"/api/v1/follow_requests/{asking.id}/authorize")
    check(answer, "Relationship")
    assert answer["followed_by"] is True
    assert await locked.good("GET", "/api/v1/follow_requests") == []
    assert (await locked.post(f"/api/v1/follow_requests/{asking.id}/reject")).status == 404


async def test_a_request_can_be_rejected(house: House) -> None:
    locked = await house.member("locked", locked=True)
    asking = await house.member("asking")
    await asking.good("POST", f"/api/v1/accounts/{locked.id}/follow")
    await locked.good("POST", f"/api/v1/follow_requests/{asking.id}/reject")
    assert "requested" not in await relation(asking, locked.id)


async def test_a_steward_answers_for_the_community_and_nobody_else(house: House) -> None:
    organiser = await house.member("organiser")
    asking, outsider = await house.member("asking"), await house.member("outsider")
    garden = await house.community(organiser, "garden", "request")
    await asking.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    told = await organiser.good("GET", "/api/v1/notifications?types[]=follow_request")
    assert [n["account"]["id"] for n in told] == [asking.id]
    authorize = f"/api/v1/follow_requests/{asking.id}/authorize"
    assert (await outsider.post(authorize)).status == 404
    assert "requested" in await relation(asking, str(garden.id))
    await organiser.good("POST", authorize)
    assert "following" in await relation(asking, str(garden.id))


async def test_blocking_ends_both_follows(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    await me.good("POST", f"/api/v1/accounts/{other.id}/follow")
    await other.good("POST", f"/api/v1/accounts/{me.id}/follow")
    await me.good("POST", f"/api/v1/accounts/{other.id}/block")
    assert await relation(me, other.id) == {"blocking"}
    assert [a["id"] for a in await me.good("GET", "/api/v1/blocks")] == [other.id]
    assert (await other.post(f"/api/v1/accounts/{me.id}/follow")).status == 403
    await me.good("POST", f"/api/v1/accounts/{other.id}/unblock")
    assert await relation(me, other.id) == set()


async def test_accounts_are_found(house: House) -> None:
    me = await house.member("someone")
    await house.remote("someone_else")
    domain = house.work.site.urls.domain
    for acct in ("someone", "@SomeOne", f"someone@{domain}"):
        found = await house.stranger.good("GET", "/api/v1/accounts/lookup", params={"acct": acct})
        assert found["id"] == me.id, acct
    lost = await house.stranger.get("/api/v1/accounts/lookup?acct=someone@lost.example")
    assert (lost.status, lost.json) == (404, {"error": "Record not found"})
    found = await me.good("GET", "/api/v1/accounts/search?q=someo")
    assert {a["acct"] for a in found} == {"someone", "someone_else@far.example"}
    for wild in ("%25", "_", "%25o", "%25%25"):
        assert await me.good("GET", f"/api/v1/accounts/search?q={wild}") == [], wild
    assert await me.good("GET", "/api/v1/accounts/search?q=someo&following=true") == []
    several = await me.good("GET", f"/api/v1/accounts?id[]=999&id[]={me.id}")
    assert [a["id"] for a in several] == [me.id]
    assert (await house.stranger.get("/api/v1/accounts/999")).status == 404
    assert (await house.stranger.get("/api/v1/accounts/nonsense")).status == 404


async def test_a_profile_is_edited(house: House) -> None:
    me = await house.member("me_too")
    sent = {
        "display_name": "New name",
        "note": "about #me",
        "locked": "true",
        "fields_attributes": {"0": {"name": "Site", "value": "https://a.example"}},
    }
    got = await me.good("PATCH", "/api/v1/accounts/update_credentials", json=sent)
    check(got, "CredentialAccount")
    assert (got["display_name"], got["locked"]) == ("New name", True)
    assert got["source"]["note"] == "about #me"
    assert got["source"]["fields"][0]["value"] == "https://a.example"
    assert 'class="mention hashtag"' in got["note"]
    assert '<a href="https://a.example"' in got["fields"][0]["value"]
    long = await me.ask("PATCH", "/api/v1/accounts/update_credentials", json={"note": "x" * 5001})
    assert long.status == 422


async def test_what_an_account_posted_is_narrowed(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    plain = await me.says("plain #tag")
    answer = await other.says("their")
    reply = await me.says("reply", in_reply_to_id=answer["id"])
    boost = await me.good("POST", f"/api/v1/statuses/{answer['id']}/reblog")
    await me.good("POST", f"/api/v1/statuses/{plain['id']}/pin")

    async def ids(query: str) -> list[str]:
        found = await other.good("GET", f"/api/v1/accounts/{me.id}/statuses?{query}")
        return [s["id"] for s in found]

    assert await ids("") == [boost["id"], reply["id"], plain["id"]]
    assert await ids("exclude_replies=true") == [boost["id"], plain["id"]]
    assert await ids("exclude_reblogs=true") == [reply["id"], plain["id"]]
    assert await ids("pinned=true") == [plain["id"]]
    assert await ids("only_media=true") == []
    assert await ids("tagged=TAG") == [plain["id"]]


async def test_marks_turn_and_turn_back(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    post = await other.says("good")
    one = f"/api/v1/statuses/{post['id']}"
    for act, flag in (("favourite", "favourited"), ("bookmark", "bookmarked")):
        for _ in range(2):
            assert (await me.good("POST", f"{one}/{act}"))[flag] is True
        assert (await me.good("POST", f"{one}/un{act}"))[flag] is False
    boosts = [await me.good("POST", f"{one}/reblog") for _ in range(2)]
    assert boosts[0]["id"] == boosts[1]["id"] != post["id"]
    assert (boosts[0]["reblog"]["id"], boosts[0]["reblog"]["reblogs_count"]) == (post["id"], 1)
    assert [a["id"] for a in await other.good("GET", f"{one}/reblogged_by")] == [me.id]
    # A client may act on the boost: the post is meant.
    liked = await me.good("POST", f"/api/v1/statuses/{boosts[0]['id']}/favourite")
    assert (liked["id"], liked["favourites_count"]) == (post["id"], 1)
    ended = await me.good("POST", f"{one}/unreblog")
    assert (ended["id"], ended["reblogged"], ended["reblogs_count"]) == (post["id"], False, 0)


async def test_only_ones_own_public_posts_are_pinned(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    post = await other.says("theirs")
    quiet = await me.says("quiet", visibility="private")
    assert "pinned" not in quiet
    assert (await me.post(f"/api/v1/statuses/{post['id']}/pin")).status == 403
    assert (await me.post(f"/api/v1/statuses/{quiet['id']}/pin")).status == 422


async def test_notifications_are_narrowed_and_cleared(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    post = await me.says("hello")
    await other.good("POST", f"/api/v1/accounts/{me.id}/follow")
    await other.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    await other.says("@me_too hi")

    async def types(query: str) -> list[str]:
        return [n["type"] for n in await me.good("GET", f"/api/v1/notifications?{query}")]

    assert await types("") == ["mention", "favourite", "follow"]
    assert await types("types[]=follow&types[]=unheard_of") == ["follow"]
    assert await types("exclude_types[]=follow") == ["mention", "favourite"]
    assert await types(f"account_id={me.id}") == []
    first = (await me.good("GET", "/api/v1/notifications?limit=1"))[0]
    one = f"/api/v1/notifications/{first['id']}"
    assert await me.good("GET", one) == first
    assert (await other.get(one)).status == 404
    assert (await other.post(f"{one}/dismiss")).status == 404
    assert await me.good("POST", f"{one}/dismiss") == {}
    assert await types("") == ["favourite", "follow"]
    await me.good("POST", f"/api/v1/accounts/{other.id}/block")
    assert await types("") == []
    assert await me.good("POST", "/api/v1/notifications/clear") == {}


async def test_markers_last(house: House) -> None:
    me = await house.member("me_too")
    unread = await me.good("GET", "/api/v1/markers?timeline[]=home&timeline[]=notifications")
    assert {k: v["last_read_id"] for k, v in unread.items()} == {"home": "0", "notifications": "0"}
    sent = {"home[last_read_id]": "12", "elsewhere[last_read_id]": "3"}
    saved = await me.good("POST", "/api/v1/markers", data=sent)
    assert set(saved) == {"home"}
    saved = await me.good("POST", "/api/v1/markers", json={"home": {"last_read_id": "15"}})
    check(saved["home"], "Marker")
    assert (saved["home"]["last_read_id"], saved["home"]["version"]) == ("15", 2)
    assert await me.good("GET", "/api/v1/markers?timeline=home") == saved


async def test_a_client_that_knows_an_old_marker_is_told(house: House) -> None:
    me = await house.member("me_too")
    first = await me.good("POST", "/api/v1/markers", json={"home": {"last_read_id": "12"}})
    known = {"last_read_id": "13", "version": first["home"]["version"]}
    saved = await me.good("POST", "/api/v1/markers", json={"home": known})
    both = {"home": known, "notifications": {"last_read_id": "4"}}
    assert (await me.post("/api/v1/markers", json=both)).status == 409
    stands = await me.good("GET", "/api/v1/markers?timeline[]=home&timeline[]=notifications")
    assert stands["home"] == saved["home"]
    assert stands["notifications"]["last_read_id"] == "0", "nothing is half written"


async def test_search_knows_handles_addresses_and_tags(house: House) -> None:
    me = await house.member("someone")
    far = await house.remote("far_writer")
    post = await house.arrives(far, "1", Draft(content="<p>x</p>", tags=("spring",)))

    async def found(**query: str) -> dict[str, list[str]]:
        body = await me.good("GET", "/api/v2/search", params=query)
        check(body, "Search")
        names = {"accounts": "acct", "statuses": "id", "hashtags": "name"}
        return {kind: [e[name] for e in body[kind]] for kind, name in names.items() if body[kind]}

    assert await found(q="@far_writer@far.example") == {"accounts": ["far_writer@far.example"]}
    assert await found(q=post.uri) == {"statuses": [str(post.id)]}
    assert await found(q=far.url) == {"accounts": ["far_writer@far.example"]}
    assert await found(q="Spring") == {"hashtags": ["spring"]}
    assert await found(q="#new") == {"hashtags": ["new"]}
    assert await found(q="some") == {"accounts": ["someone"]}
    assert await found(q="some", type="statuses") == {}
    assert await found(q="some", type="accounts", offset="1") == {}
    assert await found(q="") == {}
    assert await found(q="from:me", type="statuses") == {}
    assert await found(q="@nobody@lost.example", resolve="true") == {}


async def test_strangers_do_not_make_us_ask_other_servers(house: House) -> None:
    answer = await house.stranger.get("/api/v2/search?q=@a@b.example&resolve=true")
    assert answer.status == 401
    answer = await house.stranger.get("/api/v2/search?q=a&resolve=false")
    assert answer.status == 200


@pytest.mark.parametrize("path", ["/api/v1/trends/links", "/api/v1/announcements"])
async def test_what_we_have_not_is_an_empty_list(house: House, path: str) -> None:
    me = await house.member("me_too")
    assert await me.good("GET", path) == []
    assert await me.good("GET", f"{path}/") == []
    assert (await me.post(path, json={"title": "x"})).status == 404


async def test_preferences_have_every_key(house: House) -> None:
    me = await house.member("me_too")
    assert (await me.good("GET", "/api/v1/preferences"))["reading:expand:media"] == "default"
