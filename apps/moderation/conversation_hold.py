"""What cases and decisions keep as it is: conversations from removal, hidden texts from view."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from apps.moderation.constants import CaseState, EnforcementKind
from apps.moderation.models import Appeal, Case, Enforcement, Notice
from apps.moderation.querysets import EnforcementQuerySet
from apps.moderation.services.appeals import blind_reviews
from apps.users.models import User


class CaseHold:
    """Keeps a conversation while a case is open or can be appealed; see docs/decisions/0092."""

    def held(self, *, conversation: str) -> Q:
        """Return the condition of rows whose conversation is still needed."""
        where = OuterRef(conversation)
        open_cases = Case.objects.filter(conversation=where).exclude(state=CaseState.CLOSED)
        pending = Appeal.objects.pending().filter(notice__conversation=where)
        now = timezone.now()
        appealable = Notice.objects.filter(conversation=where, appeal_until__gt=now, appeal=None)
        return Q(Exists(open_cases)) | Q(Exists(pending)) | Q(Exists(appealable))


class DecisionHold:
    """Keeps what a decision hides or locks until that is taken back; see docs/decisions/0163."""

    def hides(self, *, message: str, since: str) -> Q:
        """Return the condition of rows whose message a decision hides at the moment."""
        return Q(Exists(_hiding(message, since)))

    def case_hiding(self, *, message: str, since: str) -> Subquery:
        """Return the number of the case whose decision hides each message at the moment."""
        return Subquery(_hiding(message, since).order_by("-id").values("decision__case")[:1])

    def keeps_reasons(self, *, viewer: User, message: str) -> Q:
        """Return the condition of rows whose message's reasons a blind reviewer waits for."""
        return blind_reviews.kept_of_message(viewer, message=message)

    def case_revoking(self, *, share: str, owner: str) -> Subquery:
        """Return the number of the case whose decision revokes each link at the moment."""
        active = Enforcement.objects.active()
        revoking = active.revoking(share=OuterRef(share), owner=OuterRef(owner))
        return Subquery(revoking.order_by("-id").values("decision__case")[:1])

    def locks(self, *, conversation_id: int) -> bool:
        """Tell whether a decision locks a conversation at the moment."""
        locking = Enforcement.objects.active().filter(kind=EnforcementKind.LOCK_CONVERSATION)
        return locking.filter(conversation=conversation_id).exists()


def _hiding(message: str, since: str) -> EnforcementQuerySet:
    active = Enforcement.objects.active()
    return active.hiding(message=OuterRef(message), since=OuterRef(since))
