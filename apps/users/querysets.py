from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth.models import BaseUserManager, Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from apps.users.constants import AccountKind, RestrictionKind, Role, Standing

if TYPE_CHECKING:
    from apps.users.models import ApiToken, Restriction, User  # noqa: F401


def normalize_email(email: str) -> str:
    """Return an address as it is stored and looked up: without blanks around it, in lower case."""
    return email.strip().lower()


def is_ordinary(prefix: str = "") -> Q:
    """Return what holds for whoever is no staff, by role or by duty: `User.is_staff` for queries.

    Args:
        prefix: the way from the rows to the person, such as `user__`.
    """
    of = {"role": Role.USER, "is_superuser": False, "duties": []}
    return Q(**{f"{prefix}{name}": value for name, value in of.items()})


class UserQuerySet(QuerySet["User"]):
    """Named queries over people."""

    def visible_to(self, viewer: User) -> UserQuerySet:
        """Return whom the viewer may see: everybody for admins, only themself for others."""
        if viewer.is_admin:
            return self
        return self.filter(pk=viewer.pk)

    def with_email(self, email: str) -> UserQuerySet:
        """Return the person with this address, in whatever case it was typed."""
        return self.filter(email=normalize_email(email))

    def matching(self, words: str) -> UserQuerySet:
        """Return those whose name or address contains these words."""
        return self.filter(Q(name__icontains=words) | Q(email__icontains=words))

    def with_role(self, role: str) -> UserQuerySet:
        """Return those who have this role."""
        return self.filter(role=role)

    def with_duty(self, duty: str) -> UserQuerySet:
        """Return those who have this duty."""
        return self.filter(duties__contains=[duty])

    def with_permission(self, permission: str) -> UserQuerySet:
        """Return those whose groups have this right, named as `has_perm` takes it."""
        app, _, codename = permission.partition(".")
        return self.filter(
            groups__permissions__codename=codename,
            groups__permissions__content_type__app_label=app,
        ).distinct()

    def people(self) -> UserQuerySet:
        """Leave out service accounts."""
        return self.filter(kind=AccountKind.PERSON)

    def services(self) -> UserQuerySet:
        """Return service accounts only."""
        return self.filter(kind=AccountKind.SERVICE)

    def admins(self) -> UserQuerySet:
        """Return those who manage people, active or not."""
        return self.filter(Q(role=Role.ADMIN) | Q(is_superuser=True))

    def active(self) -> UserQuerySet:
        """Return those whose account is not closed."""
        return self.filter(is_active=True)

    def to_erase(self, now: datetime) -> UserQuerySet:
        """Return closed accounts whose time to come back has passed, the longest ago first."""
        return self.filter(erase_at__lte=now, is_active=False).order_by("erase_at")

    def not_suspended(self) -> UserQuerySet:
        """Leave out who was suspended, also where the suspension has ended by the clock."""
        return self.exclude(standing=Standing.SUSPENDED)

    def newest_first(self) -> UserQuerySet:
        """Order by when the account was made, newest first."""
        return self.order_by("-id")

    def locked_with_admins(self, *user_ids: int) -> UserQuerySet:
        """Lock these people and every active admin, in one order so that none waits in a ring."""
        admins = Q(is_active=True) & (Q(role=Role.ADMIN) | Q(is_superuser=True))
        return self.filter(Q(pk__in=user_ids) | admins).order_by("pk").select_for_update()

    def locked(self, *user_ids: int) -> UserQuerySet:
        """Lock these people, always in the same order."""
        return self.filter(pk__in=user_ids).order_by("pk").select_for_update()


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """The way to people; makes accounts for services and for Django's own commands."""

    use_in_migrations = False

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person whose address this is, in whatever case it was typed."""
        return self.get(email=normalize_email(username or ""))  # type: ignore[no-any-return]

    @transaction.atomic
    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        encoded: str | None = None,
        **fields: Any,  # noqa: ANN401
    ) -> User:
        """Make an account with the group of its role.

        Args:
            email: its address.
            password: its password; None for one that nobody can sign in with.
            encoded: the password as it is stored, where it was hashed before.
            fields: others of the account.

        Raises:
            IntegrityError: the address has an account already.
        """
        user: User = self.model(email=normalize_email(email), **fields)
        if encoded is None:
            user.set_password(password)
        else:
            user.password = encoded
        user.save(using=self._db, force_insert=True)
        user.groups.set(Group.objects.filter(name=user.role))
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:  # noqa: ANN401
        """Make an account with every right, for the `createsuperuser` command.

        Its address counts as confirmed: whoever can run the command needs no mail to prove it.

        Raises:
            ValidationError: the password breaks a rule, which the command asks or says; without
                anybody to ask it would pass.
        """
        if password is not None:
            validate_password(password)
        user = self.create_user(
            email, password, **{**fields, "role": Role.ADMIN, "is_superuser": True}
        )
        addresses = apps.get_model("account", "EmailAddress")._default_manager  # noqa: SLF001
        addresses.create(user=user, email=user.email, primary=True, verified=True)
        return user


class RestrictionQuerySet(QuerySet["Restriction"]):
    """Named queries over restrictions."""

    def active(self, *, now: datetime | None = None) -> RestrictionQuerySet:
        """Return those that hold now: begun, not lifted, not past their end."""
        return self.filter(lifted_at=None).filter(
            Q(ends_at=None) | Q(ends_at__gt=now or timezone.now())
        )

    def running(self, *, now: datetime | None = None) -> RestrictionQuerySet:
        """Return restrictions and suspensions that hold now, the one that decides first.

        A suspension is more than a restriction; of two alike, the one that ends last counts.
        """
        rows = self.active(now=now).exclude(kind=RestrictionKind.WARNING)
        is_suspension = Case(When(kind=RestrictionKind.SUSPENSION, then=1), default=0)
        return rows.order_by(is_suspension.desc(), F("ends_at").desc(nulls_first=True), "-id")


class ApiTokenQuerySet(QuerySet["ApiToken"]):
    """Named queries over tokens."""

    def owned_by(self, user: User) -> ApiTokenQuerySet:
        """Return the tokens of one person."""
        return self.filter(user=user)

    def usable(self, *, now: datetime | None = None) -> ApiTokenQuerySet:
        """Return those neither revoked nor expired."""
        return self.filter(revoked_at=None).filter(
            Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        )

    def to_warn_of(self, until: datetime) -> ApiTokenQuerySet:
        """Return those that end before a moment and whose owner was not told, soonest first."""
        found = self.usable().filter(warned_at=None, expires_at__lt=until, user__is_active=True)
        return found.select_related("user").order_by("expires_at")

    def used_before(self, moment: datetime) -> ApiTokenQuerySet:
        """Return those whose last use is not known or longer ago."""
        return self.filter(Q(last_used_at=None) | Q(last_used_at__lt=moment))

    def newest_first(self) -> ApiTokenQuerySet:
        """Order by when the token was made, newest first."""
        return self.order_by("-id")
