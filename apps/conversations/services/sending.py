"""A program's message: stored and answered once for its key, and tried anew where that failed."""

from __future__ import annotations

from apps.conversations import constants
from apps.conversations.errors import (
    MessageNotFoundError,
    ReplyInProgressError,
    ReplyNotRetryableError,
)
from apps.conversations.models import Reply
from apps.conversations.services import retries, turns
from apps.conversations.services.turns import Turn, TurnRequest
from apps.core import db
from apps.llm.errors import ModelsPausedError
from apps.users.models import User


async def send(*, actor: User, request: TurnRequest) -> Turn:
    """Store a message and queue its answer; the same key finds both again.

    Where the answer failed, the same key asks once more, under today's policy, limits and rights,
    as long as nothing follows the answer in its conversation. An end that another attempt would
    not change (withheld, stopped, halted) is told again, and what a pause kept waiting is asked
    for. See docs/decisions/0152.

    Raises:
        AppError: what `turns.start_turn` and `retries.retry_reply` raise.
    """
    turn = await turns.start_turn(actor=actor, request=request)
    return turn if turn.created else await _again(actor, request, turn)


async def find_sent(*, actor: User, request: TurnRequest) -> Turn | None:
    """Return what `send` has stored for the same key before, as it would; None for nothing.

    For senders that have to look at more than the message before it can be sent: whatever that
    says by now, what was stored is told again.

    Raises:
        AppError: what `turns.find_repeated` and `retries.retry_reply` raise.
    """
    if request.client_id is None:
        return None
    turn = await db.call(turns.find_repeated, actor=actor, request=request)
    return None if turn is None else await _again(actor, request, turn)


async def _again(actor: User, request: TurnRequest, turn: Turn) -> Turn:
    """Return a turn that came before, asked once more where its answer failed."""
    if not _is_tried_anew(turn.reply):
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


def _is_tried_anew(reply: Reply) -> bool:
    is_kept_waiting = reply.error_code == ModelsPausedError.code
    return is_kept_waiting or reply.state in constants.TRIED_ANEW_STATES
