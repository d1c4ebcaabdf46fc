"""The time, asked of one place, so that tests can live through a year.

The offset is set once at the start from the settings (config.py refuses it unless every listener is on
loopback). Everything else takes the time as an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time in UTC, shifted by a fixed offset in seconds."""

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = timedelta(seconds=offset)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


def stamp(at: datetime) -> str:
    """As clients read times: UTC with exactly three digits of fraction, else Ice Cubes shows now."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
