"""HTTP signatures: every attack is refused by name, and any change breaks a signature."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Refused
from federation.keys import ActorKey, SigningKey
from federation.requests import format_http_date, http_date
from federation.signatures import (
    Claims,
    Request,
    parse,
    sign_cavage,
    sign_rfc9421,
    verify,
)
from federation.structured import byte_sequence
from tests.wire.conftest import RefusedWith
from tests.wire.signing import BODY, BOTH, OURS, Sign, check, get, post, signed

# --- refusals before any key is asked for ---


def test_unsigned_and_not_for_us(rsa_key: SigningKey, now: datetime, refused: RefusedWith) -> None:
    with refused("signature_missing"):
        parse(post(), authorities=OURS, now=now)
    for sign_with in (sign_cavage, sign_rfc9421):
        request = signed(post(), sign_with(post(), rsa_key, now))
        with refused("signature_host"):
            parse(request, authorities=frozenset({"elsewhere.example"}), now=now)
        without = {n: v for n, v in request.headers.items() if n != "host"}
        with refused("signature_host"):
            parse(dataclasses.replace(request, headers=without), authorities=OURS, now=now)


@pytest.mark.parametrize("name", ["Signature", "Host", "Date", "Digest", "Signature-Input"])
def test_a_header_sent_twice(name: str, refused: RefusedWith) -> None:
    with refused("header_twice"):
        Request.received("POST", "/inbox", [(name, "a"), (name.lower(), "a")])


@pytest.mark.parametrize("value", ["a\nhost: here.example", "a\r\n b"])
def test_a_line_break_in_a_header(value: str, refused: RefusedWith) -> None:
    with refused("header_malformed"):
        Request.received("GET", "/", [("Accept", value)])


@BOTH
def test_the_default_port_may_be_written(
    sign_with: Sign, rsa_key: SigningKey, rsa_public: ActorKey, now: datetime
) -> None:
    request = dataclasses.replace(post(), headers={**post().headers, "host": "Here.example:443"})
    assert check(signed(request, sign_with(request, rsa_key, now)), rsa_public, now)


@BOTH
@pytest.mark.parametrize("hours", [-12.01, 12.01])
def test_the_window_of_time(
    sign_with: Sign,
    hours: float,
    rsa_key: SigningKey,
    rsa_public: ActorKey,
    now: datetime,
    refused: RefusedWith,
) -> None:
    request = signed(post(), sign_with(post(), rsa_key, now + timedelta(hours=hours)))
    with refused("signature_date"):
        parse(request, authorities=OURS, now=now)
    inside = signed(post(), sign_with(post(), rsa_key, now + timedelta(hours=hours * 0.99)))
    assert check(inside, rsa_public, now)


@BOTH
def test_a_swapped_body(
    sign_with: Sign, rsa_key: SigningKey, now: datetime, refused: RefusedWith
) -> None:
    request = signed(post(), sign_with(post(), rsa_key, now))
    with refused("digest_mismatch"):
        parse(dataclasses.replace(request, body=BODY + b" "), authorities=OURS, now=now)


@BOTH
def test_a_get_signature_does_not_carry_a_body(
    sign_with: Sign, rsa_key: SigningKey, now: datetime, refused: RefusedWith
) -> None:
    request = signed(get(), sign_with(get(), rsa_key, now))
    for changed in ({"body": BODY}, {"method": "POST", "body": BODY}, {"method": "DELETE"}):
        with refused("signature_coverage"):
            parse(dataclasses.replace(request, **changed), authorities=OURS, now=now)


CAVAGE = (
    'keyId="https://remote.example/users/1#main-key",algorithm="rsa-sha256",'
    'headers="(request-target) host date digest",signature="AAAA"'
)


def cavage(header: str, now: datetime, **headers: str) -> Claims:
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    base = {"date": format_http_date(now), "digest": f"SHA-256={digest}", "signature": header}
    return parse(post(**{**base, **headers}), authorities=OURS, now=now)


def test_the_draft_is_read_as_peers_write_it(now: datetime) -> None:
    assert cavage(CAVAGE, now).algorithm == "rsa-sha256"
    spaced = CAVAGE.replace(",", " , ").replace("host", "Host")
    assert cavage(spaced, now).covered == ("(request-target)", "host", "date", "digest")
    assert cavage(CAVAGE.replace('algorithm="rsa-sha256",', ""), now).algorithm is None
    assert cavage(CAVAGE + ',opaque="x"', now).expires is None
    created = CAVAGE.replace("rsa-sha256", "hs2019").replace("date", "(created)")
    assert cavage(f"{created},created={int(now.timestamp())}", now).created == now


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("AAAA", "A=A", "signature_malformed"),
        ('"AAAA"', "AAAA", "signature_malformed"),
        ('"AAAA"', '"AAAA"garbage', "signature_malformed"),
        ('"AAAA"', '"AAAA",', "signature_malformed"),
        ('"AAAA"', '"' + "A" * 9000 + '"', "signature_malformed"),
        (',signature="AAAA"', "", "signature_malformed"),
        (',headers="(request-target) host date digest"', "", "signature_malformed"),
        ("keyId=", "KeyId=", "signature_malformed"),
        (
            ",algorithm",
            ',keyId="https://victim.example/users/1#main-key",algorithm',
            "signature_duplicate",
        ),
        ('"AAAA"', '"AAAA",signature="BBBB"', "signature_duplicate"),
        ("host date", "host host date", "signature_malformed"),
        ("host date", "host  date", "signature_header_missing"),
        ("(request-target) ", "", "signature_coverage"),
        ("host ", "", "signature_coverage"),
        ("date ", "", "signature_coverage"),
        (" digest", "", "signature_coverage"),
        (" digest", " digest x-absent", "signature_header_missing"),
        ("rsa-sha256", "hmac-sha256", "signature_algorithm"),
        ("rsa-sha256", "rsa-sha1", "signature_algorithm"),
        ("rsa-sha256", "none", "signature_algorithm"),
        ("rsa-sha256", "", "signature_algorithm"),
        ("https://remote", "http://remote", "signature_key_id"),
        ("https://remote.example/users/1", "acct:gardener@remote.example", "signature_key_id"),
        ("https://remote.example/", "data:,", "signature_key_id"),
        ("https://remote", "https://user@remote", "signature_key_id"),
        ("date digest", "(created) digest", "signature_malformed"),
        ('"AAAA"', '"AAAA",expires=1', "signature_expired"),
        ('"AAAA"', '"AAAA",expires="soon"', "signature_malformed"),
        ('"AAAA"', '"AAAA",created=1', "signature_date"),
        ('"AAAA"', '"AAAA",created=999999999999', "signature_malformed"),
    ],
)
def test_bad_signature_headers(
    old: str, new: str, reason: str, now: datetime, refused: RefusedWith
) -> None:
    assert old in CAVAGE
    with refused(reason):
        cavage(CAVAGE.replace(old, new, 1), now)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"digest": "SHA-256=AAAA"}, "digest_mismatch"),
        ({"digest": "MD5=AAAA"}, "digest_algorithm"),
        ({"digest": "SHA-256=A,SHA-256=B"}, "digest_malformed"),
        ({"digest": "SHA-256"}, "digest_malformed"),
        ({"digest": "SHA-256=AAAAA"}, "digest_malformed"),
        ({"date": "yesterday"}, "signature_date"),
        ({"date": "Sun, 99 Mar 2026 12:00:00 GMT"}, "signature_date"),
        ({"date": "Sun, 01 Mar 2026 12:00:00 +0900"}, "signature_date"),
    ],
)
def test_bad_headers_beside_it(
    headers: dict[str, str], reason: str, now: datetime, refused: RefusedWith
) -> None:
    with refused(reason):
        cavage(CAVAGE, now, **headers)


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ed25519", "rsa-v1_5-sha256"])
def test_the_algorithm_must_fit_the_key(
    algorithm: str,
    rsa_key: SigningKey,
    ed25519_key: SigningKey,
    rsa_public: ActorKey,
    ed25519_public: ActorKey,
    now: datetime,
    refused: RefusedWith,
) -> None:
    of_rsa = algorithm.startswith("rsa")
    key, public = (ed25519_key, ed25519_public) if of_rsa else (rsa_key, rsa_public)
    if algorithm == "rsa-v1_5-sha256":
        added = sign_rfc9421(post(), key, now)
        added["Signature-Input"] = added["Signature-Input"].replace('ed25519"', f'{algorithm}"')
    else:
        added = sign_cavage(post(), key, now)
        for own in ("rsa-sha256", "hs2019"):
            added["Signature"] = added["Signature"].replace(own, algorithm)
    with refused("signature_algorithm"):
        check(signed(post(), added), public, now)


INPUT = (
    'sig1=("@method" "@target-uri" "content-digest")'
    ';created=1772366400;keyid="https://remote.example/users/1#main-key";alg="rsa-v1_5-sha256"'
)


def message(field: str, now: datetime, **headers: str) -> Claims:
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    base = {
        "content-digest": f"sha-256=:{digest}:",
        "signature-input": field,
        "signature": "sig1=:AAAA:",
    }
    return parse(post(**{**base, **headers}), authorities=OURS, now=now)


def test_a_message_signature_is_read(now: datetime) -> None:
    claims = message(INPUT, now)
    assert (claims.scheme, claims.created, claims.signature) == ("rfc9421", now, b"\0\0\0")
    assert claims.bases[0].startswith(
        b'"@method": POST\n"@target-uri": https://here.example/inbox\n'
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (";created=1772366400", "", "signature_created"),
        ("1772366400", '"now"', "signature_malformed"),
        ("1772366400", "1772366400.5", "signature_malformed"),
        (";created=1772366400", ";created", "signature_malformed"),
        ("1772366400", "1", "signature_date"),
        ("1772366400", "1772366400;expires=1772366399", "signature_expired"),
        ("1772366400", "1772366400;created=1772366400", "signature_duplicate"),
        ('"@method" ', "", "signature_coverage"),
        ('"@target-uri" ', "", "signature_coverage"),
        ('"@target-uri"', '"@authority"', "signature_coverage"),
        ('"@target-uri"', '"@path"', "signature_coverage"),
        (' "content-digest"', "", "signature_coverage"),
        ('"@method"', '"@method" "@method"', "signature_duplicate"),
        ('"@method"', '"@method" "@status"', "signature_component"),
        ('"@method"', '"@method";req', "signature_component"),
        ('"content-digest"', '"content-digest";key="sha-256"', "signature_component"),
        ('"@method"', '"@method" "x-absent"', "signature_header_missing"),
        ('"@method"', '"@method"  "date"', "signature_malformed"),
        ('"@method"', '"@method""date"', "signature_malformed"),
        ('"@method"', "@method", "signature_malformed"),
        ("rsa-v1_5-sha256", "hmac-sha256", "signature_algorithm"),
        ("rsa-v1_5-sha256", "rsa-pss-sha512", "signature_algorithm"),
        ('alg="rsa-v1_5-sha256"', "alg=1", "signature_malformed"),
        ("https://remote", "http://remote", "signature_key_id"),
        (';keyid="https://remote.example/users/1#main-key"', "", "signature_key_id"),
        ("sig1=", "sig2=", "signature_labels"),
        ("sig1=", 'sig0=("@method");created=1, sig1=', "signature_labels"),
        ("sig1=", 'sig1=("@method");created=1, sig1=', "signature_duplicate"),
        ("sig1=(", "sig1=", "signature_malformed"),
        ("sig1", "Sig1", "signature_malformed"),
        (INPUT, "", "signature_malformed"),
        (INPUT, INPUT + ",", "signature_malformed"),
        (INPUT, INPUT + "x" * 9000, "signature_malformed"),
    ],
)
def test_bad_message_signatures(
    old: str, new: str, reason: str, now: datetime, refused: RefusedWith
) -> None:
    assert old in INPUT
    with refused(reason):
        message(INPUT.replace(old, new, 1), now)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"content-digest": "sha-256=:AAAA:"}, "digest_mismatch"),
        ({"content-digest": "md5=:AAAA:"}, "digest_algorithm"),
        ({"content-digest": "sha-256=AAAA"}, "signature_malformed"),
        ({"content-digest": "sha-256=:AAAA:, sha-256=:AAAA:"}, "signature_duplicate"),
        ({"signature": "sig1=:A:"}, "signature_malformed"),
        ({"signature": "sig1=:AAAA:, sig2=:AAAA:"}, "signature_labels"),
        ({"signature": "sig1=:AAAA:, sig1=:BBBB:"}, "signature_duplicate"),
    ],
)
def test_bad_fields_beside_it(
    headers: dict[str, str], reason: str, now: datetime, refused: RefusedWith
) -> None:
    with refused(reason):
        message(INPUT, now, **headers)


def test_two_signatures_that_fit_together(now: datetime, refused: RefusedWith) -> None:
    second = INPUT.replace("sig1", "sig2")
    with refused("signature_labels"):
        message(f"{INPUT}, {second}", now, signature="sig1=:AAAA:, sig2=:AAAA:")


def test_every_known_digest_must_match(now: datetime, refused: RefusedWith) -> None:
    both = ", ".join(
        f"{name}={byte_sequence(hashlib.new(kind, BODY).digest())}"
        for name, kind in (("sha-256", "sha256"), ("sha-512", "sha512"))
    )
    assert message(INPUT, now, **{"content-digest": both})
    wrong = f"{both.partition(',')[0]}, sha-512=:AAAA:"
    with refused("digest_mismatch"):
        message(INPUT, now, **{"content-digest": wrong})


def test_a_signature_may_expire_while_its_key_is_fetched(
    rsa_public: ActorKey, now: datetime, refused: RefusedWith
) -> None:
    claims = message(INPUT.replace("1772366400", "1772366400;expires=1772366405"), now)
    with refused("signature_expired"):
        verify(claims, claims.request, rsa_public, now=now + timedelta(seconds=6))


# --- any change breaks it ---


def flipped(text: str, at: int) -> str:
    at %= len(text)
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


@BOTH
@given(st.sampled_from(["body", "path_qs", "method", "header"]), st.integers(0, 10_000))
def test_any_changed_byte_breaks_the_signature(
    sign_with: Sign,
    rsa_key: SigningKey,
    rsa_public: ActorKey,
    now: datetime,
    part: str,
    at: int,
) -> None:
    request = signed(post(), sign_with(post(), rsa_key, now))
    if part == "body":
        changed = dataclasses.replace(request, body=flipped(BODY.decode(), at).encode())
    elif part == "header":
        covered = parse(request, authorities=OURS, now=now).covered
        names = sorted({*covered, "signature", "signature-input"} & request.headers.keys())
        name = names[at % len(names)]
        headers = {**request.headers, name: flipped(request.headers[name], at // len(names))}
        changed = dataclasses.replace(request, headers=headers)
        if same_meaning(request, changed, now):
            return
    else:
        changed = dataclasses.replace(request, **{part: flipped(getattr(request, part), at)})
    with pytest.raises(Refused):
        check(changed, rsa_public, now)


def same_meaning(one: Request, two: Request, now: datetime) -> bool:
    """Spare bits of base64, and the case of names, can change without a change of what is said."""
    try:
        first, second = (parse(request, authorities=OURS, now=now) for request in (one, two))
    except Refused:
        return False
    return (first.key_id, first.signature, first.bases) == (
        second.key_id,
        second.signature,
        second.bases,
    )


@BOTH
@given(st.text(max_size=40))
def test_never_anything_but_claims_or_a_refusal(
    sign_with: Sign, rsa_key: SigningKey, now: datetime, noise: str
) -> None:
    request = signed(post(), sign_with(post(), rsa_key, now))
    for name in ("signature", "signature-input", "digest", "content-digest", "date"):
        for value in (noise, request.headers.get(name, "") + noise, noise + "=" + noise):
            odd = dataclasses.replace(request, headers={**request.headers, name: value})
            try:
                claims = parse(odd, authorities=OURS, now=now)
            except Refused:
                continue
            assert isinstance(claims, Claims)


def test_http_dates() -> None:
    time = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    assert http_date("Sun, 01 Mar 2026 12:00:00 GMT") == time
    assert http_date("Sun, 1 Mar 2026 12:00:00 UTC") == time
    assert http_date(format_http_date(time)) == time
