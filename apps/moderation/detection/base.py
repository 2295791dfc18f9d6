"""What every detector shares: spans, the detector's shape, and the error that tells an author."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

MAX_LOOK_BACK = 512
"""No match that is looked for in a stream is longer than this, in code points."""

CONTEXT = 2
"""How many code points a detector may read before and behind a match to judge it."""

SURROUNDINGS = 2 * CONTEXT
"""What a look-back needs beside the longest match."""


class Reads(Enum):
    """How a detector reads a text; what it finds there has its places in the text as written."""

    WRITTEN = "as it is written"
    SEEN = "without what cannot be seen, with plain digits, spaces and signs"
    FOLDED = "folded, with long runs shortened"


_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

Configuration = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Span:
    """A match: offsets in code points of the original text, the end exclusive.

    Attributes:
        start: offset of the first code point.
        end: offset behind the last code point.
        score: how sure the detector is, from 0 to 1.
        label: which list entry or type matched; never the matched text.
    """

    start: int
    end: int
    score: float = 1.0
    label: str = ""


class Detector(Protocol):
    """Finds spans in a text; holds no state between texts.

    Attributes:
        reads: how it reads a text; the next two count characters of what it reads.
        look_back: characters before a position that must be read again to see every match that
            ends after it; at most MAX_LOOK_BACK. The longest match and SURROUNDINGS fit into it.
        longest: how long a match can be.
    """

    reads: Reads
    look_back: int
    longest: int

    def candidates(self, text: str, begin: int = 0) -> Iterable[Span]:
        """Return the matches in a stretch of what it reads, which may overlap.

        Whether there is a match at a place depends on what stands there alone, as far as `longest`
        and CONTEXT on both sides reach, and for a detector that goes from match to match, on where
        it begins.

        Args:
            text: the stretch.
            begin: where the first match may start, for detectors that go from match to match.
        """

    def find(self, text: str) -> list[Span]:
        """Return the matches in a whole text, ordered by start, none overlapping another."""


class ConfigurationError(ValueError):
    """A rule's configuration cannot be used.

    Attributes:
        field: the key of the configuration that is at fault.
        message: a sentence that tells the author what to do.
    """

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(message)


def without_surrogates(text: str) -> str:
    """Return a text that can be encoded; a lone surrogate becomes one replacement character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.translate(_SURROGATES)
    return text


def encoded(text: str) -> bytes:
    """Return a text in UTF-8; a lone surrogate becomes one replacement character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.translate(_SURROGATES).encode()


def in_order(spans: Iterable[Span]) -> list[Span]:
    """Return spans in the order in which they count: the first to start wins, then the longest."""
    return sorted(spans, key=lambda span: (span.start, -span.end, span.label))


def refuse_unknown(configuration: Configuration, known: Iterable[str]) -> None:
    """Refuse keys that would be silently ignored.

    Raises:
        ConfigurationError: there is a key that this kind of rule does not have.
    """
    names = sorted(known)
    for key in configuration:
        if key not in names:
            sentence = f"Remove '{key}'. This kind of rule knows: {', '.join(names)}."
            raise ConfigurationError(str(key), sentence)


def flag(configuration: Configuration, name: str, *, default: bool) -> bool:
    """Return a yes or no of a configuration.

    Raises:
        ConfigurationError: it is something else.
    """
    value = configuration.get(name, default)
    if not isinstance(value, bool):
        raise ConfigurationError(name, f"Set '{name}' to true or false.")
    return value


def strings(
    configuration: Configuration, name: str, *, advice: str, tidy: Callable[[str], str] = str.strip
) -> list[str]:
    """Return a list of different, filled strings of a configuration, in the author's order.

    Raises:
        ConfigurationError: it is no such list, or nothing is left of it.
    """
    values = configuration.get(name)
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise ConfigurationError(name, advice)
    found = list(dict.fromkeys(tidied for value in values if (tidied := tidy(value))))
    if not found:
        raise ConfigurationError(name, advice)
    return found
