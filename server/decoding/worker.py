"""The process that opens one file: ``python -m server.decoding.worker SOURCE FOLDER PURPOSE``.

It bounds itself and puts up its walls before it loads any decoder, and says on its standard output what it made, or in one
sentence why it made nothing. However it ends, whoever started it removes the folder.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from server.decoding import bounds, walls
from server.decoding.made import Made, Purpose, RefusedError
from server.decoding.sniff import HEAD, sniff
from server.i18n import mark

UNREADABLE = mark("The file cannot be read: it is damaged, cut off, or not what it seems to be.")
UNKNOWN = mark("This kind of file is not taken.")
TOO_MUCH = mark("The file takes too much memory.")


def main() -> None:
    _bound()
    source, out, purpose = Path(sys.argv[1]), Path(sys.argv[2]), cast("Purpose", sys.argv[3])
    walls.put_up(Path(__file__).parents[1], source, out)
    sys.stdout.write(json.dumps(_answer(source, out, purpose)))


def _bound() -> None:
    """Linux and macOS; the last does not hold RLIMIT_AS, and its other bounds still do."""
    for what, limit in (
        (resource.RLIMIT_AS, bounds.MEMORY),
        (resource.RLIMIT_CPU, bounds.CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 4 * bounds.FILM_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):
            continue
    os.nice(10)


def _answer(source: Path, out: Path, purpose: Purpose) -> dict[str, Any]:
    try:
        return {"made": asdict(_convert(source, out, purpose))}
    except RefusedError as refused:
        return {"refused": str(refused), "cause": ""}
    except MemoryError:
        return {"refused": TOO_MUCH, "cause": "memory"}
    except Exception as error:  # decoders raise anything, and it means the same
        return {"refused": UNREADABLE, "cause": f"{type(error).__name__}: {error}"[:500]}


def _convert(source: Path, out: Path, purpose: Purpose) -> Made:
    """Decoders are loaded under the bounds, and only those that this file needs."""
    with source.open("rb") as file:
        found = sniff(file.read(HEAD))
    if found is None:
        raise RefusedError(UNKNOWN)
    if found.kind == "image":
        from server.decoding import images  # noqa: PLC0415

        return images.convert(source, out, found, purpose)
    if purpose != "post":
        raise RefusedError("Only a picture can be shown here.")
    from server.decoding import films  # noqa: PLC0415

    return films.convert(source, out, found)


if __name__ == "__main__":
    main()
