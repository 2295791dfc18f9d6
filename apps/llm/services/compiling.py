"""Rows of the catalogue become what a process knows; one set of rows follows the settings."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.core.logging import log_event
from apps.llm import constants
from apps.llm.constants import Audience, Capability, KeySource
from apps.llm.errors import AssistantNotFoundError
from apps.llm.models import Assistant, AssistantVersion, ChatModel, ModelFallback, Provider
from apps.llm.services import keys
from apps.llm.services.live import (
    Catalogue,
    LiveAssistant,
    LiveModel,
    LiveProvider,
    LiveVersion,
)

logger = logging.getLogger(__name__)


def ensure_environment() -> bool:
    """Have the rows that follow the settings, and a version that says what the settings say.

    Two processes with different settings, as during a deployment, each find their own version.

    Returns:
        Whether anything had to be written.
    """
    wanted = fingerprint(**content_of_settings())
    if Assistant.objects.compiled_from(wanted).first() is not None:
        return False
    _write_environment()
    return True


@transaction.atomic
def _write_environment() -> None:
    provider, _ = Provider.objects.get_or_create(
        follows_settings=True,
        defaults={"code": constants.ENVIRONMENT_CODE, "name": constants.ENVIRONMENT_NAME},
    )
    model, _ = ChatModel.objects.get_or_create(
        follows_settings=True,
        defaults={
            "provider": provider,
            "code": constants.ENVIRONMENT_CODE,
            "label": constants.ENVIRONMENT_NAME,
            "capabilities": [Capability.TEMPERATURE],
        },
    )
    has_default = Assistant.objects.default().exists()
    made, _ = Assistant.objects.get_or_create(
        follows_settings=True,
        defaults={"name": constants.ENVIRONMENT_ASSISTANT, "is_default": not has_default},
    )
    assistant = Assistant.objects.select_for_update(of=("self",)).get(pk=made.pk)
    content = content_of_settings()
    version = find_version(assistant, content) or add_version(
        assistant=assistant, chat_model=model, content=content, created_by=None
    )
    Assistant.objects.filter(pk=assistant.pk).update(current=version)


def content_of_settings() -> dict[str, Any]:
    """Return what the settings say of the assistant that follows them."""
    return {
        "model": settings.OPENAI_MODEL,
        "system_prompt": settings.SYSTEM_PROMPT,
        "temperature": settings.OPENAI_TEMPERATURE,
        "max_prompt_tokens": settings.MAX_TOKENS,
        "max_completion_tokens": settings.LLM_MAX_COMPLETION_TOKENS,
    }


def fingerprint(**content: Any) -> str:  # noqa: ANN401
    """Return a hash of a version's content, by which the same content is known again."""
    packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(packed).hexdigest()


def find_version(assistant: Assistant, content: dict[str, Any]) -> AssistantVersion | None:
    """Return the newest version of an assistant with this content."""
    return assistant.versions.with_content(fingerprint(**content)).first()


def add_version(
    *,
    assistant: Assistant,
    chat_model: ChatModel,
    content: dict[str, Any],
    created_by: int | None,
) -> AssistantVersion:
    """Add a version to an assistant whose row the caller has locked."""
    newest = assistant.versions.aggregate(newest=Max("number"))["newest"] or 0
    words = {name: value for name, value in content.items() if name != "model"}
    return AssistantVersion.objects.create(
        assistant=assistant,
        number=newest + 1,
        chat_model=chat_model,
        fingerprint=fingerprint(**content),
        created_by_id=created_by,
        **words,
    )


def compile_catalogue(revision: str) -> Catalogue:
    """Read all rows and return what they say, under the settings of this process."""
    providers = {row.pk: _provider(row) for row in Provider.objects.all()}
    fallbacks: dict[int, list[int]] = defaultdict(list)
    for row in ModelFallback.objects.order_by("model_id", "position"):
        fallbacks[row.model_id].append(row.fallback_id)
    models = {
        row.pk: _model(row, providers[row.provider_id], tuple(fallbacks[row.pk]))
        for row in ChatModel.objects.order_by("follows_settings", "id")
    }
    rows = Assistant.objects.offered().select_related("current").prefetch_related("groups")
    assistants = tuple(_assistant(row, models) for row in rows.order_by("-is_default", "name"))
    log_event(logger, "CATALOGUE_READ", models=len(models), assistants=len(assistants))
    return Catalogue(
        revision=revision,
        providers=providers,
        models=models,
        assistants=assistants,
        versions={one.version.id: one.version for one in assistants},
        models_by_code={model.code: model for model in models.values()},
    )


