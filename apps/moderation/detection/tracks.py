"""A growing text as detectors read it, with the way back to its places as written.

A track gets the text piece by piece and keeps the end of what it made of it. What a reader makes of
a piece depends on the text alone: on the piece and on the few characters that stand before it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace

from ahocorasick_rs import AhoCorasick, Implementation

from apps.moderation.detection.base import Reads, Span, in_order
from apps.moderation.detection.folding import (
    FIRST_HIDDEN,
    WITHOUT_A_CHARACTER,
    fold,
    has_hidden_control,
    is_hidden,
)
from apps.moderation.detection.lookalikes import LOOKALIKES

LONGEST_RUN = 4
"""No more equal letters or spaces in a row are read: a longer row is the same disguise."""

LONGEST_SIGN_RUN = 12
"""No more equal digits or signs in a row are read."""

_RUNS = re.compile(rf"(.)\1{{{LONGEST_RUN},}}", re.DOTALL)
_ASCII_RUNS = AhoCorasick(
    [chr(code) * (LONGEST_RUN + 1) for code in range(128)], implementation=Implementation.DFA
)
_OTHER_RUNS = re.compile(rf"([^\x00-\x7f])\1{{{LONGEST_RUN}}}")
_OVERRIDE = "\u202e"
_Piece = tuple[str, list[int] | None]


def read_folded(piece: str, before: str) -> _Piece:
    """Return a piece folded, long runs shortened, with the place of each character in it.

    Args:
        piece: the text as written.
        before: at least the last LONGEST_SIGN_RUN characters that were read before it.

    Returns:
        What is read, and the places; None for those where each character became exactly one.
    """
    folded = fold(piece)
    text = folded.text
    joined = before[-LONGEST_RUN:] + text
    has_long_run = _ASCII_RUNS.find_matches_as_indexes(joined)
    if has_long_run or (not piece.isascii() and _OTHER_RUNS.search(joined) is not None):
        return _shortened(text, folded.places(), before)
    return text, None if folded.is_even else folded.places()


def shorten_runs(text: str) -> str:
    """Return a folded text with its long runs shortened, as `read_folded` would."""
    return _shortened(text, list(range(len(text))), "")[0]


def read_seen(piece: str, before: str) -> _Piece:
    """Return a piece without what cannot be seen, with plain digits, spaces and signs."""
    del before
    if piece.isascii() and not has_hidden_control(piece):
        return piece, None
    parts = [_SEEN[ord(letter)] for letter in piece]
    text = "".join(parts)
    if len(text) == len(piece):
        return text, None
    return text, [at for at, part in enumerate(parts) if part]


class _Seen(dict[int, str]):
    """What each code point is read as: itself, its plain form, or nothing."""

    def __missing__(self, code: int) -> str:
        plain = _plain(chr(code))
        if unicodedata.category(chr(code)) not in WITHOUT_A_CHARACTER:
            self[code] = plain
        return plain


_SEEN = _Seen()
_SIGNS = frozenset("-./|")


def _plain(letter: str) -> str:
    if is_hidden(letter):
        return ""
    if letter < chr(FIRST_HIDDEN):
        return " " if letter == "\xa0" else letter
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    if category == "Zs":
        return " "
    compatible = unicodedata.normalize("NFKC", letter)
    if len(compatible) == 1 and compatible.isascii():
        return compatible
    alike = LOOKALIKES.get(letter, letter)
    return alike if alike in _SIGNS else letter


_READERS: dict[Reads, Callable[[str, str], _Piece] | None] = {
    Reads.WRITTEN: None,
    Reads.SEEN: read_seen,
    Reads.FOLDED: read_folded,
}


class Track:
    """The end of a text as some detectors read it.

    Places without a further word are those of what is read; original ones are of the text as
    written.

    Attributes:
        length: how much has been read.
        previous: how much had been read before the last piece.
        written: how long the text as written is by now.
        mirrored_from: the first character that a reader sees from right to left, if there is one.
    """

    def __init__(self, reads: Reads) -> None:
        self._read = _READERS[reads]
        self._text = ""
        self._base = 0
        self.written = 0
        self._marks = [(0, 0)]
        self.length = 0
        self.previous = 0
        self.mirrored_from: int | None = None

    @classmethod
    def of(cls, reads: Reads, text: str) -> Track:
        """Return a track that has read a whole text at once."""
        track = cls(reads)
        track.extend(text)
        return track

    @property
    def held(self) -> int:
        """How much of what was read is kept."""
        return len(self._text)

    def extend(self, piece: str) -> None:
        """Read on."""
        self.previous = self.length
        if self._read is None:
            self._text += piece
            self.length = self.written = self.length + len(piece)
            return
        text, places = self._read(piece, self._text[-LONGEST_SIGN_RUN:])
        if places is None:
            self._mark(self.length, self.written)
        else:
            for at, place in enumerate(places, start=self.length):
                self._mark(at, self.written + place)
            self._note_override(piece, places)
        self._text += text
        self.length += len(text)
        self.written += len(piece)

    def window(self, start: int) -> str:
        """Return what was read from a place on."""
        return self._text[start - self._base :]

    def slice(self, start: int, end: int) -> str:
        """Return what was read between two places."""
        return self._text[start - self._base : end - self._base]

    def runs_with_the_original(self, start: int) -> bool:
        """Tell whether from a place on each character is one of the text as written."""
        return self._marks[-1][0] <= start

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the original range of a filled range.

        It takes in what cannot be seen behind it, and before it where nothing else is, so that the
        character beside a range is always one that can be seen.
        """
        first = self.original_place(start) if start else 0
        return first, max(self.original_place(end - 1) + 1, self.original_place(end))

    def original_place(self, at: int) -> int:
        """Return where a character stands in the text as written; its end for what is not read."""
        if at >= self.length:
            return self.written
        own, place = self._marks[-1]
        if at < own:
            own, place = self._marks[bisect_right(self._marks, at, key=_own_place) - 1]
        return place + at - own

    def forget(self, before: int) -> None:
        """Let go of what stands before a place."""
        if before <= self._base:
            return
        self._text = self._text[before - self._base :]
        self._base = before
        del self._marks[: bisect_right(self._marks, before, key=_own_place) - 1]

    def _mark(self, at: int, original: int) -> None:
        own, place = self._marks[-1]
        if original - place != at - own:
            self._marks.append((at, original))

    def _note_override(self, piece: str, places: list[int]) -> None:
        if self.mirrored_from is None and _OVERRIDE in piece:
            self.mirrored_from = self.length + bisect_left(places, piece.index(_OVERRIDE))


def placed(track: Track, spans: Iterable[Span]) -> list[Span]:
    """Return matches of a whole text in original places, ordered, none overlapping another."""
    kept: list[Span] = []
    for span in in_order(spans):
        start, end = track.original(span.start, span.end)
        if not kept or start >= kept[-1].end:
            kept.append(replace(span, start=start, end=end))
    return kept


def _own_place(mark: tuple[int, int]) -> int:
    return mark[0]


def _shortened(text: str, places: list[int], before: str) -> tuple[str, list[int]]:
    joined, lead = before + text, len(before)
    kept: list[str] = []
    kept_places: list[int] = []
    at = lead
    for run in _RUNS.finditer(joined):
        longest = LONGEST_RUN if run[1].isalpha() or run[1].isspace() else LONGEST_SIGN_RUN
        cut = max(run.start() + longest, lead)
        if cut < run.end():
            kept.append(joined[at:cut])
            kept_places += places[at - lead : cut - lead]
            at = run.end()
    kept.append(joined[at:])
    return "".join(kept), kept_places + places[at - lead :]
