"""Runs the detectors of many rules over one stretch of text, together where that is cheaper.

Keyword lists of one look-back are searched as one. Patterns stand behind one RE2 set: a single pass
says which of them can match at all. Each rule sees the same text as if it were alone, so that no
rule changes what another one finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol, runtime_checkable

import re2

from apps.moderation.detection.base import (
    CONTEXT,
    MAX_LOOK_BACK,
    Detector,
    Span,
    without_surrogates,
)
from apps.moderation.detection.keyword import KeywordDetector
from apps.moderation.detection.regex import options
from apps.moderation.detection.terms import Term
from apps.moderation.detection.word_search import WordSearch

_GATE_MEMORY = 32 << 20
_GATES_IN_A_SET = 50
_PLANS = 16


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that acts in the stream.

    Attributes:
        key: id of the rule's version; hits point at it.
        detector: what it looks for.
        enforces: whether a hit stops the answer.
    """

    key: int
    detector: Detector
    enforces: bool


class Seen(NamedTuple):
    """A span that a rule sees, in offsets of the whole text."""

    rule: int
    start: int
    end: int
    span: Span


@runtime_checkable
class _Gated(Protocol):
    """A detector with an RE2 pattern that is found wherever it finds something."""

    @property
    def gate(self) -> str: ...


@runtime_checkable
class _Growing(Protocol):
    """A detector whose match may become longer, by so much, when more of the text is known."""

    growth: int


class Plan:
    """What to run for a set of rules; the same for every stream, so it is kept."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = tuple(rules)
        self.look_backs = [min(max(r.detector.look_back, 1), MAX_LOOK_BACK) for r in rules]
        self.growths = [r.detector.growth if isinstance(r.detector, _Growing) else 0 for r in rules]
        self.look_back = max(self.look_backs, default=0)
        enforcing = [b for b, rule in zip(self.look_backs, rules, strict=True) if rule.enforces]
        self.hold_back = max(enforcing, default=0)
        self.enforces = bool(enforcing)
        words = [at for at, rule in enumerate(rules) if isinstance(rule.detector, KeywordDetector)]
        self._words = [self._word_group(words, size) for size in sorted(self._sizes(words))]
        gated = [at for at, rule in enumerate(rules) if isinstance(rule.detector, _Gated)]
        parts = range(0, len(gated), _GATES_IN_A_SET)
        self._gates = [_Gates(rules, gated[at : at + _GATES_IN_A_SET]) for at in parts]
        self._others = sorted(set(range(len(rules))) - set(words) - set(gated))

    def look(self, text: str, base: int, previous: int, position: int) -> Iterator[Seen]:
        """Yield what the rules see in their windows of a text up to a position.

        Args:
            text: the end of the whole text, at least the longest look-back before `previous`.
            base: how much of the whole text comes before it.
            previous: the position that was looked at before this one.
            position: how much of the whole text may be read.
        """
        for size, members, search in self._words:
            start = max(previous - size, 0)
            for rule, spans in zip(
                members, search.find(text[start - base : position - base]), strict=True
            ):
                yield from _placed(rule, start, spans)
        due = list(self._others)
        if self._gates:
            start = max(previous - self.look_back, 0)
            data = without_surrogates(text[start - base : position - base]).encode()
            for gates in self._gates:
                due += gates.open(data)
        for rule in due:
            start = max(previous - self.look_backs[rule], 0)
            window = text[start - base : position - base]
            yield from _placed(rule, start, self.rules[rule].detector.find(window))

    def _sizes(self, words: Sequence[int]) -> set[int]:
        return {self.look_backs[at] for at in words}

    def _word_group(self, words: Sequence[int], size: int) -> tuple[int, list[int], WordSearch]:
        members = [at for at in words if self.look_backs[at] == size]
        terms: list[Term] = []
        for owner, at in enumerate(members):
            detector = self.rules[at].detector
            if isinstance(detector, KeywordDetector):
                terms += detector.terms(owner=owner)
        return size, members, WordSearch(terms, owners=len(members))


class _Gates:
    """Tells in one pass which of many rules can match at all.

    A pattern that matches every text stands among them: where it is missing, the engine ran out of
    memory, and every rule is due.
    """

    def __init__(self, rules: Sequence[CompiledRule], members: Sequence[int]) -> None:
        self._members = list(members)
        self._set = re2.Set.SearchSet(options(memory=_GATE_MEMORY))
        try:
            for at in members:
                self._set.Add(str(getattr(rules[at].detector, "gate", "")))
            self._witness = self._set.Add("")
            self._set.Compile()
        except re2.error:
            self._set = None

    def open(self, data: bytes) -> list[int]:
        """Return the rules whose detector must look."""
        matched = self._set.Match(data) if self._set is not None else None
        if matched is None or self._witness not in matched:
            return self._members
        return [self._members[index] for index in matched if index != self._witness]


@lru_cache(maxsize=_PLANS)
def plan_for(rules: tuple[CompiledRule, ...]) -> Plan:
    """Return the plan of some rules; rules with the same detectors share it."""
    return Plan(rules)


def _placed(rule: int, start: int, spans: Sequence[Span]) -> Iterator[Seen]:
    for span in spans:
        if span.start >= CONTEXT or not start:
            yield Seen(rule, start + span.start, start + span.end, span)
