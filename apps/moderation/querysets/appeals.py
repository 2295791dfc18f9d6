"""Named queries over appeals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from apps.moderation import constants

if TYPE_CHECKING:
    from apps.moderation.models import Appeal  # noqa: F401


class AppealQuerySet(QuerySet["Appeal"]):
    """Named queries over appeals."""

    def pending(self) -> AppealQuerySet:
        """Return those that nobody has decided."""
        return self.filter(state__in=constants.PENDING_APPEALS)

    def with_parts(self) -> AppealQuerySet:
        """Return them with what their pages and answers show."""
        return self.select_related(
            "case", "decision__policy_version__policy", "notice", "subject", "outcome"
        )
