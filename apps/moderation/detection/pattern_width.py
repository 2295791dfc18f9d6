"""How short and how long a match of an RE2 pattern can be, in code points.

RE2 has no back-references and no look-around, so the width follows from the pattern's text: what
stands side by side adds up, alternatives take the extremes, repetition multiplies. The pattern has
already been accepted by RE2; what this reader does not understand counts as unbounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_ESCAPE = re.compile(
    r"\\(?:Q(?P<quoted>.*?)(?:\\E|\Z)|[pP](?:\{[^}]*\}|.)|x(?:\{[0-9A-Fa-f]+\}|[0-9A-Fa-f]{2})"
    r"|[0-7]{1,3}|(?P<nothing>[AbBzE])|.)",
    re.DOTALL,
)
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|(?P<flags>[imsU-]*)(?P<close>[:)])))?", re.DOTALL)
_SIMPLE = {"*": (0, None), "+": (1, None), "?": (0, 1)}


@dataclass(frozen=True, slots=True)
class Width:
    """Shortest and longest match; no longest where a match has no bound."""

    shortest: int
    longest: int | None

    def then(self, other: Width) -> Width:
        """Return the width of this followed by the other."""
        bounded = self.longest is not None and other.longest is not None
        longest = (self.longest or 0) + (other.longest or 0) if bounded else None
        return Width(self.shortest + other.shortest, longest)

    def either(self, other: Width) -> Width:
        """Return the width of this or the other."""
        bounded = self.longest is not None and other.longest is not None
        longest = max(self.longest or 0, other.longest or 0) if bounded else None
        return Width(min(self.shortest, other.shortest), longest)

    def times(self, least: int, most: int | None) -> Width:
        """Return the width of this repeated."""
        if self.longest == 0 or most == 0:
            return Width(0, 0)
        bounded = most is not None and self.longest is not None
        longest = (self.longest or 0) * (most or 0) if bounded else None
        return Width(self.shortest * least, longest)


NOTHING = Width(0, 0)
ONE = Width(1, 1)
UNKNOWN = Width(0, None)


def width_of(pattern: str) -> Width:
    """Return how short and how long a match of an accepted pattern can be."""
    reader = _Reader(pattern)
    width = reader.alternatives()
    return width if reader.is_done else UNKNOWN


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._pattern)

    def alternatives(self) -> Width:
        width = self._sequence()
        while not self.is_done and self._pattern[self._at] == "|":
            self._at += 1
            width = width.either(self._sequence())
        return width

    def _sequence(self) -> Width:
        width = NOTHING
        while not self.is_done and self._pattern[self._at] not in "|)":
            width = width.then(self._repeated())
        return width

    def _repeated(self) -> Width:
        width = self._atom()
        while not self.is_done:
            mark = self._pattern[self._at]
            if mark in _SIMPLE:
                width = width.times(*_SIMPLE[mark])
                self._at += 1
            elif count := _COUNT.match(self._pattern, self._at):
                least = int(count[1])
                most = int(count[3]) if count[3] else (None if count[2] else least)
                width = width.times(least, most)
                self._at = count.end()
            else:
                break
            if self._pattern[self._at : self._at + 1] == "?":
                self._at += 1
        return width

    def _atom(self) -> Width:
        mark = self._pattern[self._at]
        if mark == "(":
            return self._group()
        if mark == "\\" and (escape := _ESCAPE.match(self._pattern, self._at)):
            return self._escape(escape)
        if mark == "[" and (found := _CLASS.match(self._pattern, self._at)):
            self._at = found.end()
            return ONE
        self._at += 1
        return NOTHING if mark in "^$" else ONE

    def _escape(self, escape: re.Match[str]) -> Width:
        self._at = escape.end()
        if (quoted := escape["quoted"]) is not None:
            return self._quoted(quoted)
        return NOTHING if escape["nothing"] else ONE

    def _quoted(self, quoted: str) -> Width:
        """Repetition behind a quotation concerns its last character only; do not bound that."""
        repeated = self._pattern[self._at : self._at + 1] in (*_SIMPLE, "{")
        return UNKNOWN if repeated and len(quoted) != 1 else Width(len(quoted), len(quoted))

    def _group(self) -> Width:
        opened = _GROUP.match(self._pattern, self._at)
        if opened is None:
            self._at = len(self._pattern)
            return UNKNOWN
        self._at = opened.end()
        if opened["close"] == ")":
            return NOTHING
        width = self.alternatives()
        self._at += 1
        return width
