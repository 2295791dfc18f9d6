"""Finds the terms of many lists in one pass.

The letters of a folded text are pushed together and searched with one Aho-Corasick automaton;
what is found there is looked at again with everything that stands between the letters. Digits and
signs are read as letters in passes of their own, and only where there are any. Time is linear in
the text, however many terms there are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import compress, product
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from apps.moderation.detection.base import Span, without_surrogates
from apps.moderation.detection.folding import FEW
from apps.moderation.detection.terms import STRETCHED, Gap, Term, Way, is_letter, stands_alone

_LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_LEET |= {"@": "a", "$": "s", "+": "t"}
_AMBIGUOUS = "1!|"
_LEET_AS_I = _LEET | dict.fromkeys(_AMBIGUOUS, "i")
_LEET_AS_L = _LEET | dict.fromkeys(_AMBIGUOUS, "l")
_ASCII = range(128)
_NO_DISGUISE = bytes(code for code in range(256) if chr(code) not in _LEET_AS_I)
_TRIPLES = AhoCorasick(
    [chr(code) * STRETCHED for code in range(ord("a"), ord("z") + 1)],
    implementation=Implementation.DFA,
)
_OTHER_TRIPLES = re.compile(rf"([^\x00-\x7f])\1{{{STRETCHED - 1}}}")
SMALL = 20_000
"""Lists with so many letters are searched by a table that takes more memory and less time."""

FARTHEST_IN_A_ROW = 4
"""So far apart two equal letters may be that are read as one that was stretched."""

_Hit = tuple[int, int, list[Term]]
_Match = tuple[Term, int, int]


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

    def letters(self, text: str, foreign: Sequence[str]) -> str:
        """Return the letters of a folded text, pushed together.

        Args:
            text: the text.
            foreign: its `foreign_signs`, which no view reads as letters.
        """
        pushed = text.encode().translate(self._table, self._dropped).decode()
        if len(foreign) > FEW:
            return pushed.translate(self)
        for sign in foreign:
            pushed = pushed.replace(sign, "")
        return pushed

    def places(self, text: str) -> list[int]:
        """Return where each letter stands in the folded text."""
        return list(compress(range(len(text)), map(self.__getitem__, map(ord, text))))


def foreign_signs(text: str) -> list[str]:
    """Return the different signs of a folded text beyond ASCII that belong to no word."""
    if text.isascii():
        return []
    return [sign for sign in set(text) if sign > "\x7f" and _PLAIN[ord(sign)] is None]


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
        is_small = sum(map(len, by_text)) <= SMALL
        kind = Implementation.DFA if is_small else Implementation.ContiguousNFA
        self._search = AhoCorasick(list(by_text), implementation=kind) if by_text else None

    def __bool__(self) -> bool:
        return self._search is not None

    def hits(self, text: str) -> list[_Hit]:
        """Return start, end and terms of every occurrence."""
        if self._search is None:
            return []
        found = self._search.find_matches_as_indexes(text, overlapping=True)
        if not found:
            return []
        return [(start, end, self._terms[index]) for index, start, end in found]


class WordSearch:
    """The terms of several keyword lists that read alike, found in one pass over a stretch."""

    def __init__(self, terms: Sequence[Term], *, owners: int, widest: int) -> None:
        """Keep the terms; none is found that is wider than this with all that disguises it."""
        self._owners = owners
        self._widest = widest
        letters = [term for term in terms if term.way is Way.LETTERS]
        self._letters = _Automaton((term.text, term) for term in letters)
        self._stretched = _Automaton((term.collapsed, term) for term in letters if term.runs)
        self._literal = _Automaton((t.text, t) for t in terms if t.way is Way.LITERAL)
        self._exact = _Automaton((t.text, t) for t in terms if t.way is Way.EXACT)

    def find(self, text: str, mirrored_from: int | None = None) -> dict[int, list[Span]]:
        """Return the matches of each list that has some, in any order; they may overlap.

        Args:
            text: what the lists read: as written for exact terms, else folded.
            mirrored_from: the first character that is seen from right to left, if there is one.
        """
        matches = self._in_folded(text) if self._letters or self._literal else []
        if self._exact:
            hits = self._exact.hits(without_surrogates(text))
            matches += _free(hits, text)
        if mirrored_from is not None:
            whole = len(text)
            turned = self._in_folded(text[::-1])
            matches += [
                (term, whole - end, whole - start)
                for term, start, end in turned
                if whole - end >= mirrored_from
            ]
        found: dict[int, list[Span]] = {}
        for term, start, end in matches:
            found.setdefault(term.owner, []).append(Span(start, end, label=term.label))
        return found

    def _in_folded(self, text: str) -> list[_Match]:
        matches = _free(self._literal.hits(text), text)
        if not self._letters:
            return matches
        readings = _readings(text)
        for reading in readings:
            hits = self._letters.hits(reading.letters)
            if hits:
                matches += self._in_reading(reading, hits)
        if self._stretched and _is_stretched("\0".join(one.letters for one in readings)):
            for reading in readings:
                matches += self._stretched_in(reading)
        return matches

    def _in_reading(self, reading: _Reading, hits: Sequence[_Hit]) -> list[_Match]:
        matches = []
        for start, end, terms in hits:
            at = reading.places[start:end]
            matches += [
                (term, at[0], at[-1] + 1) for term in terms if self._is_at(term, reading, at)
            ]
        return matches

    def _stretched_in(self, reading: _Reading) -> Iterator[_Match]:
        rows = reading.rows()
        collapsed = "".join(row.letter for row in rows)
        for start, end, terms in self._stretched.hits(collapsed):
            for term in terms:
                for at, runs in _placings(rows[start:end], term):
                    gaps = term.stretched_gaps(runs)
                    if gaps is not None and self._is_at(term, reading, at, gaps):
                        yield term, at[0], at[-1] + 1

    def _is_at(
        self, term: Term, reading: _Reading, at: Sequence[int], gaps: tuple[Gap, ...] | None = None
    ) -> bool:
        if at[-1] - at[0] >= self._widest or not term.fits(reading.text, at, gaps):
            return False
        return reading.is_plausible(term, at)


class _Row(NamedTuple):
    """Equal letters in a row, with little between them, and where each of them stands."""

    letter: str
    at: Sequence[int]


def _placings(rows: Sequence[_Row], term: Term) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the places and runs in which rows of letters can be a stretched term.

    The first and the last row may belong to a neighbour as well, as in `club baaad dog`.
    """
    firsts, lasts = [rows[0].at], [rows[-1].at]
    if len(rows) > 1:
        firsts += [rows[0].at[-term.runs[0] :]] * (len(rows[0].at) > term.runs[0])
        lasts += [rows[-1].at[: term.runs[-1]]] * (len(rows[-1].at) > term.runs[-1])
    for first, last in product(firsts, lasts):
        parts = [first, *(row.at for row in rows[1:-1]), last] if len(rows) > 1 else [first]
        runs = [len(part) for part in parts]
        if max(runs) >= STRETCHED:
            yield [place for part in parts for place in part], runs


