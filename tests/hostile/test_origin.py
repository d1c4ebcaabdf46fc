"""One spelling for every address, and a refusal for whatever two readers could read differently."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from federation.errors import Refused
from federation.origin import (
    MAX_URL,
    Origin,
    canonical_host,
    host_of,
    origin,
    parse,
    same_origin,
)

SPELLINGS = {
    "https://garden.example": "https://garden.example/",
    "HTTPS://Garden.EXAMPLE/Users/1": "https://garden.example/Users/1",
    "https://garden.example./a": "https://garden.example/a",
    "https://garden.example:443/a?b=c#d": "https://garden.example/a?b=c",
    "https://garden.example?b": "https://garden.example/?b",
    "https://garden.example:8443/": "https://garden.example:8443/",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://ＧＡＲＤＥＮ.example/": "https://garden.example/",
    "https://garden。example/": "https://garden.example/",
    "https://xn--i-7iq.example/": "https://xn--i-7iq.example/",
    "https://garden.example/é?ü=%C3%BC": "https://garden.example/%C3%A9?%C3%BC=%C3%BC",
    "https://192.0.2.1/": "https://192.0.2.1/",
    "https://[2001:DB8:0::1]:8443/": "https://[2001:db8::1]:8443/",
    "https://garden.example/a@b:c": "https://garden.example/a@b:c",
}


@pytest.mark.parametrize(("given_url", "canonical"), SPELLINGS.items())
def test_one_spelling(given_url: str, canonical: str) -> None:
    assert parse(given_url).text == canonical
    assert parse(canonical).text == canonical


@pytest.mark.parametrize(
    "url",
    [
        "", "garden.example", "//garden.example/", "/users/1", "acct:a@garden.example",
        "http://garden.example/", "ftp://garden.example/", "javascript:alert(1)", "https:/a.example",
        "https:garden.example", "https://", "https:///a", "https://:443/", "https://./",
        "https://..example/", "https://a..example/", "https://garden.example../",
        "https://us@garden.example/", "https://us:er@garden.example/", "https://@garden.example/",
        "https://garden.example\\@evil.example/", "https://garden.example\\evil",
        " https://garden.example/", "https://garden.example/ ", "https://garden.example/a b",
        "https://garden.example/\t", "https://garden.example/\r\nHost: evil", "https://gar\nden.example",
        "https://garden.example/\x00", "https://garden.example/\x85", "https://garden.example/\ud800",
        "https://garden.example:/", "https://garden.example:0/", "https://garden.example:0443/",
        "https://garden.example:65536/", "https://garden.example:-1/", "https://garden.example:4 3/",
        "https://garden.example:４４３/", "https://garden.example:443:443/",
        "https://2130706433/", "https://0x7f000001/", "https://0x/", "https://017700000001/",
        "https://127.1/", "https://127.0.1/", "https://127.0.0.01/", "https://0177.0.0.1/",
        "https://0x7f.0.0.1/", "https://127.0.0.0x1/", "https://127.0.0.256/", "https://1.2.3.4.5/",
        "https://evil.1/", "https://①②⑦.1/",
        "https://[::1/", "https://::1/", "https://[::1]x/", "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/", "https://[v1.x]/", "https://[]/", "https://[127.0.0.1]/",
        "https://gar%64en.example/", "https://garden_.example/", "https://-a.example/",
        "https://garden.example,evil.example/", "https://garden.example;evil/", "https://a*.example/",
        "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/",
        "https://garden.example/" + "a" * MAX_URL, "https://ga\u200bden\u202e.example/",
    ],
)  # fmt: skip
def test_refusals(url: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(url)
    assert caught.value.reason == "bad_url"


def test_the_triple() -> None:
    assert origin("https://Garden.example./a") == Origin("https", "garden.example", 443)
    assert same_origin("https://garden.example/a", "https://GARDEN.example:443/b")
    assert not same_origin("https://garden.example/", "https://garden.example:8443/")
    assert not same_origin("https://garden.example/", "https://a.garden.example/")


def test_hosts() -> None:
    assert host_of("https://garden.example/a") == "garden.example"
    assert host_of("https://garden.example:8443/a") == "garden.example:8443"
    assert host_of("https://[::1]:8443/") == "[::1]:8443"
    assert canonical_host("Bücher.example:443") == "xn--bcher-kva.example"


@pytest.mark.parametrize("host", ["", "a/b", "a?b", "a#b", "u@a", "a:b", "a b"])
def test_what_is_not_a_host(host: str) -> None:
    with pytest.raises(Refused):
        canonical_host(host)


PIECES = st.sampled_from(
    [
        "https://", "garden.example", "127.0.0.1", "[::1]", "@", ":", "443", "/", "\\", "?", "#",
        ".", "%2f", "é", "..", "0x7f", "//", "a", "\t", ";",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40))
def test_what_is_accepted_is_read_the_same_by_other_readers(tail: str) -> None:
    try:
        read = parse(f"https://{tail}")
    except Refused:
        return
    assert parse(read.text) == read
    assert urlsplit(read.text).hostname == read.origin.host
    assert (urlsplit(read.text).port or 443) == read.origin.port
    assert URL(read.text, encoded=True).raw_host == read.origin.host
    assert URL(read.text, encoded=True).port == read.origin.port
    assert read.text.isascii()
