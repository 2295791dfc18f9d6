"""Whether a model may be asked in another one's place, and out of whose quotas it is paid then."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import DatabaseError
from django.utils.translation import gettext_noop

from apps.core import db
from apps.core.logging import log_event
from apps.llm.errors import UpstreamError
from apps.llm.gateway.contract import GenerationRequest
from apps.llm.gateway.estimates import most_of
from apps.llm.services import pauses, quotas
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


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request as it may be put to a stand-in, with what is reserved for it."""

    request: GenerationRequest


async def admit(request: GenerationRequest, model: LiveModel) -> Admitted | Skip:
    """Reserve for a stand-in what was reserved for the model before it, or say why not.

    What was reserved stays as it was where the stand-in may not be asked; so does everything where
    the database cannot be asked.
    """
    try:
        verdict = await db.call(_admit, request, model)
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


def told(failure: UpstreamError, skipped: set[Skip]) -> UpstreamError:
    """Return the error that a person is told: the first model's, and what kept others from it."""
    if not skipped & {Skip.OUT_OF_QUOTA, Skip.UNPRICED}:
        return failure
    return type(failure)(USED_UP, retry_after_seconds=failure.retry_after_seconds)


def _admit(request: GenerationRequest, model: LiveModel) -> Admitted | Skip:
    if pauses.is_paused(model.name, model.id):
        return Skip.PAUSED
    reserved = request.reserved
    if reserved is None:
        return Admitted(request)
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
    )
    if admission.is_refused:
        return Skip.UNPRICED if admission.is_unpriced else Skip.OUT_OF_QUOTA
    held = replace(reserved, answer_tokens=admission.answer_tokens)
    return Admitted(replace(request, reserved=held))
