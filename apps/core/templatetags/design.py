"""Template tags of the design system."""

from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps.core import languages, redaction, zones

register = template.Library()
register.filter(zones.moment)
register.filter(zones.short_moment)

THEMES = ("system", "light", "dark")
SPRITE = "icons/sprite.svg"


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one icon of the sprite; it says nothing to a screen reader, its control does."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static(SPRITE),
        name,
    )


@register.simple_tag(takes_context=True)
def current_theme(context: template.Context) -> str:
    """Return the theme the person chose, or ``system`` when there is none to trust."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if isinstance(request, HttpRequest) else ""
    return chosen if chosen in THEMES else THEMES[0]


@register.filter
def isolated(text: str) -> SafeString:
    """Keep a text that somebody wrote from turning the direction of our sentence around it."""
    return format_html("<bdi>{}</bdi>", text)


@register.filter
def silent_blocks(text: str) -> SafeString:
    """Draw a text so that a screen reader passes over the blocks in the place of passages."""
    return redaction.silent(text)


@register.simple_tag
def undo_of(message: Message) -> str:
    """Return the address that takes back what a one-time note tells of, or nothing."""
    word, _, address = (message.extra_tags or "").partition(" ")
    return address if word == "undo" else ""


@register.simple_tag
def blank_message(role: str, state: str) -> dict[str, Any]:
    """Return an empty message, so that the page's script clones the markup of the server."""
    return {
        "id": 0,
        "role": role,
        "state": state,
        "is_hidden": False,
        "is_redacted": False,
        "text": "",
        "html": "",
        "notice": "",
        "created_at": None,
        "counted": "",
        "correlation_id": "",
        "cursor": 0,
        "client_id": "",
        "can_retry": False,
        "can_ask_again": True,
        "is_question": role == "user",
        "can_edit": role == "user",
        "can_rate": False,
        "rating": "",
        "rating_reason": "",
        "versions": {"position": 1, "total": 1, "previous_id": None, "next_id": None},
    }


@register.simple_tag
def words_of_scripts() -> str:
    """Return what the page's scripts say in the reader's language, as JSON; nothing for English."""
    return languages.words_of_scripts(get_language() or "")
