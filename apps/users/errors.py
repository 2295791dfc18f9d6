"""What can be wrong with accounts, rights, standing and tokens, in words for a person."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext

from apps.core.errors import ConflictError, ForbiddenError, NotFoundError, UnauthorizedError
from apps.users import constants


class UserNotFoundError(NotFoundError):
    """There is no such person, or the caller may not see them: the two look the same."""

    code = "user_not_found"
    default_message = constants.USER_NOT_FOUND


class SessionNotFoundError(NotFoundError):
    """The person has no such session, or it has ended."""

    code = "session_not_found"
    default_message = "You are not signed in there any more. Look at your sessions again."


class EmailTakenError(ConflictError):
    """The address has an account already."""

    code = "email_taken"
    default_message = constants.USER_ALREADY_EXISTS


class InvalidCredentialsError(UnauthorizedError):
    """Address and password do not belong together, or there is no such account."""

    code = "invalid_credentials"
    default_message = constants.INVALID_CREDENTIALS


class InvalidTokenError(UnauthorizedError):
    """The token is unknown, expired or revoked, or its owner's account is closed."""

    code = "invalid_token"
    default_message = "This token is unknown, expired or revoked. Make a new one."


class AccessRevokedError(UnauthorizedError):
    """The session is older than the last change of password, role or state."""

    code = "access_revoked"
    default_message = "You were signed out because your account changed. Sign in again."


class AccountSuspendedError(ForbiddenError):
    """The person is kept out; says why and until when.

    Attributes:
        reason: what the person is told.
        until: when the suspension ends by itself; None where it does not.
    """

    code = "account_suspended"
    default_message = "Your account is suspended."

    def __init__(self, *, reason: str = "", until: datetime | None = None) -> None:
        self.reason = reason
        self.until = until
        message = gettext(self.default_message)
        if until is not None:
            end = f"{localtime(until):%Y-%m-%d %H:%M %Z}"
            message = gettext("Your account is suspended until %(end)s.") % {"end": end}
        super().__init__(f"{message} {reason}".strip())


class AccountRestrictedError(ForbiddenError):
    """The person may read and may not write at the moment."""

    code = "account_restricted"
    default_message = (
        "Your account is restricted at the moment. You can read but not write."
        " Your notices say until when."
    )


class EmailNotVerifiedError(ForbiddenError):
    """The address was never confirmed."""

    code = "email_not_verified"
    default_message = "Open the link that we sent to your address first, then try again."


class SecondFactorRequiredError(ForbiddenError):
    """The password is right and the account asks for more than a password."""

    code = "second_factor_required"
    default_message = (
        "This account has a second factor, so a password alone makes no token. "
        "Make one on the page /settings/tokens/, or with a token of the scope account."
    )


class MissingScopeError(ForbiddenError):
    """The token was not made for this."""

    code = "missing_scope"
    default_message = "This token may not do that. Make one with the scope that is needed."


class ModelNotAllowedError(ForbiddenError):
    """The token may not ask this model."""

    code = "model_not_allowed"
    default_message = "This token may not ask that model. Ask one that it was made for."


class ServiceAccountError(ConflictError):
    """A service account has no password, no role of staff and no duty but reading."""

    code = "service_account"
    default_message = "This is a service account. It has no password, and its role stays user."


class AccountNotLeavingError(ConflictError):
    """The account is not one that can come back: nobody asked for its end, or it is too late."""

    code = "account_not_leaving"
    default_message = "This account cannot be brought back this way. Sign in again to see why."


class AccountClosedError(ConflictError):
    """Nobody is let into an account that is closed."""

    code = "account_closed"
    default_message = "This account is closed. Open it first."


class RoleRequiredError(ForbiddenError):
    """The caller's role does not allow this."""

    code = "role_required"
    default_message = "Your role does not allow this. Ask an admin."


class GroupNotFoundError(NotFoundError):
    """There is no such group."""

    code = "group_not_found"
    default_message = "This group does not exist. Choose another one."


class RoleGroupError(ConflictError):
    """A group of a role or duty is kept by them, and by nobody's hand."""

    code = "role_group"
    default_message = (
        "This group stands for a role or duty. Change the roles of people, or make a group."
    )


class GroupInUseError(ConflictError):
    """Something names the group."""

    code = "group_in_use"
    default_message = (
        "An assistant or a quota names this group. Change those first, or take its people out."
    )


class OwnRightsError(ForbiddenError):
    """Somebody tried to change their own role, state or standing."""

    code = "own_rights"
    default_message = "Nobody changes their own role or state. Ask another admin."


class LastAdminError(ConflictError):
    """The change would leave nobody who manages people."""

    code = "last_admin"
    default_message = "This is the last active admin. Make another person an admin first."


class StandingConflictError(ConflictError):
    """The person's standing does not allow this step."""

    code = "standing_conflict"
    default_message = "This does not fit the person's standing. Load the page again and look."


class TokenNotFoundError(NotFoundError):
    """There is no such token, or it is not the caller's."""

    code = "token_not_found"
    default_message = (
        "There is no such token, or it is not yours. List yours to see which there are."
    )


class TokenLimitError(ConflictError):
    """The person has as many tokens as one may have."""

    code = "token_limit"
    default_message = (
        f"You have {constants.MAX_TOKENS_PER_USER} tokens. Revoke one that you do not use first."
    )
