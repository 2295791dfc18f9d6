"""Address and password: whose they are, and whether they are enough."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from apps.core import db
from apps.users.constants import SERVICE_DOMAIN
from apps.users.errors import EmailNotVerifiedError, SecondFactorRequiredError
from apps.users.models import User
from apps.users.querysets.framework import confirmed_address_of
from apps.users.services import passwords


async def find_by_credentials(*, email: str, password: str) -> User | None:
    """Return whose address and password these are, whatever their state; None for a wrong pair.

    An unknown address costs as much time as a wrong password. The time is spent in threads of its
    own, where nobody else waits and no connection is held.
    """
    user = await db.call(_find_by_email, email)
    is_right = await passwords.verify(password, user.password if user is not None else None)
    return user if is_right and user is not None and not user.is_service else None


def _find_by_email(email: str) -> User | None:
    found: User | None = User.objects.with_email(email).first()
    return found


def check_address(email: str) -> None:
    """Check that an address is none of those that programs' accounts have.

    Raises:
        ValidationError: it is, said of the field `email`.
    """
    if email.endswith(f"@{SERVICE_DOMAIN}"):
        problem = ValidationError(gettext("Use an address that mail reaches."), "reserved")
        raise ValidationError({"email": problem})


def is_verification_required() -> bool:
    """Tell whether an address must be confirmed before it signs anybody in."""
    return bool(settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory")


def ensure_email_verified(user: User) -> None:
    """Check that the address was confirmed, where that is required.

    Raises:
        EmailNotVerifiedError: it was not.
    """
    if not is_verification_required():
        return
    if not confirmed_address_of(user).exists():
        raise EmailNotVerifiedError


def ensure_password_is_enough(user: User) -> None:
    """Check that the sign-in page would ask for nothing after the password.

    Raises:
        SecondFactorRequiredError: the account has an authenticator app or a passkey.
    """
    if is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]):
        raise SecondFactorRequiredError
