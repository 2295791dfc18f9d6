"""Keys and secrets: the forms that issuers gave them, and random values where one is set."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from apps.moderation.detection.pii_checks import Range

LONGEST = 250
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
_SETTING = re.compile(
    r"(?:api|access|secret|private|auth|client|account|signing|encryption)?[_\- ]?"
    r"(?:key|secret|token|passwd|password|pwd|passphrase|credentials?)"
    r"[\"']?\s{0,3}(?::=|=>|[:=])\s{0,3}[\"'`]?([A-Za-z0-9+/=_\-.!#%^&*~]{12,128})",
    re.IGNORECASE,
)
_ENOUGH_BITS = 3.3


def secrets(text: str) -> Iterator[Range]:
    """Find keys and secrets."""
    for pattern in (_FORM, _PEM):
        yield from (match.span() for match in pattern.finditer(text))
    yield from (match.span(1) for match in _ACCOUNT.finditer(text))
    for match in _SETTING.finditer(text):
        if _looks_random(match[1]):
            yield match.span(1)


def _looks_random(value: str) -> bool:
    has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return has_both and _bits_per_sign(value) >= _ENOUGH_BITS


def _bits_per_sign(value: str) -> float:
    """Return the entropy of the signs that a value is made of."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)
