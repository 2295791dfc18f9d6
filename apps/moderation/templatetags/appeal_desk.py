"""What the page of a case needs to draw its appeal."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from apps.moderation.models import Case
from apps.moderation.services.appeal_panels import AppealPanel, panel_of
from apps.moderation.templatetags import looks

register = template.Library()


@register.simple_tag(takes_context=True)
def appeal_panel(context: template.Context, case: Case) -> AppealPanel | None:
    """Return the appeal of a case for whoever looks at it."""
    return panel_of(viewer=context["request"].user, case=case)


@register.simple_tag
def appeal_state(value: str) -> SafeString:
    """Draw where an appeal stands."""
    return looks.appeal_badge(value)
