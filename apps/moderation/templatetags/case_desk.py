"""What the templates of the queue and of a case need beyond Django's own tags."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin_kit import display
from apps.moderation.models import Case
from apps.moderation.services.desk import case_subjects, case_texts, queue_filters
from apps.moderation.services.desk.queue_filters import QueueFilter
from apps.moderation.templatetags import looks

register = template.Library()


@register.simple_tag
def filter_value(chosen: QueueFilter, name: str) -> str:
    """Return one value of a filter."""
    return str(getattr(chosen, name))


@register.simple_tag
def filter_query(chosen: QueueFilter, name: str, value: str) -> str:
    """Return the filter's part of an address with one value changed."""
    return chosen.to_query(**{name: value})


@register.simple_tag
def severity(value: int) -> SafeString:
    """Draw a severity."""
    return looks.severity_badge(value)


@register.simple_tag
def case_state(value: str) -> SafeString:
    """Draw a state."""
    return looks.state_badge(value)


@register.simple_tag
def verdict(
    value: str,
    is_undo: bool = False,  # noqa: FBT001, FBT002
    is_lift: bool = False,  # noqa: FBT001, FBT002
) -> SafeString:
    """Draw a verdict."""
    return looks.verdict_badge(value, is_undo=is_undo, is_lift=is_lift)


@register.simple_tag
def flag_outcome(value: str) -> SafeString:
    """Draw what became of a flag."""
    return looks.flag_badge(value)


@register.filter
def at_most(found: int) -> str:
    """Write what was counted up to a bound."""
    return case_subjects.in_words(found)


@register.filter
def language_name(code: str) -> str:
    """Say what a language is called."""
    return queue_filters.language_name(code)


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """Draw a time."""
    return display.moment(at)


@register.simple_tag
def flagged(case: Case) -> str:
    """Say how often a message was flagged, and by what first."""
    return case_texts.flags_in_words(case)


@register.simple_tag
def due(case: Case) -> SafeString:
    """Say how long a case has, or how late it is; the exact time on hover."""
    if case.closed_at is not None:
        return format_html("closed {}", display.moment(case.closed_at))
    left = case.due_at - timezone.now()
    words = f"{_span(left)} left" if left > timedelta(0) else f"{_span(-left)} late"
    exact = f"{case.due_at:%Y-%m-%d %H:%M} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, f"Due {exact}", words)


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} d"
