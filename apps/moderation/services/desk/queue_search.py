"""Finding cases by number, by person, or by words within a window of days; never by a scan."""

from __future__ import annotations

import re
from datetime import timedelta

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q
from django.utils import timezone

from apps.moderation.errors import SearchRefusedError
from apps.moderation.models import CaseSnapshot

KEYS = {
    "case": "pk",
    "message": "message_id",
    "user": "subject_id",
    "conversation": "conversation_id",
}
MIN_WORD_CHARS = 3
CONFIG = "simple"
_KEYED = re.compile(r"([a-z]+):\s*#?(\d{1,18})")
_NUMBER = re.compile(r"#?(\d{1,18})")
_WORD = re.compile(r"\w+")


def condition(term: str, *, days: int | None) -> Q:
    """Turn what was typed into a lookup by an index.

    Args:
        term: a number, `user:12` and the like, or words.
        days: how far back words are searched for.

    Raises:
        SearchRefusedError: it could only be found by reading everything; says what to type.
    """
    number = _NUMBER.fullmatch(term)
    if number:
        return Q(pk=int(number.group(1))) | Q(message_id=int(number.group(1)))
    keyed = _KEYED.fullmatch(term.lower())
    if keyed and keyed.group(1) in KEYS:
        return Q(**{KEYS[keyed.group(1)]: int(keyed.group(2))})
    if not any(len(word) >= MIN_WORD_CHARS for word in _WORD.findall(term)):
        raise SearchRefusedError
    if days is None:
        message = "Choose how many days back these words are searched for."
        raise SearchRefusedError(message)
    since = timezone.now() - timedelta(days=days)
    found = CaseSnapshot.objects.annotate(words=SearchVector("text", config=CONFIG)).filter(
        words=SearchQuery(term, config=CONFIG), created_at__gte=since
    )
    return Q(pk__in=found.values("case_id"), created_at__gte=since)
