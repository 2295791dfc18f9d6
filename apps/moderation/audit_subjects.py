"""Whose the things are that the audit record names, so that staff read nothing about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from apps.audit.subjects import Reader
from apps.moderation.querysets import subjects
from apps.moderation.services.appeals import blind_reviews
from apps.users.models import User

if TYPE_CHECKING:
    from django.db.models import Q


class AuditSubjects:
    """Knows accounts with tokens and limits, conversations, and what moderation keeps.

    See docs/decisions/0123.
    """

    def about(self, *, person_id: int) -> Q:
        """Return the condition of events that were done to what is a person's."""
        return subjects.is_about(person_id)

    def kept_from(self, *, viewer: Reader) -> Q:
        """Return the condition of events whose reason a blind reviewer may not read yet."""
        return blind_reviews.kept_of_event(cast("User", viewer))
