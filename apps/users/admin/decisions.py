"""What may be decided about a person, each through its service and with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm, ShownOnce
from apps.core.admin_kit.people import is_admin
from apps.users.admin import standing_actions
from apps.users.admin.forms import AddressForm, LetInForm, NameForm, RoleForm
from apps.users.constants import Role
from apps.users.models import User
from apps.users.services import accounts, recovery, roles

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
        action("address", "Change address", "alternate_email", _readdress, offered=_has_password),
        action("recover", "Let in again", "lock_reset", _let_in, offered=_has_password),
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


def _has_password(user: User) -> bool:
    return user.is_active and not user.is_service


def _let_in(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> ShownOnce:
        link = recovery.let_in(actor=_actor(request), user_id=user.pk, **typed)
        return ShownOnce(
            title=f"The way in for {user.name}",
            label="Link",
            secret=link,
            advice=[
                "Hand it to them where you know that it is them: whoever has it sets the password.",
                "It works once, for three days, and no longer than until they sign in.",
            ],
            next_url=subject.url_of(user.pk),
        )

    return Decision(
        title=f"Let {user.name} in again",
        effects=[
            "The next page shows a link, once. With it they set another password.",
            "Until then the password that they have goes on working.",
            "They are told by mail, where mail is sent.",
            RECORDED,
        ],
        submit="Make the link",
        done="",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=LetInForm,
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


def _readdress(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> None:
        recovery.change_address(actor=_actor(request), user_id=user.pk, **typed)

    return Decision(
        title=f"Change the address of {user.name}",
        effects=[
            "They sign in with the new address from now on, and mail goes there.",
            "It counts as confirmed: make sure that it is theirs.",
            "The former address is told by mail, where mail is sent.",
            RECORDED,
        ],
        submit="Change the address",
        done="The address is changed.",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=AddressForm,
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
