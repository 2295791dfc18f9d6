"""How much a person may use: one allowance of tokens for each day (UTC), from USER_DAILY_TOKENS."""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from apps.llm.models import UsageRecord


def used_today(*, user_id: int) -> int:
    """Return the tokens, of prompts and answers, that the person used since midnight UTC."""
    start = datetime.combine(
        timezone.now().date(), time.min, tzinfo=timezone.get_default_timezone()
    )
    total = UsageRecord.objects.filter(user_id=user_id, created_at__gte=start).aggregate(
        tokens=Sum(F("prompt_tokens") + F("completion_tokens"))
    )["tokens"]
    return int(total or 0)


def has_quota(*, user_id: int) -> bool:
    """Tell whether the person may start another answer; always where no limit is set."""
    limit: int = settings.USER_DAILY_TOKENS
    return limit <= 0 or used_today(user_id=user_id) < limit
