"""Assistants, as admins manage them: what they ask with is in versions that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from apps.audit.constants import AuditAction
from apps.core.problems import field_problem
from apps.core.rights import Actor
from apps.llm.constants import (
    MAX_DESCRIPTION_CHARS,
    MAX_NAME_CHARS,
    MAX_SYSTEM_PROMPT_CHARS,
    Audience,
)
from apps.llm.errors import (
    AssistantNotFoundError,
    ChatModelNotFoundError,
    DefaultAssistantError,
    FollowsSettingsError,
)
from apps.llm.models import Assistant, AssistantVersion, ChatModel
from apps.llm.services import compiling
from apps.llm.services.chat_models import MAX_TOKENS
from apps.llm.services.managing import Data, begin, clean_text, record, save_change, switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What people read of an assistant, and who may use it; no groups means everybody."""

    name: str
    description: str = ""
    group_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What a version says; a limit of 0 and no temperature leave it to model and settings."""

    chat_model_id: int
    system_prompt: str = ""
    temperature: float | None = None
    max_prompt_tokens: int = 0
    max_completion_tokens: int = 0


@transaction.atomic
def create_assistant(
    *, actor: Actor, presentation: Presentation, instructions: Instructions, reason: str
) -> Assistant:
    """Make an assistant with its first version; people may use it at once.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ChatModelNotFoundError: there is no such model.
        ValidationFailedError: a part does not fit, or the name is taken.
    """
    reason = begin(actor, reason)
    assistant = _save(Assistant(), presentation)
    version = _add_version(actor, assistant, instructions)
    data: Data = {"name": assistant.name, "version": version.number}
    record(actor, AuditAction.ASSISTANT_CREATED, assistant, reason=reason, data=data)
    return assistant


@transaction.atomic
def write_version(
    *, actor: Actor, assistant_id: int, instructions: Instructions, reason: str
) -> AssistantVersion:
    """Give an assistant other instructions; answers that were written keep naming the former.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        AssistantNotFoundError: there is no such assistant.
        FollowsSettingsError: the settings of the environment say what it asks with.
        ChatModelNotFoundError: there is no such model.
        ValidationFailedError: a part does not fit.
    """
    reason = begin(actor, reason)
    assistant = _locked(assistant_id)
    if assistant.follows_settings:
        raise FollowsSettingsError
    version = _add_version(actor, assistant, instructions)
    data: Data = {"version": version.number, "chat_model_id": version.chat_model_id}
    record(actor, AuditAction.ASSISTANT_CHANGED, assistant, reason=reason, data=data)
    return version


@transaction.atomic
def change_assistant(
    *, actor: Actor, assistant_id: int, presentation: Presentation, reason: str
) -> Assistant:
    """Change what people read of an assistant, and who may use it.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        AssistantNotFoundError: there is no such assistant.
        DefaultAssistantError: the default one is for everybody.
        ValidationFailedError: a part does not fit, or the name is taken.
    """
    reason = begin(actor, reason)
    assistant = _locked(assistant_id)
    if assistant.is_default and presentation.group_ids:
        raise DefaultAssistantError
    _save(assistant, presentation)
    data: Data = {"name": assistant.name, "groups": sorted(set(presentation.group_ids))}
    record(actor, AuditAction.ASSISTANT_CHANGED, assistant, reason=reason, data=data)
    return assistant


@transaction.atomic
def set_enabled(*, actor: Actor, assistant_id: int, is_enabled: bool, reason: str) -> None:
    """Offer an assistant, or do not; where it answered before, the default one does then.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        AssistantNotFoundError: there is no such assistant.
        DefaultAssistantError: the default one stays on.
        ValidationFailedError: no reason was given.
    """
    reason = begin(actor, reason)
    assistant = _locked(assistant_id)
    if assistant.is_default and not is_enabled:
        raise DefaultAssistantError
    change = AuditAction.ASSISTANT_CHANGED
    switch(actor, change, assistant, is_enabled=is_enabled, reason=reason)


@transaction.atomic
def make_default(*, actor: Actor, assistant_id: int, reason: str) -> None:
    """Let an assistant answer wherever nobody chose.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        AssistantNotFoundError: there is no such assistant.
        ValidationFailedError: it is switched off or for some groups only.
    """
    reason = begin(actor, reason)
    former = _locked_default() or _locked_default()
    assistant = _locked(assistant_id)
    if not assistant.is_enabled or assistant.audience != Audience.EVERYBODY:
        advice = "The default assistant is switched on and for everybody."
        raise field_problem("reason", advice, "default_for_everybody")
    if former is not None:
        former.is_default = False
        former.save(update_fields=["is_default", "updated_at"])
    data: Data = {"is_default": True, "former": former.pk if former else None}
    change, changes = AuditAction.ASSISTANT_CHANGED, {"is_default": True}
    save_change(actor, change, assistant, reason=reason, changes=changes, data=data)


def _save(assistant: Assistant, presentation: Presentation) -> Assistant:
    groups = list(Group.objects.filter(pk__in=presentation.group_ids))
    if len(groups) != len(set(presentation.group_ids)):
        raise field_problem("groups", "There is no such group.", "group_unknown")
    assistant.name = clean_text(presentation.name, field="name", longest=MAX_NAME_CHARS)
    assistant.description = clean_text(
        presentation.description,
        field="description",
        longest=MAX_DESCRIPTION_CHARS,
        is_required=False,
    )
    assistant.audience = Audience.GROUPS if groups else Audience.EVERYBODY
    try:
        with transaction.atomic():
            assistant.save()
    except IntegrityError as error:
        raise field_problem("name", "Another assistant has this name.", "name_taken") from error
    assistant.groups.set(groups)
    return assistant


def _add_version(
    actor: Actor, assistant: Assistant, instructions: Instructions
) -> AssistantVersion:
    model = ChatModel.objects.filter(pk=instructions.chat_model_id).first()
    if model is None:
        raise ChatModelNotFoundError
    _check(instructions)
    version = compiling.add_version(
        assistant=assistant,
        chat_model=model,
        content={
            "model": model.pk,
            "system_prompt": clean_text(
                instructions.system_prompt,
                field="system_prompt",
                longest=MAX_SYSTEM_PROMPT_CHARS,
                is_required=False,
            ),
            "temperature": instructions.temperature,
            "max_prompt_tokens": instructions.max_prompt_tokens,
            "max_completion_tokens": instructions.max_completion_tokens,
        },
        created_by=actor.pk,
    )
    assistant.current = version
    assistant.save(update_fields=["current", "updated_at"])
    return version


def _check(instructions: Instructions) -> None:
    if instructions.temperature is not None and not 0 <= instructions.temperature <= 2:
        raise field_problem("temperature", "Give a temperature from 0 to 2.", "range")
    for field in ("max_prompt_tokens", "max_completion_tokens"):
        if not 0 <= getattr(instructions, field) <= MAX_TOKENS:
            raise field_problem(field, f"Give a number from 0 to {MAX_TOKENS:,}.", "range")


def _locked_default() -> Assistant | None:
    """Lock the default assistant; None also for whoever waited while another became it."""
    return Assistant.objects.select_for_update(of=("self",)).default().first()


def _locked(assistant_id: int) -> Assistant:
    rows = Assistant.objects.select_for_update(of=("self",))
    assistant = rows.filter(pk=assistant_id).first()
    if assistant is None:
        raise AssistantNotFoundError
    return assistant
