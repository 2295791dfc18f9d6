"""What the product's pages show of moderation, without knowing its app."""

from datetime import datetime
from typing import Any

from django import template

from apps.moderation.constants import MAX_COMMENT_CHARS, FlagReason
from apps.moderation.services.notices import deliveries, letters

register = template.Library()


@register.simple_tag
def unread_notices(user: Any) -> int:  # noqa: ANN401
    """Return how many notices somebody has not read."""
    return deliveries.count_unread(user.pk) if getattr(user, "is_authenticated", False) else 0


@register.simple_tag
def report_reasons() -> list[tuple[str, str]]:
    """Return what a report may say."""
    return [(reason.value, str(reason.label)) for reason in FlagReason]


@register.simple_tag
def report_comment_limit() -> int:
    """Return how long a report's comment may be."""
    return MAX_COMMENT_CHARS


@register.simple_tag
def letters_for(person: Any) -> list[tuple[str, datetime, str]]:  # noqa: ANN401
    """Return the notices of somebody who is refused though the password was right."""
    return letters.letters_for(person=person) if person else []
