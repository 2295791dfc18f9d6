"""Address and password: whose they are, and whether they are enough."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.hashers import make_password

from apps.users.errors import EmailNotVerifiedError, SecondFactorRequiredError
from apps.users.models import User


def find_by_credentials(*, email: str, password: str) -> User | None:
    """Return whose address and password these are, whatever their state; None for a wrong pair.

    An unknown address costs as much time as a wrong password.
    """
    user = User.objects.with_email(email).first()
    if user is None:
        make_password(password)
        return None
    is_right = user.check_password(password)
    return user if is_right and not user.is_service else None


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
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise EmailNotVerifiedError


def ensure_password_is_enough(user: User) -> None:
    """Check that the sign-in page would ask for nothing after the password.

    Raises:
        SecondFactorRequiredError: the account has an authenticator app or a passkey.
    """
    if is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]):
        raise SecondFactorRequiredError
