"""What titles cost: each call that may have used something has its line, and settles its quotas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.conversations.errors import WorkerLostError
from apps.conversations.models import Conversation
from apps.conversations.services.settling import AT_ONCE, FORGOTTEN_AFTER
from apps.conversations.services.title_requests import asked_of
from apps.llm.gateway.contract import Completion, GenerationRequest, Usage
from apps.llm.gateway.estimates import estimate
from apps.llm.services import prices, quotas
from apps.llm.services import usage as ledger


@transaction.atomic
def settle_lost(conversation_ids: Sequence[int]) -> None:
    """Charge titles that are still reserved for though nobody asks any more, by estimate.

    What was reserved for a conversation that is gone is given back.
    """
    held = quotas.still_reserved(purpose="title", reference_ids=conversation_ids)
    ledger.hold_counters(purpose="title", reference_ids=held)
    for conversation in Conversation.objects.filter(pk__in=held):
        asked = asked_of(conversation)
        if asked is not None:
            usage = estimate(asked)
            _record(asked, (asked.model, asked.chat_model_id), usage, WorkerLostError.code, 0)
    ledger.release_calls(purpose="title", reference_ids=held)


def settle_forgotten() -> int:
    """Charge titles whose worker was lost long ago, and that no other job made since.

    Returns:
        How many.
    """
    before = timezone.now() - FORGOTTEN_AFTER
    lost = quotas.reserved_before(before, purpose="title", limit=AT_ONCE)
    settle_lost(lost)
    return len(lost)


def settle_whole(request: GenerationRequest, completion: Completion, duration_ms: int) -> None:
    """Charge a title that was made, inside the transaction that stores it."""
    if completion.is_repeated:
        give_back(request)
        return
    asked = (request.model, request.chat_model_id)
    if completion.asked:
        asked = (completion.asked, completion.asked_id)
    _record(request, asked, completion.usage, "complete", duration_ms)


def give_back(request: GenerationRequest) -> None:
    """Give back what is reserved for a title that cost nothing more."""
    if request.reserved is not None:
        reference_ids = [request.reserved.reference_id]
        ledger.release_calls(purpose="title", reference_ids=reference_ids)


def _record(
    request: GenerationRequest,
    asked: tuple[str, int | None],
    usage: Usage,
    outcome: str,
    duration_ms: int,
) -> None:
    """Write the call down and count it for the person, who did not ask for it but gets it."""
    moment = timezone.now() - timedelta(milliseconds=duration_ms)
    (model, number), held = asked, request.reserved
    if held is None:
        return
    ledger.record_call(
        ledger.Call(
            user_id=request.user_id,
            api_token_id=held.api_token_id,
            purpose="title",
            reference_id=held.reference_id,
            model=model,
            chat_model_id=number,
            rate=prices.price_at(model=model, chat_model_id=number, moment=moment),
        ),
        usage=usage,
        outcome=outcome,
        first_token_ms=None,
        duration_ms=duration_ms,
    )
