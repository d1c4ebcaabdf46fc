"""What is sealed opens for its key, in its place, unchanged; and in no other case."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from server import keeper, sealing
from server.config import Settings
from server.errors import SettingsError
from server.sealing import Pair, Sealed, Secret

PAIR = Pair(bytes(range(32)))
SECRET = Secret(bytes(reversed(range(32))))
ABOUT = ("contact", 17, 42)
ABOUTS = st.lists(st.text() | st.integers(0, 2**63 - 1), max_size=4)


@given(st.binary(max_size=5000), ABOUTS)
def test_a_round_trip(plain: bytes, about: list[str | int]) -> None:
    assert PAIR.open(sealing.seal(PAIR.public, plain, *about), *about) == plain
    assert SECRET.unwrap(SECRET.wrap(plain, *about), *about) == plain


@given(ABOUTS, ABOUTS)
def test_it_opens_in_its_own_place_alone(about: list[str | int], other: list[str | int]) -> None:
    """Numbers are bound as they are written: 1 and "1" name one place."""
    if [*map(str, about)] == [*map(str, other)]:
        return
    box, wrapped = sealing.seal(PAIR.public, b"x", *about), SECRET.wrap(b"x", *about)
    with pytest.raises(Sealed):
        PAIR.open(box, *other)
    with pytest.raises(Sealed):
        SECRET.unwrap(wrapped, *other)
    assert PAIR.fingerprint("a@b.example", *about) != PAIR.fingerprint("a@b.example", *other)


@given(st.data())
def test_whatever_is_changed_does_not_open(data: st.DataObject) -> None:
    for made, opens in (
        (sealing.seal(PAIR.public, b"gardener@mail.example", *ABOUT), PAIR.open),
        (SECRET.wrap(b"gardener@mail.example", *ABOUT), SECRET.unwrap),
    ):
        at = data.draw(st.integers(0, len(made) - 1))
        bit = 1 << data.draw(st.integers(0, 7))
        changed = made[:at] + bytes([made[at] ^ bit]) + made[at + 1 :]
        cut = made[: data.draw(st.integers(0, len(made) - 1))]
        for wrong in (changed, cut, made + b"\0"):
            # X25519 leaves out the highest bit of a public key (RFC 7748, 5), which HPKE binds all the same.
            with pytest.raises(Sealed):
                opens(wrong, *ABOUT)


def test_another_key_does_not_open_it() -> None:
    box = sealing.seal(PAIR.public, b"x", *ABOUT)
    with pytest.raises(Sealed):
        sealing.new_pair().open(box, *ABOUT)
    with pytest.raises(Sealed):
        Secret(bytes(32)).unwrap(SECRET.wrap(b"x", *ABOUT), *ABOUT)


def test_the_same_twice_does_not_look_the_same() -> None:
    assert sealing.seal(PAIR.public, b"x", *ABOUT) != sealing.seal(PAIR.public, b"x", *ABOUT)
    assert SECRET.wrap(b"x", *ABOUT) != SECRET.wrap(b"x", *ABOUT)


def test_the_format_is_hpke_with_a_version_before_it() -> None:
    """Any reader of RFC 9180 can open it: version, encapsulated key, ciphertext; the place is the info."""
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    box = sealing.seal(PAIR.public, b"plain", "contact", 17)
    info = b"\0\0\0\7contact\0\0\0\00217"
    private = X25519PrivateKey.from_private_bytes(PAIR.private)
    assert box[:1] == b"\x01"
    assert len(box) == 1 + 32 + len(b"plain") + 16
    assert suite.decrypt(box[1:], private, info) == b"plain"


def test_what_was_sealed_long_ago_still_opens() -> None:
    """Vectors of this format: they must never change while a row of it may exist."""
    assert PAIR.public.hex() == "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"
    assert PAIR.open(bytes.fromhex(BOX), *ABOUT) == b"gardener@mail.example"
    assert SECRET.unwrap(bytes.fromhex(WRAPPED), *ABOUT) == b"gardener@mail.example"
    assert PAIR.fingerprint("gardener@mail.example", 17, 42).hex() == FINGERPRINT
    assert SECRET.mark.hex() == MARK


def test_a_fingerprint_tells_addresses_and_communities_apart() -> None:
    seen = {
        PAIR.fingerprint("a@b.example", 1, 2),
        PAIR.fingerprint("c@b.example", 1, 2),
        PAIR.fingerprint("a@b.example", 1, 3),
        sealing.new_pair().fingerprint("a@b.example", 1, 2),
    }
    assert len(seen) == 4
    assert PAIR.fingerprint("a@b.example", 1, 2) in seen


def test_secrets_are_not_shown() -> None:
    for shown in (repr(PAIR), repr(SECRET), repr(Settings(secret="x" * 43))):
        assert "\\x" not in shown
        assert "xxx" not in shown


# --- where the secret is


def test_the_first_start_makes_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    assert keeper.find(settings) is None
    made = keeper.make(settings)
    file = tmp_path / "data" / "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert keeper.find(settings) == made == keeper.make(settings), "whoever was first"
    assert [p.name for p in file.parent.iterdir()] == ["secret"]


def test_the_setting_wins_over_the_file(tmp_path: Path) -> None:
    kept = keeper.make(Settings(data=tmp_path))
    other = Settings(data=tmp_path, secret=keeper.write(SECRET))
    assert keeper.find(other) == SECRET != kept


@pytest.mark.parametrize("text", ["short", "ü" * 43, "A" * 44, "*" * 43])
def test_what_is_no_secret_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="must be 32 random bytes") as refused:
        keeper.find(Settings(data=tmp_path, secret=text))
    assert text not in refused.value.sentence
    (tmp_path / "secret").write_text(text)
    with pytest.raises(SettingsError, match="must be 32 random bytes"):
        keeper.find(Settings(data=tmp_path))


# One run of this code made them.
BOX = (
    "01d09790db38fb8adfbef9c1483ea67f22f79563d2d93640c26cfd9b9191dfd205852d79c691b49a1cbd9790192410d4"
    "d6c3500d03cbd6a82e02680bacc58752c0d7eea398bc"
)
WRAPPED = (
    "0158b47461e45ffc5fd6b1322e009477b857575335fe5506e08569665e4ab04aa6af66923a6344c8868b988825fcbe42"
    "b818"
)
FINGERPRINT = "d9adea441bb7ed8a33d9c06c8e837a2ab8d152dea2501f4efef46f7bde22a3b9"
MARK = "dcaee355a2a9609b4e181b4e1bc9bb379915a69f129ce67cd31ac0daba59509d"
