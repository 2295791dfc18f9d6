"""Whether an answer may begin: the last step of the transaction that stores it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from apps.conversations import constants
from apps.conversations.models import Reply
from apps.conversations.services.choosing import Choice
from apps.conversations.services.turn_requests import TurnRequest
from apps.conversations.statements import endings
from apps.conversations.statements.turns import Gate
from apps.llm.errors import ModelsPausedError, ModelUnpricedError
from apps.llm.gateway.contract import Usage
from apps.llm.gateway.estimates import most_used, size_of_prompt
from apps.llm.services import quotas
from apps.users.models import User


def wanted(request: TurnRequest, choice: Choice, *, history_tokens: int) -> Usage:
    """Return what an answer may use at most.

    Args:
        request: what is asked.
        choice: who answers, whose limits count where there are any.
        history_tokens: the most that the messages before it can have; none of them is sent where a
            program names the prompt.
    """
    version = choice.version
    own = "" if request.prompt is not None else settings.SYSTEM_PROMPT
    limits = version or choice.model
    named = request.prompt["parameters"].get("max_tokens") if request.prompt is not None else None
    answers = [limit for limit in (limits.max_completion_tokens, named) if limit]
    return most_used(
        request.size + size_of_prompt([version.system_prompt if version else own]),
        history_tokens=history_tokens if request.prompt is None else 0,
        prompt_limit=limits.max_prompt_tokens or settings.MAX_TOKENS,
        answer_limit=min(answers) if answers else None,
    )


def ensure_not_paused(gate: Gate) -> None:
    """Check that no pause keeps answers back, whatever policy said of the message.

    Raises:
        ModelsPausedError: one does; what was stored is undone.
    """
    if gate.is_paused:
        raise ModelsPausedError


def admit(
    reply: Reply, request: TurnRequest, choice: Choice, *, actor: User, gate: Gate
) -> datetime | None:
    """Reserve what a queued answer may use; one without quota ends here, with its message kept.

    Where nobody has set a quota and the settings give no allowance, nothing is asked.

    Args:
        reply: the stored answer.
        request: what was asked.
        choice: who answers.
        actor: who asks.
        gate: what the statement that stored it has read.

    Returns:
        When it makes sense to ask again, where it is refused.

    Raises:
        ModelsPausedError: staff keep answers from being written; all of it is undone.
    """
    if not reply.is_live:
        return None
    ensure_not_paused(gate)
    if not gate.is_limited and not quotas.has_default():
        return None
    admission = quotas.reserve(
        quotas.Spender(
            user_id=actor.pk,
            model=reply.model,
            chat_model_id=reply.chat_model_id,
            api_token_id=request.api_token_id,
        ),
        purpose="reply",
        reference_id=reply.pk,
        wanted=wanted(request, choice, history_tokens=gate.history_tokens),
    )
    _note(reply, admission)
    return admission.resets_at


def _note(reply: Reply, admission: quotas.Admission) -> None:
    """Write down what the person is told, and the end of an answer that was refused."""
    reply.notice = admission.notice
    if admission.is_refused:
        state = constants.ReplyState.OUT_OF_QUOTA
        reply.state = state
        reply.error_code = ModelUnpricedError.code if admission.is_unpriced else state.value
        reply.finished_at = timezone.now()
    if reply.notice:
        reply.save(update_fields=["state", "error_code", "notice", "finished_at"])
    if admission.is_refused:
        endings.note_ended(reply_ids=[reply.pk])
