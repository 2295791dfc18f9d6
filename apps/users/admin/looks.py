"""How roles, standings and addresses are drawn, depending on who looks."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.display import EMPTY, KEPT, Tone, badge, mask_email
from apps.core.admin_kit.people import is_admin
from apps.core.admin_kit.viewing import current_request
from apps.users.constants import RestrictionKind, Role, Standing
from apps.users.models import Restriction, User
from apps.users.querysets import RestrictionQuerySet
from apps.users.services import access
from apps.users.standing_desk import standing_desk

_STANDINGS = {
    Standing.GOOD: ("Good", Tone.NEUTRAL, ""),
    Standing.RESTRICTED: ("Restricted", Tone.WARNING, "edit_off"),
    Standing.SUSPENDED: ("Suspended", Tone.DANGER, "block"),
}
_BY_KIND = {
    RestrictionKind.RESTRICTION: Standing.RESTRICTED,
    RestrictionKind.SUSPENSION: Standing.SUSPENDED,
}
_ROLES = {
    Role.ADMIN: ("Admin", Tone.GOOD, "verified_user"),
    Role.MODERATOR: ("Moderator", Tone.GOOD, "shield_person"),
    Role.USER: ("User", Tone.NEUTRAL, ""),
}


def email_of(user: User) -> str:
    """Show an address to admins, and only that there is one to everybody else."""
    if user.is_service:
        return EMPTY
    return user.email if is_admin(current_request()) else mask_email(user.email)


def role_badge(user: User) -> SafeString:
    """Show the role."""
    if user.is_service:
        return badge("Service account", Tone.LIVE, "smart_toy")
    return badge(*_ROLES[Role(user.role)])


def standing_badge(user: User) -> SafeString:
    """Show how the person stands now, or that the account is closed."""
    if user.is_leaving:
        return badge("Leaving", Tone.WARNING, "logout")
    if not user.is_active:
        return badge("Closed", Tone.DANGER, "person_off")
    return badge(*_STANDINGS[_standing_of(user)])


def _standing_of(user: User) -> Standing:
    """Return the standing at the moment; rows of a list bring what runs behind one that ended."""
    if not hasattr(user, "running_kind") or user.has_standing(Standing(user.standing)):
        return access.standing_of(user)[0]
    return _BY_KIND.get(user.running_kind, Standing.GOOD)


def with_kept_reasons(rows: QuerySet[Restriction], request: HttpRequest) -> QuerySet[Restriction]:
    """Say of what was decided about people whether the reasons are kept from the viewer.

    They are from whoever is to review an appeal of the person, and has not said what they think.
    """
    viewer = cast("User", request.user)
    kept = standing_desk().keeps_reasons(viewer=viewer, person="user")
    return cast("RestrictionQuerySet", rows).with_kept_reasons(kept)


def reason_of(row: Restriction, words: str) -> str:
    """Show a reason of something that was read `with_kept_reasons`, unless it is kept back."""
    return KEPT if words and getattr(row, "is_reason_kept", False) else words


def may_decide(request: HttpRequest, user: User) -> bool:
    """Tell whether the viewer may decide about this person: never about equals or oneself."""
    if request.user.pk == user.pk or user.is_admin:
        return False
    return is_admin(request) or not user.is_staff
