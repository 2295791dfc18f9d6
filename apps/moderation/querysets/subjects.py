"""Whom the events of the audit record are about, as a condition on them."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from apps.audit.constants import AuditAction
from apps.conversations.models import Conversation, Message, Share
from apps.llm.models import Quota
from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.base import all_rows, is_there
from apps.moderation.querysets.cases import CaseQuerySet
from apps.users.models import ApiToken

TEXTS = ("message", "reply")


def is_about(person_id: int) -> Q:
    """Return the condition of events that were done to a person or to what is theirs.

    Each part is asked of the rows that a page shows, by a key.
    """
    number = OuterRef("target_id")
    labelled = Cast(KeyTextTransform("message_id", OuterRef("data")), BigIntegerField())
    texts = Message.objects.owned_by(person_id)
    owned: dict[str, QuerySet[Any]] = {
        "case": all_rows(CaseQuerySet, "Case").about(person_id),
        "appeal": all_rows(AppealQuerySet, "Appeal").about(person_id),
        "conversation": Conversation.objects.owned_by(person_id),
        "share": Share.objects.owned_by(person_id),
        "apitoken": ApiToken.objects.owned_by(person_id),
        "quota": Quota.objects.limiting(person_id),
    }
    condition = Q(target_type="user", target_id=person_id)
    for target_type, rows in owned.items():
        condition |= Q(target_type=target_type) & is_there(rows.filter(pk=number))
    return (
        condition
        | Q(target_type__in=TEXTS) & is_there(texts.filter(pk=number))
        | Q(action=AuditAction.BACK_TEST_LABELLED) & is_there(texts.filter(pk=labelled))
    )