def read_version(catalogue: Catalogue, version_id: int) -> LiveVersion:
    """Return a version that is not, or no longer, what its assistant asks with.

    Raises:
        AssistantNotFoundError: there is no such version.
    """
    row = AssistantVersion.objects.filter(pk=version_id).first()
    if row is None or row.chat_model_id not in catalogue.models:
        raise AssistantNotFoundError
    return _version(row, catalogue.models[row.chat_model_id])


def url_of(row: Provider) -> str:
    """Return the address of a provider."""
    return settings.OPENAI_BASE_URL.rstrip("/") if row.follows_settings else row.base_url


def has_readable_key(row: Provider) -> bool:
    """Tell whether a provider's key can be used for its address; also where it needs none."""
    try:
        _key(row, url_of(row))
    except keys.KeyUnreadableError:
        return False
    return True


def _provider(row: Provider) -> LiveProvider:
    url = url_of(row)
    is_usable, key = row.is_enabled, ""
    try:
        key = _key(row, url)
    except keys.KeyUnreadableError:
        is_usable = False
        log_event(logger, "PROVIDER_KEY_UNREADABLE", level=logging.ERROR, provider_id=row.pk)
    return LiveProvider(
        id=row.pk,
        code=row.code,
        name=row.name,
        base_url=url,
        api_key=key,
        is_usable=is_usable and bool(url),
        max_concurrency=row.max_concurrency,
        max_waiting=row.max_waiting,
        max_wait_seconds=row.max_wait_seconds,
        breaker_closed_at=row.breaker_closed_at,
        takes_published_prices=row.takes_published_prices,
    )


def _key(row: Provider, url: str) -> str:
    if row.follows_settings:
        return str(settings.OPENAI_API_KEY)
    match row.key_source:
        case KeySource.STORED:
            return keys.unseal(row.sealed_key, url=url)
        case KeySource.VARIABLE:
            return keys.key_of_environment(row.key_variable, url=url)
        case _:
            return ""


def _model(row: ChatModel, provider: LiveProvider, fallback_ids: tuple[int, ...]) -> LiveModel:
    follows = row.follows_settings
    completion = row.max_completion_tokens or settings.LLM_MAX_COMPLETION_TOKENS
    context = settings.MAX_TOKENS + completion if follows else row.context_tokens
    return LiveModel(
        id=row.pk,
        provider_id=row.provider_id,
        code=settings.OPENAI_MODEL if follows else row.code,
        name=settings.OPENAI_MODEL if follows else row.name,
        label=settings.OPENAI_MODEL if follows else row.label,
        max_prompt_tokens=max(context - completion, context // 2) or None,
        max_completion_tokens=completion or None,
        takes_temperature=Capability.TEMPERATURE in row.capabilities,
        is_usable=row.is_enabled and provider.is_usable,
        fallback_ids=fallback_ids,
    )


def _assistant(row: Assistant, models: dict[int, LiveModel]) -> LiveAssistant:
    version = row.current
    if row.follows_settings:
        version = find_version(row, content_of_settings()) or version
    if version is None:
        message = "an assistant that is switched on has a version"
        raise ValueError(message)
    is_open = row.audience == Audience.EVERYBODY
    return LiveAssistant(
        id=row.pk,
        name=row.name,
        description=row.description,
        is_default=row.is_default,
        group_ids=None if is_open else frozenset(group.pk for group in row.groups.all()),
        version=_version(version, models[version.chat_model_id]),
    )


def _version(row: AssistantVersion, model: LiveModel) -> LiveVersion:
    completion = row.max_completion_tokens or model.max_completion_tokens
    prompt = row.max_prompt_tokens or settings.MAX_TOKENS
    return LiveVersion(
        id=row.pk,
        number=row.number,
        assistant_id=row.assistant_id,
        model_id=model.id,
        system_prompt=row.system_prompt,
        temperature=row.temperature if model.takes_temperature else None,
        max_prompt_tokens=min(prompt, model.max_prompt_tokens or prompt),
        max_completion_tokens=completion,
    )
