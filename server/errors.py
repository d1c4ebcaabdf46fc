"""One tree of errors. Each has a sentence that is safe to show, and a cause for the log.

A door turns them into its own kind of answer in one place: the client API into ``{"error": …}``, a page
into a page, the command line into a line and an exit code. A sentence is marked for the translators by being one of
an error (``server/texts.py``); what is put together has its values apart: ``Invalid(mark("At most %(most)s.", most=9))``.
"""

from __future__ import annotations

from server.i18n import mark


class BeckonError(Exception):
    """``sentence`` is for whoever asked; ``cause`` is for the log only."""

    status = 500

    def __init__(self, sentence: str, *, cause: str = "") -> None:
        super().__init__(sentence)
        self.sentence = mark(sentence)
        self.cause = cause


class Invalid(BeckonError):  # noqa: N818 - the state of what was sent
    """The request cannot be carried out as it stands (422). ``field`` names what is wrong, if one is."""

    status = 422

    def __init__(self, sentence: str, *, field: str = "", cause: str = "") -> None:
        super().__init__(sentence, cause=cause)
        self.field = field


class BadRequest(BeckonError):  # noqa: N818
    """The request cannot be read at all (400)."""

    status = 400


class Unauthenticated(BeckonError):  # noqa: N818
    """Nobody is known to be asking (401)."""

    status = 401


class Forbidden(BeckonError):  # noqa: N818
    """Who asks may not do this (403). ``reason`` is the verdict's stable name."""

    status = 403

    def __init__(self, sentence: str, *, reason: str = "", cause: str = "") -> None:
        super().__init__(sentence, cause=cause)
        self.reason = reason


class NotFound(BeckonError):  # noqa: N818
    """It is not there, or who asks may not see it; the two look the same from outside (404)."""

    status = 404

    def __init__(self, sentence: str = "Record not found", *, cause: str = "") -> None:
        super().__init__(sentence, cause=cause)


class GoneError(BeckonError):
    """It was here and was deleted (410)."""

    status = 410


class Conflict(BeckonError):  # noqa: N818
    """Somebody else was faster (409)."""

    status = 409


class TooMany(BeckonError):  # noqa: N818
    """Asked too often (429). ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(BeckonError):  # noqa: N818
    """Not now (503)."""

    status = 503


class DatabaseUnreachable(Unavailable):
    """There is no PostgreSQL to work with."""


class SettingsError(BeckonError):
    """The configuration has faults: all of them, a sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
