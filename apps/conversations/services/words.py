"""One way to take a text apart into words: for the index, for what is searched, for the marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

MAX_WORD_CHARS = 40
MAX_WORDS_OF_TEXT = 5_000
MAX_WORDS_OF_SEARCH = 8
EXCERPT_CHARS = 160
BEFORE_HIT_CHARS = 48

# Scripts that put no space between words: every two characters in a row are a word there.
_DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
# Vowel signs and what joins letters of Indic scripts: parts of their words. Accents, harakat and
# niqqud have classes of their own, and a word is the same with and without them.
_LETTER_CLASSES = frozenset({0, 9, 84, 91, 103, 107, 118, 122, 129, 130, 132})
_SHAPES_ALONE = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINERS = "\u200c\u200d"


def _marks() -> str:
    """Return all marks as the inside of a class of characters, which `re` has no name for."""
    codes = [*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0)]
    marks = [code for code in codes if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    parts = []
    for _, run in groupby(enumerate(marks), key=lambda pair: pair[1] - pair[0]):
        row = [code for _, code in run]
        parts.append(f"\\U{row[0]:08x}-\\U{row[-1]:08x}")
    return "".join(parts)


_RUN = re.compile(
    rf"[{_DENSE}]+|(?![{_DENSE}_])\w(?:(?![{_DENSE}_])[\w{_marks()}{_JOINERS}])*",
)
_IS_DENSE = re.compile(rf"[{_DENSE}]")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(r"\*\*|`+|^#+\s", re.MULTILINE)


class Word(NamedTuple):
    """A word as it is compared, and where it stands in the text."""

    folded: str
    start: int
    end: int


class Part(NamedTuple):
    """A piece of an excerpt."""

    text: str
    is_hit: bool


def words_in(text: str) -> Iterator[Word]:
    """Yield the words of a text, without case and accents."""
    for run in _RUN.finditer(text):
        start, end = run.span()
        if not _IS_DENSE.match(run.group()):
            folded = fold(run.group())
            if folded:
                yield Word(folded, start, end)
            continue
        for at in range(start, end):
            stop = min(at + 2, end)
            folded = fold(text[at:stop])
            if folded:
                yield Word(folded, at, stop)


def fold(word: str) -> str:
    """Write a word as it is compared: no case, no accents, not too long."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    kept = "".join(char for char in plain if char.isalnum() or _is_vowel_sign(char))
    return kept[:MAX_WORD_CHARS]


@lru_cache(maxsize=4096)
def _is_vowel_sign(char: str) -> bool:
    is_mark = unicodedata.category(char) in ("Mn", "Mc")
    is_letter = is_mark and unicodedata.combining(char) in _LETTER_CLASSES
    return is_letter and not _SHAPES_ALONE.match(char)


def distinct_words(text: str) -> list[str]:
    """Return the words of a text for the index, each once."""
    found: dict[str, None] = {}
    for word in words_in(text):
        found.setdefault(word.folded, None)
        if len(found) >= MAX_WORDS_OF_TEXT:
            break
    return list(found)


def searched_words(query: str) -> list[str]:
    """Return the words that are searched for; each also finds what begins with it."""
    words = [*dict.fromkeys(word.folded for word in _without_tails(query) if word.folded)]
    return words[:MAX_WORDS_OF_SEARCH]


def _without_tails(query: str) -> Iterator[Word]:
    """Yield the words, but not the single last character of a dense run: its pair has it."""
    for word in words_in(query):
        is_tail = (
            word.end - word.start == 1
            and _IS_DENSE.match(query[word.start])
            and word.start > 0
            and _IS_DENSE.match(query[word.start - 1])
        )
        if not is_tail:
            yield word


def has_all(text: str, searched: list[str]) -> bool:
    """Tell whether every searched word begins a word of the text."""
    found = [word.folded for word in words_in(text)]
    return all(any(word.startswith(one) for word in found) for one in searched)


def excerpt(text: str, searched: list[str]) -> list[Part]:
    """Return the text around the first hit in one line, the hits marked."""
    beginnings = tuple(searched)
    hits = [word for word in words_in(text) if word.folded.startswith(beginnings)]
    start = max(hits[0].start - BEFORE_HIT_CHARS, 0) if hits else 0
    if start:
        # Begin with a whole word where there is one near.
        gap = text.find(" ", start, hits[0].start)
        start = gap + 1 if gap >= 0 else start
    end = min(start + EXCERPT_CHARS, len(text))
    marked = [False] * (end - start)
    for hit in hits:
        for at in range(max(hit.start, start), min(hit.end, end)):
            marked[at - start] = True
    return _parts(text[start:end], marked, has_before=start > 0, has_after=end < len(text))


def mark(text: str, searched: list[str]) -> list[Part]:
    """Return a whole short text, a title, with the hits marked."""
    marked = [False] * len(text)
    for word in words_in(text):
        if word.folded.startswith(tuple(searched)):
            marked[word.start : word.end] = [True] * (word.end - word.start)
    return _parts(text, marked, has_before=False, has_after=False)


def _parts(text: str, marked: list[bool], *, has_before: bool, has_after: bool) -> list[Part]:
    parts: list[Part] = []
    begin = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or marked[at] != marked[begin]:
            parts.append(Part(_SPACE.sub(" ", _MARKS.sub("", text[begin:at])), marked[begin]))
            begin = at
    if has_before:
        parts.insert(0, Part("… ", is_hit=False))
    if has_after:
        parts.append(Part(" …", is_hit=False))
    return parts
