"""Reads a text as a person would: without case, look-alikes, marks and what cannot be seen.

Each code point is folded by itself, so that a part of a text folds to the same part of the result.
The place of each character in the original is known where the two differ in length.
"""

from __future__ import annotations

import unicodedata

from apps.moderation.detection.base import without_surrogates
from apps.moderation.detection.lookalikes import LOOKALIKES

_HIDDEN_CATEGORIES = frozenset({"Cf", "Me"})
_HIDDEN_MARK_CLASSES = frozenset({1}) | frozenset(range(10, 36)) | frozenset(range(200, 241))
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
WITHOUT_A_CHARACTER = frozenset({"Cn", "Co", "Cs"})
"""Categories of code points that mean nothing; there are too many of them to remember each."""

_SHOWN_CONTROLS = b"\t\n\v\f\r"
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in _SHOWN_CONTROLS)
_LOWERED = bytes(range(256)).lower()
FIRST_HIDDEN = 0xAD
"""Before it only controls are hidden."""

FEW = 64
"""So many passes over a text are cheaper than looking at each of its characters."""


class Folded:
    """A folded text with the place in the original of each of its characters."""

    __slots__ = ("_original", "is_even", "text")

    def __init__(self, text: str, original: str, *, is_even: bool) -> None:
        """Keep a folded text; it is even where each character became exactly one."""
        self.text = text
        self.is_even = is_even
        self._original = original

    def places(self) -> list[int]:
        """Return where each folded character stands in the original."""
        if self.is_even:
            return list(range(len(self.text)))
        letters = enumerate(self._original)
        return [at for at, letter in letters for _ in _FOLDS[ord(letter)]]


class _Folds(dict[int, str]):
    """What each code point folds to; filled as texts bring them."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        folded = _fold(letter)
        if len(folded) != 1 or unicodedata.category(letter) not in WITHOUT_A_CHARACTER:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def fold(text: str) -> Folded:
    """Return the folded text with the way back.

    Only the few different letters that fold to something else are replaced, each in one pass,
    which costs a fraction of looking at every character.
    """
    if text.isascii():
        folded = text.encode().translate(_LOWERED, _CONTROLS).decode()
        return Folded(folded, text, is_even=len(folded) == len(text))
    lowered = text.encode(errors="surrogatepass").lower().decode(errors="surrogatepass")
    changes = {
        letter: folded
        for letter in set(lowered)
        if (letter > "\x7f" or is_hidden(letter)) and (folded := _FOLDS[ord(letter)]) != letter
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


def has_hidden_control(text: str) -> bool:
    """Tell whether an ASCII text has a character that shows nothing."""
    return len(text.encode().translate(None, _CONTROLS)) != len(text)


def is_hidden(letter: str) -> bool:
    """Tell whether a character only changes how its neighbours look, or shows nothing at all.

    Vowel signs of Indic and South-East Asian scripts are letters of their words and stay.
    """
    code = ord(letter)
    if code < FIRST_HIDDEN:
        return code in _CONTROLS
    category = unicodedata.category(letter)
    if category in _HIDDEN_CATEGORIES:
        return True
    if category == "Mn" and unicodedata.combining(letter) in _HIDDEN_MARK_CLASSES:
        return True
    return any(first <= code <= last for first, last in _HIDDEN_RANGES)
