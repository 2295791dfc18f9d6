"""What may be decided about a person, each through its service and with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.people import is_admin
from apps.users.admin import standing_actions
from apps.users.admin.forms import NameForm, RoleForm
from apps.users.constants import Role
from apps.users.models import User
from apps.users.services import accounts, roles

if TYPE_CHECKING:
    from apps.users.admin.people import UserAdmin

Typed = Mapping[str, Any]
NOT_FOR_POLICY = (
    "They get no notice. If they go against a policy, suspend them instead: they are told why, and "
    "can appeal."
)


def actions(subject: UserAdmin) -> list[RowAction[User]]:
    """Return the actions on a person: on their standing for staff, on the account for admins."""
    return [*standing_actions.actions(subject), *_account_actions(subject)]


def _actor(request: HttpRequest) -> User:
    return cast("User", request.user)


def _account_actions(subject: UserAdmin) -> list[RowAction[User]]:
    def action(
        name: str,
        label: str,
        icon: str,
        build: Callable[..., Decision],
        *,
        offered: Callable[[User], bool] = lambda user: True,
        is_danger: bool = False,
    ) -> RowAction[User]:
        return RowAction(
            name=name,
            label=label,
            icon=icon,
            is_allowed=is_admin,
            is_offered=lambda request, user: request.user.pk != user.pk and offered(user),
            decide=lambda request, user: build(subject, request, user),
            is_danger=is_danger,
        )

    return [
        action("rename", "Rename", "edit", _rename),
        action(
            "role", "Change role", "badge", _change_role, offered=lambda user: not user.is_service
        ),
        action(
            "open", "Open account", "person_check", _open, offered=lambda user: not user.is_active
        ),
        action("close", "Close account", "person_off", _close, offered=lambda user: user.is_active),
        action("remove", "Delete account", "delete", _delete, is_danger=True),
    ]


def _change_role(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> str:
        changed = roles.change_role(actor=_actor(request), user_id=user.pk, **typed)
        return f"{user.name} has the role {Role(changed.role).label} now."

    return Decision(
        title=f"Change the role of {user.name}",
        effects=[
            f"{user.name} has the role {user.get_role_display()} now.",
            "They get the rights of the role you choose, and no others.",
            "They are signed out everywhere and can sign in again.",
            RECORDED,
        ],
        submit="Change the role",
        done="",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=RoleForm,
        initial={"role": user.role},
    )


def _close(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    return _set_active(
        subject,
        request,
        user,
        is_active=False,
        effects=[
            "They are signed out everywhere and cannot sign in until the account is opened again.",
            "Their conversations stay stored.",
            NOT_FOR_POLICY,
            RECORDED,
        ],
    )


def _open(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    effects = ["They can sign in again with the password they had.", RECORDED]
    if user.is_leaving:
        effects.insert(1, "The account is not deleted, though they asked for it.")
    return _set_active(subject, request, user, is_active=True, effects=effects)


def _set_active(
    subject: UserAdmin, request: HttpRequest, user: User, *, is_active: bool, effects: list[str]
) -> Decision:
    def apply(typed: Typed) -> None:
        accounts.set_active(
            actor=_actor(request), user_id=user.pk, is_active=is_active, reason=typed["reason"]
        )

    verb, state = ("Open", "open") if is_active else ("Close", "closed")
    return Decision(
        title=f"{verb} the account of {user.name}",
        effects=effects,
        submit=f"{verb} the account",
        done=f"The account of {user.name} is {state}.",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=ReasonForm,
        is_danger=not is_active,
    )


def _rename(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> str:
        changed = accounts.update_user(actor=_actor(request), user_id=user.pk, name=typed["name"])
        return f"The name is {changed.name} now."

    return Decision(
        title=f"Rename {user.name}",
        effects=[
            "The name changes for everybody who sees it.",
            "The audit record keeps that you did it.",
        ],
        submit="Rename",
        done="",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=NameForm,
        initial={"name": user.name},
    )


def _delete(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> None:
        accounts.delete_user(actor=_actor(request), user_id=user.pk, reason=typed["reason"])

    return Decision(
        title=f"Delete the account of {user.name}",
        effects=[
            "The account, its conversations, messages and tokens are removed for good.",
            "This cannot be undone.",
            NOT_FOR_POLICY,
            "What the person did as staff stays in the audit record.",
            RECORDED,
        ],
        submit="Delete for good",
        done=f"The account of {user.name} is deleted.",
        apply=apply,
        back_url=subject.list_url(),
        is_danger=True,
    )
