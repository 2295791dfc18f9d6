from allauth.account.auth_backends import AuthenticationBackend

from apps.core.db import release_connection
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

    def _check_password(self, user: User | None, password: str) -> User | None:
        """Check the password while no connection of the pool is held: hashing takes long."""
        release_connection()
        checked: User | None = super()._check_password(user, password)
        return checked

    def _mitigate_timing_attack(self, password: str) -> None:
        release_connection()
        super()._mitigate_timing_attack(password)
