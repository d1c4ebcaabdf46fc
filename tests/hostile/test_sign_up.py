"""Who signs up as somebody else: by a handle that speaks for the house, or an address that is another's."""

from __future__ import annotations

import pytest

from server.domain.members import names, users
from server.errors import Invalid


@pytest.mark.parametrize(
    "name",
    ["admin_", "_admin", "__admin__", "ad_min", "Adm1n_", "moderator_", "sup_port", "__root"],
)
def test_underscores_do_not_make_a_role_free(name: str) -> None:
    assert names.is_reserved(name)


@pytest.mark.parametrize("name", ["gardener_", "_", "__", "my_admin_friend", "tea_room"])
def test_other_names_may_have_them(name: str) -> None:
    assert not names.is_reserved(name)


@pytest.mark.parametrize("name", ["town", "town_", "town_garden", "towngarden_", "_t0wn_"])
def test_nobody_is_called_as_the_instance(name: str) -> None:
    assert names.is_instances(name, "town.example") == (name in ("town", "town_", "_t0wn_"))
    assert names.is_instances(name, "town-garden.example") == ("garden" in name)


@pytest.mark.parametrize(
    "address",
    [
        "root,me@people.example",  # two people in a header
        "me@people.example,root",
        "other<me@people.example>",  # me, whatever the spelling
        "me@people.example>",
        "friends:me@people.example;",  # a group
        '"a"@people.example',
        "a(b)@people.example",
        "a\\b@people.example",
        "[me]@people.example",
        ".me@people.example",
        "me@people..example",
        "me@-people.example",
        "me@people.example.",
        "me@people.example:25",
        "me@people.example\u2028Bcc",
        "me%\r\nBcc@people.example",
        "x" * 65 + "@people.example",
    ],
)
def test_an_address_is_one_address_in_one_spelling(address: str) -> None:
    with pytest.raises(Invalid):
        users.check_email(address)


@pytest.mark.parametrize(
    "address",
    ["me@people.example", "o'neil+tag@people.example", "é@bücher.example", "a.b_c@x", "a@1.2.3.4"],
)
def test_addresses_that_are_good(address: str) -> None:
    assert users.check_email(address) == address
