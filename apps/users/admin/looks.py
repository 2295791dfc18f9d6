"""How roles, standings and addresses are drawn, depending on who looks."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.display import EMPTY, Tone, badge, mask_email
from apps.core.admin_kit.people import is_admin
from apps.core.admin_kit.viewing import current_request
from apps.users.constants import Role, Standing
from apps.users.models import User

ORDINARY = Q(role=Role.USER, is_superuser=False)
OWNER_COLUMNS = ("name", "kind", "role", "is_superuser")
_STANDINGS = {
    Standing.GOOD: ("Good", Tone.NEUTRAL, ""),
    Standing.RESTRICTED: ("Restricted", Tone.WARNING, "edit_off"),
    Standing.SUSPENDED: ("Suspended", Tone.DANGER, "block"),
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
    for standing in (Standing.SUSPENDED, Standing.RESTRICTED):
        if user.has_standing(standing):
            return badge(*_STANDINGS[standing])
    return badge(*_STANDINGS[Standing.GOOD])


def may_decide(request: HttpRequest, user: User) -> bool:
    """Tell whether the viewer may decide about this person: never about equals or oneself."""
    viewer = request.user
    if viewer.pk == user.pk or user.is_admin:
        return False
    return is_admin(request) or user.role == Role.USER
