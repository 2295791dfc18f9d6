"""Finds the terms of many lists in one pass.

The letters of the folded text are pushed together and searched with one Aho-Corasick automaton;
what is found there is looked at again with everything that stands between the letters. Digits and
signs are read as letters in passes of their own, and only where there are any. Time is linear in
the text, however many terms there are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import compress, groupby

from ahocorasick_rs import AhoCorasick, Implementation

from apps.moderation.detection.base import Span, apart, without_surrogates
from apps.moderation.detection.folding import FEW, Folded, fold
from apps.moderation.detection.terms import STRETCHED, Term, Way, is_letter, stands_alone

_LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_LEET |= {"@": "a", "$": "s", "+": "t"}
_AMBIGUOUS = "1!|"
_LEET_AS_I = _LEET | dict.fromkeys(_AMBIGUOUS, "i")
_LEET_AS_L = _LEET | dict.fromkeys(_AMBIGUOUS, "l")
_ASCII = range(128)
_DISGUISE = re.compile(f"[{re.escape(''.join(_LEET_AS_I))}]")
_TRIPLES = AhoCorasick([chr(code) * STRETCHED for code in range(ord("a"), ord("z") + 1)])
_OTHER_TRIPLES = re.compile(rf"([^\x00-\x7f])\1{{{STRETCHED - 1}}}")
_RUNS = re.compile(r"(.)\1+", re.DOTALL)
_Hit = tuple[int, int, list[Term]]


class _View(dict[int, str | None]):
    """A way to read signs as letters; what is no letter under it has none."""

    def __init__(self, letters: dict[str, str]) -> None:
        super().__init__()
        self._letters = letters
        kept = [self[code] for code in _ASCII]
        table = [ord(letter or "\0") for letter in kept]
        self._table = bytes(table + list(range(128, 256)))
        self._dropped = bytes(code for code in _ASCII if kept[code] is None)

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        letter = self._letters.get(sign) or (sign if is_letter(sign) else None)
        if unicodedata.category(sign) not in {"Cn", "Co", "Cs"}:
            self[code] = letter
        return letter

    def letters(self, text: str) -> str:
        """Return the letters of a folded text, pushed together."""
        pushed = text.encode().translate(self._table, self._dropped).decode()
        if pushed.isascii():
            return pushed
        others = [sign for sign in set(pushed) if sign > "\x7f" and self[ord(sign)] is None]
        if len(others) > FEW:
            return pushed.translate(self)
        for sign in others:
            pushed = pushed.replace(sign, "")
        return pushed

    def places(self, text: str) -> list[int]:
        """Return where each letter stands in the folded text."""
        return list(compress(range(len(text)), map(self.__getitem__, map(ord, text))))


_PLAIN = _View({})
_AS_I = _View(_LEET_AS_I)
_AS_L = _View(_LEET_AS_L)


class _Automaton:
    """Finds every occurrence of many texts, also where they overlap."""

    def __init__(self, terms: Iterable[tuple[str, Term]]) -> None:
        by_text: dict[str, list[Term]] = {}
        for text, term in terms:
            by_text.setdefault(text, []).append(term)
        self._terms = list(by_text.values())
        kind = Implementation.ContiguousNFA
        self._search = AhoCorasick(list(by_text), implementation=kind) if by_text else None

    def __bool__(self) -> bool:
        return self._search is not None

    def hits(self, text: str) -> list[_Hit]:
        """Return start, end and terms of every occurrence."""
        if self._search is None:
            return []
        found = self._search.find_matches_as_indexes(text, overlapping=True)
        return [(start, end, self._terms[index]) for index, start, end in found]


class WordSearch:
    """The terms of several keyword lists, found in one pass over a text."""

    def __init__(self, terms: Sequence[Term], *, owners: int) -> None:
        self._owners = owners
        letters = [term for term in terms if term.way is Way.LETTERS]
        self._letters = _Automaton((term.text, term) for term in letters)
        self._stretched = _Automaton((term.collapsed, term) for term in letters if term.runs)
        self._literal = _Automaton((t.text, t) for t in terms if t.way is Way.LITERAL)
        self._exact = _Automaton((t.text, t) for t in terms if t.way is Way.EXACT)

    def find(self, text: str) -> list[list[Span]]:
        """Return the spans of each list, ordered by start, none overlapping another."""
        found: list[list[Span]] = [[] for _ in range(self._owners)]
        for term, start, end in self._matches(text):
            found[term.owner].append(Span(start, end, label=term.label))
        return [apart(spans) if spans else spans for spans in found]

    def _matches(self, text: str) -> Iterator[tuple[Term, int, int]]:
        if self._letters or self._literal:
            folded = fold(text)
            for term, first, last in self._in_folded(folded):
                yield term, *folded.original(first, last)
        for start, end, terms in self._exact.hits(without_surrogates(text)):
            yield from ((term, start, end) for term in terms if _is_free(term, text, start, end))

    def _in_folded(self, folded: Folded) -> Iterator[tuple[Term, int, int]]:
        text = folded.text
        for start, end, terms in self._literal.hits(text):
            yield from (
                (term, start, end - 1) for term in terms if _is_free(term, text, start, end)
            )
        if not self._letters:
            return
        plain = _Reading(text, _PLAIN)
        yield from self._in_view(plain)
        if not text.isascii() and _DISGUISE.search(text) is None:
            return
        as_i = _Reading(text, _AS_I)
        if as_i.letters != plain.letters:
            yield from self._in_view(as_i)
            as_l = _Reading(text, _AS_L)
            if as_l.letters != as_i.letters:
                yield from self._in_view(as_l)

    def _in_view(self, reading: _Reading) -> Iterator[tuple[Term, int, int]]:
        for start, end, terms in self._letters.hits(reading.letters):
            at = reading.places[start:end]
            for term in terms:
                if term.fits(reading.text, at) and reading.is_plausible(term, at):
                    yield term, at[0], at[-1]
        if self._stretched and reading.is_stretched:
            yield from self._stretched_in(reading)

    def _stretched_in(self, reading: _Reading) -> Iterator[tuple[Term, int, int]]:
        hits = self._stretched.hits(_RUNS.sub(r"\1", reading.letters))
        if not hits:
            return
        groups = [(letter, sum(1 for _ in group)) for letter, group in groupby(reading.letters)]
        begins = [0]
        for _, length in groups:
            begins.append(begins[-1] + length)
        for start, end, terms in hits:
            runs = [length for _, length in groups[start:end]]
            if max(runs) < STRETCHED:
                continue
            at = reading.places[begins[start] : begins[end]]
            for term in terms:
                gaps = term.stretched_gaps(runs)
                if gaps is None or not term.fits(reading.text, at, gaps):
                    continue
                if reading.is_plausible(term, at):
                    yield term, at[0], at[-1]


class _Reading:
    """A folded text under one view; what only hits need is worked out when there are some."""

    def __init__(self, text: str, view: _View) -> None:
        self.text = text
        self.letters = view.letters(text)
        self._view = view

    @cached_property
    def places(self) -> list[int]:
        return self._view.places(self.text)

    @property
    def is_stretched(self) -> bool:
        if _TRIPLES.find_matches_as_indexes(self.letters):
            return True
        return not self.letters.isascii() and _OTHER_TRIPLES.search(self.letters) is not None

    def is_plausible(self, term: Term, at: list[int]) -> bool:
        return self._view is _PLAIN or term.is_plausible(self.text, at)


def _is_free(term: Term, text: str, start: int, end: int) -> bool:
    return not term.is_word or stands_alone(text, start, end)
