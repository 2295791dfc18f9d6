"""What every change of the catalogue shares: who may, why, and the record of it."""

from __future__ import annotations

from collections.abc import Mapping

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.audit.services import AuditValue
from apps.core import rights
from apps.core.problems import clean_reason, field_problem
from apps.core.rights import Actor
from apps.llm.models import Assistant, ChatModel, Provider

MANAGE = "llm.manage_catalogue"
Data = dict[str, AuditValue]
Row = Provider | ChatModel | Assistant


def require(actor: Actor) -> None:
    """Check that the actor manages the catalogue.

    Raises:
        ForbiddenError: not theirs to do.
    """
    rights.require(actor, MANAGE)


def begin(actor: Actor, reason: str) -> str:
    """Check who changes something, and return why.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ValidationFailedError: no reason was given.
    """
    require(actor)
    return clean_reason(reason, field="reason")


def record(
    actor: Actor,
    action: AuditAction,
    row: Row,
    *,
    reason: str = "",
    data: Data | None = None,
) -> None:
    """Write the audit event of a change; a key is never part of it."""
    audit.record(
        actor=actor,
        action=action,
        target_type=str(row._meta.model_name),  # noqa: SLF001  documented, whatever its name says
        target_id=row.pk,
        reason=reason,
        data=data,
    )


def save_change(
    actor: Actor,
    action: AuditAction,
    row: Row,
    *,
    reason: str,
    changes: Mapping[str, object],
    data: Data | None = None,
) -> None:
    """Write some fields of a row that the caller has locked, and the audit event of it.

    Args:
        actor: who changes it.
        action: what the record calls the change.
        row: the locked row.
        reason: why, as `begin` returned it.
        changes: the fields with their new values; the moment of the change is written with them.
        data: what the record keeps of it.
    """
    for field, value in changes.items():
        setattr(row, field, value)
    row.save(update_fields=[*changes, "updated_at"])
    record(actor, action, row, reason=reason, data=data)


def switch(actor: Actor, action: AuditAction, row: Row, *, is_enabled: bool, reason: str) -> None:
    """Switch a row that the caller has locked on or off, with the audit event of it."""
    value = {"is_enabled": is_enabled}
    save_change(actor, action, row, reason=reason, changes=value, data={"is_enabled": is_enabled})


def clean_text(text: str, *, field: str, longest: int, is_required: bool = True) -> str:
    """Return a text without blanks around it.

    Raises:
        ValidationFailedError: it is missing, too long or holds a NUL character.
    """
    cleaned = text.strip()
    if is_required and not cleaned:
        raise field_problem(field, "Fill this in.", "required")
    if len(cleaned) > longest or "\x00" in cleaned:
        raise field_problem(field, f"Use at most {longest:,} plain characters.", "too_long")
    return cleaned
