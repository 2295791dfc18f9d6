"""A question whose answer is waited for: the flat form of a turn, for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants
from apps.conversations.constants import ReplyState
from apps.conversations.errors import (
    NoWorkerError,
    ReplyFailedError,
    ReplyHaltedError,
    ReplyInterruptedError,
    ReplyNotReadyError,
    ReplyOutOfQuotaError,
    ReplyStoppedError,
    ReplyWithheldError,
    WorkersBusyError,
)
from apps.conversations.events import ReplyFinished
from apps.conversations.services import following, sending
from apps.conversations.services.turns import Turn, TurnRequest
from apps.core import db
from apps.core.errors import AppError, ForbiddenError
from apps.llm.errors import ModelsPausedError, ModelUnpricedError, UpstreamError
from apps.llm.services import quotas
from apps.users.constants import TokenScope
from apps.users.models import User
from apps.users.services import accounts, holding
from apps.users.services.principals import Principal

ERROR_OF_STATE: dict[str, type[AppError]] = {
    ReplyState.STOPPED: ReplyStoppedError,
    ReplyState.HALTED: ReplyHaltedError,
    ReplyState.WITHHELD: ReplyWithheldError,
    ReplyState.INTERRUPTED: ReplyInterruptedError,
    ReplyState.FAILED: ReplyFailedError,
    ReplyState.OUT_OF_QUOTA: ReplyOutOfQuotaError,
}
KEPT_FROM_ASKING: tuple[type[AppError], ...] = (ModelUnpricedError, ModelsPausedError)
ENDINGS: tuple[type[AppError], ...] = (
    *ERROR_OF_STATE.values(),
    *KEPT_FROM_ASKING,
    NoWorkerError,
    WorkersBusyError,
    UpstreamError,
    *UpstreamError.__subclasses__(),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A turn that ended well, with its whole text."""

    turn: Turn
    text: str


@transaction.atomic
def find_speaker(*, caller: Principal, user_id: int) -> User:
    """Return the person in whose name is asked: the caller, or anybody for an admin, audited.

    Raises:
        ForbiddenError: somebody else's name, and the caller is no admin.
        MissingScopeError: somebody else's name, and the admin's token is not for staff work.
        UserNotFoundError: an admin named nobody.
    """
    if caller.user.pk == user_id:
        return caller.user
    if not caller.user.is_admin:
        raise ForbiddenError
    caller.require_scope(TokenScope.STAFF)
    speaker = accounts.access_user(viewer=caller.user, user_id=user_id)
    audit.record(
        actor=caller.user,
        action=AuditAction.MESSAGE_SENT_FOR_USER,
        target_type="user",
        target_id=speaker.pk,
    )
    return speaker


async def ask(*, caller: Principal, user_id: int, request: TurnRequest) -> Answered:
    """Start a turn in a person's name and wait for its answer.

    Raises:
        ForbiddenError: somebody else's name, and the caller may not use it.
        AppError: what `sending.send` raises, or how the answer ended if not well.
        ReplyNotReadyError: it did not end in time, and goes on.
        UnauthorizedError, AccountSuspendedError: the caller may not wait any more; it goes on.
    """
    speaker = await db.call(find_speaker, caller=caller, user_id=user_id)
    turn = await sending.send(actor=speaker, request=request)
    ensure_admitted(turn)
    try:
        text, finished = await holding.wait_while_staying(
            caller,
            following.wait_for_end(
                viewer=speaker,
                reply_id=turn.reply.pk,
                timeout_seconds=constants.CHAT_WAIT_SECONDS,
            ),
        )
    except TimeoutError:
        raise ReplyNotReadyError from None
    if finished.state != ReplyState.COMPLETE:
        raise error_of_end(finished)
    return Answered(turn, text)


def ensure_admitted(turn: Turn) -> None:
    """Tell a waiting caller at once that a quota has refused the answer, and when to ask again.

    Whether that is soon, because answers that are being written hold the rest, or in a while.

    Raises:
        ReplyOutOfQuotaError: it has.
        ModelUnpricedError: it counts money, and the model has no price.
    """
    if turn.reply.error_code == ModelUnpricedError.code:
        raise ModelUnpricedError(turn.reply.notice)
    if turn.resets_at is not None:
        wait = turn.resets_at - timezone.now()
        seconds = max(1, math.ceil(wait.total_seconds()))
        error = ReplyOutOfQuotaError(turn.reply.notice, retry_after_seconds=seconds)
        error.is_final = wait > quotas.RESERVED_WAIT
        raise error


def error_of_end(finished: ReplyFinished) -> AppError:
    """Return the error that tells how an answer ended: the upstream's own code where it failed.

    Where it used tokens, it is final: whoever asks once more pays once more.
    """
    error = _kind_of_end(finished)
    error.retry_after_seconds = finished.retry_after
    used = finished.usage
    if used is not None and used.prompt_tokens + used.completion_tokens > 0:
        error.is_final = True
    return error


def _kind_of_end(finished: ReplyFinished) -> AppError:
    for kind in KEPT_FROM_ASKING:
        if finished.error_code == kind.code:
            return kind(finished.notice or None)
    for kind in ENDINGS:
        if finished.state == ReplyState.FAILED and finished.error_code == kind.code:
            return kind()
    return ERROR_OF_STATE[finished.state](finished.notice or None)
