from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from apps.audit import statements
from apps.audit.constants import SYSTEM_ACTOR, AuditAction
from apps.audit.models import AuditEvent
from apps.audit.subjects import Reader, subjects
from apps.core.correlation import get_correlation_id

if TYPE_CHECKING:
    from apps.audit.querysets import AuditEventQuerySet

AuditValue = str | int | float | bool | None | list[str] | list[int]


class Actor(Protocol):
    """Whoever does something: a person of the users app, which this app does not know."""

    pk: int

    @property
    def label(self) -> str:
        """The name that the record keeps."""
        ...


def record(
    *,
    actor: Actor | None,
    action: AuditAction | str,
    target_type: str,
    target_id: int,
    reason: str = "",
    data: Mapping[str, AuditValue] | None = None,
) -> AuditEvent:
    """Write down what was done, inside the transaction of the deed: both happen or neither.

    Args:
        actor: who did it; None for the product itself.
        action: one word of `AuditAction`.
        target_type: what it was done to, as a model's name in lower case.
        target_id: the number of what it was done to.
        reason: why, in the actor's words.
        data: what else must be known later; never a secret, never a message's text.

    Returns:
        The stored event.

    Raises:
        ValueError: the action is not a known word.
    """
    return AuditEvent.objects.create(
        actor_id=None if actor is None else actor.pk,
        actor_label=SYSTEM_ACTOR if actor is None else actor.label,
        action=AuditAction(action).value,
        target_type=target_type,
        target_id=target_id,
        reason=reason,
        data=dict(data or {}),
        correlation_id=get_correlation_id(),
    )


def record_each(
    *,
    actor: Actor,
    action: AuditAction,
    target_type: str,
    targets: Mapping[int, Mapping[str, AuditValue]],
) -> None:
    """Write down one deed on several things, an event for each, in one statement.

    Args:
        actor: who did it.
        action: which deed.
        target_type: what it was done to, as a model's name in lower case.
        targets: the numbers of these, each with what else must be known later.
    """
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor_id=actor.pk,
            actor_label=actor.label,
            action=action.value,
            target_type=target_type,
            target_id=number,
            data=dict(data),
            correlation_id=get_correlation_id(),
        )
        for number, data in targets.items()
    )


def list_events_for(*, viewer: Reader) -> AuditEventQuerySet:
    """Return the record as somebody may read it; the caller has checked that they may at all.

    What others did to what is the reader's own is left out: they hear of it as everybody does. Of
    each event `is_kept` says whether its reason is kept from the reader for now.
    """
    about = subjects().about(person_id=viewer.pk)
    rows = AuditEvent.objects.not_done_to(viewer.pk, about)
    return rows.with_kept_reasons(subjects().kept_from(viewer=viewer))


def list_events_of(
    *, action: AuditAction, target_type: str, target_ids: Collection[int]
) -> AuditEventQuerySet:
    """Return one kind of deed on some things, newest first; the caller has checked the reader."""
    found = AuditEvent.objects.of_kind(action).about_any(target_type, target_ids)
    return found.newest_first()


def list_events_about(*, target_type: str, target_id: int) -> AuditEventQuerySet:
    """Return what was done to one thing, newest first; the caller has checked who may read it."""
    return AuditEvent.objects.about(target_type, target_id).newest_first()


def forget_name(*, actor_id: int) -> int:
    """Leave the number alone where an account that is gone was named as actor.

    The deeds stay as they were, and in their order: nothing else of an event can be changed, and
    the database refuses it for an account that is there, or that ever was of staff.

    Returns:
        On how many events.
    """
    return statements.forget_name(actor_id=actor_id)
