"""A clock that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.clock import Clock


class MovableClock(Clock):
    """The true time, shifted by the test; or a time that stands still but for the test."""

    def __init__(self, at: datetime | None = None) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at + self._offset if self._at else super().now()

    def forward(self, **by: float) -> None:
        """``by`` as for ``timedelta``: ``forward(days=1)``."""
        self._offset += timedelta(**by)
