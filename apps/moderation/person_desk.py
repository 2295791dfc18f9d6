"""Staff warn, restrict, suspend and lift from the page of a person: decisions like any other."""

from __future__ import annotations

from apps.core.querysets import Condition
from apps.moderation.constants import EnforcementKind
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.decisions import lifting, measures
from apps.moderation.services.policies import policy_choices
from apps.users.constants import RestrictionKind
from apps.users.models import User
from apps.users.standing_desk import Act

KINDS = {
    RestrictionKind.WARNING: EnforcementKind.WARN,
    RestrictionKind.RESTRICTION: EnforcementKind.RESTRICT,
    RestrictionKind.SUSPENSION: EnforcementKind.SUSPEND,
}


class PersonDesk:
    """The product's desk; see docs/decisions/0119-what-staff-do-to-a-person-is-decided.md."""

    def policies(self) -> list[tuple[str, str]]:
        """Return code and title of every policy in use."""
        return policy_choices.list_choices()

    def keeps_reasons(self, *, viewer: User, person: str) -> Condition:
        """Return the condition of rows about somebody whose appeal a blind reviewer may take."""
        return blind_reviews.kept_of_person(viewer, person=person)

    def act(self, *, actor: User, user_id: int, act: Act) -> int:
        """Warn, restrict or suspend a person; returns the number of the case."""
        why = measures.Why(
            policy=act.policy,
            reason=act.reason,
            reason_for_user=act.reason_for_user,
            message_id=act.message_id,
        )
        decision = measures.act_on_person(
            actor=actor, user_id=user_id, kind=KINDS[act.kind], why=why, until=act.until
        )
        return decision.case_id

    def lift(self, *, actor: User, user_id: int, reason: str, reason_for_user: str) -> None:
        """End what holds about a person before its time."""
        lifting.lift_from_person(
            actor=actor, user_id=user_id, reason=reason, reason_for_user=reason_for_user
        )
