"""Search that cannot scan: a number, or a word before a number, each found by an index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from django.db.models import Model, QuerySet

from apps.core.numbers import whole_number

M = TypeVar("M", bound=Model)
_KEYED = re.compile(r"([a-z]+):\s*(\S{1,255})")


def number_in(term: str) -> int | None:
    """Return the number that was typed, with or without a leading hash."""
    return whole_number(term.removeprefix("#"))


def split_key(term: str) -> tuple[str, int | None]:
    """Take `key:number` apart; no number where it is anything else."""
    match = _KEYED.fullmatch(term.strip().lower())
    return (match.group(1), number_in(match.group(2))) if match else ("", None)


def search_exactly(rows: QuerySet[M], term: str, *, keys: Mapping[str, str]) -> QuerySet[M] | None:
    """Look up what was typed, where an index answers it.

    Args:
        rows: in which.
        term: a number for the row itself, or `key:number`.
        keys: lookup per key.

    Returns:
        The rows, or None for anything that could only be answered by reading the whole table.
    """
    number = number_in(term.strip())
    if number is not None:
        return rows.filter(pk=number)
    key, number = split_key(term)
    return rows.filter(**{keys[key]: number}) if number is not None and key in keys else None
