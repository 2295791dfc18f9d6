"""A worker writes one answer: lease, model, guard, viewers, end."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from datetime import timedelta
from functools import partial

from apps.conversations import constants, guardrails
from apps.conversations.endings import Ended
from apps.conversations.services import finishing, leases
from apps.conversations.services.guarded_stream import GuardedStream
from apps.conversations.services.leases import Claim, Ending
from apps.conversations.services.runtime import RunningReply, WorkerRuntime
from apps.core import db
from apps.core.correlation import set_correlation_id
from apps.core.logging import log_event
from apps.llm.errors import UpstreamError
from apps.llm.gateway.config import MAX_RETRY_AFTER_SECONDS
from apps.llm.gateway.contract import (
    Answering,
    Finished,
    TextBatch,
    Unanswered,
    Usage,
    Waiting,
)
from apps.llm.gateway.estimates import estimate

logger = logging.getLogger(__name__)


class _Withheld(Exception):  # noqa: N818  a turn in the flow, not a failure
    """A guard ended the answer."""

    def __init__(self, verdict: guardrails.Verdict) -> None:
        self.verdict = verdict


async def write_answer(claim: Claim, runtime: WorkerRuntime) -> None:
    """Write an answer that this worker has taken, and end it in exactly one state."""
    reply_id = claim.reply_id
    set_correlation_id(claim.request.correlation_id)
    running = runtime.add(reply_id, claim.request)
    runtime.publisher.begin(reply_id, claim.request.model)
    ended = False
    try:
        ending = await _write(claim, running, runtime)
        runtime.end(reply_id)
        if ending.state == constants.ReplyState.WITHHELD:
            await finishing.keep_back(claim, runtime)
        ended, ending = await finishing.finish(claim, ending, runtime)
    finally:
        runtime.remove(reply_id)
        runtime.publisher.end(reply_id, is_stored=ended)
    log_event(
        logger,
        "REPLY_FINISHED" if ended else "REPLY_LOST",
        reply_id=reply_id,
        state=ending.state.value,
        error_code=ending.error_code,
        duration_ms=ending.duration_ms,
        first_token_ms=ending.first_token_ms,
    )


class _Clock:
    """Times of one call, in milliseconds since its start."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.first_token_ms: int | None = None

    def mark_text(self) -> None:
        """Note the first text."""
        if self.first_token_ms is None:
            self.first_token_ms = self.elapsed_ms()

    def elapsed_ms(self) -> int:
        """Return the time since the start."""
        return round((time.monotonic() - self._start) * 1000)


async def _write(claim: Claim, running: RunningReply, runtime: WorkerRuntime) -> Ending:
    """Stream the model's text to the viewers and return how it ended; never raises."""
    clock = _Clock()
    state, code, notice = constants.ReplyState.COMPLETE, "", ""
    retry_after: timedelta | None = None
    guard = GuardedStream(
        guardrails.Draft(
            user_id=claim.owner_id, conversation_id=claim.conversation_id, text=claim.asked
        )
    )
    try:
        _keep_from_model(claim, running)
        await _stream(claim, running, runtime, clock, guard)
        if running.is_cut_by_quota:
            notice = constants.CUT_BY_QUOTA_NOTICE
        elif not running.text.strip():
            notice = constants.EMPTY_NOTICE
    except _Withheld as withheld:
        state, code = constants.ReplyState.WITHHELD, withheld.verdict.code
        notice = withheld.verdict.reason_for_user
    except UpstreamError as error:
        state, code, notice = constants.ReplyState.FAILED, error.code, error.message
        running.is_unspent, running.reported = error.is_unspent, error.reported
        retry_after = _to_wait(error)
    except asyncio.CancelledError:
        state = _take_stop(running)
        if state == constants.ReplyState.WITHHELD:
            code, notice = guard.verdict.code, guard.verdict.reason_for_user
    except Exception as error:
        log_event(logger, "GENERATION_ERROR", level=logging.ERROR, error=type(error).__name__)
        logger.debug("generation error", exc_info=error)
        state, code = constants.ReplyState.FAILED, "internal_error"
    return Ending(
        state=state,
        text="" if state == constants.ReplyState.WITHHELD else running.text,
        usage=_usage(claim, running),
        finished=running.finished,
        answering=running.answering,
        call=running.call,
        error_code=code,
        notice=notice,
        retry_after=retry_after,
        first_token_ms=clock.first_token_ms,
        duration_ms=clock.elapsed_ms(),
        is_unanswered=running.is_unanswered,
        ruling=guard.ruling,
        judged=_judged(claim, running, guard, state),
    )


