"""Reads a text as a person would: without case, look-alikes, marks and what cannot be seen.

Each code point is folded by itself, so that a part of a text folds to the same part of the result.
The way back to the original is kept where the two differ in length.
"""

from __future__ import annotations

import unicodedata

from apps.moderation.detection.base import without_surrogates
from apps.moderation.detection.lookalikes import LOOKALIKES

_HIDDEN_CATEGORIES = frozenset({"Cf", "Me"})
_HIDDEN_MARK_CLASSES = frozenset(range(10, 36)) | frozenset(range(200, 241))
_HIDDEN_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)
_WITHOUT_A_CHARACTER = frozenset({"Cn", "Co", "Cs"})
FEW = 64
"""So many passes over a text are cheaper than looking at each of its characters."""


class Folded:
    """A folded text with the way back to the original, worked out when something is found."""

    __slots__ = ("_is_even", "_original", "_places", "text")

    def __init__(self, text: str, original: str, *, is_even: bool) -> None:
        """Keep a folded text; it is even where each character became exactly one."""
        self.text = text
        self._original = original
        self._is_even = is_even
        self._places: list[int] | None = None

    def original(self, first: int, last: int) -> tuple[int, int]:
        """Return the original range of two folded characters and all between.

        It takes in what is hidden behind it, and before it where nothing else is, so that the
        character beside a range is always one that can be seen.
        """
        if self._is_even:
            return first, last + 1
        if self._places is None:
            letters = enumerate(self._original)
            self._places = [at for at, letter in letters for _ in _FOLDS[ord(letter)]]
        places = self._places
        start = places[first] if first else 0
        if last + 1 == len(places):
            return start, len(self._original)
        return start, max(places[last] + 1, places[last + 1])


class _Folds(dict[int, str]):
    """What each code point folds to; filled as texts bring them."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        folded = _fold(letter)
        if len(folded) != 1 or unicodedata.category(letter) not in _WITHOUT_A_CHARACTER:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def fold(text: str) -> Folded:
    """Return the folded text with the way back.

    Only the few different letters that fold to something else are replaced, each in one pass,
    which costs a fraction of looking at every character.
    """
    if text.isascii():
        return Folded(text.lower(), text, is_even=True)
    lowered = text.encode(errors="surrogatepass").lower().decode(errors="surrogatepass")
    changes = {
        letter: folded
        for letter in set(lowered)
        if letter > "\x7f" and (folded := _FOLDS[ord(letter)]) != letter
    }
    is_even = all(len(folded) == 1 for folded in changes.values())
    if len(changes) > FEW or not changes.keys().isdisjoint("".join(changes.values())):
        return Folded(text.translate(_FOLDS), text, is_even=is_even)
    for letter, folded in changes.items():
        lowered = lowered.replace(letter, folded)
    return Folded(lowered, text, is_even=is_even)


def _fold(letter: str) -> str:
    if is_hidden(letter):
        return ""
    letter = without_surrogates(letter)
    decomposed = unicodedata.normalize("NFKD", letter).casefold()
    decomposed = unicodedata.normalize("NFKD", decomposed)
    return "".join(_plain(part) for part in decomposed if not is_hidden(part))


def _plain(letter: str) -> str:
    if unicodedata.category(letter) == "Nd":
        return str(unicodedata.decimal(letter))
    return LOOKALIKES.get(letter, letter)


def is_hidden(letter: str) -> bool:
    """Tell whether a character only changes how its neighbours look, or shows nothing at all.

    Vowel signs of Indic and South-East Asian scripts are letters of their words and stay.
    """
    code = ord(letter)
    if code < 0xAD:
        return False
    category = unicodedata.category(letter)
    if category in _HIDDEN_CATEGORIES:
        return True
    if category == "Mn" and unicodedata.combining(letter) in _HIDDEN_MARK_CLASSES:
        return True
    return any(first <= code <= last for first, last in _HIDDEN_RANGES)
