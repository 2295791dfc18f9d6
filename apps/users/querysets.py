from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.users.constants import Role

if TYPE_CHECKING:
    from apps.users.models import ApiToken, Restriction, User


class UserQuerySet(QuerySet["User"]):
    """Named queries over people."""

    def visible_to(self, viewer: User) -> UserQuerySet:
        """Return whom the viewer may see: everybody for admins, only themself for others."""
        if viewer.role == Role.ADMIN or viewer.is_superuser:
            return self
        return self.filter(pk=viewer.pk)

    def with_email(self, email: str) -> UserQuerySet:
        """Return the person with this address, in whatever case it was typed."""
        return self.filter(email__iexact=email.strip())


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """The way to people; makes accounts for Django's own commands."""

    use_in_migrations = False

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person whose address this is, in whatever case it was typed."""
        return self.get(email__iexact=username)  # type: ignore[no-any-return]

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:  # noqa: ANN401
        """Make an account with every right, for the `createsuperuser` command."""
        user: User = self.model(email=email.strip().lower(), role=Role.ADMIN, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class RestrictionQuerySet(QuerySet["Restriction"]):
    """Named queries over restrictions."""

    def active(self) -> RestrictionQuerySet:
        """Return those that hold now: begun, not lifted, not past their end."""
        now = timezone.now()
        return self.filter(lifted_at=None).filter(Q(ends_at=None) | Q(ends_at__gt=now))


class ApiTokenQuerySet(QuerySet["ApiToken"]):
    """Named queries over tokens."""

    def owned_by(self, user: User) -> ApiTokenQuerySet:
        """Return the tokens of one person."""
        return self.filter(user=user)

    def usable(self) -> ApiTokenQuerySet:
        """Return those neither revoked nor expired."""
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