def _to_wait(error: UpstreamError) -> timedelta | None:
    """Return how long nobody should ask again, bounded whatever the model server said."""
    seconds = error.retry_after_seconds
    return None if seconds is None else timedelta(seconds=min(seconds, MAX_RETRY_AFTER_SECONDS))


def _usage(claim: Claim, running: RunningReply) -> Usage | None:
    """Return what the model reported, or an estimate of what it wrote; None if nothing was used."""
    if running.finished is not None:
        return running.finished.usage
    if running.answering is None or running.is_unspent:
        return None
    return running.reported or estimate(claim.request)


def _judged(
    claim: Claim,
    running: RunningReply,
    guard: GuardedStream,
    state: constants.ReplyState,
) -> guardrails.Judged:
    """Describe the answer to the policy: all of it where it is withheld, else what was shown."""
    is_withheld = state == constants.ReplyState.WITHHELD
    return guardrails.Judged(
        message_id=claim.reply_id,
        conversation_id=claim.conversation_id,
        user_id=claim.owner_id,
        is_answer=True,
        text=guard.text if is_withheld else running.text,
        shown_chars=running.length,
        is_withheld=is_withheld,
        is_checked=guard.is_checked,
        ended=Ended(constants.ReplyState.COMPLETE) if running.finished is not None else None,
        is_filtered=running.finished is not None and running.finished.is_filtered,
    )


def _take_stop(running: RunningReply) -> constants.ReplyState:
    """Turn a cancellation into the state that was asked for, or the worker's own end."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    return running.stop_state or constants.ReplyState.INTERRUPTED


def _keep_from_model(claim: Claim, running: RunningReply) -> None:
    """End the answer before it is asked for, where whoever asked may not ask any more."""
    if claim.is_barred:
        running.stop_state = constants.ReplyState.HALTED
        raise asyncio.CancelledError


async def _stream(
    claim: Claim,
    running: RunningReply,
    runtime: WorkerRuntime,
    clock: _Clock,
    guard: GuardedStream,
) -> None:
    is_waiting = False
    await guard.open(on_block=partial(running.request_stop, constants.ReplyState.WITHHELD))
    async with aclosing(guard), aclosing(runtime.gateway.stream(claim.request)) as items:
        async for item in items:
            if running.stop_state is not None:
                raise asyncio.CancelledError
            if isinstance(item, TextBatch):
                clock.mark_text()
                released = await guard.feed(item.text, shown_chars=running.length)
                _show(released, running, runtime)
            elif isinstance(item, Waiting):
                is_waiting = True
                runtime.publisher.wait(running.reply_id, item.ahead)
            elif isinstance(item, Answering):
                is_another = await _hand_over(claim, item, running, runtime)
                if is_waiting or is_another:
                    is_waiting = False
                    runtime.publisher.let_through(running.reply_id, item.model)
            else:
                _note_end_of_call(item, running)
        _show(await guard.finish(shown_chars=running.length), running, runtime)
    verdict = await guard.check(running.text)
    if verdict.is_block:
        raise _Withheld(verdict)


async def _hand_over(
    claim: Claim, item: Answering, running: RunningReply, runtime: WorkerRuntime
) -> bool:
    """Note who is asked now, in the row as well where it is another model; tells whether it is.

    While PostgreSQL is away the end of the answer writes it.
    """
    running.answering, running.is_unanswered, running.is_unspent = item, False, False
    if item.chat_model_id == claim.call.chat_model_id:
        return False
    running.stored_asked = None
    try:
        running.call = await db.call(
            leases.hand_over, claim=claim, owner=runtime.owner, answering=item
        )
    except db.AWAY as error:
        running.call = None
        log_event(logger, "HAND_OVER_FAILED", level=logging.ERROR, error=type(error).__name__)
    return True


def _note_end_of_call(item: Finished | Unanswered, running: RunningReply) -> None:
    """Note that the model that was asked has ended its answer, or failed before any text."""
    if isinstance(item, Finished):
        running.finished = item
        return
    running.is_unanswered, running.is_unspent = True, item.is_unspent


def _show(released: guardrails.Released, running: RunningReply, runtime: WorkerRuntime) -> None:
    if released.verdict.is_block:
        raise _Withheld(released.verdict)
    if released.text:
        runtime.append(running, released.text)
