import logging
import sys

import orjson

from apps.core.correlation import set_correlation_id
from apps.core.logging import JsonFormatter, log_event, stack_of

SECRET = "what somebody wrote"


def format_record(**fields: object) -> dict[str, object]:
    set_correlation_id("correlation-1")
    record = logging.LogRecord("parley", logging.INFO, "file", 1, "EVENT", None, None)
    record.__dict__.update(fields)
    line: dict[str, object] = orjson.loads(JsonFormatter().format(record))
    return line


def test_a_line_is_one_object_with_the_documented_fields() -> None:
    line = format_record(fields={"status_code": 200})
    assert set(line) == {"timestamp", "level", "logger", "message", "correlation_id", "extra"}
    assert (line["level"], line["message"]) == ("INFO", "EVENT")
    assert line["correlation_id"] == "correlation-1"
    assert line["extra"] == {"status_code": 200}


def test_a_trace_tells_places_and_not_words() -> None:
    try:
        try:
            {}[SECRET]
        except KeyError as error:
            raise ValueError(SECRET) from error
    except ValueError:
        line = format_record(exc_info=sys.exc_info())
    trace = line["trace"]
    assert isinstance(trace, list)
    assert [entry for entry in trace if not entry.startswith("  ")] == ["ValueError", "KeyError"]
    assert any("test_logging.py" in entry for entry in trace)
    assert SECRET not in repr(line)


def test_an_endless_chain_of_causes_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert len(stack_of(first)) == 30


def test_a_level_that_is_off_costs_nothing() -> None:
    logger = logging.getLogger("parley.test")
    logger.setLevel(logging.ERROR)
    log_event(logger, "EVENT", level=logging.INFO)
