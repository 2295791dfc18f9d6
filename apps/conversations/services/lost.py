"""Ends answers whose worker is gone, with what may be shown of them, and those that none took."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from apps.conversations import constants, guardrails
from apps.conversations.endings import Ended
from apps.conversations.errors import NoWorkerError, WorkerLostError, WorkersBusyError
from apps.conversations.models import Message, Reply
from apps.conversations.services import announcements, settling
from apps.conversations.statements import endings
from apps.core.logging import log_event
from apps.llm.errors import ModelsPausedError
from apps.llm.gateway.estimates import size_of_text

logger = logging.getLogger(__name__)
INTERRUPTED = Ended(constants.ReplyState.INTERRUPTED, WorkerLostError.code)
PAUSED = Ended(constants.ReplyState.HALTED, ModelsPausedError.code, constants.PAUSED_NOTICE)


def suspects() -> list[int]:
    """Return the running answers whose lease has passed, for a reaper that looks twice."""
    return list(Reply.objects.lease_lost().values_list("pk", flat=True)[:500])


@transaction.atomic
def reap(
    *,
    reply_ids: Sequence[int],
    live_texts: Mapping[int, str],
    withheld: Collection[int] = (),
    unknown: Collection[int] = (),
) -> list[int]:
    """End answers whose worker stopped beating as interrupted; what their viewers saw is kept.

    One that somebody asked to end before ends as they asked, and one that policy withheld, whose
    worker could not store that any more, is withheld. So is one of which nobody can tell whether
    policy has withheld it: a person looks at it, and nothing is shown before.

    Args:
        reply_ids: those that a reaper found lost twice.
        live_texts: what they were known to have last; it counts where it continues what is stored.
        withheld: those of which nothing may be shown; their rows know of others.
        unknown: those of which only their rows can say so, if their worker still reached them.

    Returns:
        Those that this call ended.
    """
    rows = Reply.objects.lease_lost().filter(pk__in=reply_ids).select_for_update(skip_locked=True)
    asked = dict(rows.values_list("pk", "stop_state"))
    lost = list(asked)
    _complete(lost, live_texts)
    noted = [pk for pk in lost if asked[pk] == constants.ReplyState.WITHHELD]
    known = {pk for pk in lost if pk in withheld}.union(noted)
    doubtful = _doubtful([pk for pk in lost if pk in unknown and pk not in known])
    _end(lost, known, doubtful)
    kept_back = _keep_back(known, ended=None)
    kept_back |= _keep_back(doubtful, ended=INTERRUPTED)
    _have_checked([pk for pk in lost if pk not in kept_back])
    calls = settling.note_lost(lost, kept_back=kept_back)
    endings.note_ended(reply_ids=lost)
    announcements.replies_ended(lost)
    settling.settle_lost(lost, calls)
    return lost


def _complete(reply_ids: Sequence[int], live_texts: Mapping[int, str]) -> None:
    """Store what viewers had of answers beyond the last checkpoint."""
    for message in Message.objects.filter(pk__in=[pk for pk in reply_ids if pk in live_texts]):
        text = live_texts[message.pk]
        if len(text) > len(message.content) and text.startswith(message.content):
            message.content = text
            message.save(update_fields=["content"])


def _doubtful(reply_ids: Sequence[int]) -> set[int]:
    """Return those that have a text which policy may have withheld, as far as anybody knows."""
    rows = Message.objects.filter(pk__in=reply_ids).with_text()
    written = set(rows.values_list("pk", flat=True)) if reply_ids else set()
    return written if written and guardrails.withhold_answers() else set()


def _end(lost: Sequence[int], withheld: Collection[int], doubtful: Collection[int]) -> None:
    Reply.objects.filter(pk__in=lost).update(
        state=Case(
            When(pk__in=[*withheld, *doubtful], then=Value(constants.ReplyState.WITHHELD.value)),
            When(stop_state="", then=Value(constants.ReplyState.INTERRUPTED.value)),
            default=F("stop_state"),
        ),
        error_code=Case(
            When(pk__in=list(withheld), then=Value("")),
            When(pk__in=list(doubtful), then=Value(guardrails.BLOCK_ON_FAILURE.code)),
            When(stop_state="", then=Value(WorkerLostError.code)),
            default=Value(""),
        ),
        notice=Case(
            When(pk__in=list(doubtful), then=Value(constants.DOUBTFUL_NOTICE)),
            default=Value(""),
        ),
        lease_expires_at=None,
        finished_at=Now(),
    )


@transaction.atomic
def expire_queue() -> list[int]:
    """End answers that no worker took in two minutes; returns which.

    The person is told whether there was none, whether all had their hands full, or whether staff
    have paused the model.
    """
    waiting = list(
        Reply.objects.queued_for(timedelta(seconds=constants.QUEUE_TIMEOUT_SECONDS))
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)[:500]
    )
    if not waiting:
        return []
    paused = set(Reply.objects.filter(pk__in=waiting).paused().values_list("pk", flat=True))
    reason = WorkersBusyError if Reply.objects.in_hand().exists() else NoWorkerError
    failed = Ended(constants.ReplyState.FAILED, reason.code, reason.default_message)
    _end_waiting(paused, PAUSED)
    _end_waiting(set(waiting) - paused, failed)
    endings.note_ended(reply_ids=waiting)
    announcements.replies_ended(waiting)
    settling.release(waiting)
    return waiting


def _end_waiting(reply_ids: Collection[int], ended: Ended) -> None:
    Reply.objects.filter(pk__in=reply_ids).update(
        state=ended.state,
        error_code=ended.error_code,
        notice=ended.notice,
        finished_at=Now(),
    )


def _keep_back(reply_ids: Collection[int], *, ended: Ended | None) -> dict[int, int]:
    """Take the stored text of withheld answers from view, and give it to policy with its case.

    Args:
        reply_ids: which answers.
        ended: how they end again if a person finds nothing wrong; None where policy cut them off.

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
        _tell_policy(_judged(message, text, is_withheld=True, ended=ended))
    return lengths


def _have_checked(reply_ids: Sequence[int]) -> None:
    """Give what viewers keep of answers to policy, which looks at it afterwards."""
    rows = Message.objects.filter(pk__in=reply_ids).with_text()
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


def _judged(
    message: Message, text: str, *, is_withheld: bool, ended: Ended | None = None
) -> guardrails.Judged:
    return guardrails.Judged(
        message_id=message.pk,
        conversation_id=message.conversation_id,
        user_id=message.conversation.owner_id,
        is_answer=True,
        text=text,
        shown_chars=len(text),
        is_withheld=is_withheld,
        is_checked=is_withheld,
        ended=ended,
        is_lost=True,
    )
