"""Named queries over appeals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db.models import OuterRef, Q

from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import Appeal, Case, Decision  # noqa: F401


class AppealQuerySet(CaseRowQuerySet["Appeal"]):
    """Named queries over appeals; of a case are those that wait in it."""

    def pending(self) -> Self:
        """Return those that nobody has decided."""
        return self.filter(state__in=constants.PENDING_APPEALS)

    def in_state(self, state: str) -> Self:
        """Return those that stand so."""
        return self.filter(state=state)

    def against_case(self, case: Case | int | OuterRef) -> Self:
        """Return those against what was decided in a case, in whichever case they wait."""
        return self.filter(decision__case=case)

    def concerning(self, case: Case, decisions: Iterable[Decision]) -> Self:
        """Return those that wait in a case, or are against one of its decisions and wait elsewhere.

        Args:
            case: which.
            decisions: its decisions, which the caller has read.
        """
        return self.filter(Q(case=case) | Q(decision__in=[one.pk for one in decisions]))

    def decided_with(self, decision: Decision) -> Self:
        """Return the one that was decided with this decision, if any was."""
        return self.filter(outcome=decision)

    def with_parts(self) -> Self:
        """Return them with what their pages and answers show."""
        return self.select_related(
            "case", "decision__policy_version__policy", "notice", "subject", "outcome"
        )
