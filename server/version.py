"""What this software calls itself, in one place."""

from __future__ import annotations

NAME = "beckon"
VERSION = "0.1.0"

API = f"4.2.0 (compatible; Beckon {VERSION})"
"""What clients compare: Ice Cubes reads its first three characters. 4.3 would promise grouped notifications,
so it is claimed only once they work; Phanpy and Elk look in it for the names of other families."""
