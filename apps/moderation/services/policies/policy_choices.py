"""The policies in use, for forms that choose one."""

from __future__ import annotations

from apps.moderation.models import Policy


def list_choices() -> list[tuple[str, str]]:
    """Return code and title of every policy in use, in the order of their shortcuts."""
    rows = Policy.objects.in_use().select_related("current")
    return [
        (row.code, row.current.title if row.current else row.code)
        for row in rows.order_by("shortcut", "code")
    ]
