"""Who opens a case again and again takes it and gives it back each time: shown as one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from apps.moderation.services.desk.timelines import Entry, Held


def folded(entries: Iterable[Entry]) -> list[Entry]:
    """Fold what one person did with a claim, again and again and nothing between, into one entry.

    Args:
        entries: newest first.

    Returns:
        The entries, newest first; a folded one has the time of its newest.
    """
    runs = groupby(enumerate(entries), key=_run_of)
    return [one for _, run in runs for one in _fold([entry for _, entry in run])]


def _run_of(numbered: tuple[int, Entry]) -> tuple[str, int]:
    """Return what neighbours of one run have in common; any other entry is a run of its own."""
    number, entry = numbered
    return (entry.actor, -1) if entry.held is not None else ("", number)


def _fold(run: Sequence[Entry]) -> Sequence[Entry]:
    if len(run) < 2:
        return run
    newest = run[0]
    taken = sum(entry.held == Held.TAKEN for entry in run)
    often = f" {taken} times in a row" if taken > 1 else ""
    if newest.held == Held.GIVEN_BACK:
        what = f"took the case and gave it back{often}" if taken else newest.what
    else:
        what = f"took the case{often}"
    return [replace(newest, what=what)]
