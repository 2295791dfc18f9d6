"""Personal data and secrets, by their form and, where there is one, their checksum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import re2

from apps.moderation.detection import pii_checks, secret_checks
from apps.moderation.detection.base import (
    SURROUNDINGS,
    Configuration,
    ConfigurationError,
    Span,
    apart,
    refuse_unknown,
    strings,
    without_surrogates,
)
from apps.moderation.detection.regex import options

_Find = Callable[[str], Iterator[pii_checks.Range]]


class _Type(NamedTuple):
    """A type of data.

    Attributes:
        find: its finder.
        longest: how long a match can be.
        growth: by how much a match may become longer when more of the text is known.
        gate: an RE2 pattern that every text with such data matches.
        score: how sure a match is.
    """

    find: _Find
    longest: int
    growth: int
    gate: str
    score: float = 1.0


_KEYS_GATE = (
    r"\b(?:sk-|[rs]k_|gh[pousr]_|github_pat_|gl(?:pat|dt|rt)-|AKIA|ASIA|xox|AIza|ya29|npm_|pypi-|hf_"
    r"|SG\.|eyJ|AGE-SECRET|https://hooks)|-----BEGIN|://[^\s:@/]+:[^\s:@/]+@"
    r"|(?i:key|secret|token|passwd|password|pwd|passphrase|credentials?)[\"']?\s{0,3}(?:=|:)"
)
_TYPES = {
    "email": _Type(pii_checks.emails, 165, 64, r"@[^@\s]+\."),
    "phone": _Type(pii_checks.phones, 46, 30, r"\d(?:[ .\-/()]{0,2}\d){8}", 0.8),
    "iban": _Type(pii_checks.ibans, 68, 0, r"[A-Za-z]{2}\d\d[ \-]?[A-Za-z0-9]"),
    "card": _Type(pii_checks.cards, 40, 0, r"\d(?:[ \-]?\d){12}"),
    "ip": _Type(pii_checks.addresses, 52, 30, r"\d\.\d{1,3}\.|:[0-9A-Fa-f]{0,4}:", 0.9),
    "secret": _Type(secret_checks.secrets, secret_checks.LONGEST, 48, _KEYS_GATE, 0.9),
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
        self.look_back = max(each.longest for _, each in self._types) + SURROUNDINGS
        self.growth = max(each.growth for _, each in self._types)
        self.gate = "|".join(f"(?:{each.gate})" for _, each in self._types)
        self._compiled = re2.compile(self.gate, options())

    def find(self, text: str) -> list[Span]:
        """Return the matches, ordered by start, none overlapping another."""
        if self._compiled.search(without_surrogates(text).encode()) is None:
            return []
        return apart(
            Span(start, end, each.score, name)
            for name, each in self._types
            for start, end in each.find(text)
        )
