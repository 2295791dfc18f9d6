"""Named queries over appeals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db.models import OuterRef, Q

from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import Appeal, Case, Decision, Notice  # noqa: F401
    from apps.users.models import User


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

    def against_message(self, message: int | OuterRef) -> Self:
        """Return those against what was decided about a message."""
        return self.filter(decision__case__message=message)

    def against_conversation(self, conversation: int | OuterRef) -> Self:
        """Return those against what was decided about messages of a conversation."""
        return self.filter(decision__case__conversation=conversation)

    def from_notice(self, notice: Notice) -> Self:
        """Return the one with which somebody answered a notice, if they did."""
        return self.filter(notice=notice)

    def telling_of_conversation(self, conversation: int | OuterRef) -> Self:
        """Return those whose notice told of a conversation or of a message in it."""
        return self.filter(notice__conversation=conversation)

    def blind_for(self, viewer: User) -> Self:
        """Return those that wait and of whose text this person has not said what they think."""
        waiting = self.pending().exclude(~Q(first_opinion=""), reviewer=viewer)
        return waiting.exclude(case__target_role=constants.ABOUT_PERSON)

    def decided_with(self, decision: Decision) -> Self:
        """Return the one that was decided with this decision, if any was."""
        return self.filter(outcome=decision)

    def with_parts(self) -> Self:
        """Return them with what their pages and answers show."""
        return self.select_related(
            "case", "decision__policy_version__policy", "notice", "subject", "outcome"
        )
