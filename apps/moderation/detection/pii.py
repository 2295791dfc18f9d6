"""Personal data and secrets, by their form and, where there is one, their checksum.

They are looked for in a text as it is seen: what is hidden between digits, and what digits, spaces
and signs look like in other scripts and widths, makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import re2

from apps.moderation.detection import pii_checks, secret_checks
from apps.moderation.detection.base import (
    SURROUNDINGS,
    Configuration,
    ConfigurationError,
    Reads,
    Span,
    encoded,
    refuse_unknown,
    strings,
)
from apps.moderation.detection.regex import options
from apps.moderation.detection.tracks import Track, placed

_Find = Callable[[str], Iterator[pii_checks.Range]]


class _Type(NamedTuple):
    """A type of data.

    Attributes:
        find: its finder.
        longest: how long a match can be.
        gate: an RE2 pattern that every text with such data matches.
        score: how sure a match is.
        lead: how much before a match is read to know it.
    """

    find: _Find
    longest: int
    gate: str
    score: float = 1.0
    lead: int = 0


_KEYS_GATE = (
    r"\b(?:sk-|[rs]k_|gh[pousr]_|github_pat_|gl(?:pat|dt|rt)-|AKIA|ASIA|xox|AIza|ya29|npm_|pypi-|hf_"
    r"|SG\.|eyJ|AGE-SECRET|https://hooks)|-----BEGIN|://[^\s:@/]+:[^\s:@/]+@"
    r"|(?i:key|secret|token|passwd|password|pwd|passphrase|credentials?)[\"']?\s{0,3}(?:=|:)"
)
_TYPES = {
    "email": _Type(pii_checks.emails, pii_checks.LONGEST_EMAIL, r"@\s?[^@\s]+\."),
    "phone": _Type(
        pii_checks.phones, pii_checks.LONGEST_PHONE, r"\d(?:[ .\-/()\r\n]{0,2}\d){8}", 0.8
    ),
    "iban": _Type(pii_checks.ibans, 69, r"[A-Za-z]{2}\d\d(?:[ \-]|\r?\n)?[A-Za-z0-9]"),
    "card": _Type(pii_checks.cards, 41, r"\d(?:(?:[ \-]|\r?\n)?\d){12}"),
    "ip": _Type(pii_checks.addresses, 52, r"\d\.\d{1,3}\.|:[0-9A-Fa-f]{0,4}:", 0.9),
    "secret": _Type(
        secret_checks.secrets, secret_checks.LONGEST, _KEYS_GATE, 0.9, secret_checks.LEAD
    ),
}
TYPES = tuple(_TYPES)


def validate(configuration: Configuration) -> dict[str, object]:
    """Return the configuration of a personal data rule, its types in a fixed order.

    Raises:
        ConfigurationError: there is no type, or one that is not known.
    """
    refuse_unknown(configuration, ("types",))
    advice = f"Choose at least one of: {', '.join(TYPES)}."
    chosen = strings(configuration, "types", advice=advice)
    if not set(chosen) <= set(TYPES):
        raise ConfigurationError("types", advice)
    return {"types": [name for name in TYPES if name in chosen]}


class PiiDetector:
    """Finds data of the chosen types; where two types overlap, the first and longest is told."""

    def __init__(self, configuration: Configuration) -> None:
        chosen = configuration["types"]
        names = chosen if isinstance(chosen, list | tuple) else ()
        self._types = [(name, _TYPES[name]) for name in TYPES if name in names]
        self.reads = Reads.SEEN
        self.longest = max(each.longest for _, each in self._types)
        lead = max(each.lead for _, each in self._types)
        self.look_back = self.longest + lead + SURROUNDINGS
        self.gate = "|".join(f"(?:{each.gate})" for _, each in self._types)
        self._compiled = re2.compile(self.gate, options())

    def candidates(self, text: str, begin: int = 0) -> list[Span]:
        """Return the matches in a stretch of a text as it is seen, which may overlap."""
        del begin
        if self._compiled.search(encoded(text)) is None:
            return []
        return [
            Span(start, end, each.score, name)
            for name, each in self._types
            for start, end in each.find(text)
        ]

    def find(self, text: str) -> list[Span]:
        """Return the matches in a whole text, ordered by start, none overlapping another."""
        track = Track.of(self.reads, text)
        return placed(track, self.candidates(track.window(0)))
