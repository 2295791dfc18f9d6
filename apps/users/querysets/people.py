from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.contrib.auth.models import BaseUserManager, Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from apps.core.querysets import NumberedQuerySet
from apps.users.constants import AccountKind, Role, Standing

if TYPE_CHECKING:
    from apps.users.models import User

ORDINARY = {"role": Role.USER, "is_superuser": False, "duties": []}
"""What holds for whoever is no staff, by role or by duty."""


def normalize_email(email: str) -> str:
    """Return an address as it is stored and looked up: without blanks around it, in lower case."""
    return email.strip().lower()


class UserQuerySet(NumberedQuerySet["User"]):
    """Named queries over people."""

    def visible_to(self, viewer: User) -> Self:
        """Return whom the viewer may see: everybody for admins, only themself for others."""
        if viewer.is_admin:
            return self
        return self.filter(pk=viewer.pk)

    def with_email(self, email: str) -> Self:
        """Return the person with this address, in whatever case it was typed."""
        return self.filter(email=normalize_email(email))

    def with_emails(self, emails: Collection[str]) -> Self:
        """Return those with any of these addresses, written in lower case."""
        return self.filter(email__in=emails)

    def with_email_beginning(self, beginning: str) -> Self:
        """Return those whose address begins so, written in lower case."""
        return self.filter(email__startswith=beginning)

    def matching(self, words: str) -> Self:
        """Return those whose name or address contains these words."""
        return self.filter(Q(name__icontains=words) | Q(email__icontains=words))

    def with_role(self, role: str) -> Self:
        """Return those who have this role."""
        return self.filter(role=role)

    def with_duty(self, duty: str) -> Self:
        """Return those who have this duty."""
        return self.filter(duties__contains=[duty])

    def with_permission(self, permission: str) -> Self:
        """Return those whose groups have this right, named as `has_perm` takes it."""
        app, _, codename = permission.partition(".")
        return self.filter(
            groups__permissions__codename=codename,
            groups__permissions__content_type__app_label=app,
        ).distinct()

    def ordinary(self) -> Self:
        """Return who is no staff, by role or by duty: `User.is_staff` for queries."""
        return self.filter(**ORDINARY)

    def in_group(self, group: Group) -> Self:
        """Return the members of a group."""
        return self.filter(groups=group)

    def outside_group(self, group: Group) -> Self:
        """Leave out the members of a group."""
        return self.exclude(groups=group)

    def people(self) -> Self:
        """Leave out service accounts."""
        return self.filter(kind=AccountKind.PERSON)

    def services(self) -> Self:
        """Return service accounts only."""
        return self.filter(kind=AccountKind.SERVICE)

    def admins(self) -> Self:
        """Return those who manage people, active or not."""
        return self.filter(Q(role=Role.ADMIN) | Q(is_superuser=True))

    def active(self) -> Self:
        """Return those whose account is not closed."""
        return self.filter(is_active=True)

    def to_erase(self, now: datetime) -> Self:
        """Return closed accounts whose time to come back has passed, the longest ago first."""
        return self.filter(erase_at__lte=now, is_active=False).order_by("erase_at")

    def leaving(self) -> Self:
        """Return those whose account is to be erased and can still be had back."""
        return self.filter(erase_at__isnull=False)

    def of_epoch(self, auth_epoch: int) -> Self:
        """Return those whose ways in have not been ended since they had this epoch."""
        return self.filter(auth_epoch=auth_epoch)

    def with_password(self, encoded: str) -> Self:
        """Return those whose password is stored so: it was not changed meanwhile."""
        return self.filter(password=encoded)

    def not_suspended(self) -> Self:
        """Leave out who was suspended, also where the suspension has ended by the clock."""
        return self.exclude(standing=Standing.SUSPENDED)

    def names(self, numbers: Collection[int]) -> dict[int, str]:
        """Return what the people with these numbers are called, by number."""
        return dict(self.filter(pk__in=numbers).values_list("pk", "name"))

    def name_at(self, column: str) -> Subquery:
        """Return, for each row of another query, the name of whoever a column points at.

        Nothing where the account is gone.
        """
        return Subquery(self.filter(pk=OuterRef(column)).values("name")[:1])

    def newest_first(self) -> Self:
        """Order by when the account was made, newest first."""
        return self.order_by("-id")

    def locked_with_admins(self, *user_ids: int) -> Self:
        """Lock these people and every active admin, in one order so that none waits in a ring."""
        admins = Q(is_active=True) & (Q(role=Role.ADMIN) | Q(is_superuser=True))
        return self.filter(Q(pk__in=user_ids) | admins).order_by("pk").select_for_update()

    def locked(self, *user_ids: int) -> Self:
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
