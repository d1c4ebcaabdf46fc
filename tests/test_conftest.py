"""The run's own rules: nothing is skipped where CI=true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIPS = {
    "in a test": "import pytest\ndef test_it(): pytest.skip('later')",
    "by a mark": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_it(): pass",
    "of a module": "import pytest\npytest.importorskip('no_such_module_at_all')",
}


def run(directory: Path, source: str, ci: str) -> int:
    (directory / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (directory / "test_it.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default", "."],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT), "CI": ci},
        capture_output=True,
        check=False,
    ).returncode


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_in_ci(tmp_path: Path, source: str) -> None:
    assert run(tmp_path, source, "true") != 0
    assert run(tmp_path, source, "") in (0, 5)  # 5: nothing was collected


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_it(): assert False"
    assert run(tmp_path, source, "true") == 0
