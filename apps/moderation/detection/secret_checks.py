"""Keys and secrets: the forms that issuers gave them, and random values where one is set."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ahocorasick_rs import AhoCorasick

from apps.moderation.detection.base import without_surrogates
from apps.moderation.detection.pii_checks import Range, matches_at, places_of

LONGEST = 250
LEAD = 90
"""Before a value stand the name of a setting, or the scheme and name of an account."""

_FORMS = (
    r"sk-(?:proj-|ant-|svcacct-|or-|live-)?[A-Za-z0-9_\-]{20,200}",
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,100}",
    r"gh[pousr]_[A-Za-z0-9]{36,100}",
    r"github_pat_[A-Za-z0-9_]{22,120}",
    r"gl(?:pat|dt|rt)-[A-Za-z0-9_\-]{20,60}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"xox[abeoprs]-[A-Za-z0-9\-]{10,200}",
    r"AIza[A-Za-z0-9_\-]{35}",
    r"ya29\.[A-Za-z0-9_\-]{20,200}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_\-]{32,200}",
    r"hf_[A-Za-z0-9]{30,60}",
    r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}",
    r"eyJ[A-Za-z0-9_\-]{8,100}\.eyJ[A-Za-z0-9_\-]{8,100}(?:\.[A-Za-z0-9_\-]{0,40})?",
    r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,80}",
)
_FORM = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_FORMS)})")
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_ACCOUNT = re.compile(
    r"(?<![a-z0-9])[a-z][a-z0-9+.\-]{1,20}://[^\s:@/]{1,64}:([^\s:@/]{3,100})@", re.IGNORECASE
)
_SETTING = re.compile(r"(?::=|=>|[:=])\s{0,3}[\"'`]?([A-Za-z0-9+/=_\-.!#%^&*~]{12,128})")
_NAMED = re.compile(
    r"(?:key|secret|token|passwd|password|pwd|passphrase|credentials?)[\"']?\s{0,3}\Z",
    re.IGNORECASE,
)
_ENOUGH_BITS = 3.3
_BEGINNINGS = AhoCorasick(
    (
        *("sk-", "rk_live_", "rk_test_", "sk_live_", "sk_test_", "ghp_", "gho_", "ghu_", "ghs_"),
        *("ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "AKIA", "ASIA", "xox", "AIza"),
        *("ya29.", "npm_", "pypi-", "hf_", "SG.", "eyJ", "AGE-SECRET-KEY-1", "https://hooks."),
    )
)
"""How the forms begin; a text without any of them holds none."""
_SETS = re.compile(r"[:=]")
_SCHEME = 21
_SETTING_NAME = 15
"""The end of a name and what may stand between it and the sign that sets a value are no longer."""


def secrets(text: str) -> Iterator[Range]:
    """Find keys and secrets."""
    found = _BEGINNINGS.find_matches_as_indexes(without_surrogates(text), overlapping=True)
    beginnings = sorted(start for _, start, _ in found)
    yield from (match.span() for match in matches_at(_FORM, text, beginnings))
    yield from (match.span() for match in _PEM.finditer(text))
    accounts = matches_at(_ACCOUNT, text, _before(places_of("://", text), _SCHEME))
    yield from (match.span(1) for match in accounts)
    for match in matches_at(_SETTING, text, _settings(text)):
        if _looks_random(match[1]):
            yield match.span(1)


def _settings(text: str) -> Iterator[int]:
    """Yield the signs that set a value and stand behind a name of a secret."""
    for match in _SETS.finditer(text):
        start = max(match.start() - _SETTING_NAME, 0)
        if _NAMED.search(text[start : match.start()]) is not None:
            yield match.start()


def _before(ends: Iterable[int], longest: int) -> Iterator[int]:
    """Yield the places so far before these ones, each once, in rising order."""
    after = 0
    for end in ends:
        yield from range(max(end - longest, after), end)
        after = end


def _looks_random(value: str) -> bool:
    has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return has_both and _bits_per_sign(value) >= _ENOUGH_BITS


def _bits_per_sign(value: str) -> float:
    """Return the entropy of the signs that a value is made of."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)
