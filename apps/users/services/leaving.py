"""Leaving: an account is closed at once, can come back for some days, and is erased after them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import jobs, languages
from apps.core.mail import compose
from apps.users.belongings import belongings
from apps.users.errors import AccountNotLeavingError, ServiceAccountError
from apps.users.models import User
from apps.users.querysets import UserQuerySet
from apps.users.querysets.framework import sign_ins_of
from apps.users.services import access, admin_mail, roles, tokens

MAIL_TASK = "users.mail_leaving"
ERASED_AT_ONCE = 20


@transaction.atomic
def leave(*, actor: User, now: datetime | None = None) -> User:
    """Close the actor's own account and have it erased in `ACCOUNT_DELETION_DAYS` days.

    The person is signed out everywhere and all tokens are revoked. Whoever calls has asked for the
    password or another factor. An account that is leaving already keeps its moment.

    Args:
        actor: the person.
        now: the moment.

    Raises:
        LastAdminError: nobody would be left to manage people.
        ServiceAccountError: a service account does nothing to itself.
    """
    if actor.is_service:
        raise ServiceAccountError
    user: User = User.objects.locked_with_admins(actor.pk).get(pk=actor.pk)
    if user.is_leaving:
        return user
    roles.ensure_other_admin(user)
    days = timedelta(days=settings.ACCOUNT_DELETION_DAYS)
    user.is_active, user.erase_at = False, (now or timezone.now()) + days
    user.save(update_fields=["is_active", "erase_at", "updated_at"])
    tokens.revoke_all(user=user)
    access.raise_epoch(user)
    forget_sessions(user)
    audit.record(
        actor=user,
        action=AuditAction.USER_LEAVING,
        target_type="user",
        target_id=user.pk,
        data={"days": settings.ACCOUNT_DELETION_DAYS},
    )
    if settings.EMAIL_URL:
        jobs.defer(MAIL_TASK, {"user_id": user.pk}, queue=admin_mail.MAIL_QUEUE)
    return user


@transaction.atomic
def come_back(*, user_id: int, auth_epoch: int, now: datetime | None = None) -> User:
    """Open an account again whose owner asked for its end; tokens stay revoked.

    Args:
        user_id: whose account; whoever calls has just been shown who asks.
        auth_epoch: the epoch at that moment.
        now: the moment.

    Raises:
        AccountNotLeavingError: it is not leaving any more, or its time has passed.
        AccountSuspendedError: the person was suspended meanwhile.
    """
    user: User | None = User.objects.locked(user_id).first()
    is_too_late = user is None or user.erase_at is None or user.erase_at <= (now or timezone.now())
    if user is None or is_too_late or user.auth_epoch != auth_epoch:
        raise AccountNotLeavingError
    access.ensure_not_suspended(user)
    user.is_active, user.erase_at = True, None
    user.save(update_fields=["is_active", "erase_at", "updated_at"])
    access.raise_epoch(user)
    audit.record(actor=user, action=AuditAction.USER_BACK, target_type="user", target_id=user.pk)
    return user


def list_due(*, now: datetime | None = None) -> list[int]:
    """Return some whose time to come back has passed, the longest ago first."""
    due: UserQuerySet = User.objects.to_erase(now or timezone.now())
    return list(due.values_list("pk", flat=True)[:ERASED_AT_ONCE])


def is_due(*, user_id: int, now: datetime | None = None) -> bool:
    """Tell whether somebody's time to come back has passed."""
    return bool(User.objects.to_erase(now or timezone.now()).filter(pk=user_id).exists())


@transaction.atomic
def erase(*, user_id: int, now: datetime | None = None) -> bool:
    """Remove an account whose time has passed; tells whether it was still to be removed."""
    due: UserQuerySet = User.objects.to_erase(now or timezone.now())
    if not due.filter(pk=user_id).exists():
        return False
    belongings().lock(user_id=user_id)
    user = due.filter(pk=user_id).select_for_update().first()
    if user is None:
        return False
    remove(actor=None, user=user)
    return True


def remove(*, actor: User | None, user: User, reason: str = "") -> None:
    """Remove an account that the caller has locked, with all that is its own.

    What it did stays in the audit: under its number alone, unless it is or was of staff, whose
    deeds stay signed. The record lets a name go only behind the removal, in its transaction.
    """
    user_id, is_signed = user.pk, user.is_staff or _was_staff(user)
    audit.record(
        actor=actor,
        action=AuditAction.USER_DELETED,
        target_type="user",
        target_id=user_id,
        reason=reason,
        data={"role": user.role, "duties": list(user.duties)},
    )
    access.announce_revoked(user_id)
    forget_sessions(user)
    belongings().part_with(user_id=user_id)
    user.delete()
    if not is_signed:
        audit.forget_name(actor_id=user_id)


def _was_staff(user: User) -> bool:
    """Tell whether somebody's role or duties were ever changed: a deed may be from that time."""
    events = audit.list_events_about(target_type="user", target_id=user.pk)
    changes = (AuditAction.USER_ROLE_CHANGED, AuditAction.USER_DUTIES_CHANGED)
    return events.of_kind(*changes).exists()


def forget_sessions(user: User) -> None:
    """Remove the rows of a person's sessions, which the epoch has ended already."""
    own = sign_ins_of(user)
    Session.objects.filter(pk__in=own.values("session_key")).delete()
    own.delete()


def compose_mail(*, user_id: int) -> EmailMultiAlternatives | None:
    """Return the mail to somebody who leaves; None where they came back or are gone."""
    user = User.objects.filter(pk=user_id).first()
    if user is None or user.erase_at is None:
        return None
    with languages.speaking(user.language):
        words = {"name": user.name, "end": f"{languages.moment(user.erase_at)} UTC"}
        text = "\n\n".join(
            (
                gettext("Hello %(name)s,") % words,
                gettext("Your account is closed and will be deleted on %(end)s, as you asked.")
                % words,
                gettext("Until then you can have it back. Sign in and confirm it here:"),
                f"{settings.PUBLIC_URL}/accounts/login/",
                gettext("If it was not you who asked, do so now and change your password."),
            )
        )
        return compose(subject=gettext("Your account will be deleted"), text=text, to=user.email)
