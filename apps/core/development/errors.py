"""What can go wrong while the parts of a development machine are started."""

from pathlib import Path

LOG_TAIL_LINES = 15


class DevelopmentError(Exception):
    """A part did not start; the text says what to do about it."""


class StopRequestedError(Exception):
    """A person asked to stop while something was still starting."""


def with_log_tail(sentence: str, log: Path) -> DevelopmentError:
    """Return an error that shows the end of a log after its sentence.

    Args:
        sentence: What happened and what to do.
        log: The log of the part that failed.
    """
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError:
        lines = []
    if not lines:
        return DevelopmentError(sentence)
    tail = "\n".join(f"  {line}" for line in lines)
    return DevelopmentError(f"{sentence}\nThe last lines of {log}:\n{tail}")
