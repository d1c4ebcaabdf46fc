"""The list of a limited instance, and lists of hosts as files, from an app."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import host_lists
from server.domain.moderating.host_blocks import SEVERITIES, Terms
from storage.host_blocks import HostBlock
from tests.api.people import House, Member

ALLOWS = "/api/v1/admin/domain_allows"
OWN = "/api/beckon/v1/admin"
LIST = f"{OWN}/domain_blocks/list"
HEAD = "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n"


@pytest.fixture
async def admin(house: House) -> Member:
    return await house.member("keeper", role="admin")


async def test_the_list_is_kept_from_an_app(house: House, admin: Member) -> None:
    made = await admin.good("POST", ALLOWS, json={"domain": "Friends.example"})
    assert made["domain"] == "friends.example"
    again = await admin.good("POST", ALLOWS, json={"domain": "friends.example"})
    assert again["id"] == made["id"]
    assert await admin.good("GET", ALLOWS) == [made]
    assert await admin.good("GET", f"{ALLOWS}/{made['id']}") == made
    moderator = await house.member("organiser", role="moderator")
    assert (await moderator.ask("GET", ALLOWS)).status == 403
    assert (await admin.post(ALLOWS, json={"domain": "no host/at all"})).status == 422
    assert await admin.good("DELETE", f"{ALLOWS}/{made['id']}") == {}
    assert (await admin.ask("DELETE", f"{ALLOWS}/{made['id']}")).status == 404


async def test_the_limit_is_set_and_shown(admin: Member) -> None:
    assert await admin.good("GET", f"{OWN}/limited") == {"limited": False}
    assert await admin.good("PUT", f"{OWN}/limited", json={"limited": True}) == {"limited": True}
    assert await admin.good("GET", f"{OWN}/limited") == {"limited": True}
    assert (await admin.ask("PUT", f"{OWN}/limited", json={})).status == 400


async def test_a_list_goes_out_and_comes_in_again(admin: Member) -> None:
    comment = 'Spam, "mostly"'
    text = HEAD + (
        f'loud.example,silence,true,false,"{comment.replace(chr(34), chr(34) * 2)}",false\n'
        "spam.example,suspend,false,true,,true\n"
    )
    done = await admin.good("POST", LIST, json={"list": text})
    assert done == {"added": 2, "changed": 0, "unchanged": 0}
    assert (await admin.good("GET", LIST))["list"] == text
    again = await admin.good("POST", LIST, json={"list": text})
    assert again == {"added": 0, "changed": 0, "unchanged": 2}
    known = {
        each["domain"]: each for each in await admin.good("GET", "/api/v1/admin/domain_blocks")
    }
    assert known["loud.example"]["public_comment"] == comment
    assert known["spam.example"]["reject_reports"]


async def test_of_two_blocks_the_stricter_part_holds(admin: Member) -> None:
    sent = {"domain": "loud.example", "severity": "suspend", "private_comment": "we know why"}
    await admin.good("POST", "/api/v1/admin/domain_blocks", json=sent)
    text = f"{HEAD}loud.example,silence,true,false,,false\n"
    done = await admin.good("POST", LIST, json={"list": text})
    assert done == {"added": 0, "changed": 1, "unchanged": 0}
    (row,) = await admin.good("GET", "/api/v1/admin/domain_blocks")
    assert (row["severity"], row["reject_media"]) == ("suspend", True)
    assert row["private_comment"] == "we know why"


async def test_an_imported_suspension_holds_for_whom_we_know(house: House, admin: Member) -> None:
    far = await house.remote("neighbour")
    done = await admin.good("POST", LIST, json={"list": "spam.example\n*.far.example\n"})
    assert done["added"] == 2
    rows = await admin.good("GET", "/api/v1/admin/domain_blocks")
    assert {(r["domain"], r["severity"]) for r in rows} == {
        ("spam.example", "suspend"),
        ("far.example", "suspend"),
    }
    shown = await admin.good("GET", f"/api/v1/admin/accounts/{far.id}")
    assert shown["suspended"]


async def test_a_trial_writes_nothing(admin: Member) -> None:
    done = await admin.good("POST", LIST, json={"list": "spam.example", "dry_run": True})
    assert done["added"] == 1
    assert await admin.good("GET", "/api/v1/admin/domain_blocks") == []


async def test_bad_lines_are_named_and_nothing_is_half_written(house: House, admin: Member) -> None:
    text = (
        HEAD
        + "good.example,suspend,false,false,,false\n"
        + "not a host,suspend,false,false,,false\n"
        + "ex***le.example,suspend,false,false,,true\n"
        + "odd.example,burn,false,false,,false\n"
        + "odder.example,silence,perhaps,false,,false\n"
        + "good.example,silence,false,false,,false\n"
    )
    refused = await admin.post(LIST, json={"list": text})
    assert refused.status == 422
    for line in (3, 4, 5, 6, 7):
        assert f"line {line}: " in refused.json["error"]
    assert "line 2" not in refused.json["error"]
    assert await admin.good("GET", "/api/v1/admin/domain_blocks") == []
    ours = house.work.site.urls.domain
    own = await admin.post(LIST, json={"list": f"good.example\n{ours}\n"})
    assert own.status == 422
    assert await admin.good("GET", "/api/v1/admin/domain_blocks") == []


async def test_the_list_of_allowed_hosts_is_a_file_too(admin: Member) -> None:
    at = f"{OWN}/domain_allows/list"
    done = await admin.good("POST", at, json={"list": "# friends\nb.example\n\na.example\n"})
    assert done["added"] == 2
    assert (await admin.good("GET", at))["list"] == "#domain\na.example\nb.example\n"
    assert (await admin.post(at, json={})).status == 400


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", {}),
        ("a.example", {"a.example": Terms("suspend")}),
        ("\ufeffdomain,severity\r\na.example,silence\r\n", {"a.example": Terms("silence")}),
        ("#severity,#domain\nnoop,A.example.\n", {"a.example": Terms("noop")}),
        ("*.a.example\n# b.example\n", {"a.example": Terms("suspend")}),
        ("bücher.example", {"xn--bcher-kva.example": Terms("suspend")}),
    ],
)
def test_lists_of_others_are_read(text: str, hosts: dict[str, Terms]) -> None:
    assert host_lists.blocks(text) == hosts


@pytest.mark.parametrize(
    "text",
    [
        '"open',
        "com",
        "https://a.example/",
        "a.example@b.example",
        "a.example\n" * 2,
        "x" * (host_lists.MAX_BYTES + 1),
        "\n".join(f"h{n}.example" for n in range(host_lists.MAX_ROWS + 1)),
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(host_lists.BadListError):
        host_lists.blocks(text)


@given(st.text(max_size=300))
def test_nothing_breaks_the_reader(text: str) -> None:
    try:
        found = host_lists.blocks(text)
    except host_lists.BadListError:
        return
    assert all(terms.severity in SEVERITIES for terms in found.values())


_ROWS = st.lists(
    st.tuples(
        st.from_regex(r"[a-z]{1,9}\.example", fullmatch=True),
        st.sampled_from(SEVERITIES),
        st.booleans(),
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=50).map(
            str.strip
        ),
    ),
    unique_by=lambda row: row[0],
)


@given(_ROWS)
def test_what_is_written_is_read(rows: list[tuple[str, str, bool, str]]) -> None:
    when = datetime(2030, 1, 1, tzinfo=UTC)
    stored = [HostBlock(1, h, s, on, not on, "", said, on, when) for h, s, on, said in rows]
    read = host_lists.blocks(host_lists.written_blocks(stored))
    assert read == {h: Terms(s, on, not on, "", said, on) for h, s, on, said in rows}
