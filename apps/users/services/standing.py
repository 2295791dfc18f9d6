"""Warning, restricting and suspending people, and lifting it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import moments
from apps.core.problems import clean_reason, field_problem
from apps.users.constants import RestrictionKind
from apps.users.errors import (
    OwnRightsError,
    RoleRequiredError,
    StandingConflictError,
    UserNotFoundError,
)
from apps.users.models import Restriction, User
from apps.users.querysets import RestrictionQuerySet, UserQuerySet
from apps.users.services import access
from apps.webhooks.constants import EventType
from apps.webhooks.services import outbox

PERMISSION = "users.change_standing"


@transaction.atomic
def warn(*, actor: User | None, user_id: int, reason: str, reason_for_user: str) -> Restriction:
    """Write a warning down; the person's rights stay as they are.

    Raises: as `suspend`.
    """
    user = _lock_subject(actor, user_id)
    return _decide(actor, user, RestrictionKind.WARNING, (reason, reason_for_user), None)


@transaction.atomic
def restrict(
    *,
    actor: User | None,
    user_id: int,
    reason: str,
    reason_for_user: str,
    until: datetime | None = None,
) -> Restriction:
    """Let a person read and not write, for a time or until it is lifted.

    Beside a suspension it changes nothing at first, and holds where it goes on longer.

    Raises: as `suspend`.
    """
    user = _lock_subject(actor, user_id)
    return _decide(actor, user, RestrictionKind.RESTRICTION, (reason, reason_for_user), until)


@transaction.atomic
def suspend(
    *,
    actor: User | None,
    user_id: int,
    reason: str,
    reason_for_user: str,
    until: datetime | None = None,
) -> Restriction:
    """Keep a person out, for a time or until it is lifted; signs them out everywhere.

    Whatever else was decided runs on beside it, with its own end and reason.

    Args:
        actor: a member of staff; None for the product itself.
        user_id: who is kept out.
        reason: why, for staff and record.
        reason_for_user: why, in the words that the person reads when signing in.
        until: when it ends by itself; None for no end.

    Returns:
        The stored suspension.

    Raises:
        OwnRightsError: the actor is the person.
        RoleRequiredError: the actor may not do this, or not to somebody of that role.
        UserNotFoundError: there is no such person.
        ValidationFailedError: a reason is missing, or the end is not in the future.
    """
    user = _lock_subject(actor, user_id)
    return _decide(actor, user, RestrictionKind.SUSPENSION, (reason, reason_for_user), until)


@transaction.atomic
def lift(*, actor: User | None, user_id: int, reason: str) -> Restriction:
    """End every restriction and suspension that runs, before its time.

    Returns:
        The one that decided how the person stood.

    Raises:
        StandingConflictError: there is none.
        Exception: otherwise as `suspend`.
    """
    user = _lock_subject(actor, user_id)
    reason = clean_reason(reason, field="reason")
    running = list(Restriction.objects.of_user(user).running())
    if not running:
        message = "This person is in good standing. There is nothing to lift."
        raise StandingConflictError(message)
    for restriction in running:
        _close(restriction, actor, reason)
    _settle(user)
    return running[0]


@transaction.atomic
def withdraw(*, actor: User | None, restriction_id: int, reason: str) -> Restriction | None:
    """Take back one warning, restriction or suspension, because it should not have been.

    Whatever else runs about the person goes on, with its own end and reason.

    Returns:
        The closed row; None if it was lifted before, or went with its account.

    Raises: as `suspend`.
    """
    found = Restriction.objects.filter(pk=restriction_id).first()
    if found is None:
        return None
    user = _lock_subject(actor, found.user_id)
    reason = clean_reason(reason, field="reason")
    restriction = Restriction.objects.select_for_update().get(pk=restriction_id)
    if restriction.lifted_at is not None:
        return None
    _close(restriction, actor, reason)
    _settle(user)
    return restriction


def ensure_may_decide(*, actor: User, user_id: int) -> User:
    """Return a person about whom somebody may decide at the moment, before anything is locked.

    Raises:
        OwnRightsError, RoleRequiredError, UserNotFoundError: as `suspend`, which looks again.
    """
    if actor.pk == user_id:
        raise OwnRightsError
    people: UserQuerySet = User.objects.filter(pk__in=[user_id, actor.pk])
    return _checked(actor, user_id, {person.pk: person for person in people})


def list_restrictions(*, user: User) -> RestrictionQuerySet:
    """Return all that was ever decided about a person, newest first; for staff."""
    return Restriction.objects.of_user(user).order_by("-id")


_EVENTS = {
    RestrictionKind.RESTRICTION: EventType.USER_RESTRICTED,
    RestrictionKind.SUSPENSION: EventType.USER_SUSPENDED,
}
_ACTIONS = {
    RestrictionKind.WARNING: AuditAction.USER_WARNED,
    RestrictionKind.RESTRICTION: AuditAction.USER_RESTRICTED,
    RestrictionKind.SUSPENSION: AuditAction.USER_SUSPENDED,
}


def _lock_subject(actor: User | None, user_id: int) -> User:
    if actor is None:
        ids = [user_id]
    elif actor.pk == user_id:
        raise OwnRightsError
    else:
        ids = [user_id, actor.pk]
    locked: UserQuerySet = User.objects.locked(*ids)
    return _checked(actor, user_id, {person.pk: person for person in locked})


def _checked(actor: User | None, user_id: int, people: Mapping[int, User]) -> User:
    """Return the person, if the actor as they are now may decide about them."""
    current = None if actor is None else people.get(actor.pk)
    if actor is not None and (current is None or not current.has_perm(PERMISSION)):
        raise RoleRequiredError
    if user_id not in people:
        raise UserNotFoundError
    user = people[user_id]
    if current is not None and not _outranks(current, user):
        message = "You may not do this to a member of staff. Change their role or duties first."
        raise RoleRequiredError(message)
    return user


def _outranks(actor: User, subject: User) -> bool:
    if subject.is_admin:
        return False
    return actor.is_admin or not subject.is_staff


def _decide(
    actor: User | None,
    user: User,
    kind: RestrictionKind,
    reasons: tuple[str, str],
    until: datetime | None,
) -> Restriction:
    reason = clean_reason(reasons[0], field="reason")
    reason_for_user = clean_reason(reasons[1], field="reason_for_user")
    if until is not None and until <= timezone.now():
        raise field_problem("until", "Choose a moment in the future.", "until_past")
    if until is not None and not moments.is_known(until):
        raise field_problem("until", "Choose a year until 9998.", "moment_range")
    restriction = Restriction.objects.create(
        user=user,
        kind=kind,
        reason=reason,
        reason_for_user=reason_for_user,
        created_by=actor,
        ends_at=until,
    )
    _settle(user)
    audit.record(
        actor=actor,
        action=_ACTIONS[kind],
        target_type="user",
        target_id=user.pk,
        reason=reason,
        data={
            "restriction_id": restriction.pk,
            "reason_for_user": reason_for_user,
            "until": until.isoformat() if until is not None else None,
        },
    )
    if kind in _EVENTS:
        _tell(_EVENTS[kind], restriction)
    return restriction


def _tell(event_type: EventType, restriction: Restriction) -> None:
    """Tell programs that listen: who, what and until when; never why."""
    ends_at = restriction.ends_at
    outbox.emit(
        event_type,
        {
            "user_id": restriction.user_id,
            "restriction_id": restriction.pk,
            "kind": str(restriction.kind),
            "until": ends_at.isoformat() if ends_at is not None else None,
        },
    )


def _close(restriction: Restriction, actor: User | None, reason: str) -> None:
    restriction.lifted_at = timezone.now()
    restriction.lifted_by = actor
    restriction.lift_reason = reason
    restriction.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    audit.record(
        actor=actor,
        action=AuditAction.USER_LIFTED,
        target_type="user",
        target_id=restriction.user_id,
        reason=reason,
        data={"restriction_id": restriction.pk, "kind": restriction.kind},
    )
    if restriction.kind in _EVENTS:
        _tell(EventType.USER_LIFTED, restriction)


def _settle(user: User) -> None:
    """Write on a locked person's row what the running restrictions say; others sign out."""
    standing, until = access.running_standing(user)
    if (user.standing, user.standing_until) == (standing, until):
        return
    user.standing, user.standing_until = standing, until
    user.save(update_fields=["standing", "standing_until", "updated_at"])
    access.raise_epoch(user)
