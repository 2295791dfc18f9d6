"""An admin sends a prompt to a model and sees what comes, without queue, breaker or fallback."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from django.db import transaction

from apps.audit.constants import AuditAction
from apps.core.correlation import get_correlation_id
from apps.core.errors import AppError
from apps.core.rights import Actor
from apps.llm.errors import (
    AssistantUnavailableError,
    ChatModelNotFoundError,
    ModelsPausedError,
    UpstreamError,
)
from apps.llm.gateway.config import GatewayConfig
from apps.llm.gateway.contract import GenerationRequest, Usage
from apps.llm.gateway.estimates import estimate
from apps.llm.gateway.factory import build_gateway
from apps.llm.models import ChatModel
from apps.llm.services import catalogue, pauses, prices, usage
from apps.llm.services.fitting import fit
from apps.llm.services.lines import config_of
from apps.llm.services.managing import Data, clean_text, record, require

MAX_PROMPT_CHARS = 4_000
MAX_ANSWER_TOKENS = 400
SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a try: an answer, or what went wrong in plain words.

    `is_unspent` where the model refused, so that nothing was used.
    """

    text: str
    usage: Usage | None
    duration_ms: int
    cost_nano: int | None = None
    error_code: str = ""
    problem: str = ""
    is_unspent: bool = False


def try_model(*, actor: Actor, model_id: int, prompt: str) -> Trial:
    """Ask one model of the catalogue, though it may be left alone at the moment.

    A pause holds for it as for everybody. No quota counts it, so that whoever looks for a fault can
    see the model answer; it is bounded by its length.

    The tokens are a line of the ledger, and that it was tried is in the audit record; what was
    asked and answered is kept nowhere.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ChatModelNotFoundError: there is no such model.
        ValidationFailedError: the prompt is missing or too long.
    """
    require(actor)
    prompt = clean_text(prompt, field="prompt", longest=MAX_PROMPT_CHARS)
    known = catalogue.read()
    row, model = ChatModel.objects.filter(pk=model_id).first(), known.models.get(model_id)
    if row is None or model is None:
        raise ChatModelNotFoundError
    request = fit(_request(actor, prompt), model)
    provider = known.providers[model.provider_id]
    if not provider.is_usable:
        error = AssistantUnavailableError(
            "The provider is switched off, or its key cannot be read. Look at its page."
        )
        return _not_asked(error)
    if pauses.is_paused(model.name, model.id):
        return _not_asked(ModelsPausedError())
    trial = asyncio.run(_ask(config_of(provider), request))
    return replace(trial, cost_nano=_store(actor, row, request, trial))


def _not_asked(error: AppError) -> Trial:
    return Trial(text="", usage=None, duration_ms=0, error_code=error.code, problem=error.message)


def _request(actor: Actor, prompt: str) -> GenerationRequest:
    return GenerationRequest(
        system_prompt="",
        history=(),
        question=prompt,
        context=None,
        model="",
        temperature=0.7,
        max_prompt_tokens=MAX_PROMPT_CHARS,
        max_completion_tokens=MAX_ANSWER_TOKENS,
        user_id=actor.pk,
        purpose="trial",
        correlation_id=get_correlation_id(),
    )


async def _ask(config: GatewayConfig, request: GenerationRequest) -> Trial:
    """Ask by a gateway of its own, so that no other call's connections or limits play a part.

    What a process has to load for its first gateway does not count as the model's time.
    """
    gateway = build_gateway(
        replace(
            config,
            max_retries=0,
            first_token_timeout_seconds=min(config.first_token_timeout_seconds, SECONDS),
            total_timeout_seconds=min(config.total_timeout_seconds, SECONDS),
        )
    )
    began = time.monotonic()
    try:
        answer = await gateway.complete(request)
    except UpstreamError as error:
        return Trial(
            text="",
            usage=error.reported,
            duration_ms=_since(began),
            error_code=error.code,
            problem=error.message,
            is_unspent=error.is_unspent,
        )
    finally:
        await gateway.aclose()
    return Trial(text=answer.text, usage=answer.usage, duration_ms=_since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


@transaction.atomic
def _store(actor: Actor, row: ChatModel, request: GenerationRequest, trial: Trial) -> int | None:
    """Write the call into the ledger and the try into the record; return what it cost.

    A call that the model refused has no line.
    """
    data: Data = {"outcome": trial.error_code or "complete", "duration_ms": trial.duration_ms}
    record(actor, AuditAction.MODEL_TRIED, row, data=data)
    if trial.is_unspent:
        return None
    used = trial.usage or estimate(request)
    call = usage.Call(
        user_id=actor.pk,
        purpose="trial",
        reference_id=row.pk,
        model=request.model,
        chat_model_id=row.pk,
        rate=prices.price_at(model=request.model, chat_model_id=row.pk),
    )
    usage.record_call(
        call,
        usage=used,
        outcome=trial.error_code or "complete",
        first_token_ms=None,
        duration_ms=trial.duration_ms,
    )
    return call.cost(used)
