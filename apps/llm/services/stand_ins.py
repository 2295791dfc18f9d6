"""Whether a model may be asked in another one's place, and out of whose quotas it is paid then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.core import db
from apps.core.logging import log_event
from apps.llm.errors import UpstreamError
from apps.llm.gateway.contract import GenerationRequest, Reserved, Usage
from apps.llm.gateway.estimates import most_of
from apps.llm.services import pauses, prices, quotas, usage
from apps.llm.services.fitting import fit
from apps.llm.services.live import LiveModel

USED_UP = gettext_noop(
    "The model cannot answer at the moment, and the one that would answer in its place has used up "
    "its allowance. Try again later, or choose another model."
)
logger = logging.getLogger(__name__)


class Skip(StrEnum):
    """Why a model is not asked in another one's place."""

    PAUSED = "paused"
    OUT_OF_QUOTA = "out_of_quota"
    UNPRICED = "model_unpriced"
    UNKNOWN = "database_away"
    LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request as it may be put to a stand-in, with what is reserved for it."""

    request: GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A call that failed and may have used something; no line of the ledger says so yet.

    Attributes:
        request: as it was put to the model.
        error: how it failed.
        usage: its tokens: those that the model server reported, else an estimate.
        duration: how long it took.
    """

    request: GenerationRequest
    error: UpstreamError
    usage: Usage
    duration: timedelta


async def admit(
    request: GenerationRequest, model: LiveModel, *, former: Unsettled | None = None
) -> Admitted | Skip:
    """Reserve for a stand-in what was reserved for the model before it, or say why not.

    What was reserved stays as it was where the stand-in may not be asked; so does everything where
    the database cannot be asked. Whoever is cancelled meanwhile learns of it when that is decided.
    Where somebody else has ended what is asked for, they have written down what was used; the
    answer's row is locked before any counter, as by them (docs/decisions/0173).

    Args:
        request: what is asked.
        model: the stand-in.
        former: the call that it stands in for, where that may have used something: it gets its line
            of the ledger, and its quotas count it.
    """
    try:
        verdict = await _to_its_end(partial(_admit, request, model, former))
    except DatabaseError:
        verdict = Skip.UNKNOWN
    if isinstance(verdict, Skip):
        log_event(
            logger,
            "STAND_IN_SKIPPED",
            level=logging.WARNING,
            model=model.name,
            chat_model_id=model.id,
            reason=verdict.value,
        )
    return verdict


async def settle(call: Unsettled | None) -> None:
    """Write down a call whose caller knows nothing of it but its error, as far as it reserved.

    Where the database cannot be asked, what it had reserved is given back later, as forgotten.
    """
    reserved = call.request.reserved if call is not None else None
    if call is None or reserved is None:
        return
    try:
        await db.call(_record, call, reserved)
    except DatabaseError as error:
        log_event(logger, "CALL_NOT_RECORDED", level=logging.ERROR, error=type(error).__name__)


async def _to_its_end(work: Callable[[], Admitted | Skip]) -> Admitted | Skip:
    """Do the work; where its caller is cancelled, nothing of it goes on behind their back."""
    working = asyncio.ensure_future(db.call(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


def told(failure: UpstreamError, skipped: set[Skip]) -> UpstreamError:
    """Return the error that a person is told: the first model's, and what kept others from it."""
    if not skipped & {Skip.OUT_OF_QUOTA, Skip.UNPRICED}:
        return failure
    return type(failure)(USED_UP, retry_after_seconds=failure.retry_after_seconds)


@transaction.atomic
def _admit(
    request: GenerationRequest, model: LiveModel, former: Unsettled | None
) -> Admitted | Skip:
    if pauses.is_paused(model.name, model.id):
        return Skip.PAUSED
    reserved = request.reserved
    if reserved is None:
        return Admitted(request)
    if reserved.keep is not None and not reserved.keep():
        return Skip.LOST
    unheld = fit(replace(request, reserved=replace(reserved, answer_tokens=None)), model)
    admission = quotas.move(
        quotas.Spender(
            user_id=request.user_id,
            model=model.name,
            chat_model_id=model.id,
            api_token_id=reserved.api_token_id,
        ),
        purpose=request.purpose,
        reference_id=reserved.reference_id,
        wanted=most_of(unheld),
        settle=None if former is None else partial(_record, former, reserved),
    )
    if admission.is_refused:
        return Skip.UNPRICED if admission.is_unpriced else Skip.OUT_OF_QUOTA
    held = replace(reserved, answer_tokens=admission.answer_tokens)
    return Admitted(replace(request, reserved=held))


def _record(call: Unsettled, reserved: Reserved) -> None:
    """Write the line of a call, which settles what it had reserved."""
    request = call.request
    usage.record_call(
        usage.Call(
            user_id=request.user_id,
            api_token_id=reserved.api_token_id,
            purpose=request.purpose,
            reference_id=reserved.reference_id,
            model=request.model,
            chat_model_id=request.chat_model_id,
            rate=prices.price_at(
                model=request.model,
                chat_model_id=request.chat_model_id,
                moment=timezone.now() - call.duration,
            ),
        ),
        usage=call.usage,
        outcome=call.error.code,
        first_token_ms=None,
        duration_ms=round(call.duration.total_seconds() * 1000),
    )
