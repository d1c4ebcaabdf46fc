"""Every document of every neighbour means what its line in ``meaning.txt`` says, or is refused by that name.

Where the meaning changes, the test writes what it is now beside pytest's other files and says where.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.meaning import TABLE, expected, meaning_of, neighbours, shape, shapes

NEIGHBOURS = {
    "discourse", "friendica", "gancio", "gotosocial", "lemmy", "mastodon", "mbin", "misskey", "mobilizon",
    "nodebb", "other_shapes", "peertube", "piefed", "pixelfed", "pleroma", "snac", "takahe", "wordpress",
}  # fmt: skip


def test_every_neighbour_has_its_documents() -> None:
    assert set(neighbours()) == NEIGHBOURS


@pytest.mark.parametrize("neighbour", neighbours())
def test_a_neighbour_is_understood(neighbour: str, tmp_path: Path) -> None:
    names = shapes(neighbour)
    table = [f"{name}: {meaning_of(shape(f'{neighbour}/{name}'))}" for name in names]
    (tmp_path / TABLE).write_text("\n".join(table) + "\n")
    told = [line.partition(":")[0] for line in expected(neighbour)]
    assert told == names, "a document without its meaning, or a meaning without its document"
    assert table == expected(neighbour), f"what they mean now is in {tmp_path / TABLE}"
