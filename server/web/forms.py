"""What was typed into a form, for the templates: the values of its fields, and a sentence beside each that is wrong."""

from __future__ import annotations

import shutil
from asyncio import to_thread
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from aiohttp import web
from aiohttp.web_request import FileField

from server.context import context
from server.errors import BeckonError, Invalid
from server.web import session
from server.web.answers import signed_in
from server.web.session import Viewer

UPLOADS = "uploads"
"""The folder below that of all data where files wait until they are looked at."""


@dataclass(frozen=True, slots=True)
class Form:
    """``fault``: a sentence about the whole, or ""."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    fault: str = ""

    def on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.values.get(name) == "yes"


def refused(values: Mapping[str, str], error: BeckonError, known: Mapping[str, str]) -> Form:
    """The same form again. ``known``: the fields of ours by the names that verbs have for them."""
    name = error.field if isinstance(error, Invalid) else ""
    own = known.get(name, name)
    if own in values:
        return Form(values, {own: error.sentence})
    return Form(values, fault=error.sentence)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with files. Those that were left empty are not in ``files``."""

    viewer: Viewer
    values: dict[str, str]
    files: dict[str, Path]


@asynccontextmanager
async def with_files(request: web.Request, most: int) -> AsyncGenerator[Sent]:
    """As ``answers.form``, of ``most`` bytes; the files are on disk until the block is left."""
    viewer = await signed_in(request)
    sent = await request.clone(client_max_size=most).post()
    files = {n: v.file for n, v in sent.items() if isinstance(v, FileField)}
    folder = None
    try:
        session.require_csrf(viewer, sent)
        folder = await to_thread(_folder, context(request).settings.data / UPLOADS)
        kept = await to_thread(_keep, files, folder)
        values = {n: v.replace("\0", "") for n, v in sent.items() if isinstance(v, str)}
        yield Sent(viewer, values, kept)
    finally:
        for each in files.values():
            each.close()
        if folder:
            await to_thread(shutil.rmtree, folder, ignore_errors=True)


def _folder(above: Path) -> Path:
    above.mkdir(parents=True, exist_ok=True)
    return Path(mkdtemp(dir=above))


def _keep(files: Mapping[str, IO[bytes]], folder: Path) -> dict[str, Path]:
    """Each in a file of its own; empty ones say nothing."""
    kept: dict[str, Path] = {}
    for number, (name, source) in enumerate(files.items()):
        path = folder / str(number)
        with path.open("wb") as out:
            shutil.copyfileobj(source, out)
        if path.stat().st_size:
            kept[name] = path
    return kept
