"""How things look in the admin: texts as plain text, states by word, sign and colour."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

KEPT = "Shown to you after your first opinion on the appeal."
"""What stands in the place of a reason that is kept from a reviewer for now."""
EMPTY = "\N{EN DASH}"
PREVIEW_CHARS = 90


class Tone(StrEnum):
    """What a badge means, besides its words."""

    NEUTRAL = "neutral"
    GOOD = "good"
    LIVE = "live"
    WARNING = "warning"
    DANGER = "danger"


def badge(text: str, tone: Tone = Tone.NEUTRAL, icon: str = "") -> SafeString:
    """Draw a word in a coloured shape, with a sign for those who do not see the colour."""
    sign = format_html('<span class="material-symbols-outlined">{}</span>', icon) if icon else ""
    return format_html('<span class="staff-badge" data-tone="{}">{}{}</span>', tone, sign, text)


def preview(text: str, *, length: int = PREVIEW_CHARS) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def moment(at: datetime | None) -> SafeString | str:
    """Show a time: how long ago while it is recent, the date otherwise; always exact on hover."""
    if at is None:
        return EMPTY
    now = timezone.now()
    exact = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    seconds = (now - at).total_seconds()
    if 0 <= seconds < 60:
        words = "just now"
    elif 0 <= seconds < 86_400:
        words = f"{timesince(at, now, depth=1)} ago"
    else:
        words = f"{at.day} {at:%b %Y, %H:%M}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, words)


def duration(begin: datetime | None, end: datetime | None) -> str:
    """Show the time between two moments in seconds."""
    if begin is None or end is None:
        return EMPTY
    return milliseconds(round((end - begin).total_seconds() * 1000))


def milliseconds(value: int | None) -> str:
    """Show a span that was measured in milliseconds."""
    if value is None:
        return EMPTY
    return f"{value} ms" if value < 1000 else f"{value / 1000:.1f} s"


def number(value: int | None) -> str:
    """Show a count with its thousands apart."""
    return EMPTY if value is None else f"{value:,}"


def link(url: str, text: str) -> SafeString | str:
    """Link a text, or show it alone where there is nowhere to go."""
    return format_html('<a class="staff-link" href="{}">{}</a>', url, text) if url else text


def mask_email(address: str) -> str:
    """Show that there is an address, and not which: ana.lima@example.com as a…@e…"""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain[:1]}…" if domain else "…"
