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
from apps.llm.errors import PauseConflictError
from apps.llm.models import Pause
from apps.llm.querysets import PauseQuerySet
from apps.llm.services.rights import Actor, require

PAUSE = "llm.change_pause"


def open_pauses() -> PauseQuerySet:
    """Return the pauses that hold, the newest first; there are few."""
    return Pause.objects.open().order_by("-pk")


def is_paused(model: str) -> bool:
    """Tell whether nothing may be asked of a model at the moment."""
    return Pause.objects.of_model(model).exists()


@transaction.atomic
def pause(*, actor: Actor | None, model_name: str = "", reason: str) -> Pause:
    """Refuse new turns from the commit on; what is being written is ended by its workers.

    Args:
        actor: a member of staff; None for a command of the operator.
        model_name: which model; empty for all.
        reason: why, for the record.

    Raises:
        ForbiddenError: the actor may not pause.
        ValidationFailedError: no reason was given, or the name is too long.
        PauseConflictError: there is such a pause already.
    """
    require(actor, PAUSE)
    reason = clean_reason(reason, field="reason")
    if len(model_name) > 120 or "\x00" in model_name:
        raise field_problem("model_name", "Give the name of a model, or nothing.", "model")
    try:
        with transaction.atomic():
            made = Pause.objects.create(
                model_name=model_name.strip(),
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
        data={"model": made.model_name},
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
    found = Pause.objects.select_for_update().filter(pk=pause_id, lifted_at=None).first()
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
        data={"model": found.model_name},
    )
    return found
