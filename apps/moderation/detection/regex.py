"""Regular expressions that staff type, on RE2: time is linear in the text, whatever the pattern.

How far back a stream must read follows from the longest possible match and its surroundings. Where
a match has no bound (`a.*b`), the author says with `look_back` how long a match may be; one that
is longer may be missed or told in part, and `scan` and `find` may differ about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import re2

from apps.moderation.detection.base import (
    MAX_LOOK_BACK,
    SURROUNDINGS,
    Configuration,
    ConfigurationError,
    Reads,
    Span,
    flag,
    refuse_unknown,
    without_surrogates,
)
from apps.moderation.detection.pattern_width import Width, width_of

MAX_PATTERN = 4_000
LONGEST = MAX_LOOK_BACK - SURROUNDINGS
"""The longest match of an expression."""

_MEMORY = 4 << 20
_REASONS = {
    "invalid perl operator": "Remove {part}: look-ahead, look-behind and special groups are not "
    "available, because they can take very long.",
    "invalid escape sequence": "Replace {part}: this escape is not known. Back-references are not "
    "available, because they can take very long.",
    "missing )": "Close the bracket '(' with ')'.",
    "unexpected )": "Remove the ')' that closes nothing, or write \\).",
    "missing ]": "Close the bracket '[' with ']'.",
    "bad repetition operator": "Keep one repetition sign where it says {part}.",
    "invalid repetition size": "Repeat at most 1000 times, also in total, where it says {part}.",
    "no argument for repetition operator": "Say what {part} repeats, or write \\{part}.",
    "invalid character class range": "Correct the range {part}.",
    "invalid character class": "Correct the class {part}.",
    "trailing \\": "Remove the backslash at the end, or write \\\\ for a backslash.",
    "invalid named capture group": "Correct the name of the group {part}.",
    "pattern too large": "Make the pattern smaller: it takes too much memory.",
}


class _Match(Protocol):
    def span(self) -> tuple[int, int]: ...


class Compiled(Protocol):
    """What this package uses of a compiled pattern; offsets are those of the given type."""

    def finditer(self, text: str | bytes, pos: int) -> Iterator[_Match]:
        """Return the matches from a place on, from left to right."""


def validate(configuration: Configuration) -> dict[str, object]:
    """Return the configuration of a regular expression with its defaults.

    Raises:
        ConfigurationError: the pattern cannot be used, or not without a look-back.
    """
    refuse_unknown(configuration, ("pattern", "ignore_case", "look_back"))
    pattern = configuration.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        raise ConfigurationError("pattern", "Write a regular expression.")
    if len(pattern) > MAX_PATTERN:
        advice = f"Shorten the pattern to {MAX_PATTERN:,} characters, or use a keyword list."
        raise ConfigurationError("pattern", advice)
    ignore_case = flag(configuration, "ignore_case", default=False)
    compile_pattern(pattern, ignore_case=ignore_case)
    width = width_of(pattern)
    if width.shortest == 0 and width != Width(0, None):
        advice = "Change the pattern so that a match has at least one character."
        raise ConfigurationError("pattern", advice)
    chosen = configuration.get("look_back")
    if chosen is None or width.shortest > LONGEST:
        _refuse_unbounded(width)
    look_back = _look_back(chosen, width.shortest)
    return {"pattern": pattern, "ignore_case": ignore_case, "look_back": look_back}


def compile_pattern(pattern: str, *, ignore_case: bool) -> Compiled:
    """Return a compiled pattern that reports no groups.

    Raises:
        ConfigurationError: RE2 refuses it.
    """
    try:
        compiled = re2.compile(without_surrogates(pattern), options(ignore_case=ignore_case))
    except re2.error as error:
        raise ConfigurationError("pattern", _reason(error)) from None
    if "\\C" in pattern.replace("\\\\", ""):
        raise ConfigurationError("pattern", "Replace \\C by a dot: it would cut characters apart.")
    if compiled.search("") is not None:
        advice = "Change the pattern so that it does not match an empty text."
        raise ConfigurationError("pattern", advice)
    found: Compiled = compiled
    return found


def options(*, ignore_case: bool = False, memory: int = _MEMORY) -> re2.Options:
    """Return RE2's options: quiet, no groups, bounded memory."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.never_capture = True
    chosen.case_sensitive = not ignore_case
    chosen.max_mem = memory
    return chosen


class RegexDetector:
    """Finds what a pattern matches, from left to right."""

    def __init__(self, configuration: Configuration) -> None:
        self._pattern = str(configuration["pattern"])
        self._ignore_case = bool(configuration["ignore_case"])
        self._compiled = compile_pattern(self._pattern, ignore_case=self._ignore_case)
        width = width_of(self._pattern)
        chosen = configuration["look_back"]
        longest = chosen if isinstance(chosen, int) else width.longest or LONGEST
        self.longest = longest
        self.look_back = longest + SURROUNDINGS
        self.reads = Reads.WRITTEN

    @property
    def gate(self) -> str:
        """An RE2 pattern that is found in every text in which this finds something."""
        return f"(?i){self._pattern}" if self._ignore_case else self._pattern

    def candidates(self, text: str, begin: int = 0) -> list[Span]:
        """Return the matches from a place on, from left to right, none overlapping another."""
        data = text.encode() if text.isascii() else without_surrogates(text)
        spans = (match.span() for match in self._compiled.finditer(data, begin))
        return [Span(start, end) for start, end in spans if end > start]

    def find(self, text: str) -> list[Span]:
        """Return the matches in a whole text, ordered by start, none overlapping another."""
        return self.candidates(text)


def _reason(error: re2.error) -> str:
    told = error.args[0] if error.args else b""
    sentence = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    what, _, part = sentence.partition(": ")
    if what not in _REASONS:
        return "Correct the pattern: RE2 does not understand it."
    return _REASONS[what].format(part=part or "it")


def _look_back(value: object, shortest: int) -> int | None:
    if value is None:
        return None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    least = max(shortest, 1)
    if not is_number or not isinstance(value, int) or not least <= value <= LONGEST:
        advice = f"Set 'look_back' to a whole number from {least} to {LONGEST}, or leave it out."
        raise ConfigurationError("look_back", advice)
    return value


def _refuse_unbounded(width: Width) -> None:
    if width.longest is None:
        advice = (
            "Give every repetition an end, such as {1,50} instead of + or *, or set 'look_back' to "
            "the number of characters that a match may have."
        )
        raise ConfigurationError("pattern", advice)
    if width.longest > LONGEST:
        advice = (
            f"A match may have {width.longest} characters, and {LONGEST} is the most. "
            "Repeat less, or set 'look_back'."
        )
        raise ConfigurationError("pattern", advice)
