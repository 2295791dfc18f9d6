"""What the page of a case needs to draw its appeal."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from apps.moderation.templatetags import looks

register = template.Library()


@register.simple_tag
def appeal_state(value: str) -> SafeString:
    """Draw where an appeal stands."""
    return looks.appeal_badge(value)
