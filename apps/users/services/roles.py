"""Who may do what: one role a person, backed by the group of the same name."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.users.constants import (
    DECLARED_GROUPS,
    DUTY_PERMISSIONS,
    ROLE_PERMISSIONS,
    Duty,
    Role,
    ServiceDuty,
)
from apps.users.errors import (
    LastAdminError,
    OwnRightsError,
    RoleRequiredError,
    ServiceAccountError,
    UserNotFoundError,
)
from apps.users.models import User
from apps.users.querysets import UserQuerySet
from apps.users.services import access
from apps.users.services.problems import clean_reason, field_problem


@transaction.atomic
def change_role(*, actor: User | None, user_id: int, role: str, reason: str = "") -> User:
    """Give a person another role; signs them out everywhere and drops every right beyond the role.

    Args:
        actor: an admin; None for a command of the operator.
        user_id: whose role.
        role: one word of `Role`.
        reason: why, for the record.

    Returns:
        The changed person.

    Raises:
        RoleRequiredError: the actor is no admin.
        OwnRightsError: the actor is the person.
        UserNotFoundError: there is no such person.
        LastAdminError: nobody would be left to manage people.
        ValidationFailedError: there is no such role.
    """
    if role not in Role.values:
        raise field_problem("role", "There is no such role.", "role_unknown")
    reason = clean_reason(reason, field="reason", is_required=False)
    user = lock_for_management(actor=actor, user_id=user_id)
    if user.is_service and role != Role.USER:
        raise ServiceAccountError
    former = user.role
    if role == former and (role == Role.ADMIN or not user.is_superuser):
        return user
    if role != Role.ADMIN:
        ensure_other_admin(user)
        user.is_superuser = False
    user.role = role
    user.save(update_fields=["role", "is_superuser", "updated_at"])
    _join_groups(user)
    user.user_permissions.clear()
    access.raise_epoch(user)
    audit.record(
        actor=actor,
        action=AuditAction.USER_ROLE_CHANGED,
        target_type="user",
        target_id=user.pk,
        reason=reason,
        data={"from": former, "to": role},
    )
    return user


@transaction.atomic
def change_duties(
    *, actor: User | None, user_id: int, duties: Sequence[str], reason: str = ""
) -> User:
    """Say what a person may do beyond their role; signs them out everywhere.

    Args:
        actor: an admin; None for a command of the operator.
        user_id: whose duties.
        duties: words of `Duty`; those that are left out are taken away.
        reason: why, for the record.

    Returns:
        The changed person.

    Raises: as `change_role`.
    """
    wanted = sorted(set(duties))
    if not set(wanted) <= set(Duty.values):
        raise field_problem("duties", "There is no such duty.", "duty_unknown")
    reason = clean_reason(reason, field="reason", is_required=False)
    user = lock_for_management(actor=actor, user_id=user_id)
    if user.is_service and not set(wanted) <= set(ServiceDuty.values):
        message = f"A service account can have {' and '.join(ServiceDuty.values)} only."
        raise field_problem("duties", message, "duty_of_people")
    former = sorted(user.duties)
    if wanted == former:
        return user
    user.duties = wanted
    user.save(update_fields=["duties", "updated_at"])
    _join_groups(user)
    access.raise_epoch(user)
    audit.record(
        actor=actor,
        action=AuditAction.USER_DUTIES_CHANGED,
        target_type="user",
        target_id=user.pk,
        reason=reason,
        data={"from": ", ".join(former), "to": ", ".join(wanted)},
    )
    return user


def _join_groups(user: User) -> None:
    """Put a person into the groups of role and duties; others stay, unless they carry rights."""
    others = user.groups.exclude(name__in=DECLARED_GROUPS).filter(permissions=None)
    declared = Group.objects.filter(name__in=[user.role, *user.duties])
    user.groups.set([*declared, *others])


def lock_for_management(*, actor: User | None, user_id: int) -> User:
    """Lock a person, the actor and every active admin, and check that the actor manages people now.

    Admins are locked together, so that two of them who demote each other at the same moment
    are put in order and the second is refused.

    Raises:
        OwnRightsError: the actor is the person.
        RoleRequiredError: the actor is no active admin.
        UserNotFoundError: there is no such person.
    """
    if actor is not None and actor.pk == user_id:
        raise OwnRightsError
    ids = [user_id] if actor is None else [user_id, actor.pk]
    locked: UserQuerySet = User.objects.locked_with_admins(*ids)
    people = {person.pk: person for person in locked}
    if actor is not None:
        current = people.get(actor.pk)
        if current is None or not current.manages_people:
            raise RoleRequiredError
    if user_id not in people:
        raise UserNotFoundError
    return people[user_id]


def ensure_other_admin(user: User) -> None:
    """Check that somebody else manages people; the admins must be locked.

    Raises:
        LastAdminError: this person is the last active admin.
    """
    if not user.manages_people:
        return
    if not User.objects.admins().active().not_suspended().exclude(pk=user.pk).exists():
        raise LastAdminError


def has_other_admin(user: User) -> bool:
    """Tell whether the place could do without this person, as it is at the moment."""
    try:
        ensure_other_admin(user)
    except LastAdminError:
        return False
    return True


@transaction.atomic
def sync_roles() -> list[str]:
    """Bring the roles' groups, their permissions and everybody's membership to what is declared.

    Migrations have done the same; this mends what was changed by hand.

    Returns:
        Declared permissions that the database does not know, as `app.codename`.
    """
    missing: list[str] = []
    for role, names in ROLE_PERMISSIONS.items():
        missing += _sync_group(role.value, names, User.objects.with_role(role))
    for duty, names in DUTY_PERMISSIONS.items():
        missing += _sync_group(duty.value, names, User.objects.with_duty(duty))
    return missing


def _sync_group(name: str, permissions: tuple[str, ...], members: UserQuerySet) -> list[str]:
    group, _ = Group.objects.get_or_create(name=name)
    found = {f"{p.content_type.app_label}.{p.codename}": p for p in _permissions(permissions)}
    group.permissions.set(found.values())
    for person in members.exclude(groups=group).iterator():
        person.groups.add(group)
    strangers = User.objects.filter(groups=group).exclude(pk__in=members.values("pk"))
    group.user_set.remove(*strangers)
    return [name for name in permissions if name not in found]


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    wanted = Q(pk__in=[])
    for name in names:
        app_label, codename = name.split(".")
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return list(Permission.objects.filter(wanted).select_related("content_type"))
