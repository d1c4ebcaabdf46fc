"""An instance with its federation door open, and one that meets peers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.federation.door import Door, opened
from tests.federation.worlds import garden, microblog, organiser, ours

__all__ = ["door", "garden", "microblog", "organiser", "ours"]


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    async with opened(database_url) as found:
        yield found
