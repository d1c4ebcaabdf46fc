"""Where the lines of the log go: standard error, as text for people or as JSON for programs.

Our own lines and those of libraries (which use the standard library's logging) pass the same
processors, so a log has one form.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

QUIET = ("aiohttp.access", "asyncio")
"""They tell at level info what we tell ourselves, or nobody wants to know."""


def configure(level: str, form: Literal["text", "json"]) -> None:
    """``level``: debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = _shared(form)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def _shared(form: str) -> list[Processor]:
    now = structlog.processors.TimeStamper(fmt="iso" if form == "json" else "%Y-%m-%d %H:%M:%S")
    return [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, now]


def _renderers(form: str) -> list[Processor]:
    if form == "json":
        # Without local variables: they hold what people sent.
        traced = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [traced, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
