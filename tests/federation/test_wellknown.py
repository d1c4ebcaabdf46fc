"""How others find us, and what they are told when there is nobody."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from federation import nodeinfo, webfinger
from federation.media_types import ACTIVITY_JSON
from tests.federation.door import BASE, DOMAIN, WEB_DOMAIN, Answer, Door


async def finger(door: Door, *resources: str) -> Answer:
    query = "&".join(f"resource={quote(resource, safe='')}" for resource in resources)
    return await door.get(f"/.well-known/webfinger?{query}", accept=None)


@pytest.mark.parametrize(
    "resource",
    [
        f"acct:gardener@{DOMAIN}",
        f"acct:GARDENER@{DOMAIN.upper()}",
        f"acct:gardener@{WEB_DOMAIN}",  # who only knows the address asks there first
        f"{BASE}/@gardener",
    ],
)
async def test_a_person_is_found_by_handle_and_by_page(door: Door, resource: str) -> None:
    account = await door.person()
    answer = await finger(door, resource)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/jrd+json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    handle = webfinger.Handle("gardener", DOMAIN)
    assert webfinger.subject(answer.json) == handle
    assert webfinger.actor_link(answer.json, handle) == account.uri


async def test_an_actor_is_found_by_its_id_and_both_sides_agree(door: Door) -> None:
    community = await door.community(await door.person())
    jrd = (await finger(door, community.uri)).json
    actor = (await door.get(community.uri)).json
    assert str(webfinger.confirm(actor, jrd)) == f"garden@{DOMAIN}"


async def test_a_person_says_where_they_act_on_what_is_elsewhere(door: Door) -> None:
    """FEP-3b86, and what came before it; a community acts on nothing."""
    community = await door.community(await door.person())
    jrd = (await finger(door, f"acct:gardener@{DOMAIN}")).json
    post = "https://far.example/posts/1?a=b&c"
    for name in ("Follow", "Like", "Announce", "Object", "Join"):
        at = webfinger.intent(jrd, [name], post)
        expected = f"{BASE}/intents/{name.lower()}?object=https%3A%2F%2Ffar.example%2Fposts%2F1%3Fa%3Db%26c"
        assert at == f"{expected}&on-success=&on-cancel="
    assert webfinger.intent(jrd, ["Offer"], "x") == f"{BASE}/authorize_interaction?uri=x"
    written = webfinger.intent(jrd, ["Create"], "")
    assert written
    assert written.startswith(f"{BASE}/intents/create?")
    assert webfinger.intent((await finger(door, community.uri)).json, ["Follow"], "x") is None


@pytest.mark.parametrize("resource", [f"acct:{DOMAIN}@{DOMAIN}", f"{BASE}/", f"{BASE}/actor"])
async def test_the_server_itself_is_found(door: Door, resource: str) -> None:
    await door.get("/actor")
    answer = await finger(door, resource)
    handle = webfinger.Handle(DOMAIN, DOMAIN)
    assert webfinger.actor_link(answer.json, handle) == f"{BASE}/actor"


@pytest.mark.parametrize(
    ("resources", "status"),
    [
        ([], 400),
        ([f"acct:gardener@{DOMAIN}", f"acct:gardener@{DOMAIN}"], 400),
        ([""], 400),
        (["gardener"], 400),
        ([f"mailto:gardener@{DOMAIN}"], 400),
        (["acct:gardener"], 400),
        (["acct:gardener@\x00"], 400),
        ([f"acct:nobody@{DOMAIN}"], 404),
        (["acct:gardener@other.example"], 404),
        (["acct:stranger@peer.example"], 404),
        (["https://peer.example/users/1"], 404),
        ([f"{BASE}/users/1"], 404),
        ([f"{BASE}/@"], 404),
    ],
)
async def test_what_cannot_be_found_gets_no_jrd(
    door: Door, resources: list[str], status: int
) -> None:
    await door.person()
    await door.stranger()
    answer = await finger(door, *resources)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_host_meta_tells_where_webfinger_is(door: Door) -> None:
    answer = await door.get("/.well-known/host-meta", accept=None)
    assert answer.headers["Content-Type"].startswith("application/xrd+xml")
    (link,) = ElementTree.fromstring(answer.body)
    assert link.attrib["rel"] == "lrdd"
    in_json = await door.get("/.well-known/host-meta.json", accept=None)
    assert in_json.json["links"][0]["template"] == link.attrib["template"]
    assert link.attrib["template"] == f"{BASE}/.well-known/webfinger?resource={{uri}}"


@pytest.mark.parametrize("version", nodeinfo.VERSIONS)
async def test_nodeinfo_says_who_we_are(door: Door, version: nodeinfo.Version) -> None:
    await door.write(await door.person())
    answer = await door.get(f"/nodeinfo/{version}", accept=None)
    assert answer.headers["Content-Type"] == nodeinfo.media_type(version)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert nodeinfo.parse(answer.json).software == "beckon"
    assert nodeinfo.parse(answer.json).active_users == 1
    assert answer.json["version"] == version
    assert answer.json["usage"]["localPosts"] == 1


async def test_nodeinfo_links_its_documents_and_the_instance_actor(door: Door) -> None:
    links = (await door.get("/.well-known/nodeinfo", accept=None)).json
    assert nodeinfo.href(links) == f"{BASE}/nodeinfo/2.1"
    application = nodeinfo.application(links)
    assert application
    actor = (await door.get(application)).json
    assert (actor["type"], actor["id"]) == ("Application", application)


async def test_an_unknown_version_of_nodeinfo_is_not_there(door: Door) -> None:
    assert (await door.get("/nodeinfo/1.0", accept=ACTIVITY_JSON)).status == 404
