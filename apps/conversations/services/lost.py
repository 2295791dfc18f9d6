"""Ends answers whose worker is gone, with what may be shown of them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from apps.conversations import constants, guardrails
from apps.conversations.errors import WorkerLostError
from apps.conversations.models import Message, Reply
from apps.conversations.services import announcements, settling
from apps.conversations.statements import endings
from apps.core.logging import log_event
from apps.llm.gateway.estimates import size_of_text

logger = logging.getLogger(__name__)


@transaction.atomic
def reap(
    *, reply_ids: Sequence[int], live_texts: Mapping[int, str], withheld: Collection[int] = ()
) -> list[int]:
    """End answers whose worker stopped beating as interrupted; what their viewers saw is kept.

    One that somebody asked to end before ends as they asked, and one that policy withheld, whose
    worker could not store that any more, is withheld.

    Args:
        reply_ids: those that a reaper found lost twice.
        live_texts: what they were known to have last; it counts where it continues what is stored.
        withheld: those of which nothing may be shown.

    Returns:
        Those that this call ended.
    """
    lost = list(
        Reply.objects.lease_lost()
        .filter(pk__in=reply_ids)
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)
    )
    Reply.objects.filter(pk__in=lost).update(
        state=Case(
            When(pk__in=list(withheld), then=Value(constants.ReplyState.WITHHELD.value)),
            When(stop_state="", then=Value(constants.ReplyState.INTERRUPTED.value)),
            default=F("stop_state"),
        ),
        error_code=Case(
            When(pk__in=list(withheld), then=Value("")),
            When(stop_state="", then=Value(WorkerLostError.code)),
            default=Value(""),
        ),
        notice="",
        lease_expires_at=None,
        finished_at=Now(),
    )
    for message in Message.objects.filter(pk__in=[pk for pk in lost if pk in live_texts]):
        text = live_texts[message.pk]
        if len(text) > len(message.content) and text.startswith(message.content):
            message.content = text
            message.save(update_fields=["content"])
    kept_back = _keep_back([pk for pk in lost if pk in withheld])
    _have_checked([pk for pk in lost if pk not in withheld])
    endings.note_ended(reply_ids=lost)
    announcements.replies_ended(lost)
    settling.settle_lost(lost, kept_back=kept_back)
    return lost


def _keep_back(reply_ids: Sequence[int]) -> dict[int, int]:
    """Take the stored text of withheld answers from view, and give it to policy with its case.

    Returns:
        How many bytes each of them had in UTF-8.
    """
    lengths = {}
    rows = Message.objects.filter(pk__in=reply_ids).select_related("conversation")
    for message in rows:
        text = message.content
        lengths[message.pk] = size_of_text(text)
        message.content, message.html, message.html_version = "", "", 0
        message.save(update_fields=["content", "html", "html_version"])
        _tell_policy(_judged(message, text, is_withheld=True))
    return lengths


def _have_checked(reply_ids: Sequence[int]) -> None:
    """Give what viewers keep of answers to policy, which looks at it afterwards."""
    rows = Message.objects.filter(pk__in=reply_ids).exclude(content="")
    for message in rows.select_related("conversation"):
        _tell_policy(_judged(message, message.content, is_withheld=False))


def _tell_policy(judged: guardrails.Judged) -> None:
    """Have policy store an answer; where it cannot, the answer is ended all the same."""
    try:
        with transaction.atomic():
            guardrails.record(guardrails.NOTHING_FOUND, judged)
    except Exception as error:  # noqa: BLE001  with a case or without, an answer without a worker ends
        event = "WITHHELD_UNRECORDED" if judged.is_withheld else "LOST_UNCHECKED"
        log_event(logger, event, level=logging.ERROR, error=type(error).__name__)


def _judged(message: Message, text: str, *, is_withheld: bool) -> guardrails.Judged:
    return guardrails.Judged(
        message_id=message.pk,
        conversation_id=message.conversation_id,
        user_id=message.conversation.owner_id,
        is_answer=True,
        text=text,
        shown_chars=len(text),
        is_withheld=is_withheld,
        is_checked=is_withheld,
        is_lost=True,
    )
