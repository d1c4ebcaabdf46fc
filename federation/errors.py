"""The errors of the wire: every refusal has a stable name and a sentence that is safe to send back."""

from __future__ import annotations


class WireError(Exception):
    """Anything that goes wrong between us and another server."""


class Refused(WireError):  # noqa: N818 - it is a verdict, named as one
    """What arrived is not acceptable.

    ``reason`` is a stable snake_case name (stored, counted, tested); ``sentence`` is safe to show to
    the sender; ``cause`` is for the log only.
    """

    def __init__(self, reason: str, sentence: str, *, cause: str = "") -> None:
        super().__init__(f"{reason}: {sentence}" + (f" ({cause})" if cause else ""))
        self.reason = reason
        self.sentence = sentence
        self.cause = cause


class Unreachable(WireError):  # noqa: N818 - it is a state of the other side
    """A server could not be asked, or answered something that only time can mend (retry later)."""

    def __init__(self, reason: str, sentence: str, *, cause: str = "") -> None:
        super().__init__(f"{reason}: {sentence}" + (f" ({cause})" if cause else ""))
        self.reason = reason
        self.sentence = sentence
        self.cause = cause


class Gone(WireError):  # noqa: N818 - HTTP's own word
    """The origin says that the object is gone (404, 410, or a Tombstone)."""

    def __init__(self, url: str) -> None:
        super().__init__(f"gone: {url}")
        self.url = url
