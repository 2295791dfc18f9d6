"""Scans text as it streams in; what is found depends on the text alone, never on how it came.

The text is looked at on a fixed grid: whenever its length reaches a multiple of STEP, and once at
its end. A look at a position sees, for each rule, the text from `look_back` code points before the
previous look. A match counts where it is settled: CONTEXT code points and what it may still grow by
are known behind it, or the text is over, or the next look would not see it any more. What has less
than CONTEXT before it in the window (other than at the text's beginning) does not count, for it may
be the rest of something else; the look before saw it whole. A rule never tells of two spans that
overlap, so a match that grows all the same is told once.

Where a rule enforces, the last code points stay back, as many as the longest look-back of the
enforcing rules, counted from the last look: a later match cannot begin before them. The text is cut
between code points; a page that shows a part of a composed character shows the rest a moment later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from apps.moderation.detection.base import CONTEXT, Span
from apps.moderation.detection.plan import CompiledRule, Seen, plan_for

__all__ = ["STEP", "CompiledRule", "Found", "ScanStep", "StreamScanner", "prepare", "scan"]

STEP = 48


@dataclass(frozen=True, slots=True)
class Found:
    """A hit.

    Attributes:
        key: id of the rule's version.
        span: where it is in the whole text.
        at: how much text had been read when it was found.
    """

    key: int
    span: Span
    at: int


class ScanStep(NamedTuple):
    """What a piece of text led to.

    Attributes:
        released: text that may be shown now, following what was released before.
        found: new hits, ordered by position of the look, end, start and key.
        is_stopped: whether an enforcing rule was hit; nothing is released or told after that.
    """

    released: str
    found: tuple[Found, ...]
    is_stopped: bool


_NOTHING = ScanStep("", (), is_stopped=False)


class StreamScanner:
    """Scans one text."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self._plan = plan_for(tuple(rules))
        self._pieces: list[str] = []
        self._tail = ""
        self._base = 0
        self._length = 0
        self._looked = 0
        self._released = 0
        self._told = [0] * len(rules)
        self._is_stopped = False
        self._is_finished = False

    @property
    def text(self) -> str:
        """Everything that was fed, also what was not released."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def feed(self, text: str) -> ScanStep:
        """Take the next piece of the text."""
        self._pieces.append(text)
        if self._is_stopped or self._is_finished:
            return ScanStep("", (), self._is_stopped)
        if not self._plan.rules:
            return ScanStep(text, (), is_stopped=False)
        self._tail += text
        self._length += len(text)
        if self._looked + STEP > self._length:
            return _NOTHING if self._plan.enforces else ScanStep(text, (), is_stopped=False)
        found: list[Found] = []
        safe = self._released
        while self._looked + STEP <= self._length and not self._is_stopped:
            found += self._look(self._looked + STEP, is_end=False)
            if not self._is_stopped:
                safe = max(self._looked - self._plan.hold_back, safe)
        released = self._release(safe) if self._plan.enforces else text
        self._forget()
        return ScanStep(released, tuple(found), self._is_stopped)

    def finish(self) -> ScanStep:
        """Take the end of the text."""
        if self._is_stopped or self._is_finished or not self._plan.rules:
            return ScanStep("", (), self._is_stopped)
        self._is_finished = True
        found = self._look(self._length, is_end=True)
        released = ""
        if self._plan.enforces and not self._is_stopped:
            released = self._release(self._length)
        return ScanStep(released, tuple(found), self._is_stopped)

    def _look(self, position: int, *, is_end: bool) -> list[Found]:
        previous, self._looked = self._looked, position
        plan = self._plan
        seen = [
            one
            for one in plan.look(self._tail, self._base, previous, position)
            if is_end or self._is_settled(one, position)
        ]
        if not seen:
            return []
        seen.sort(key=lambda one: (one.start, one.end))
        found = [
            Found(plan.rules[one.rule].key, self._placed(one), position)
            for one in seen
            if self._is_new(one)
        ]
        found.sort(key=lambda hit: (hit.span.end, hit.span.start, hit.key))
        return found

    def _is_settled(self, seen: Seen, position: int) -> bool:
        next_start = position - self._plan.look_backs[seen.rule]
        known = seen.end + self._plan.growths[seen.rule] + CONTEXT
        return known <= position or (next_start > 0 and seen.start < next_start + CONTEXT)

    def _is_new(self, seen: Seen) -> bool:
        if seen.start < self._told[seen.rule]:
            return False
        self._told[seen.rule] = seen.end
        self._is_stopped = self._is_stopped or self._plan.rules[seen.rule].enforces
        return True

    @staticmethod
    def _placed(seen: Seen) -> Span:
        return replace(seen.span, start=seen.start, end=seen.end)

    def _release(self, upto: int) -> str:
        text = self._tail[self._released - self._base : upto - self._base]
        self._released = upto
        return text

    def _forget(self) -> None:
        """Drop what no later look reads and nobody waits for."""
        needless = self._looked - self._plan.look_back - self._base
        if needless > 0:
            self._tail = self._tail[needless:]
            self._base += needless


def prepare(rules: Sequence[CompiledRule]) -> None:
    """Build ahead what scanners of these rules share; with long lists that is work for a thread."""
    plan_for(tuple(rules))


def scan(rules: Sequence[CompiledRule], text: str) -> tuple[Found, ...]:
    """Return the hits in a whole text: the same as when it streams in."""
    scanner = StreamScanner(rules)
    return scanner.feed(text).found + scanner.finish().found
