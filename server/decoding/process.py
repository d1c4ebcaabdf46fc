"""Starts a worker for one file and waits for it. Importing this loads no decoder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import orjson

from server.decoding import bounds
from server.decoding.made import File, Made, Purpose
from server.decoding.sniff import HEAD, Format, sniff
from server.errors import Invalid
from server.i18n import mark

ROOT = Path(__file__).parents[2]
AT_ONCE = 2
MODULE = "server.decoding.worker"
UNKNOWN = mark("Validation failed: File type is not supported")
DIED = mark("Validation failed: The file could not be opened")
SLOW = mark("Validation failed: The file takes too long to open")


class Decoders:
    """The workers of this process: a few at once, the others wait for their turn."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._room = asyncio.Semaphore(at_once)

    async def run(self, source: Path, out: Path, purpose: Purpose = "post") -> Made:
        """Make of ``source`` what is shown, in the folder ``out``; both absolute. Raises ``Invalid``."""
        async with self._room:
            told = await _told(source, out, purpose)
        return _read(told)


def accepted(source: Path) -> Format:
    """Judge a file by its first bytes and its size. Raises ``Invalid``."""
    with source.open("rb") as file:
        found = sniff(file.read(HEAD))
        size = os.fstat(file.fileno()).st_size
    if found is None:
        raise Invalid(UNKNOWN, field="file")
    limit = bounds.IMAGE_BYTES if found.kind == "image" else bounds.FILM_BYTES
    if size > limit:
        raise Invalid(
            mark("Validation failed: File is larger than %(what)s MB", what=limit // bounds.MIB),
            field="file",
        )
    return found


async def _told(source: Path, out: Path, purpose: Purpose) -> bytes:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, str(source), str(out), purpose,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=out,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(bounds.WALL_SECONDS):
            told, _ = await worker.communicate()
    except TimeoutError as error:
        raise Invalid(SLOW, field="file") from error
    finally:
        if worker.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
    if worker.returncode != 0:
        raise Invalid(DIED, field="file", cause=f"worker ended with {worker.returncode}")
    return told


def _read(told: bytes) -> Made:
    try:
        answer = orjson.loads(told)
    except orjson.JSONDecodeError as error:
        raise Invalid(DIED, field="file", cause="worker said nothing") from error
    if "refused" in answer:
        raise Invalid(
            mark("Validation failed: %(what)s", what=answer["refused"]), cause=answer["cause"]
        )
    made = answer["made"]
    small = made["small"]
    return Made(
        **made | {"original": File(**made["original"]), "small": File(**small) if small else None}
    )