class _Reading:
    """A folded text under one view; what only hits need is worked out when there are some."""

    def __init__(self, text: str, view: _View, foreign: Sequence[str]) -> None:
        self.text = text
        self.letters = view.letters(text, foreign)
        self._view = view

    @cached_property
    def places(self) -> list[int]:
        return self._view.places(self.text)

    def rows(self) -> list[_Row]:
        """Return the letters in rows of equal ones; a wide gap ends a row."""
        rows: list[_Row] = []
        row: list[int] = []
        letter = ""
        for sign, at in zip(self.letters, self.places, strict=True):
            if sign == letter and at - row[-1] <= FARTHEST_IN_A_ROW:
                row.append(at)
                continue
            letter, row = sign, [at]
            rows.append(_Row(letter, row))
        return rows

    def is_plausible(self, term: Term, at: Sequence[int]) -> bool:
        return self._view is _PLAIN or term.is_plausible(self.text, at)


def _readings(text: str) -> list[_Reading]:
    """Return the ways in which a folded text can be read that differ from one another."""
    foreign = foreign_signs(text)
    readings = [_Reading(text, _PLAIN, foreign)]
    if text.encode().translate(None, _NO_DISGUISE):
        for view in (_AS_I, _AS_L):
            reading = _Reading(text, view, foreign)
            if reading.letters != readings[-1].letters:
                readings.append(reading)
    return readings


def _is_stretched(letters: str) -> bool:
    if _TRIPLES.find_matches_as_indexes(letters):
        return True
    return not letters.isascii() and _OTHER_TRIPLES.search(letters) is not None


def _free(hits: Iterable[_Hit], text: str) -> list[_Match]:
    """Return the terms of these hits that may stand where they were found."""
    return [
        (term, start, end)
        for start, end, terms in hits
        for term in terms
        if not term.is_word or stands_alone(text, start, end)
    ]
