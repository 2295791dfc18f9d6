"""Making, reading, changing and removing accounts."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import db
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason, validation_failed
from apps.users.belongings import belongings
from apps.users.constants import Role
from apps.users.errors import (
    EmailTakenError,
    OwnRightsError,
    RoleRequiredError,
    ServiceAccountError,
    UserNotFoundError,
)
from apps.users.models import User
from apps.users.querysets import UserQuerySet, normalize_email
from apps.users.services import access, credentials, leaving, passwords, roles, tokens


@transaction.atomic
def create_account(
    *,
    actor: User | None,
    email: str,
    name: str,
    password: str,
    role: str = Role.USER,
    encoded: str | None = None,
) -> User:
    """Make an account; its owner counts as the actor where nobody else is.

    Args:
        actor: who makes it.
        email: its address.
        name: what the person is called.
        password: which has to follow the rules.
        role: what the person may do.
        encoded: the password as it is stored, where it was hashed before.

    Raises:
        ValidationFailedError: address, name or password do not fit, each named.
        EmailTakenError: the address has an account.
    """
    person = _checked(email=email, name=name, password=password, role=role)
    try:
        with transaction.atomic():
            user: User = User.objects.create_user(
                person.email, password, encoded=encoded, name=person.name, role=role
            )
    except IntegrityError as error:
        raise EmailTakenError from error
    audit.record(
        actor=actor or user,
        action=AuditAction.USER_REGISTERED,
        target_type="user",
        target_id=user.pk,
        data={"role": role},
    )
    return user


async def register(*, email: str, name: str, password: str) -> User:
    """Sign somebody up who came by the API; where mail is configured, ask for the address.

    Raises:
        ValidationFailedError: address, name or password do not fit, each named.
        EmailTakenError: the address has an account.
    """
    await db.call(_checked, email=email, name=name, password=password)
    encoded = await passwords.hashed(password)
    return await db.call(_register, email=email, name=name, password=password, encoded=encoded)


@transaction.atomic
def _register(*, email: str, name: str, password: str, encoded: str) -> User:
    user = create_account(actor=None, email=email, name=name, password=password, encoded=encoded)
    address = EmailAddress.objects.create(user=user, email=user.email, primary=True)
    if credentials.is_verification_required():
        transaction.on_commit(lambda: address.send_confirmation(signup=True), robust=True)
    return user


def access_user(*, viewer: User, user_id: int) -> User:
    """Return a person whom the viewer may see.

    Raises:
        UserNotFoundError: there is no such person, or the viewer may not see them.
    """
    user: User | None = User.objects.visible_to(viewer).filter(pk=user_id).first()
    if user is None:
        raise UserNotFoundError
    return user


def list_users(*, viewer: User, words: str = "", role: str = "") -> UserQuerySet:
    """Return the people whom an admin asks for, newest first.

    Raises:
        RoleRequiredError: the viewer is no admin.
    """
    if not viewer.is_admin:
        raise RoleRequiredError
    people: UserQuerySet = User.objects.people().newest_first()
    if words:
        people = people.matching(words)
    return people.with_role(role) if role else people


@transaction.atomic
def update_user(
    *,
    actor: User,
    user_id: int,
    name: str | None = None,
    role: str | None = None,
    is_active: bool | None = None,
    reason: str = "",
    precondition: Precondition | None = None,
) -> User:
    """Change an account: people change their own name, admins also another's role and state.

    Raises:
        OwnRightsError: somebody set their own role or state; nothing was changed.
        UserNotFoundError: there is no such person, or the actor may not see them.
        LastAdminError: nobody would be left to manage people.
        PreconditionFailedError: the account is not any more what the actor has read.
        ValidationFailedError: a value does not fit.
    """
    user = access_user(viewer=actor, user_id=user_id)
    is_management = role is not None or is_active is not None
    if user.pk == actor.pk and is_management:
        raise OwnRightsError
    if precondition is not None:
        precondition.check(_locked(actor, user_id, with_admins=is_management))
    if role is not None:
        user = roles.change_role(actor=actor, user_id=user_id, role=role, reason=reason)
    if is_active is not None:
        user = set_active(actor=actor, user_id=user_id, is_active=is_active, reason=reason)
    if name is not None:
        user = _rename(actor=actor, user_id=user_id, name=name)
    return user


@transaction.atomic
def set_active(*, actor: User | None, user_id: int, is_active: bool, reason: str = "") -> User:
    """Close an account or open it again; closing signs the person out everywhere.

    An account that is opened again is not erased any more, whoever asked for it.

    Raises:
        RoleRequiredError: the actor is no admin.
        OwnRightsError: the actor is the person.
        UserNotFoundError: there is no such person.
        LastAdminError: nobody would be left to manage people.
    """
    reason = clean_reason(reason, field="reason", is_required=False)
    user = roles.lock_for_management(actor=actor, user_id=user_id)
    if user.is_active == is_active:
        return user
    if not is_active:
        roles.ensure_other_admin(user)
    user.is_active, user.erase_at = is_active, None
    user.save(update_fields=["is_active", "erase_at", "updated_at"])
    access.raise_epoch(user)
    audit.record(
        actor=actor,
        action=AuditAction.USER_ACTIVATED if is_active else AuditAction.USER_DEACTIVATED,
        target_type="user",
        target_id=user.pk,
        reason=reason,
    )
    return user


@transaction.atomic
def change_password(*, actor: User, user: User, password: str) -> None:
    """Give an account another password; ends its sessions and revokes its tokens.

    The object that is passed carries the new password and epoch afterwards, so that a page can
    keep the session in which its owner changed it.

    Raises:
        RoleRequiredError: the actor is neither the person nor an admin.
        ValidationFailedError: the password does not follow the rules.
    """
    if actor.pk != user.pk and not actor.is_admin:
        raise RoleRequiredError
    if user.is_service:
        raise ServiceAccountError
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise validation_failed({"password": error.error_list}) from error
    user.auth_epoch = User.objects.locked(user.pk).get().auth_epoch
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    tokens.revoke_all(user=user)
    access.raise_epoch(user)
    audit.record(
        actor=actor,
        action=AuditAction.USER_PASSWORD_CHANGED,
        target_type="user",
        target_id=user.pk,
    )


@transaction.atomic
def delete_user(
    *, actor: User, user_id: int, reason: str = "", precondition: Precondition | None = None
) -> None:
    """Remove an account with everything that is its own; what it did stays in the audit.

    What belongs to the person is locked before the account: see docs/decisions/0063.

    Raises:
        PreconditionFailedError: the account is not any more what the actor has read.
        UserNotFoundError: there is no such person, or the actor may not see them.
        LastAdminError: nobody would be left to manage people.
    """
    reason = clean_reason(reason, field="reason", is_required=False)
    belongings().lock(user_id=access_user(viewer=actor, user_id=user_id).pk)
    locked: UserQuerySet = User.objects.locked_with_admins(user_id, actor.pk)
    people = {person.pk: person for person in locked}
    current = people.get(actor.pk)
    if current is None or (user_id != actor.pk and not current.manages_people):
        raise UserNotFoundError
    if user_id not in people:
        raise UserNotFoundError
    user = people[user_id]
    if precondition is not None:
        precondition.check(user)
    roles.ensure_other_admin(user)
    leaving.remove(actor=current, user=user, reason=reason)


def _locked(actor: User, user_id: int, *, with_admins: bool) -> User:
    """Lock a person, with the admins first where rights are to change, in their one order."""
    if with_admins:
        return roles.lock_for_management(actor=actor, user_id=user_id)
    user: User = User.objects.locked(user_id).get()
    return user


def _rename(*, actor: User, user_id: int, name: str) -> User:
    user: User = User.objects.locked(user_id).get()
    former = user.name
    user.name = name.strip()
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise validation_failed(error.error_dict) from error
    if user.name == former:
        return user
    user.save(update_fields=["name", "updated_at"])
    audit.record(
        actor=actor,
        action=AuditAction.USER_UPDATED,
        target_type="user",
        target_id=user.pk,
        data={"fields": ["name"]},
    )
    return user


def _checked(*, email: str, name: str, password: str, role: str = Role.USER) -> User:
    person = User(email=normalize_email(email), name=name.strip(), role=role)
    problems: dict[str, list[ValidationError]] = {}
    try:
        credentials.check_address(person.email)
    except ValidationError as error:
        problems.update(error.error_dict)
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError as error:
        problems.update(error.error_dict)
    try:
        validate_password(password, person)
    except ValidationError as error:
        problems["password"] = error.error_list
    if problems:
        raise validation_failed(problems)
    return person
