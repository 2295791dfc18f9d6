"""The terms of keyword lists as they are searched: letters, and what may stand between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from itertools import groupby, pairwise

from apps.moderation.detection.folding import fold
from apps.moderation.detection.tracks import shorten_runs

FEWEST_DISGUISED = 3
"""Shorter terms are found as they stand only: too many ordinary texts would look like them."""

STRETCHED = 3
"""So many equal letters in a row are no spelling, but a stretched word."""

WIDEST_BREAK = 4
"""So many separators may stand between two words of a term."""

FEWEST_BROKEN = 5
"""So many letters a word has that may be broken at the end of a line."""

_JOINERS = frozenset("._-*~`")
_MARKUP = frozenset("*_~`")
_LONGEST_MARKUP = 3
_LINE_BREAKS = frozenset({"\n", "\r\n", "-\n", "-\r\n"})
_LEET_DIGITS = frozenset("0123456789")


class Gap(IntEnum):
    """What a term has between two of its letters."""

    NONE = 0
    SPACE = 1
    MARK = 2


class Way(Enum):
    """How a term is searched."""

    LETTERS = "letters"
    LITERAL = "literal"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a list.

    Attributes:
        owner: which list of a group has it.
        label: what a span calls it.
        way: how it is searched.
        text: what is searched: its folded letters, the folded term, or the term as written.
        is_word: whether it must stand alone.
        gaps: what stands between its letters, one less than letters.
        runs: how often each letter stands in a row; empty when it cannot be stretched.
    """

    owner: int
    label: str
    way: Way
    text: str
    is_word: bool
    gaps: tuple[Gap, ...] = ()
    runs: tuple[int, ...] = ()

    @property
    def collapsed(self) -> str:
        """The letters, each once where several are the same."""
        return "".join(letter for letter, _ in groupby(self.text))

    def fits(self, text: str, at: Sequence[int], gaps: tuple[Gap, ...] | None = None) -> bool:
        """Tell whether letters found at these places of a folded text are this term."""
        if self.is_word and not stands_alone(text, at[0], at[-1] + 1):
            return False
        kinds = self.gaps if gaps is None else gaps
        if at[-1] - at[0] == len(at) - 1:
            return Gap.SPACE not in kinds
        inner = []
        for (before, after), kind in zip(pairwise(at), kinds, strict=True):
            if kind is Gap.NONE:
                inner.append(text[before + 1 : after])
            elif (kind is Gap.SPACE and after - before == 1) or after - before > WIDEST_BREAK + 1:
                return False
        return self._is_fair(inner)

    def _is_fair(self, inner: list[str]) -> bool:
        """Letters of a word may be apart: all of them, or some of them by a joining mark."""
        marks = [mark for mark in inner if mark]
        if not marks:
            return True
        if marks[0] in _LINE_BREAKS and len(marks) == 1:
            return self.is_word and len(self.text) >= FEWEST_BROKEN
        if len(self.text) < FEWEST_DISGUISED:
            return False
        if not all(len(mark) == 1 or _is_markup(mark) for mark in marks):
            return False
        return all(inner) or (
            self.is_word and all(mark in _JOINERS or _is_markup(mark) for mark in marks)
        )

    def is_plausible(self, text: str, at: Sequence[int]) -> bool:
        """Tell whether a text with digits and signs for letters is that, and no number."""
        digits = sum(text[place] in _LEET_DIGITS for place in at)
        others = len(at) - digits
        return len(self.text) >= FEWEST_DISGUISED and (digits <= others or others > 1)

    def stretched_gaps(self, runs: Sequence[int]) -> tuple[Gap, ...] | None:
        """Return what stands between letters of a text with these runs, if it is stretched."""
        pairs = list(zip(runs, self.runs, strict=True))
        if any(found != own and found < max(STRETCHED, own) for found, own in pairs):
            return None
        gaps: list[Gap] = []
        place = -1
        for found, own in pairs:
            if gaps or place >= 0:
                gaps.append(self.gaps[place])
            gaps.extend([Gap.NONE] * (found - 1))
            place += own
        return tuple(gaps)


def read_term(term: str, *, owner: int, label: str, is_word: bool, is_folded: bool) -> Term:
    """Return a term of a list as it is searched."""
    if not is_folded:
        return Term(owner, label, Way.EXACT, term, is_word)
    folded = shorten_runs(fold(term).text.strip())
    letters = "".join(filter(is_letter, folded))
    ends_are_letters = bool(folded) and is_letter(folded[0]) and is_letter(folded[-1])
    is_plain = all(_is_ordinary(sign) for sign in folded)
    if not ends_are_letters or not is_plain:
        return Term(owner, label, Way.LITERAL, folded, is_word)
    gaps = _gaps(folded)
    return Term(owner, label, Way.LETTERS, letters, is_word, gaps, _runs(letters, gaps))


def is_letter(sign: str) -> bool:
    """Tell whether a folded character belongs to a word: letter, digit, vowel sign."""
    return sign.isalnum() or (sign > "\x7f" and unicodedata.category(sign)[0] == "M")


def stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether a range is not part of a longer word; an end that is a sign needs no border."""
    if start and is_letter(text[start - 1]) and is_letter(text[start]):
        return False
    return not (end < len(text) and is_letter(text[end]) and is_letter(text[end - 1]))


def _is_markup(mark: str) -> bool:
    """Tell whether these are signs that Markdown shows as a style, and not as themselves."""
    return len(mark) <= _LONGEST_MARKUP and _MARKUP.issuperset(mark)


def _is_ordinary(sign: str) -> bool:
    if is_letter(sign):
        return not sign.isnumeric()
    return sign.isspace() or sign in "'-"


def _gaps(folded: str) -> tuple[Gap, ...]:
    gaps: list[Gap] = []
    gap = Gap.NONE
    for sign in folded:
        if is_letter(sign):
            gaps.append(gap)
            gap = Gap.NONE
        elif gap is not Gap.SPACE:
            gap = Gap.SPACE if sign.isspace() else Gap.MARK
    return tuple(gaps[1:])


def _runs(letters: str, gaps: tuple[Gap, ...]) -> tuple[int, ...]:
    """Return the runs; none where a run goes over a gap, for what is stretched there is unclear."""
    if len(letters) < FEWEST_DISGUISED:
        return ()
    for (before, after), gap in zip(pairwise(letters), gaps, strict=True):
        if before == after and gap is not Gap.NONE:
            return ()
    return tuple(sum(1 for _ in group) for _, group in groupby(letters))
