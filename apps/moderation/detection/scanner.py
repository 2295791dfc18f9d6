"""Scans text as it streams in; what is found depends on the text alone, never on how it came.

The text is read on a fixed grid: whenever STEP more of it is there, and once at its end. Each rule
reads it in its way (`Reads`), and all that is said of places here is in what a rule reads: runs of
characters that cannot be seen, and rows of equal letters, take no room there, so that they move no
word out of a window. A look sees, for each rule, what was read from `look_back` before the previous
look. A match counts once nothing that is still to come can change it or come before it: `longest`
and CONTEXT behind its start are known, or the text is over. So a rule tells of the same matches as
if it saw the whole text at once: the first to start, then the longest, none overlapping another.

Where a rule enforces, the last of what was read stays back, as much as the longest look-back of the
enforcing rules: a match that is not settled cannot begin before it. What cannot be seen would let a
text hold back more and more of itself, so MAX_HELD is the most; before text leaves behind it, every
match in sight counts as settled. A match that is even longer is found as well, and what was shown
of it is taken back. The text is cut between code points; a page that shows a part of a composed
character shows the rest a moment later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.moderation.detection.base import Reads, Span
from apps.moderation.detection.plan import CompiledRule, Seen, plan_for

__all__ = ["STEP", "CompiledRule", "Found", "ScanStep", "StreamScanner", "prepare", "scan"]

STEP = 48
KEPT = 2_048
"""A scanner that holds so much drops what it does not need any more."""

MAX_HELD = 4_096
"""No more of a text is held back, in code points as they are written."""


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
        self._tracks = self._plan.tracks()
        self._written = self._tracks[Reads.WRITTEN]
        self._holding = [(self._tracks[reads], held) for reads, held in self._plan.held.items()]
        self._pieces: list[str] = []
        self._ahead = ""
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
        self._ahead += text
        if len(self._ahead) < STEP:
            return _NOTHING if self._plan.enforces else ScanStep(text, (), is_stopped=False)
        found: list[Found] = []
        released: list[str] = []
        at = 0
        while at + STEP <= len(self._ahead) and not self._is_stopped:
            found += self._look(self._ahead[at : at + STEP], is_end=False)
            at += STEP
            if self._plan.enforces and not self._is_stopped:
                released.append(self._release(self._safe()))
            if self._written.held > KEPT:
                self._forget()
        self._ahead = self._ahead[at:]
        shown = "".join(released) if self._plan.enforces else text
        return ScanStep(shown, tuple(found), self._is_stopped)

    def finish(self) -> ScanStep:
        """Take the end of the text."""
        if self._is_stopped or self._is_finished or not self._plan.rules:
            return ScanStep("", (), self._is_stopped)
        self._is_finished = True
        found = self._look(self._ahead, is_end=True)
        released = ""
        if self._plan.enforces and not self._is_stopped:
            released = self._release(self._written.length)
        return ScanStep(released, tuple(found), self._is_stopped)

    def _look(self, piece: str, *, is_end: bool) -> list[Found]:
        for track in self._tracks.values():
            track.extend(piece)
        plan = self._plan
        leaving = self._written.length - MAX_HELD
        seen = [
            one
            for one in plan.look(self._tracks, self._told, is_end=is_end)
            if one.is_settled or (plan.rules[one.rule].enforces and one.span.start < leaving)
        ]
        if not seen:
            return []
        seen.sort(key=lambda one: one.order)
        found = [
            Found(plan.rules[one.rule].key, one.span, self._written.length)
            for one in seen
            if self._is_new(one)
        ]
        found.sort(key=lambda hit: (hit.span.end, hit.span.start, hit.key))
        return found

    def _is_new(self, seen: Seen) -> bool:
        if seen.span.start < self._told[seen.rule]:
            return False
        self._told[seen.rule] = seen.span.end
        self._is_stopped = self._is_stopped or self._plan.rules[seen.rule].enforces
        return True

    def _safe(self) -> int:
        """Return how much of the text may be shown, where no rule was hit."""
        place = self._written.length
        for track, held in self._holding:
            own = track.length - held
            place = min(place, track.original_place(own)) if own > 0 else 0
        return max(place, self._written.length - MAX_HELD, self._released)

    def _release(self, upto: int) -> str:
        text = self._written.slice(self._released, upto)
        self._released = upto
        return text

    def _forget(self) -> None:
        """Drop what no later look reads and nobody waits for."""
        for reads, track in self._tracks.items():
            needless = track.length - self._plan.most_kept
            if reads is Reads.WRITTEN and self._plan.enforces:
                needless = min(needless, self._released)
            track.forget(needless)


def prepare(rules: Sequence[CompiledRule]) -> None:
    """Build ahead what scanners of these rules share; with long lists that is work for a thread."""
    plan_for(tuple(rules))


def scan(rules: Sequence[CompiledRule], text: str) -> tuple[Found, ...]:
    """Return the hits in a whole text: the same as when it streams in."""
    scanner = StreamScanner(rules)
    return scanner.feed(text).found + scanner.finish().found
