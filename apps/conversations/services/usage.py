"""What somebody used, for whoever may see it."""

from __future__ import annotations

from apps.llm.services.own_usage import OwnUsage, read_usage
from apps.users.constants import TokenScope
from apps.users.models import User
from apps.users.services import accounts
from apps.users.services.principals import Principal


def read_own(*, viewer: User, api_token_id: int | None) -> OwnUsage:
    """Return what the viewer used and has left, the limits of the token included."""
    return read_usage(viewer=viewer, api_token_id=api_token_id)


def read_of(*, caller: Principal, user_id: int) -> OwnUsage:
    """Return what a person used and has left: the caller's own, or anybody's for admins.

    Raises:
        MissingScopeError: somebody else's, and the token is not for staff work.
        UserNotFoundError: there is no such person, or the caller may not see them.
    """
    if caller.user.pk != user_id and caller.user.is_admin:
        caller.require_scope(TokenScope.STAFF)
    person = accounts.access_user(viewer=caller.user, user_id=user_id)
    return read_usage(viewer=person)
