"""Models of the catalogue, as admins manage them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.audit.constants import AuditAction
from apps.core.problems import field_problem
from apps.core.rights import Actor
from apps.llm.constants import (
    ENVIRONMENT_CODE,
    MAX_FALLBACKS,
    MAX_MODEL_CHARS,
    MAX_NAME_CHARS,
    Capability,
)
from apps.llm.errors import ChatModelNotFoundError, FollowsSettingsError, ProviderNotFoundError
from apps.llm.models import ChatModel, ModelFallback, Provider
from apps.llm.services.managing import Data, begin, clean_text, record, save_change, switch

MAX_TOKENS = 100_000_000
_CODE = re.compile(r"[A-Za-z0-9][\w.:@/+-]{0,119}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a model is called at its provider and here, and how much it takes; 0 is not known."""

    name: str
    label: str
    context_tokens: int = 0
    max_completion_tokens: int = 0
    capabilities: Sequence[str] = (Capability.TEMPERATURE,)


@transaction.atomic
def create_model(
    *, actor: Actor, provider_id: int, code: str, description: Description, reason: str
) -> ChatModel:
    """Put a model of a provider into the catalogue.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ProviderNotFoundError: there is no such provider.
        ValidationFailedError: a part does not fit, or the code is taken.
    """
    reason = begin(actor, reason)
    provider = Provider.objects.filter(pk=provider_id).first()
    if provider is None:
        raise ProviderNotFoundError
    code = code.strip()
    if not _CODE.fullmatch(code):
        raise field_problem("code", "Use letters, digits and . : @ / + _ -", "code")
    model = ChatModel(provider=provider, code=code, **_values(description))
    try:
        with transaction.atomic():
            model.save(force_insert=True)
    except IntegrityError:
        model.pk = None
    if model.pk is None or code == settings.OPENAI_MODEL:
        raise field_problem("code", "Another model has this code.", "code_taken")
    data: Data = {"code": code, "name": model.name, "provider_id": provider.pk}
    record(actor, AuditAction.MODEL_CREATED, model, reason=reason, data=data)
    return model


@transaction.atomic
def change_model(
    *, actor: Actor, model_id: int, description: Description, reason: str
) -> ChatModel:
    """Change how a model is called and what it takes; answers from now on go by it.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ChatModelNotFoundError: there is no such model.
        FollowsSettingsError: the settings of the environment say what it is.
        ValidationFailedError: a part does not fit.
    """
    reason = begin(actor, reason)
    model = _locked(model_id)
    if model.follows_settings:
        raise FollowsSettingsError
    changes = _values(description)
    data: Data = {"name": description.name, "context_tokens": description.context_tokens}
    change = AuditAction.MODEL_CHANGED
    save_change(actor, change, model, reason=reason, changes=changes, data=data)
    return model


@transaction.atomic
def set_enabled(*, actor: Actor, model_id: int, is_enabled: bool, reason: str) -> None:
    """Switch a model on or off; off, its fallbacks are asked in its place.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ChatModelNotFoundError: there is no such model.
        ValidationFailedError: no reason was given.
    """
    reason, model = begin(actor, reason), _locked(model_id)
    switch(actor, AuditAction.MODEL_CHANGED, model, is_enabled=is_enabled, reason=reason)


@transaction.atomic
def set_fallbacks(*, actor: Actor, model_id: int, codes: Sequence[str], reason: str) -> None:
    """Say which models are asked where this one cannot answer, one after the other.

    The model that follows the settings is named by what OPENAI_MODEL says.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ChatModelNotFoundError: there is no such model.
        ValidationFailedError: too many, one twice, the model itself, or one that does not exist.
    """
    reason = begin(actor, reason)
    model = _locked(model_id)
    codes = [ENVIRONMENT_CODE if code == settings.OPENAI_MODEL else code for code in codes]
    rows = ChatModel.objects.with_codes(codes).exclude(pk=model.pk)
    found = dict(rows.values_list("code", "pk"))
    unknown = next((code for code in codes if code not in found and code != model.code), None)
    if unknown is not None:
        raise field_problem("fallbacks", f"No model has the code {unknown[:80]}.", "fallbacks")
    if len(codes) > MAX_FALLBACKS or sorted(found) != sorted(codes):
        advice = f"Choose at most {MAX_FALLBACKS} other models, each once."
        raise field_problem("fallbacks", advice, "fallbacks")
    model.fallbacks.all().delete()
    ModelFallback.objects.bulk_create(
        ModelFallback(model=model, fallback_id=found[code], position=position)
        for position, code in enumerate(codes)
    )
    data: Data = {"fallbacks": list(codes)}
    save_change(actor, AuditAction.MODEL_CHANGED, model, reason=reason, changes={}, data=data)


def _values(description: Description) -> dict[str, object]:
    for field in ("context_tokens", "max_completion_tokens"):
        if not 0 <= getattr(description, field) <= MAX_TOKENS:
            raise field_problem(field, f"Give a number from 0 to {MAX_TOKENS:,}.", "range")
    if not set(description.capabilities) <= set(Capability.values):
        raise field_problem("capabilities", "There is no such capability.", "capability_unknown")
    return {
        "name": clean_text(description.name, field="name", longest=MAX_MODEL_CHARS),
        "label": clean_text(description.label, field="label", longest=MAX_NAME_CHARS),
        "context_tokens": description.context_tokens,
        "max_completion_tokens": description.max_completion_tokens,
        "capabilities": sorted(set(description.capabilities)),
    }


def _locked(model_id: int) -> ChatModel:
    model = ChatModel.objects.select_for_update(of=("self",)).filter(pk=model_id).first()
    if model is None:
        raise ChatModelNotFoundError
    return model
