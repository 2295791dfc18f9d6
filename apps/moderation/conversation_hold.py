"""What cases and decisions keep as it is: conversations from removal, hidden texts from view."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.moderation.constants import CaseState, EnforcementKind
from apps.moderation.models import Appeal, Case, Enforcement, Notice


class CaseHold:
    """Keeps a conversation while a case is open or can be appealed; see docs/decisions/0092."""

    def held(self, *, conversation: str) -> Q:
        """Return the condition of rows whose conversation is still needed."""
        where = OuterRef(conversation)
        open_cases = Case.objects.filter(conversation=where).exclude(state=CaseState.CLOSED)
        pending = Appeal.objects.pending().filter(case__conversation=where)
        now = timezone.now()
        appealable = Notice.objects.filter(conversation=where, appeal_until__gt=now, appeal=None)
        return Q(Exists(open_cases)) | Q(Exists(pending)) | Q(Exists(appealable))


class DecisionHold:
    """Keeps what a decision hides or locks until that is taken back; see docs/decisions/0163."""

    def hides(self, *, message_id: int) -> bool:
        """Tell whether a decision hides a message at the moment."""
        hiding = Enforcement.objects.active().filter(kind=EnforcementKind.HIDE_MESSAGE)
        return hiding.filter(message=message_id).exists()

    def locks(self, *, conversation_id: int) -> bool:
        """Tell whether a decision locks a conversation at the moment."""
        locking = Enforcement.objects.active().filter(kind=EnforcementKind.LOCK_CONVERSATION)
        return locking.filter(conversation=conversation_id).exists()
