"""Runs the detectors of many rules over one stretch of text, together where that is cheaper.

Keyword lists of one look-back that read alike are searched as one. Patterns stand behind one RE2
set: a single pass says which of them can match at all. Each rule sees the same text as if it were
alone, so that no rule changes what another one finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, Protocol, runtime_checkable

import re2

from apps.moderation.detection.base import (
    CONTEXT,
    MAX_LOOK_BACK,
    SURROUNDINGS,
    Detector,
    Reads,
    Span,
    encoded,
)
from apps.moderation.detection.keyword import KeywordDetector, widest_match
from apps.moderation.detection.regex import options
from apps.moderation.detection.terms import Term
from apps.moderation.detection.tracks import Track
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
    """A span that a rule sees.

    Attributes:
        rule: which of the rules.
        order: what decides between matches of a rule that overlap: the lower one counts.
        span: where it is, in original places.
        is_settled: whether nothing that is still to come can change it.
    """

    rule: int
    order: tuple[int, int, str]
    span: Span
    is_settled: bool


class _WordGroup(NamedTuple):
    """Keyword lists of one look-back that read alike."""

    reads: Reads
    look_back: int
    members: list[int]
    search: WordSearch


@runtime_checkable
class _Gated(Protocol):
    """A detector with an RE2 pattern that is found wherever it finds something."""

    @property
    def gate(self) -> str: ...


class Plan:
    """What to run for a set of rules; the same for every stream, so it is kept."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = tuple(rules)
        detectors = [rule.detector for rule in rules]
        self._look_backs = [min(max(one.look_back, 1), MAX_LOOK_BACK) for one in detectors]
        self._longest = [
            min(one.longest, size - SURROUNDINGS)
            for one, size in zip(detectors, self._look_backs, strict=True)
        ]
        self.kept = self._most_of_each_track(range(len(rules)))
        self.most_kept = max(self.kept.values(), default=0)
        self.held = self._most_of_each_track(at for at, rule in enumerate(rules) if rule.enforces)
        self.enforces = bool(self.held)
        words = [at for at, one in enumerate(detectors) if isinstance(one, KeywordDetector)]
        self._words = self._word_groups(words)
        gated = [at for at, one in enumerate(detectors) if isinstance(one, _Gated)]
        parts = range(0, len(gated), _GATES_IN_A_SET)
        self._gates = [_Gates(rules, gated[at : at + _GATES_IN_A_SET]) for at in parts]
        self._gated_elsewhere = [at for at in gated if detectors[at].reads is not Reads.WRITTEN]
        self._others = sorted(set(range(len(rules))) - set(words) - set(gated))

    def tracks(self) -> dict[Reads, Track]:
        """Return what a scanner of these rules reads a text into."""
        return {reads: Track(reads) for reads in {Reads.WRITTEN, *self.kept}}

    def look(
        self, tracks: Mapping[Reads, Track], told: Sequence[int], *, is_end: bool
    ) -> Iterator[Seen]:
        """Yield what the rules see in what was read last, each settled match in one look only.

        Args:
            tracks: what was read.
            told: for each rule, where the last match that was told ends, in original places.
            is_end: whether the text is over.
        """
        for group in self._words:
            track = tracks[group.reads]
            start = max(track.previous - group.look_back, 0)
            mirrored = None if track.mirrored_from is None else track.mirrored_from - start
            found = group.search.find(track.window(start), mirrored)
            for owner, spans in found.items():
                yield from self._seen(group.members[owner], track, start, spans, is_end=is_end)
        for rule in (*self._others, *self._open(tracks)):
            detector = self.rules[rule].detector
            track = tracks[detector.reads]
            start = max(track.previous - self._look_backs[rule], 0)
            begin = 0
            if track.previous:
                settled = track.previous - self._longest[rule] - CONTEXT
                begin = max(told[rule], settled + 1) - start
            seen = detector.candidates(track.window(start), max(begin, 0))
            yield from self._seen(rule, track, start, seen, is_end=is_end)

    def _seen(
        self, rule: int, track: Track, start: int, spans: Iterable[Span], *, is_end: bool
    ) -> Iterator[Seen]:
        """Yield the matches that the look before did not settle.

        The window is long enough that those have all that they depend on in it. A rule that
        enforces need not know which of its matches comes first: where much text takes little room,
        it acts as soon as the text as written has gone on for as long.
        """
        known = self._longest[rule] + CONTEXT
        enforces = self.rules[rule].enforces
        for span in spans:
            first, end = start + span.start, start + span.end
            if track.previous and first + known <= track.previous:
                continue
            place = track.original(first, end)
            is_settled = is_end or first + known <= track.length
            if enforces and end + CONTEXT <= track.length:
                is_settled = is_settled or place[1] + known <= track.written
            yield Seen(
                rule,
                (first, -end, span.label),
                replace(span, start=place[0], end=place[1]),
                is_settled,
            )

    def _open(self, tracks: Mapping[Reads, Track]) -> list[int]:
        """Return the rules behind a gate whose detector must look."""
        if not self._gates:
            return []
        written = tracks[Reads.WRITTEN]
        start = max(written.previous - self.most_kept, 0)
        data = encoded(written.window(start))
        due = [rule for gates in self._gates for rule in gates.open(data)]
        for rule in self._gated_elsewhere:
            track = tracks[self.rules[rule].detector.reads]
            start = max(track.previous - self._look_backs[rule], 0)
            if rule not in due and not track.runs_with_the_original(start):
                due.append(rule)
        return due

    def _most_of_each_track(self, members: Iterable[int]) -> dict[Reads, int]:
        """Return the longest look-back of some rules on each track."""
        most: dict[Reads, int] = {}
        for at in members:
            reads = self.rules[at].detector.reads
            most[reads] = max(most.get(reads, 0), self._look_backs[at])
        return most

    def _word_groups(self, words: Sequence[int]) -> list[_WordGroup]:
        together: dict[tuple[str, int], list[int]] = {}
        for at in words:
            reads = self.rules[at].detector.reads
            together.setdefault((reads.name, self._look_backs[at]), []).append(at)
        return [
            _WordGroup(Reads[name], size, members, self._search_of(members, size))
            for (name, size), members in sorted(together.items())
        ]

    def _search_of(self, members: Sequence[int], size: int) -> WordSearch:
        terms: list[Term] = []
        for owner, at in enumerate(members):
            detector = self.rules[at].detector
            if isinstance(detector, KeywordDetector):
                terms += detector.terms(owner=owner)
        return WordSearch(terms, owners=len(members), widest=widest_match(size))


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
