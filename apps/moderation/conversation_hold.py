"""A conversation is not removed while a case on it is open, or can still be appealed."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.moderation.constants import CaseState
from apps.moderation.models import Appeal, Case, Notice


class CaseHold:
    """The product's hold; see docs/decisions/0092-a-deleted-conversation.md."""

    def held(self, *, conversation: str) -> Q:
        """Return the condition of rows whose conversation is still needed."""
        where = OuterRef(conversation)
        open_cases = Case.objects.filter(conversation=where).exclude(state=CaseState.CLOSED)
        pending = Appeal.objects.pending().filter(case__conversation=where)
        now = timezone.now()
        appealable = Notice.objects.filter(conversation=where, appeal_until__gt=now, appeal=None)
        return Q(Exists(open_cases)) | Q(Exists(pending)) | Q(Exists(appealable))
