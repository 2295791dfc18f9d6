"""Service accounts: the accounts of programs, made and kept by admins, that nobody signs in to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason, field_problem, validation_failed
from apps.users import constants
from apps.users.constants import AccountKind, ServiceScope
from apps.users.errors import MissingScopeError, RoleRequiredError, UserNotFoundError
from apps.users.models import ApiToken, User
from apps.users.querysets import ApiTokenQuerySet, UserQuerySet
from apps.users.services import accounts, roles, tokens
from apps.users.services.tokens import NewToken, TokenRequest


def list_service_accounts(*, viewer: User) -> UserQuerySet:
    """Return the service accounts, newest first.

    Raises:
        RoleRequiredError: the viewer is no admin.
    """
    _require_admin(viewer)
    found: UserQuerySet = User.objects.services().newest_first()
    return found


def access_service_account(*, viewer: User, account_id: int) -> User:
    """Return one service account.

    Raises:
        RoleRequiredError: the viewer is no admin.
        UserNotFoundError: there is no such service account.
    """
    found: User | None = list_service_accounts(viewer=viewer).filter(pk=account_id).first()
    if found is None:
        raise UserNotFoundError
    return found


@transaction.atomic
def create_service_account(
    *, actor: User, name: str, duties: Sequence[str] = (), reason: str = ""
) -> User:
    """Make the account of a program: without an address, a password or a way to sign in.

    Args:
        actor: an admin.
        name: what other people know it by.
        duties: what it may read beyond its own conversations: words of `ServiceDuty`.
        reason: why, for the record.

    Raises:
        RoleRequiredError: the actor is no admin.
        ValidationFailedError: name or duties do not fit.
    """
    _require_admin(actor)
    reason = clean_reason(reason, field="reason", is_required=False)
    person = User(
        email=f"{secrets.token_hex(8)}@{constants.SERVICE_DOMAIN}",
        name=name.strip(),
        kind=AccountKind.SERVICE,
    )
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise validation_failed(error.error_dict) from error
    account: User = User.objects.create_user(person.email, name=person.name, kind=person.kind)
    audit.record(
        actor=actor,
        action=AuditAction.SERVICE_ACCOUNT_CREATED,
        target_type="user",
        target_id=account.pk,
        reason=reason,
    )
    if duties:
        account = roles.change_duties(actor=actor, user_id=account.pk, duties=duties, reason=reason)
    return account


@transaction.atomic
def update_service_account(
    *,
    actor: User,
    account_id: int,
    name: str | None = None,
    duties: Sequence[str] | None = None,
    is_active: bool | None = None,
    reason: str = "",
    precondition: Precondition | None = None,
) -> User:
    """Change a service account; one that is not active is refused with each of its tokens.

    Raises:
        PreconditionFailedError: the account is not any more what the actor has read.
        RoleRequiredError: the actor is no admin.
        UserNotFoundError: there is no such service account.
        ValidationFailedError: a value does not fit.
    """
    account = access_service_account(viewer=actor, account_id=account_id)
    if precondition is not None:
        precondition.check(roles.lock_for_management(actor=actor, user_id=account_id))
    if duties is not None:
        account = roles.change_duties(actor=actor, user_id=account_id, duties=duties, reason=reason)
    if name is not None or is_active is not None:
        account = accounts.update_user(
            actor=actor, user_id=account_id, name=name, is_active=is_active, reason=reason
        )
    return account


def create_token(
    *, actor: User, account_id: int, wanted: TokenRequest, parent: ApiToken | None = None
) -> NewToken:
    """Make a token for a service account, as an admin.

    Args:
        actor: an admin.
        account_id: whose token it will be.
        wanted: what it is wanted for.
        parent: the admin's token where they came by one: it is not outlived, and its scopes and
            models hold.

    Raises:
        MissingScopeError: it could do more than the admin's token.
        RoleRequiredError: the actor is no admin.
        UserNotFoundError: there is no such service account.
        TokenLimitError: it has too many.
        ValidationFailedError: what is wanted does not fit.
    """
    account = access_service_account(viewer=actor, account_id=account_id)
    if not set(wanted.scopes) <= set(ServiceScope.values):
        message = f"Use one or more of {', '.join(ServiceScope.values)}."
        raise field_problem("scopes", message, "token_scopes")
    if parent is not None and not set(wanted.scopes) <= set(parent.scopes):
        message = "This token lacks a scope that you want. Use one that has it, or leave it out."
        raise MissingScopeError(message)
    return tokens.make_token(actor=actor, user=account, wanted=wanted, parent=parent)


def list_tokens(*, viewer: User, account_id: int) -> ApiTokenQuerySet:
    """Return the tokens of a service account that are good for something, newest first.

    Raises:
        RoleRequiredError: the viewer is no admin.
        UserNotFoundError: there is no such service account.
    """
    account = access_service_account(viewer=viewer, account_id=account_id)
    return tokens.list_tokens(viewer=account)


def _require_admin(actor: User) -> None:
    if not actor.manages_people:
        raise RoleRequiredError
