"""Logs as one JSON object a line: only fields that are named, never texts or secrets."""

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.core.correlation import bound_correlation_id

MAX_FRAMES = 30


def stack_of(exception: BaseException) -> list[str]:
    """Tell where an exception and its causes were raised, without the words they carry.

    The words of a foreign exception may quote what a person wrote or a secret: a database error
    quotes the row, a parser the text. Class and place are enough to find the fault.
    """
    lines: list[str] = []
    current: BaseException | None = exception
    while current is not None and len(lines) < MAX_FRAMES:
        lines.append(type(current).__name__)
        lines.extend(
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)[-MAX_FRAMES:]
        )
        suppressed = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or suppressed
    return lines


class JsonFormatter(logging.Formatter):
    """Write a record as timestamp, level, logger, message, correlation id and its named fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": bound_correlation_id(),
            "extra": getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = stack_of(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def log_event(
    logger: logging.Logger,
    event: str,
    *,
    level: int = logging.INFO,
    **fields: str | float | bool | None,
) -> None:
    """Log a named event with its fields: numbers and ids, never a person's text or a secret."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={"fields": fields})


def log_failure(
    logger: logging.Logger,
    event: str,
    exception: BaseException,
    **fields: str | float | bool | None,
) -> None:
    """Log that something broke, with the place and without the words of the exception."""
    logger.error(event, exc_info=exception, extra={"fields": fields})
