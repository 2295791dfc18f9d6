"""Keyword lists: words and phrases, found although they are written in disguise.

With `fold`, case, look-alikes, accents and what cannot be seen make no difference; terms of three
letters or more are also found with digits and signs for letters (b4d), a separator between all
letters (b.a.d, b a d) or a mark between some (sh-it, ba**d**, whole words only), with letters that
are repeated three times or more (baaad), and from right to left where the text is turned around.
Words of five letters or more may be broken at the end of a line. Terms that hold digits or signs
themselves are found as they stand. Without `fold`, terms are found exactly as written.
"""

from __future__ import annotations

from apps.moderation.detection.base import (
    MAX_LOOK_BACK,
    SURROUNDINGS,
    Configuration,
    ConfigurationError,
    Reads,
    Span,
    flag,
    refuse_unknown,
    strings,
)
from apps.moderation.detection.terms import Term, Way, read_term
from apps.moderation.detection.tracks import Track, placed
from apps.moderation.detection.word_search import FARTHEST_IN_A_ROW, WordSearch

MAX_TERMS = 10_000
MAX_TERM = 120
MATCHES = ("word", "anywhere")
_AROUND = SURROUNDINGS + 2 * FARTHEST_IN_A_ROW
"""What a look-back holds beside the longest match: enough to see where a row of letters begins."""

_LOOK_BACKS = (40, 72, 136, 264, MAX_LOOK_BACK)
_DISGUISE = 4


def validate(configuration: Configuration) -> dict[str, object]:
    """Return the configuration of a keyword list with its defaults.

    Raises:
        ConfigurationError: the list cannot be used.
    """
    refuse_unknown(configuration, ("terms", "match", "fold"))
    match = configuration.get("match", "word")
    if match not in MATCHES:
        raise ConfigurationError("match", "Set 'match' to 'word' or 'anywhere'.")
    is_folded = flag(configuration, "fold", default=True)
    terms = strings(configuration, "terms", advice="Write at least one word or phrase.")
    if len(terms) > MAX_TERMS:
        advice = f"Keep to {MAX_TERMS:,} terms, and put the rest into another rule."
        raise ConfigurationError("terms", advice)
    for number, term in enumerate(terms, start=1):
        if len(term) > MAX_TERM:
            advice = f"Shorten term {number}: a term has at most {MAX_TERM} characters."
            raise ConfigurationError("terms", advice)
        if not _read(number, term, match="word", is_folded=is_folded).text:
            advice = f"Remove term {number}: nothing of it can be seen."
            raise ConfigurationError("terms", advice)
    return {"terms": terms, "match": match, "fold": is_folded}


class KeywordDetector:
    """Finds the terms of one list.

    The look-back is one of a few sizes, so that lists of one size are searched together; it has
    room for a term with about four characters of the text for each of its own.
    """

    def __init__(self, configuration: Configuration) -> None:
        listed = configuration["terms"]
        self.match = str(configuration["match"])
        self._is_folded = bool(configuration["fold"])
        self._listed = tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()
        longest = max(_needed(term) for term in self.terms(owner=0))
        self.look_back = next((size for size in _LOOK_BACKS if size >= longest), MAX_LOOK_BACK)
        self.longest = self.look_back - SURROUNDINGS - FARTHEST_IN_A_ROW
        self.reads = Reads.FOLDED if self._is_folded else Reads.WRITTEN
        self._search: WordSearch | None = None

    def terms(self, *, owner: int) -> list[Term]:
        """Return the terms, as those of one list among several."""
        return [
            _read(number, term, match=self.match, is_folded=self._is_folded, owner=owner)
            for number, term in enumerate(self._listed, start=1)
        ]

    def candidates(self, text: str, begin: int = 0) -> list[Span]:
        """Return the matches in a stretch of what the list reads, which may overlap."""
        del begin
        return self._own_search().find(text).get(0, [])

    def find(self, text: str) -> list[Span]:
        """Return the matches in a whole text, ordered by start, none overlapping another."""
        track = Track.of(self.reads, text)
        found = self._own_search().find(track.window(0), track.mirrored_from)
        return placed(track, found.get(0, []))

    def _own_search(self) -> WordSearch:
        if self._search is None:
            widest = widest_match(self.look_back)
            self._search = WordSearch(self.terms(owner=0), owners=1, widest=widest)
        return self._search


def widest_match(look_back: int) -> int:
    """Return how wide a disguised term may be that lists with this look-back find."""
    return look_back - _AROUND


def _read(number: int, term: str, *, match: str, is_folded: bool, owner: int = 0) -> Term:
    label = f"term {number}"
    return read_term(term, owner=owner, label=label, is_word=match == "word", is_folded=is_folded)


def _needed(term: Term) -> int:
    longest = len(term.text) + len(term.gaps) - term.gaps.count(0)
    return (longest if term.way is Way.EXACT else longest * _DISGUISE) + _AROUND
