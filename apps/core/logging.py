"""Logs as one JSON object a line; only fields that are named by the caller, never texts or secrets."""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.core.correlation import get_correlation_id


class JsonFormatter(logging.Formatter):
    """Write a record as timestamp, level, logger, message, correlation id and the fields of `log_event`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": get_correlation_id(),
            "extra": getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_event(
    logger: logging.Logger, event: str, *, level: int = logging.INFO, **fields: str | float | bool | None
) -> None:
    """Log a named event with its fields; pass numbers and ids, never a person's text or a secret."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={"fields": fields})
