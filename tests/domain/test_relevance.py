"""What an activity that waits supersedes, by what it says of itself."""

from __future__ import annotations

import pytest

from server.domain.relevance import Mark, mark

NOTE = {"id": "https://a.example/posts/1", "type": "Note"}
LIKE = {"id": "https://b.example/likes/1", "type": "Like", "actor": "b", "object": NOTE["id"]}
UPDATE = {"id": "https://a.example/3", "type": "Update", "actor": "a", "object": NOTE}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({**UPDATE, "type": "Create"}, Mark("Create", NOTE["id"])),
        (UPDATE, Mark("Update", NOTE["id"])),
        ({**UPDATE, "type": "Delete", "object": NOTE["id"]}, Mark("Delete", NOTE["id"])),
        (LIKE, Mark("Like", LIKE["id"])),
        ({**UPDATE, "type": "Undo", "object": LIKE}, Mark("Undo", LIKE["id"])),
        ({**UPDATE, "type": "Announce", "object": NOTE["id"]}, Mark("Announce", UPDATE["id"])),
        ({**UPDATE, "type": "Announce", "object": LIKE}, Mark("Announce Like", LIKE["id"])),
        (
            {**UPDATE, "type": "Announce", "object": UPDATE},
            Mark("Announce Update", NOTE["id"]),
        ),
        (
            {**UPDATE, "type": "Add", "target": "https://a.example/featured"},
            Mark("Add", f"https://a.example/featured {NOTE['id']}"),
        ),
        ({**UPDATE, "object": None}, Mark("Update", "")),
    ],
)
def test_marks(document: dict[str, object], found: Mark) -> None:
    assert mark(document) == found
