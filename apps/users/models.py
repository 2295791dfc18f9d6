from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from apps.core import moments
from apps.users import constants
from apps.users.querysets import (
    ApiTokenQuerySet,
    RestrictionQuerySet,
    UserManager,
    normalize_email,
)


class User(AbstractBaseUser, PermissionsMixin):
    """A person or a program with an account; the email address is the login.

    `auth_epoch` is raised whenever the password, the role or the state changes; every session and
    socket that was opened under an older epoch stops working. Tokens are checked against the row
    at each use and are revoked with the password. `erase_at` is the moment from which the account
    of somebody who asked for its end is erased; it is closed until then.
    """

    email = models.EmailField(
        max_length=constants.MAX_EMAIL_CHARS,
        unique=True,
        error_messages={"unique": constants.USER_ALREADY_EXISTS},
    )
    name = models.CharField(
        max_length=constants.MAX_NAME_CHARS, validators=[ProhibitNullCharactersValidator()]
    )
    kind = models.CharField(
        max_length=20,
        choices=constants.AccountKind.choices,
        default=constants.AccountKind.PERSON,
        db_default=constants.AccountKind.PERSON,
    )
    role = models.CharField(
        max_length=20, choices=constants.Role.choices, default=constants.Role.USER
    )
    duties = ArrayField(
        models.CharField(max_length=20, choices=constants.Duty.choices), default=list, blank=True
    )
    is_active = models.BooleanField(default=True)
    erase_at = models.DateTimeField(null=True, blank=True)
    standing = models.CharField(
        max_length=20, choices=constants.Standing.choices, default=constants.Standing.GOOD
    )
    standing_until = models.DateTimeField(null=True, blank=True)
    auth_epoch = models.PositiveIntegerField(default=0)
    uses_shortcuts = models.BooleanField(default=True, db_default=True)
    language = models.CharField(
        max_length=constants.MAX_LANGUAGE_CHARS, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        permissions = [
            ("change_role", "Can change the role of a person"),
            ("change_standing", "Can warn, restrict, suspend and lift"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(erase_at=None) | models.Q(is_active=False),
                name="user_to_erase_is_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=constants.Role.values), name="user_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=constants.AccountKind.PERSON)
                | models.Q(role=constants.Role.USER, is_superuser=False),
                name="service_account_has_no_role",
            ),
        ]
        indexes = [
            models.Index(fields=["-id", "role"], name="user_newest"),
            models.Index(fields=["-id"], name="user_services", condition=models.Q(kind="service")),
            models.Index(
                fields=["erase_at"],
                name="user_to_erase",
                condition=models.Q(erase_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} (#{self.pk})"

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Write an address as it is stored, so that its case never makes another account."""
        return normalize_email(username)

    @property
    def is_service(self) -> bool:
        """Whether it is the account of a program, which nobody signs in to."""
        return self.kind == constants.AccountKind.SERVICE

    @property
    def label(self) -> str:
        """The name as records and staff's pages show it: a service account is told from people."""
        return f"{self.name} (service account)" if self.is_service else self.name

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens for this person."""
        staff = (constants.Role.ADMIN, constants.Role.MODERATOR)
        return self.is_superuser or self.role in staff or bool(self.duties)

    @property
    def is_admin(self) -> bool:
        """Whether this person manages people."""
        return self.is_superuser or self.role == constants.Role.ADMIN

    @property
    def manages_people(self) -> bool:
        """Whether this person is an admin who is let in at the moment."""
        return self.is_admin and self.is_active and not self.is_suspended

    def has_standing(self, standing: constants.Standing, *, now: datetime | None = None) -> bool:
        """Tell whether this standing holds now; one whose end has passed counts as good."""
        current = self.standing
        if self.standing_until is not None and self.standing_until <= (now or timezone.now()):
            current = constants.Standing.GOOD
        return current == standing

    @property
    def is_leaving(self) -> bool:
        """Whether the person asked for the end of the account, and it can still come back."""
        return self.erase_at is not None

    @property
    def is_suspended(self) -> bool:
        """Whether the person is kept out at the moment."""
        return self.has_standing(constants.Standing.SUSPENDED)

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Tell whether this person has a right at the moment; whoever is suspended has none."""
        return not self.is_suspended and super().has_perm(perm, obj)

    def get_session_auth_hash(self) -> str:
        """Tie sessions to the password and to the epoch: raising the epoch signs out everywhere."""
        return f"{super().get_session_auth_hash()}.{self.auth_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Do the same under the former secret keys, so that a new key signs nobody out."""
        for former in super().get_session_auth_fallback_hash():
            yield f"{former}.{self.auth_epoch}"

    def get_full_name(self) -> str:
        """Return the name as the person wrote it."""
        return self.name

    def get_short_name(self) -> str:
        """Return the name as the person wrote it."""
        return self.name


class Restriction(models.Model):
    """A warning, a restriction or a suspension of one person: reasons, end, who lifted it.

    Several may run beside each other; how the person stands is what the running ones say.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="restrictions")
    kind = models.CharField(max_length=20, choices=constants.RestrictionKind.choices)
    reason = models.TextField()
    reason_for_user = models.TextField(blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    lift_reason = models.TextField(blank=True)

    objects: ClassVar[RestrictionQuerySet] = RestrictionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["user", "-id"], name="restriction_by_user")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="restriction_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(ends_at=None)
                | models.Q(ends_at__gte=moments.EARLIEST, ends_at__lt=moments.END),
                name="restriction_end_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of user {self.user_id} (#{self.pk})"


class ApiToken(models.Model):
    """A bearer token of one person: named, scoped, expiring; only its hash is kept.

    `made_by` is the token that it was made with; its name stays when that one is gone.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=constants.MAX_TOKEN_NAME_CHARS)
    hint = models.CharField(max_length=16)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=constants.TokenScope.choices))
    allowed_models = ArrayField(
        models.CharField(max_length=constants.MAX_MODEL_CHARS), default=list, blank=True
    )
    made_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="made",
        db_index=False,
    )
    made_by_name = models.CharField(
        max_length=constants.MAX_TOKEN_NAME_CHARS, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view", "delete")
        indexes = [
            models.Index(fields=["user", "-id"], name="token_by_user"),
            models.Index(
                fields=["made_by"],
                name="token_by_maker",
                condition=models.Q(made_by__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="token_to_warn_of",
                condition=models.Q(revoked_at=None, warned_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of user {self.user_id} (#{self.pk})"

    @property
    def expires_soon(self) -> bool:
        """Whether it ends within the days in which its owner is warned."""
        days = timedelta(days=constants.EXPIRY_WARNING_DAYS)
        return self.expires_at is not None and self.expires_at - timezone.now() < days
