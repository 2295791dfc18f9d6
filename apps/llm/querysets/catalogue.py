from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

from apps.core.querysets import NumberedQuerySet

if TYPE_CHECKING:
    from apps.llm.models import Assistant, AssistantVersion, ChatModel  # noqa: F401


class ChatModelQuerySet(NumberedQuerySet["ChatModel"]):
    """Named queries over models of the catalogue."""

    def with_codes(self, codes: Collection[str]) -> Self:
        """Return those that callers ask for by these codes."""
        return self.filter(code__in=codes)


class AssistantQuerySet(QuerySet["Assistant"]):
    """Named queries over assistants."""

    def default(self) -> Self:
        """Return the one that answers where none is chosen."""
        return self.filter(is_default=True)

    def offered(self) -> Self:
        """Return those that can be chosen: enabled, and with a version."""
        return self.filter(is_enabled=True, current__isnull=False)

    def compiled_from(self, fingerprint: str) -> Self:
        """Return that of the settings, if a version of it has the content of this fingerprint."""
        ready = self.filter(follows_settings=True, current__isnull=False)
        return ready.filter(versions__fingerprint=fingerprint)


class AssistantVersionQuerySet(QuerySet["AssistantVersion"]):
    """Named queries over versions of assistants."""

    def with_content(self, fingerprint: str) -> Self:
        """Return those with the content of this fingerprint, the newest first."""
        return self.filter(fingerprint=fingerprint).order_by("-number")
