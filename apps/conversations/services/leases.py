"""What a worker writes while it answers: every statement is conditional on its lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import cast

from django.db import transaction
from django.db.models.functions import Coalesce, Now

from apps.conversations import constants, guardrails
from apps.conversations.models import Message, Reply
from apps.conversations.services import (
    announcements,
    presenting,
    prompting,
    rewriting,
    settling,
    titles,
)
from apps.conversations.services.turn_requests import Prompt, policy_text
from apps.conversations.statements import leases as statements
from apps.conversations.statements.leases import Asked
from apps.conversations.statements.remembered import window
from apps.core.markdown import RENDERER_VERSION
from apps.llm.gateway.contract import Answering, Finished, GenerationRequest, Usage
from apps.llm.gateway.estimates import prompt_tokens
from apps.llm.services import catalogue
from apps.llm.services.usage import Call

LEASE = timedelta(seconds=constants.LEASE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An answer that this worker may write, with all that the model needs.

    Attributes:
        asked: what policy looks at of the question.
        is_untitled: whether the model has not named its conversation yet, and should.
        is_barred: whether whoever asked may not any more, so that no model is asked.
    """

    reply_id: int
    conversation_id: int
    owner_id: int
    fence: int
    asked: str
    is_untitled: bool
    request: GenerationRequest
    call: Call
    is_barred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an answer ended.

    Attributes:
        state: one of the end states.
        text: all text that viewers were shown.
        usage: tokens of the call; None where no call was made.
        finished: what the model server said at the end, if it did.
        answering: the model that was asked last; None where nobody was.
        call: as it was handed over to that model, at its price; None where it was not.
        error_code: stable code of what went wrong, or empty.
        notice: sentence for the person; empty for the state's own.
        retry_after: how long the model server asked to wait, if it did.
        first_token_ms: milliseconds to the first text, if there was one.
        duration_ms: milliseconds of the call.
        is_unanswered: whether the model failed before any text while another one could be asked, so
            that its line of the ledger may be there already.
        ruling: what policy says and found.
        judged: the text that policy looked at; None where it looked at none.
    """

    state: constants.ReplyState
    text: str
    usage: Usage | None
    finished: Finished | None = None
    answering: Answering | None = None
    call: Call | None = None
    error_code: str = ""
    notice: str = ""
    retry_after: timedelta | None = None
    first_token_ms: int | None = None
    duration_ms: int = 0
    is_unanswered: bool = False
    ruling: guardrails.Ruling = guardrails.NOTHING_FOUND
    judged: guardrails.Judged | None = None


def claim(*, reply_id: int, owner: str) -> Claim | None:
    """Take the lease of a queued answer; None if it was stopped, taken or removed meanwhile.

    The lease is taken and what the model needs is read by one statement: whatever fails, the answer
    is still queued.
    """
    known = catalogue.read()
    taken = statements.claim(reply_id=reply_id, owner=owner, window=window())
    if taken is None:
        return None
    try:
        keep = partial(keep_lease, reply_id=reply_id, owner=owner, fence=taken.fence)
        request = prompting.request_of(taken, known, keep)
    except Exception:
        put_back(reply_id=reply_id, owner=owner, fence=taken.fence)
        raise
    return Claim(
        reply_id=reply_id,
        conversation_id=taken.conversation_id,
        owner_id=taken.owner_id,
        fence=taken.fence,
        asked=policy_text(taken.question, request.context, cast("Prompt | None", request.prompt)),
        is_untitled=taken.is_untitled and taken.prompt is None,
        is_barred=taken.is_barred,
        request=request,
        call=Call(
            user_id=taken.owner_id,
            api_token_id=taken.api_token_id,
            purpose="reply",
            reference_id=reply_id,
            model=taken.model,
            chat_model_id=taken.chat_model_id,
            rate=taken.rate,
        ),
    )


def put_back(*, reply_id: int, owner: str, fence: int) -> None:
    """Give an answer that was taken and not begun back to the queue."""
    Reply.objects.held_by(owner).fenced_by(fence).filter(pk=reply_id).update(
        state=constants.ReplyState.QUEUED,
        lease_owner="",
        lease_expires_at=None,
        started_at=None,
    )


def checkpoint(
    *, owner: str, texts: Sequence[tuple[int, str]], asked: Sequence[Asked] = ()
) -> list[tuple[int, str]]:
    """Store what this worker's answers have by now, in one statement for all of them.

    Args:
        owner: the worker.
        texts: answer and its whole text, for those that gained some.
        asked: what models may have used beside those texts, for the answers of which that changed.

    Returns:
        The answers that somebody asked to end, with the state to end in; those of people who may
        not be here any more are halted.
    """
    if texts or asked:
        statements.store_texts(owner=owner, texts=texts, asked=asked)
    ending = Reply.objects.held_by(owner).to_be_ended().values_list("pk", "stop_state")
    return [(pk, state or constants.ReplyState.HALTED.value) for pk, state in ending]


def beat(*, owner: str, reply_ids: Sequence[int]) -> set[int]:
    """Renew the leases of the answers that are in this worker's hands.

    Returns:
        Those of them that are not its own any more: ended by somebody else, or removed.
    """
    held = Reply.objects.held_by(owner).filter(pk__in=reply_ids)
    held.update(lease_expires_at=Now() + LEASE)
    return set(reply_ids) - set(held.values_list("pk", flat=True))


def keep_lease(*, reply_id: int, owner: str, fence: int) -> bool:
    """Renew the lease of one answer, whose row is locked to the end of the transaction.

    Returns:
        Whether it is still the worker's: false once somebody else has ended it.
    """
    held = Reply.objects.held_by(owner).fenced_by(fence).filter(pk=reply_id)
    return bool(held.update(lease_expires_at=Now() + LEASE))


def hand_over(*, claim: Claim, owner: str, answering: Answering) -> Call:
    """Write down that another model is asked, from the moment on in which it is.

    So the live board, a pause and a stop of all its answers know whose answer it is.

    Returns:
        The call, at the price that the other model has by now.
    """
    statements.note_model(
        owner=owner,
        fence=claim.fence,
        reply_id=claim.reply_id,
        model=answering.model,
        chat_model_id=answering.chat_model_id,
        sent_tokens=prompt_tokens(claim.request),
    )
    return claim.call.answered_by(answering)


def keep_back(*, claim: Claim, owner: str) -> None:
    """Write into an answer's row that nothing of it may be shown, whoever ends it.

    It takes the place of what somebody else has asked for before.
    """
    held = Reply.objects.held_by(owner).fenced_by(claim.fence).filter(pk=claim.reply_id)
    held.update(
        stop_state=constants.ReplyState.WITHHELD,
        stop_requested_at=Coalesce("stop_requested_at", Now()),
    )


def finish(*, claim: Claim, owner: str, ending: Ending) -> bool:
    """Write the one end of an answer; false if somebody else ended it first.

    Text, state, ledger and conversation change together or not at all. The text is rendered before,
    while no row is locked. Of an answer that was removed meanwhile only the ledger's line is left.
    One that policy withholds is withheld, whoever has ended it as what.
    """
    message = Message(pk=claim.reply_id, role=constants.Author.ASSISTANT, content=ending.text)
    message.html, message.html_version = presenting.rendered(message), RENDERER_VERSION
    usage, first = ending.usage, ending.first_token_ms
    answering = ending.answering
    call = ending.call or claim.call.answered_by(answering)
    ended = Reply(
        message=message,
        state=ending.state,
        error_code=ending.error_code,
        notice=ending.notice,
        finish_reason=ending.finished.finish_reason[:40] if ending.finished else "",
        model=answering.model if answering else "",
        chat_model_id=answering.chat_model_id if answering else None,
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        usage_source=usage.source if usage else "",
        cost_nano=call.cost(usage) if usage else None,
    )
    first_token = timedelta(milliseconds=first) if first is not None else None
    return _store_end(replace(claim, call=call), owner, ending, ended, first_token)


@transaction.atomic
def _store_end(
    claim: Claim, owner: str, ending: Ending, ended: Reply, first_token: timedelta | None
) -> bool:
    has_ended = statements.end_reply(
        owner=owner,
        fence=claim.fence,
        reply=ended,
        first_token=first_token,
        retry_after=ending.retry_after,
    )
    if has_ended:
        if ending.judged is not None:
            guardrails.record(ending.ruling, ending.judged)
        announcements.answer_stored(owner_id=claim.owner_id, conversation_id=claim.conversation_id)
        if claim.is_untitled and _is_first_whole(claim, ending):
            titles.queue_title(conversation_id=claim.conversation_id)
    elif ending.state == constants.ReplyState.WITHHELD:
        _withhold_after_all(claim, ending)
    if has_ended or not Reply.objects.filter(pk=claim.reply_id).exists():
        settling.settle_ended(
            claim.call,
            ending.usage,
            is_unanswered=ending.is_unanswered,
            outcome=ending.error_code or ending.state,
            first_token_ms=ending.first_token_ms,
            duration_ms=ending.duration_ms,
        )
    return has_ended


def _withhold_after_all(claim: Claim, ending: Ending) -> None:
    """Withhold what somebody else has ended who did not know that policy keeps it back."""
    shown = Reply.objects.filter(pk=claim.reply_id).ended().not_withheld()
    if not shown.exists():
        return
    ended = rewriting.withhold_answer(
        actor=None,
        message_id=claim.reply_id,
        notice=ending.notice,
        reason="Withheld by policy while it was written.",
    )
    if ending.judged is not None:
        guardrails.record(ending.ruling, replace(ending.judged, ended=ended))


def _is_first_whole(claim: Claim, ending: Ending) -> bool:
    """Tell whether it is the first answer of its conversation that came to its end."""
    others = Reply.objects.of_conversation(claim.conversation_id).complete()
    is_whole = ending.state == constants.ReplyState.COMPLETE
    return is_whole and not others.exclude(pk=claim.reply_id).exists()
