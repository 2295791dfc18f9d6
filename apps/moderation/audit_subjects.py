"""Whose the things are that the audit record names, so that staff read nothing about themselves."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import IsNull

from apps.audit.constants import AuditAction
from apps.audit.subjects import Reader
from apps.conversations.models import Conversation, Message, Share
from apps.llm.models import Quota
from apps.moderation.models import Appeal, Case
from apps.moderation.services.appeals import blind_reviews
from apps.users.models import ApiToken, User

TEXTS = ("message", "reply")


class AuditSubjects:
    """Knows accounts with tokens and limits, conversations, and what moderation keeps.

    See docs/decisions/0123.
    """

    def about(self, *, person_id: int) -> Q:
        """Return the condition of events that were done to what is a person's.

        Each part is asked of the rows that a page shows, by a key: an EXISTS could make the
        database read everything that the person ever wrote first.
        """
        number = OuterRef("target_id")
        labelled = Cast(KeyTextTransform("message_id", OuterRef("data")), BigIntegerField())
        texts = Message.objects.filter(conversation__owner=person_id)
        limited = Q(user=person_id) | Q(api_token__user=person_id)
        return (
            Q(target_type="user", target_id=person_id)
            | _one("case", Case.objects.filter(pk=number, subject=person_id))
            | _one("appeal", Appeal.objects.filter(pk=number, subject=person_id))
            | _one("conversation", Conversation.objects.filter(pk=number, owner=person_id))
            | _one("share", Share.objects.filter(pk=number, owner=person_id))
            | _one("apitoken", ApiToken.objects.filter(pk=number, user=person_id))
            | _one("quota", Quota.objects.filter(limited, pk=number))
            | Q(target_type__in=TEXTS) & _is_there(texts.filter(pk=number))
            | Q(action=AuditAction.BACK_TEST_LABELLED) & _is_there(texts.filter(pk=labelled))
        )

    def kept_from(self, *, viewer: Reader) -> Q:
        """Return the condition of events whose reason a blind reviewer may not read yet."""
        return blind_reviews.kept_of_event(cast("User", viewer))


def _one(target_type: str, rows: QuerySet[Any, Any]) -> Q:
    return Q(target_type=target_type) & _is_there(rows)


def _is_there(rows: QuerySet[Any, Any]) -> Q:
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))  # noqa: FBT003
