"""``python -m tests.browser``: a picture of every page, in both themes, into ``shots/``, which git ignores."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHOTS = HERE.parents[1] / "shots"

if __name__ == "__main__":
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir()
    os.environ["BECKON_SHOTS"] = str(SHOTS)
    sys.exit(
        pytest.main([str(HERE / "test_every_page.py"), "-k", "used", "-q", "--show-capture=no"])
    )
