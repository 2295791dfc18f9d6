"""How much a person may use: one allowance of tokens for each day (UTC), from USER_DAILY_TOKENS."""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from apps.llm.models import UsageRecord

CHARS_PER_TOKEN = 4
TYPICAL_ANSWER_TOKENS = 1000


def used_today(*, user_id: int) -> int:
    """Return the tokens, of prompts and answers, that the person used since midnight UTC."""
    start = datetime.combine(
        timezone.now().date(), time.min, tzinfo=timezone.get_default_timezone()
    )
    total = UsageRecord.objects.filter(user_id=user_id, created_at__gte=start).aggregate(
        tokens=Sum(F("prompt_tokens") + F("completion_tokens"))
    )["tokens"]
    return int(total or 0)


def is_limited() -> bool:
    """Tell whether people have an allowance at all."""
    return bool(settings.USER_DAILY_TOKENS > 0)


def has_quota(*, user_id: int, reserved_tokens: int) -> bool:
    """Tell whether the person may start another answer; always where no limit is set.

    Args:
        user_id: the person, whose row the caller has locked, so that nobody else counts meanwhile.
        reserved_tokens: what the person's answers that have not ended may still use.
    """
    if not is_limited():
        return True
    limit: int = settings.USER_DAILY_TOKENS
    return used_today(user_id=user_id) + reserved_tokens < limit


def tokens_to_reserve(*, prompt_chars: int) -> int:
    """Return what an answer may use, until its use is known.

    Args:
        prompt_chars: length of the message; what goes before it is bounded by MAX_TOKENS.
    """
    prompt_limit: int = settings.MAX_TOKENS
    answer: int = settings.LLM_MAX_COMPLETION_TOKENS or TYPICAL_ANSWER_TOKENS
    return min(prompt_chars // CHARS_PER_TOKEN, prompt_limit) + answer
