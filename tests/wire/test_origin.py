"""One reader of URLs: equal origins have one form, doubtful addresses are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Refused
from federation.origin import Origin, origin, same_origin, without_fragment


@pytest.mark.parametrize(
    "url",
    [
        "https://remote.example/users/1",
        "https://REMOTE.example",
        "HTTPS://remote.example:443/?a=b#c",
        "https://remote.example./",
        "https://ｒｅｍｏｔｅ.example/",  # full-width letters
    ],
)
def test_one_origin_has_one_form(url: str) -> None:
    assert origin(url) == Origin("https", "remote.example", 443)


def test_idn_becomes_punycode() -> None:
    assert origin("https://bücher.example/").host == "xn--bcher-kva.example"
    assert same_origin("https://BÜCHER.example/1", "https://xn--bcher-kva.example/2")


def test_ports_and_addresses() -> None:
    assert origin("https://remote.example:8443/").authority == "remote.example:8443"
    assert origin("https://remote.example/").authority == "remote.example"
    assert origin("https://[0:0::1]:8443/") == Origin("https", "[::1]", 8443)
    assert origin("https://127.0.0.1/").host == "127.0.0.1"
    assert not same_origin("https://remote.example/", "https://remote.example:8443/")
    assert not same_origin("https://remote.example/", "https://www.remote.example/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (None, "url_missing"),
        ("", "url_missing"),
        ("https://remote.example/" + "a" * 3000, "url_long"),
        ("http://remote.example/", "url_scheme"),
        ("data:text/plain,hello", "url_malformed"),
        ("acct:gardener@remote.example", "url_malformed"),
        ("file:///etc/passwd", "url_scheme"),
        ("bear://?u=https://remote.example", "url_scheme"),
        ("//remote.example/", "url_malformed"),
        ("/users/1", "url_malformed"),
        ("https:remote.example", "url_malformed"),
        ("https://user@remote.example/", "url_userinfo"),
        ("https://remote.example@evil.example/", "url_userinfo"),
        ("https://evil.example\\@remote.example/", "url_character"),
        ("https://remote.example\\.evil.example/", "url_character"),
        ("https://remote.example/\r\nHost: evil.example", "url_character"),
        ("https://remote.example/\x00", "url_character"),
        (" https://remote.example/", "url_character"),
        ("https://remote.exa mple/", "url_character"),
        ("https://remote\u200b.example/", "url_character"),
        ("https://remote.example:/", "url_authority"),
        ("https://remote.example:0443/", "url_authority"),
        ("https://remote.example:99999/", "url_authority"),
        ("https://remote.example:+443/", "url_authority"),
        ("https:///users/1", "url_authority"),
        ("https://remote..example/", "url_host"),
        ("https://remote.example../", "url_host"),
        ("https://rem%6fte.example/", "url_host"),
        ("https://-remote.example/", "url_host"),
        ("https://2130706433/", "url_host"),
        ("https://0x7f.1/", "url_host"),
        ("https://0177.0.0.1/", "url_host"),
        ("https://127.1/", "url_host"),
        ("https://[::1%25eth0]/", "url_authority"),
        ("https://[::gggg]/", "url_authority"),
        ("https://[1:2]/", "url_host"),
    ],
)
def test_doubtful_addresses_are_refused(url: str | None, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        origin(url)
    assert refusal.value.reason == reason


def test_a_slash_inside_a_domain_ends_it() -> None:
    # Mastodon CVE-2023-42451: characters stripped out of a domain.
    assert origin("https://remote.example/.evil.example").host == "remote.example"


def test_http_only_where_it_is_asked_for() -> None:
    assert origin("http://localhost:8080/", schemes=("http", "https")).port == 8080


def test_without_fragment() -> None:
    assert without_fragment("https://a.example/users/1#main-key") == "https://a.example/users/1"


@given(st.text(max_size=60))
def test_never_anything_but_an_origin_or_a_refusal(text: str) -> None:
    for url in (text, f"https://{text}", f"https://remote.example{text}"):
        try:
            found = origin(url)
        except Refused:
            continue
        assert origin(f"{found.scheme}://{found.authority}/") == found
