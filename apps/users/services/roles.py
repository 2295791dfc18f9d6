"""Who may do what: one role a person, backed by the group of the same name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.users.constants import (
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
from apps.users.querysets.framework import (
    groups_of_words,
    permissions_named,
    without_declared,
    without_rights,
)
from apps.users.services import access


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
    others = without_rights(without_declared(user.groups.all()))
    declared = groups_of_words([user.role, *user.duties])
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


@dataclass(frozen=True, slots=True)
class Synced:
    """What bringing the roles to what is declared has found.

    Attributes:
        missing: declared permissions that the database does not know, as `app.codename`.
        removed: what a group had beyond them and lost, as `group: app.codename`.
    """

    missing: list[str]
    removed: list[str]


@transaction.atomic
def sync_roles() -> Synced:
    """Bring the roles' groups, their permissions and everybody's membership to what is declared.

    Migrations have done the same; this mends what was changed by hand. A right that was added to
    one of these groups by hand goes, and whoever loses a right is signed out; groups with other
    names are left alone. See docs/decisions/0145.
    """
    synced = Synced([], [])
    for role, names in ROLE_PERMISSIONS.items():
        _sync_group(synced, role.value, names, User.objects.with_role(role))
    for duty, names in DUTY_PERMISSIONS.items():
        _sync_group(synced, duty.value, names, User.objects.with_duty(duty))
    return synced


def _sync_group(
    synced: Synced, name: str, permissions: tuple[str, ...], members: UserQuerySet
) -> None:
    group, _ = Group.objects.get_or_create(name=name)
    found = _by_name(permissions_named(permissions))
    surplus = _by_name(group.permissions.select_related("content_type")).keys() - found.keys()
    group.permissions.set(found.values())
    for person in members.outside_group(group).iterator():
        person.groups.add(group)
    belonging = members.values("pk")
    losing = User.objects.in_group(group)
    losing = losing if surplus else losing.exclude(pk__in=belonging)
    for person in User.objects.filter(pk__in=losing.values("pk")).select_for_update().iterator():
        access.raise_epoch(person)
    group.user_set.remove(*User.objects.in_group(group).exclude(pk__in=belonging))
    synced.missing.extend(label for label in permissions if label not in found)
    synced.removed.extend(f"{name}: {label}" for label in sorted(surplus))


def _by_name(permissions: Iterable[Permission]) -> dict[str, Permission]:
    return {f"{one.content_type.app_label}.{one.codename}": one for one in permissions}
