"""The name of a file that somebody sends is theirs, and nothing here is called by it."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from tests import samples
from tests.api.people import Member
from tests.hostile.test_media import PATH, here, left, uploader

__all__ = ["here", "uploader"]

NAMES = (
    "../../../../etc/passwd",
    "..\\..\\windows\\system.ini",
    "/etc/cron.d/beckon",
    "x.php",
    "x.html",
    "x.svg",
    ".htaccess",
    "a\r\nContent-Type: text/html\r\n\r\n<script>.png",
    "$(touch stolen).png",
    "-o stolen.png",
    "|touch stolen",
    "x" * 5000,
)
OURS = re.compile(r"[A-Za-z0-9_/-]+\.(png|webp|jpg|jpeg|gif)")


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_is_called_as_we_say(uploader: Member, tmp_path: Path, name: str) -> None:
    """Mastodon CVE-2023-36460, Pleroma CVE-2023-5588."""
    others = {p for p in tmp_path.rglob("*") if p.is_file()}
    form = aiohttp.FormData(quote_fields=False)
    picture = BytesIO(samples.picture())
    form.add_field(
        "file", picture, filename=name.replace("\r\n", "%0D%0A"), content_type="image/x; y"
    )
    answer = await uploader.post(PATH, data=form)
    assert answer.status in (200, 202, 400, 422)
    for file in left(tmp_path):
        assert OURS.fullmatch(str(file.relative_to(tmp_path / "media"))), file
    strays = {p for p in tmp_path.rglob("*") if p.is_file()} - others - set(left(tmp_path))
    assert strays == set()
    if answer.status in (200, 202):
        assert left(tmp_path)
        assert answer.json["url"] is None or OURS.search(answer.json["url"])
        assert name not in str(answer.json)
