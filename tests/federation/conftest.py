"""An instance with its federation door open."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.federation.door import Door, opened


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    async with opened(database_url) as found:
        yield found
