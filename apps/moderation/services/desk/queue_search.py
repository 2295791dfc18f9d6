"""Finding cases by number, by person, or by words within a window of days; never by a scan."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils import timezone

from apps.moderation.errors import SearchRefusedError
from apps.moderation.querysets import CaseQuerySet

MIN_WORD_CHARS = 3
_KEYED = re.compile(r"(case|message|user|conversation):\s*#?(\d{1,18})")
_NUMBER = re.compile(r"#?(\d{1,18})")
_WORD = re.compile(r"\w+")


def found_by(rows: CaseQuerySet, term: str, *, days: int | None) -> CaseQuerySet:
    """Narrow cases to what was typed, by an index.

    Args:
        rows: cases.
        term: a number, `user:12` and the like, or words.
        days: how far back words are searched for.

    Raises:
        SearchRefusedError: it could only be found by reading everything; says what to type.
    """
    number = _NUMBER.fullmatch(term)
    if number:
        return rows.numbered(int(number.group(1)))
    keyed = _KEYED.fullmatch(term.lower())
    if keyed:
        return _of_key(rows, keyed.group(1), int(keyed.group(2)))
    if not any(len(word) >= MIN_WORD_CHARS for word in _WORD.findall(term)):
        raise SearchRefusedError
    if days is None:
        message = "Choose how many days back these words are searched for."
        raise SearchRefusedError(message)
    return rows.saying(term, since=timezone.now() - timedelta(days=days))


def _of_key(rows: CaseQuerySet, key: str, number: int) -> CaseQuerySet:
    if key == "message":
        return rows.on_message(number)
    if key == "user":
        return rows.about(number)
    return rows.on_conversation(number) if key == "conversation" else rows.filter(pk=number)
