"""Groups that admins make: whom an assistant is for, and whose use a quota counts.

The groups of roles and duties are not theirs to change: `roles` keeps them, and they alone carry
rights. See docs/decisions/0151.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import ManyToOneRel, Model, QuerySet

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import rights
from apps.core.numbers import whole_number
from apps.core.problems import clean_reason, field_problem
from apps.users.constants import DECLARED_GROUPS, MAX_GROUP_NAME_CHARS, MAX_PEOPLE_AT_ONCE
from apps.users.errors import GroupInUseError, GroupNotFoundError, RoleGroupError
from apps.users.models import User
from apps.users.querysets.framework import groups_named, rows_naming, without_declared

CHANGE = "auth.change_group"


def is_of_role(group: Group) -> bool:
    """Tell whether a group is that of a role or duty."""
    return group.name in DECLARED_GROUPS


def own_groups_of(user: User) -> QuerySet[Group]:
    """Return the groups that a person is in beside those of their role and duties."""
    return without_declared(user.groups.all()).order_by("name")


def members_of(group: Group) -> QuerySet[User]:
    """Return who is in a group, the newest account first."""
    found: QuerySet[User] = User.objects.in_group(group).order_by("-pk")
    return found


@transaction.atomic
def create_group(*, actor: User | None, name: str, reason: str) -> Group:
    """Make a group without members and without rights.

    Args:
        actor: an admin; None for a command of the operator.
        name: that no other group has, in capitals or not.
        reason: why, for the record.

    Raises:
        ForbiddenError: the actor may not.
        ValidationFailedError: no reason was given, or the name does not fit.
    """
    _require(actor)
    reason = clean_reason(reason, field="reason")
    name = _clean_name(name)
    try:
        with transaction.atomic():
            group = Group.objects.create(name=name)
    except IntegrityError as error:
        raise _taken() from error
    _record(actor, AuditAction.GROUP_CREATED, group, reason, name=name)
    return group


@transaction.atomic
def rename_group(*, actor: User | None, group_id: int, name: str, reason: str) -> Group:
    """Give a group another name; whoever names the group by its number goes on to.

    Raises:
        ForbiddenError: the actor may not.
        GroupNotFoundError: there is no such group.
        RoleGroupError: it is that of a role or duty.
        ValidationFailedError: no reason was given, or the name does not fit.
    """
    group = _locked(actor, group_id)
    reason = clean_reason(reason, field="reason")
    former, group.name = group.name, _clean_name(name, but=group_id)
    if group.name == former:
        return group
    try:
        with transaction.atomic():
            group.save(update_fields=["name"])
    except IntegrityError as error:
        raise _taken() from error
    _record(actor, AuditAction.GROUP_RENAMED, group, reason, former=former, name=group.name)
    return group


@transaction.atomic
def add_people(*, actor: User | None, group_id: int, people: Sequence[str], reason: str) -> int:
    """Put people into a group; who is in it already stays.

    Args:
        actor: an admin; None for a command of the operator.
        group_id: which group.
        people: numbers or addresses of some people.
        reason: why, for the record.

    Returns:
        How many were not in it before.

    Raises:
        ForbiddenError: the actor may not.
        GroupNotFoundError: there is no such group.
        RoleGroupError: it is that of a role or duty.
        ValidationFailedError: no reason, nobody, too many, or somebody who is not there.
    """
    return _change_members(actor, group_id, people, reason, is_joining=True)


@transaction.atomic
def remove_people(*, actor: User | None, group_id: int, people: Sequence[str], reason: str) -> int:
    """Take people out of a group; who is not in it is passed over.

    Returns:
        How many were in it before.

    Raises: as `add_people`.
    """
    return _change_members(actor, group_id, people, reason, is_joining=False)


@transaction.atomic
def remove_group(*, actor: User | None, group_id: int, reason: str) -> None:
    """Remove a group that nothing names any more; its members stay as they are.

    Raises:
        ForbiddenError: the actor may not.
        GroupNotFoundError: there is no such group.
        GroupInUseError: an assistant or a quota names it.
        RoleGroupError: it is that of a role or duty.
        ValidationFailedError: no reason was given.
    """
    group = _locked(actor, group_id)
    reason = clean_reason(reason, field="reason")
    if _is_named(group):
        raise GroupInUseError
    _record(actor, AuditAction.GROUP_REMOVED, group, reason, name=group.name)
    group.delete()


def _change_members(
    actor: User | None, group_id: int, people: Sequence[str], reason: str, *, is_joining: bool
) -> int:
    group = _locked(actor, group_id)
    reason = clean_reason(reason, field="reason")
    found = _found(people)
    present = set(members_of(group).filter(pk__in=found).values_list("pk", flat=True))
    changed = [pk for pk in found if (pk in present) != is_joining]
    if changed and is_joining:
        group.user_set.add(*changed)
    elif changed:
        group.user_set.remove(*changed)
    if changed:
        action = AuditAction.GROUP_JOINED if is_joining else AuditAction.GROUP_LEFT
        _record(actor, action, group, reason, name=group.name, people=changed)
    return len(changed)


def _found(people: Sequence[str]) -> list[int]:
    """Return the numbers of the people whom words name.

    Raises:
        ValidationFailedError: nobody, too many, or somebody who is not there.
    """
    words = list(dict.fromkeys(word.strip().lower() for word in people if word.strip()))
    if not 0 < len(words) <= MAX_PEOPLE_AT_ONCE:
        message = f"Name 1 to {MAX_PEOPLE_AT_ONCE} people, one a line."
        raise field_problem("people", message, "people_number")
    numbers = {word: int(word.removeprefix("#")) for word in words if _is_number(word)}
    known = set(User.objects.filter(pk__in=numbers.values()).values_list("pk", flat=True))
    found = {word: pk for word, pk in numbers.items() if pk in known}
    addresses = [word for word in words if word not in numbers]
    found |= dict(User.objects.with_emails(addresses).values_list("email", "pk"))
    lost = [word for word in words if word not in found]
    if lost:
        message = f"Nobody here is {lost[0][:80]}. Write a person's number or whole address."
        raise field_problem("people", message, "person_unknown")
    return sorted(set(found.values()))


def _is_number(word: str) -> bool:
    return whole_number(word.removeprefix("#")) is not None


def _clean_name(name: str, *, but: int = 0) -> str:
    """Return a name that fits and that no other group has.

    Raises:
        ValidationFailedError: it does not, or another group has it.
    """
    tidy = " ".join(name.split())
    if not 0 < len(tidy) <= MAX_GROUP_NAME_CHARS or not tidy.isprintable():
        message = f"Use 1 to {MAX_GROUP_NAME_CHARS} characters."
        raise field_problem("name", message, "group_name")
    if tidy.casefold().replace(" ", "_") in DECLARED_GROUPS:
        message = "This is the name of a role or duty. Choose another one."
        raise field_problem("name", message, "group_name_reserved")
    if groups_named(tidy).exclude(pk=but).exists():
        raise _taken()
    return tidy


def _taken() -> Exception:
    return field_problem("name", "Another group has this name.", "group_name_taken")


def _locked(actor: User | None, group_id: int) -> Group:
    """Lock a group that the actor may change.

    Raises:
        ForbiddenError: the actor may not.
        GroupNotFoundError: there is no such group.
        RoleGroupError: it is that of a role or duty.
    """
    _require(actor)
    group = Group.objects.select_for_update().filter(pk=group_id).first()
    if group is None:
        raise GroupNotFoundError
    if is_of_role(group):
        raise RoleGroupError
    return group


def _is_named(group: Group) -> bool:
    """Tell whether rows of any other table name a group, its members and rights left out."""
    own: tuple[type[Model], ...] = (User.groups.through, Group.permissions.through)
    fields = Group._meta.get_fields(include_hidden=True)  # noqa: SLF001  documented
    names = [one for one in fields if isinstance(one, ManyToOneRel)]
    return any(rows_naming(group, one).exists() for one in names if one.related_model not in own)


def _require(actor: User | None) -> None:
    rights.require(actor, CHANGE)


def _record(
    actor: User | None, action: AuditAction, group: Group, reason: str, **data: str | list[int]
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="group",
        target_id=group.pk,
        reason=reason,
        data=data,
    )
