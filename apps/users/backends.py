from allauth.account.auth_backends import AuthenticationBackend

from apps.users.models import User


class EmailBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signs people in by email address, in whatever case it was typed, on pages and in the admin.

    An unknown address costs as much time as a wrong password. Who is inactive or suspended,
    and every service account, is refused here, at sign-in and again at each request of a session
    that is still open.
    """

    def user_can_authenticate(self, user: User) -> bool:
        """Tell whether this person may be signed in at the moment."""
        is_let_in = bool(super().user_can_authenticate(user))
        return is_let_in and not user.is_service and not user.is_suspended
