"""What tests of costs and quotas share: a message, a narrow model, and what the ledger must say."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from apps.conversations.models import Reply
from apps.conversations.services import (
    turns,
)
from apps.llm.models import Provider, QuotaCounter, Reservation, UsageDay, UsageRecord
from apps.llm.services import catalogue
from apps.users.models import User


@sync_to_async
def let_in_one_at_a_time(*, max_waiting: int) -> None:
    catalogue.read()
    rows = Provider.objects.filter(follows_settings=True)
    rows.update(max_concurrency=1, max_waiting=max_waiting)
    catalogue.forget()


async def send(person: User, content: str, *, token_id: int | None = None) -> turns.Turn:
    request = turns.TurnRequest(conversation_id=None, content=content, api_token_id=token_id)
    return await turns.start_turn(actor=person, request=request)


async def first_text(items: AsyncIterator[object]) -> str:
    """Return the first text of a completion's pieces, behind who is asked."""
    async for item in items:
        if isinstance(item, str):
            return item
    raise AssertionError("there was no text")


@sync_to_async
def counted() -> tuple[int, int]:
    counter = QuotaCounter.objects.get()
    return counter.used, counter.reserved


@sync_to_async
def line_of(reply: Reply) -> UsageRecord:
    return UsageRecord.objects.get(reference_id=reply.pk, purpose="reply")


async def assert_settled(reply: Reply) -> None:
    """The counter holds what the ledger's line says, and nothing is reserved any more."""
    line = await line_of(reply)
    assert await counted() == (line.prompt_tokens + line.completion_tokens, 0)
    assert await Reservation.objects.acount() == 0
    assert reply.cost_nano == line.cost_nano
    assert line.cost_nano == line.prompt_tokens * 1_000 + line.completion_tokens * 2_000
    day = await UsageDay.objects.aget()
    assert (day.calls, day.cost_nano) == (1, line.cost_nano)
