"""How somebody likes the pages to behave."""

from __future__ import annotations

from apps.core.languages import known_language
from apps.users.models import User


def set_shortcuts(*, actor: User, is_on: bool) -> None:
    """Let the pages answer to keyboard shortcuts, or not."""
    actor.uses_shortcuts = is_on
    actor.save(update_fields=["uses_shortcuts", "updated_at"])


def set_language(*, actor: User, language: str) -> None:
    """Write to somebody in this language from now on, on pages and in what is sent to them."""
    language = known_language(language)
    if language and language != actor.language:
        actor.language = language
        actor.save(update_fields=["language", "updated_at"])


def language_of(user_id: int | None) -> str:
    """Return the language somebody has chosen; empty where they have not."""
    found = User.objects.filter(pk=user_id).values_list("language", flat=True).first()
    return found or ""
