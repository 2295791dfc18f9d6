"""Keeping answers from being written, of one model or of all, until somebody lifts it.

A row is the truth: the statement that stores a turn refuses it, a worker's claim leaves queued
answers alone, and each worker's checkpoint ends what is being written, within a second.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.core.rights import Actor, require
from apps.llm.constants import MAX_MODEL_CHARS
from apps.llm.errors import PauseConflictError
from apps.llm.models import Pause
from apps.llm.querysets import PauseQuerySet
from apps.llm.services import naming

PAUSE = "llm.change_pause"


def open_pauses() -> PauseQuerySet:
    """Return the pauses that hold, the newest first; there are few."""
    return Pause.objects.open().order_by("-pk")


def label_of(pause: Pause) -> str:
    """Return provider and name of the model that is paused; empty where all are."""
    return naming.label_of(pause.chat_model_id, pause.model_name)


def is_paused(model: str, chat_model_id: int | None) -> bool:
    """Tell whether nothing may be asked of a model at the moment."""
    return Pause.objects.of_model(model, chat_model_id).exists()


@transaction.atomic
def pause(
    *,
    actor: Actor | None,
    model_name: str = "",
    chat_model_id: int | None = None,
    reason: str,
) -> Pause:
    """Refuse new turns from the commit on; what is being written is ended by its workers.

    Args:
        actor: a member of staff; None for a command of the operator.
        model_name: all models of this name; empty for all.
        chat_model_id: the one model of the catalogue that is paused; then its name is not given.
        reason: why, for the record.

    Raises:
        ForbiddenError: the actor may not pause.
        ValidationFailedError: no reason was given, the name is too long, or there is no such model.
        PauseConflictError: there is such a pause already.
    """
    require(actor, PAUSE)
    reason = clean_reason(reason, field="reason")
    if chat_model_id is not None:
        model_name = naming.name_of(chat_model_id, field="chat_model_id")
    if len(model_name) > MAX_MODEL_CHARS or "\x00" in model_name:
        raise field_problem("model_name", "Give the name of a model, or nothing.", "model")
    try:
        with transaction.atomic():
            made = Pause.objects.create(
                model_name=model_name.strip(),
                chat_model_id=chat_model_id,
                reason=reason,
                started_by_id=None if actor is None else actor.pk,
            )
    except IntegrityError as error:
        raise PauseConflictError from error
    audit.record(
        actor=actor,
        action=AuditAction.MODELS_PAUSED,
        target_type="pause",
        target_id=made.pk,
        reason=reason,
        data={"model": made.model_name, "chat_model_id": chat_model_id},
    )
    return made


@transaction.atomic
def resume(*, actor: Actor | None, pause_id: int, reason: str) -> Pause:
    """Lift a pause: new turns are taken again from the commit on.

    Raises:
        ForbiddenError: the actor may not.
        ValidationFailedError: no reason was given.
        PauseConflictError: it was lifted already.
    """
    require(actor, PAUSE)
    reason = clean_reason(reason, field="reason")
    found = Pause.objects.select_for_update().open().filter(pk=pause_id).first()
    if found is None:
        raise PauseConflictError
    found.lifted_at = timezone.now()
    found.lifted_by_id = None if actor is None else actor.pk
    found.lift_reason = reason
    found.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    audit.record(
        actor=actor,
        action=AuditAction.MODELS_RESUMED,
        target_type="pause",
        target_id=found.pk,
        reason=reason,
        data={"model": found.model_name, "chat_model_id": found.chat_model_id},
    )
    return found
