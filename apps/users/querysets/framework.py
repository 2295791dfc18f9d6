"""Named queries over tables of Django and of allauth that belong to people.

The models are theirs and bring no queries of ours, so that these are functions.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db.models import ManyToOneRel, Q, QuerySet
from django.utils import timezone

from apps.users.constants import DECLARED_GROUPS

if TYPE_CHECKING:
    from apps.users.models import User


def addresses_of(user: User) -> QuerySet[EmailAddress]:
    """Return the addresses of a person, with one that still waits to be confirmed."""
    rows: QuerySet[EmailAddress] = EmailAddress.objects.filter(user=user)
    return rows


def confirmed_address_of(user: User) -> QuerySet[EmailAddress]:
    """Return the address that a person signs in with, where it was confirmed."""
    return addresses_of(user).filter(email=user.email, verified=True)


def second_factors_of(user: User) -> QuerySet[Authenticator]:
    """Return what a person signs in with beside the password."""
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user=user)
    return rows


def keys_of(user: User, kind: Authenticator.Type) -> QuerySet[Authenticator]:
    """Return a person's second factors of one kind."""
    return second_factors_of(user).filter(type=kind)


def sign_ins_of(user: User) -> QuerySet[UserSession]:
    """Return where a person has signed in; sessions that have ended may be among them."""
    rows: QuerySet[UserSession] = UserSession.objects.filter(user=user)
    return rows


def running_sessions(keys: Collection[str]) -> QuerySet[Session]:
    """Return the sessions with these keys that have not expired."""
    return Session.objects.filter(pk__in=keys, expire_date__gt=timezone.now())


def without_declared(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Leave out the groups of roles and duties."""
    return groups.exclude(name__in=DECLARED_GROUPS)


def without_rights(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Return the groups that carry no rights."""
    return groups.filter(permissions=None)


def groups_of_words(words: Collection[str]) -> QuerySet[Group]:
    """Return the groups of these roles and duties."""
    return Group.objects.filter(name__in=words)


def groups_named(name: str) -> QuerySet[Group]:
    """Return the group with this name, in whatever case."""
    return Group.objects.filter(name__iexact=name)


def rows_naming(group: Group, relation: ManyToOneRel) -> QuerySet[Any]:
    """Return the rows of another table that name a group."""
    rows = relation.related_model._default_manager  # noqa: SLF001  documented
    return rows.filter(**{relation.field.name: group})


def permissions_named(labels: Collection[str]) -> QuerySet[Permission]:
    """Return the permissions with these labels, `app.codename`, each with its content type."""
    wanted = Q(pk__in=[])
    for label in labels:
        app_label, codename = label.split(".")
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return Permission.objects.filter(wanted).select_related("content_type")
