"""What an admin does for somebody who cannot get in: a link to a new password, a new address."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import jobs, languages
from apps.core.mail import compose
from apps.core.problems import clean_reason, validation_failed
from apps.users.errors import (
    AccountClosedError,
    EmailTakenError,
    RoleRequiredError,
    ServiceAccountError,
)
from apps.users.models import User
from apps.users.querysets import normalize_email
from apps.users.querysets.framework import addresses_of, second_factors_of
from apps.users.services import access, admin_mail, credentials, leaving, roles

MAIL_TASK = "users.mail_recovery"


@transaction.atomic
def let_in(*, actor: User, user_id: int, reason: str, forgets_factors: bool = False) -> str:
    """Make the link with which somebody sets another password, for an admin to hand to them.

    It works once, for `PASSWORD_RESET_TIMEOUT` seconds, and no longer than until they sign in. They
    are written to where mail is configured, so that nobody is let into an account unseen.

    Args:
        actor: an admin.
        user_id: who is let in.
        reason: why, for the record.
        forgets_factors: whether second factors and passkeys go, because they are lost; the person
            is signed out everywhere then.

    Returns:
        The address of the page; whoever has it sets the password.

    Raises:
        AccountClosedError: the account has to be opened first.
        Others: as `change_address`.
    """
    reason = clean_reason(reason, field="reason")
    user = _lock(actor, user_id)
    if not user.is_active:
        raise AccountClosedError
    forgotten = _forget_factors(user) if forgets_factors else 0
    audit.record(
        actor=actor,
        action=AuditAction.USER_LET_IN,
        target_type="user",
        target_id=user.pk,
        reason=reason,
        data={"factors_forgotten": forgotten},
    )
    _tell(user, to=user.email, is_moved=False, factors=forgotten)
    return reset_url(f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}")


@transaction.atomic
def change_address(*, actor: User, user_id: int, email: str, reason: str) -> User:
    """Give an account another address, for whose being the person's own an admin stands.

    It signs in from then on; links that were sent to the former one work no longer. The former one
    is written to where mail is configured.

    Args:
        actor: an admin.
        user_id: whose address.
        email: the address.
        reason: why, for the record.

    Returns:
        The changed person.

    Raises:
        RoleRequiredError: the actor is no admin, or the person is above all roles and they are not.
        OwnRightsError: the actor is the person.
        UserNotFoundError: there is no such person.
        ServiceAccountError: a program has no address.
        EmailTakenError: another account has it.
        ValidationFailedError: it is no address, or the reason is missing or too long.
    """
    reason = clean_reason(reason, field="reason")
    user = _lock(actor, user_id)
    former, user.email = user.email, normalize_email(email)
    if user.email == former:
        return user
    try:
        credentials.check_address(user.email)
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise validation_failed(error.error_dict) from error
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "updated_at"])
            addresses_of(user).delete()
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    except IntegrityError as error:
        raise EmailTakenError from error
    audit.record(
        actor=actor,
        action=AuditAction.USER_ADDRESS_CHANGED,
        target_type="user",
        target_id=user.pk,
        reason=reason,
    )
    _tell(user, to=former, is_moved=True)
    return user


def reset_url(key: str) -> str:
    """Return where a key sets a password, on the configured address whatever host was asked."""
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    return f"{settings.PUBLIC_URL}{path.replace('UID-KEY', key)}"


def compose_mail(
    *, user_id: int, to: str, is_moved: bool, factors: int
) -> EmailMultiAlternatives | None:
    """Return the mail to somebody for whom an admin did this; None where the account is gone."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return None
    with languages.speaking(user.language):
        if is_moved:
            subject = gettext("The address of your account was changed")
            done = gettext("An administrator gave your account another address.")
        else:
            subject = gettext("A new password can be set for your account")
            done = gettext(
                "An administrator made a link that sets a new password for your account."
            )
        parts = [gettext("Hello %(name)s,") % {"name": user.name}, done]
        if factors:
            parts.append(
                gettext(
                    "Your second factors and passkeys were removed. Add others once you are in."
                )
            )
        parts.append(gettext("If you did not ask for it, tell your administrators at once."))
        return compose(subject=subject, text="\n\n".join(parts), to=to)


def _lock(actor: User, user_id: int) -> User:
    """Lock a person whom an admin may act for; whoever has every right is for their own kind."""
    user = roles.lock_for_management(actor=actor, user_id=user_id)
    if user.is_service:
        raise ServiceAccountError
    if user.is_superuser and not actor.is_superuser:
        raise RoleRequiredError
    return user


def _forget_factors(user: User) -> int:
    count, _ = second_factors_of(user).delete()
    access.raise_epoch(user)
    leaving.forget_sessions(user)
    return int(count)


def _tell(user: User, *, to: str, is_moved: bool, factors: int = 0) -> None:
    if settings.EMAIL_URL:
        words = {"user_id": user.pk, "to": to, "is_moved": is_moved, "factors": factors}
        jobs.defer(MAIL_TASK, words, queue=admin_mail.MAIL_QUEUE)
