"""What answers had reserved is settled at their end: by what was used, or given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.conversations.models import Message, Reply
from apps.conversations.statements.remembered import size_before
from apps.llm.gateway.contract import Usage
from apps.llm.gateway.estimates import (
    PromptSize,
    sent_tokens,
    size_of_prompt,
    size_of_text,
    tokens_in,
)
from apps.llm.services import catalogue, prices, quotas, usage
from apps.llm.services.usage import Call

FORGOTTEN_AFTER = timedelta(hours=1)
AT_ONCE = 500


def release(reply_ids: Sequence[int]) -> None:
    """Give back what answers had reserved for calls that were never made."""
    usage.release_calls(purpose="reply", reference_ids=reply_ids)


def settle_ended(
    call: Call,
    used: Usage | None,
    *,
    is_unanswered: bool,
    outcome: str,
    first_token_ms: int | None,
    duration_ms: int,
) -> None:
    """Write the line of the call that an answer ended with, or give back where there is none.

    A model that failed before any text has its line as soon as another one is let in its place,
    whether that one was asked or not.

    Args:
        call: the last one that was made for the answer.
        used: its tokens; None where no call was made, or it used nothing.
        is_unanswered: whether its model failed before any text, so that its line may be there.
        outcome: the end state, or the code of what went wrong.
        first_token_ms: milliseconds to the first text; None where none came.
        duration_ms: milliseconds of the call.
    """
    if used is None or (is_unanswered and _has_line(call)):
        release([call.reference_id])
        return
    usage.record_call(
        call,
        usage=used,
        outcome=outcome,
        first_token_ms=first_token_ms,
        duration_ms=duration_ms,
    )


def _has_line(call: Call) -> bool:
    written = usage.settled_models(purpose=call.purpose, reference_ids=[call.reference_id])
    return (call.reference_id, call.chat_model_id) in written


@dataclass(frozen=True, slots=True)
class LostCall:
    """A call whose worker was lost and that may have used something.

    Attributes:
        reply: that it was for, with its tokens and cost.
        call: whose it was.
        used: its tokens, by estimate.
    """

    reply: Reply
    call: Call
    used: Usage


def note_lost(reply_ids: Sequence[int], *, kept_back: Mapping[int, int]) -> list[LostCall]:
    """Write on answers what the calls of a lost worker used, by estimate, as the reaper ends them.

    Whoever is told of their end is told of it. No counter is locked yet: `settle_lost` is the last
    step (docs/decisions/0063).

    Args:
        reply_ids: those that the reaper ends.
        kept_back: how many bytes those had whose text was taken from view.

    Returns:
        The calls, still to be settled; none for an answer that no model was asked for.
    """
    settled = usage.settled_models(purpose="reply", reference_ids=reply_ids)
    held = quotas.held_for_answers(purpose="reply", reference_ids=reply_ids)
    lost: list[LostCall] = []
    for reply in Reply.objects.filter(pk__in=reply_ids).select_related("message", "conversation"):
        size = kept_back.get(reply.pk, size_of_text(reply.message.content))
        has_answered = size > 0 or reply.pk in kept_back
        if has_answered or (reply.is_asked and (reply.pk, reply.chat_model_id) not in settled):
            lost.append(_note_use(reply, _estimate(reply, size, held=held.get(reply.pk))))
    return lost


def settle_lost(reply_ids: Sequence[int], calls: Sequence[LostCall]) -> None:
    """Write the lines of a lost worker's calls, and give back what was reserved for no call.

    The counters of all of them are locked before the first is settled, in the order of everybody
    else: one answer after the other would have an order of its own (docs/decisions/0063).

    Args:
        reply_ids: those that the reaper ends.
        calls: what `note_lost` told of them.
    """
    usage.hold_counters(purpose="reply", reference_ids=reply_ids)
    for lost in calls:
        began = lost.reply.started_at or lost.reply.queued_at
        duration = (lost.reply.finished_at or timezone.now()) - began
        usage.record_call(
            lost.call,
            usage=lost.used,
            outcome=lost.reply.error_code or lost.reply.state,
            first_token_ms=None,
            duration_ms=max(0, round(duration.total_seconds() * 1000)),
        )
    charged = {lost.reply.pk for lost in calls}
    release([reply_id for reply_id in reply_ids if reply_id not in charged])


def _note_use(reply: Reply, used: Usage) -> LostCall:
    call = Call(
        user_id=reply.conversation.owner_id,
        api_token_id=reply.api_token_id,
        purpose="reply",
        reference_id=reply.pk,
        model=reply.model,
        chat_model_id=reply.chat_model_id,
        rate=prices.price_at(
            model=reply.model, chat_model_id=reply.chat_model_id, moment=reply.started_at
        ),
    )
    reply.prompt_tokens, reply.completion_tokens = used.prompt_tokens, used.completion_tokens
    reply.usage_source, reply.cost_nano = used.source, call.cost(used)
    reply.save(update_fields=["prompt_tokens", "completion_tokens", "usage_source", "cost_nano"])
    return LostCall(reply, call, used)


def release_forgotten() -> int:
    """Give back what is reserved for answers that are gone.

    Returns:
        For how many.
    """
    before = timezone.now() - FORGOTTEN_AFTER
    old = quotas.reserved_before(before, purpose="reply", limit=AT_ONCE)
    live = set(Reply.objects.live().filter(pk__in=old).values_list("pk", flat=True))
    forgotten = [reply_id for reply_id in old if reply_id not in live]
    release(forgotten)
    return len(forgotten)


def _estimate(reply: Reply, answer_bytes: int, *, held: int | None) -> Usage:
    """Estimate a call by the texts that its worker had sent and shown, and what was thought.

    Args:
        reply: the answer.
        answer_bytes: length of its text.
        held: what a hard quota holds for it, which it never passes; None where none counts.
    """
    prompt = reply.sent_tokens or _would_be_sent(reply)
    written = tokens_in(answer_bytes) + reply.thought_tokens
    return Usage(prompt, written if held is None else min(written, held), "estimated")


def _would_be_sent(reply: Reply) -> int:
    """Estimate a prompt that a worker sent in the moment in which it was lost."""
    question = Message.objects.answered_by(reply.message).first()
    if question is None:
        return 0
    system_prompt, limit = _terms_of(reply)
    fixed, history = _sizes_of(reply, question, system_prompt)
    return sent_tokens(fixed, history, limit=limit)


def _sizes_of(reply: Reply, question: Message, system_prompt: str) -> tuple[PromptSize, PromptSize]:
    """Return the size of what was sent of a question in any case, and of what was said before."""
    if question.prompt is not None:
        return size_of_prompt((), prompt=question.prompt), PromptSize()
    said = size_before(conversation_id=reply.conversation_id, question_id=question.pk)
    fixed = size_of_prompt([system_prompt, question.content], context=question.context)
    return fixed, PromptSize(said.text_bytes, said.messages)


def _terms_of(reply: Reply) -> tuple[str, int]:
    """Return the system prompt that an answer was asked with, and the most tokens of its prompt."""
    known = catalogue.read()
    model = known.models.get(reply.chat_model_id or 0)
    if reply.assistant_version_id is not None:
        version = catalogue.version_of(known, reply.assistant_version_id)
        return version.system_prompt, version.max_prompt_tokens
    own = model.max_prompt_tokens if model is not None else None
    return settings.SYSTEM_PROMPT, own or settings.MAX_TOKENS
