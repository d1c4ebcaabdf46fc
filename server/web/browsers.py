"""What kind of browser somebody signs in with, as roughly as they can tell theirs apart by: no version, no model."""

from __future__ import annotations

NAMES = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
"""In this order: most say that they are several."""
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def kind(user_agent: str) -> str:
    """``Firefox, Android`` of a ``User-Agent``; "" where neither is known."""
    found = [
        next((name for mark, name in known.items() if mark in user_agent), "")
        for known in (NAMES, SYSTEMS)
    ]
    return ", ".join(name for name in found if name)
