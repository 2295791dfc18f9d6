"""A program's message: stored and answered once for its key, and tried anew where that failed."""

from __future__ import annotations

from apps.conversations import constants
from apps.conversations.errors import (
    MessageNotFoundError,
    ReplyInProgressError,
    ReplyNotRetryableError,
)
from apps.conversations.services import retries, turns
from apps.conversations.services.turns import Turn, TurnRequest
from apps.users.models import User


async def send(*, actor: User, request: TurnRequest) -> Turn:
    """Store a message and queue its answer; the same key finds both again.

    Where the answer failed, the same key asks once more, under today's policy, limits and rights,
    as long as nothing follows the answer in its conversation. An end that another attempt would
    not change (withheld, stopped, halted) is told again. See docs/decisions/0152.

    Raises:
        AppError: what `turns.start_turn` and `retries.retry_reply` raise.
    """
    turn = await turns.start_turn(actor=actor, request=request)
    if turn.created or turn.reply.state not in constants.TRIED_ANEW_STATES:
        return turn
    try:
        return await retries.retry_reply(
            actor=actor,
            message_id=turn.reply.pk,
            allowed_models=request.allowed_models,
            api_token_id=request.api_token_id,
            only_last=True,
        )
    except (MessageNotFoundError, ReplyNotRetryableError):
        return turn
    except ReplyInProgressError:
        return await turns.start_turn(actor=actor, request=request)
