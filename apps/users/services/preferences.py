"""How somebody likes the pages to behave."""

from __future__ import annotations

from apps.users.models import User


def set_shortcuts(*, actor: User, is_on: bool) -> None:
    """Let the pages answer to keyboard shortcuts, or not."""
    actor.uses_shortcuts = is_on
    actor.save(update_fields=["uses_shortcuts", "updated_at"])
