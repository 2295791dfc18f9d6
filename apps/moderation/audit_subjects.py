"""Whose the things are that the audit record names, so that staff read nothing about themselves."""

from __future__ import annotations

from typing import cast

from apps.audit.subjects import Reader
from apps.core.querysets import Condition
from apps.moderation.querysets import subjects
from apps.moderation.services.appeals import blind_reviews
from apps.users.models import User


class AuditSubjects:
    """Knows accounts with tokens and limits, conversations, and what moderation keeps.

    See docs/decisions/0123.
    """

    def about(self, *, person_id: int) -> Condition:
        """Return the condition of events that were done to what is a person's."""
        return subjects.is_about(person_id)

    def kept_from(self, *, viewer: Reader) -> Condition:
        """Return the condition of events whose reason a blind reviewer may not read yet."""
        return blind_reviews.kept_of_event(cast("User", viewer))
