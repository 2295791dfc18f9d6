"""What cases and decisions keep as it is: conversations from removal, hidden texts from view."""

from __future__ import annotations

from django.db.models.expressions import Combinable
from django.utils import timezone

from apps.core.querysets import Condition
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Enforcement
from apps.moderation.querysets import holds
from apps.moderation.services.appeals import blind_reviews
from apps.users.models import User


class CaseHold:
    """Keeps a conversation while a case is open or can be appealed; see docs/decisions/0092."""

    def held(self, *, conversation: str) -> Condition:
        """Return the condition of rows whose conversation is still needed."""
        return holds.is_needed(conversation=conversation, now=timezone.now())


class DecisionHold:
    """Keeps what a decision hides or locks until that is taken back; see docs/decisions/0163."""

    def hides(self, *, message: str, since: str) -> Condition:
        """Return the condition of rows whose message a decision hides at the moment."""
        return holds.is_hidden(message=message, since=since)

    def case_hiding(self, *, message: str, since: str) -> Combinable:
        """Return the number of the case whose decision hides each message at the moment."""
        return holds.case_hiding(message=message, since=since)

    def keeps_reasons(self, *, viewer: User, message: str) -> Condition:
        """Return the condition of rows whose message's reasons a blind reviewer waits for."""
        return blind_reviews.kept_of_message(viewer, message=message)

    def case_revoking(self, *, share: str, owner: str) -> Combinable:
        """Return the number of the case whose decision revokes each link at the moment."""
        return holds.case_revoking(share=share, owner=owner)

    def locks(self, *, conversation_id: int) -> bool:
        """Tell whether a decision locks a conversation at the moment."""
        locking = Enforcement.objects.active().of_kind(EnforcementKind.LOCK_CONVERSATION)
        return locking.on_conversation(conversation_id).exists()
