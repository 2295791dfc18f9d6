"""What admins do with the accounts of programs: make one, its tokens, and what it may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ShownOnce
from apps.core.admin_kit.people import is_admin
from apps.users.admin.forms import DutiesForm, ServiceAccountForm, ServiceTokenForm
from apps.users.models import User
from apps.users.services import service_accounts
from apps.users.services.tokens import TokenRequest

if TYPE_CHECKING:
    from apps.users.admin.people import UserAdmin

Typed = Mapping[str, Any]


def make(subject: UserAdmin, request: HttpRequest) -> Decision:
    """Return the page that makes a service account."""

    def apply(typed: Typed) -> None:
        service_accounts.create_service_account(actor=_actor(request), **typed)

    return Decision(
        title="Make a service account",
        effects=[
            "A program gets an account of its own: without an address, a password or a sign-in.",
            "It can do nothing until you make a token for it.",
            "Everybody sees that it is no person.",
            RECORDED,
        ],
        submit="Make it",
        done="The service account is made. Open it to make a token.",
        apply=apply,
        back_url=subject.list_url(),
        form_class=ServiceAccountForm,
    )


def actions(subject: UserAdmin) -> list[RowAction[User]]:
    """Return what may be done to a service account beside what may be done to any."""
    return [
        RowAction(
            name="token",
            label="Make a token",
            icon="key",
            is_allowed=is_admin,
            is_offered=lambda _, user: user.is_service and user.is_active,
            decide=lambda request, user: _make_token(subject, request, user),
        ),
        RowAction(
            name="duties",
            label="Change what it reads",
            icon="visibility",
            is_allowed=is_admin,
            is_offered=lambda _, user: user.is_service,
            decide=lambda request, user: _change_duties(subject, request, user),
        ),
    ]


def _actor(request: HttpRequest) -> User:
    return cast("User", request.user)


def _make_token(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> ShownOnce:
        made = service_accounts.create_token(
            actor=_actor(request),
            account_id=user.pk,
            wanted=TokenRequest(**{**typed, "scopes": tuple(typed["scopes"])}),
        )
        return ShownOnce(
            title=f"Token of {user.name}",
            label="Token",
            secret=made.secret,
            advice=["The program sends it as “Authorization: Bearer …”."],
            next_url=subject.url_of(user.pk),
        )

    return Decision(
        title=f"Make a token for {user.name}",
        effects=[
            "Whoever has the token acts as this service account, as far as its scopes go.",
            "The next page shows it once. The audit record keeps that you made it.",
        ],
        submit="Make it",
        done="",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=ServiceTokenForm,
    )


def _change_duties(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> None:
        service_accounts.update_service_account(
            actor=_actor(request),
            account_id=user.pk,
            duties=typed["duties"],
            reason=typed["reason"],
        )

    return Decision(
        title=f"Change what {user.name} may read",
        effects=[
            "It reads what its duties say from its next call on, with a token of the scope staff.",
            RECORDED,
        ],
        submit="Save",
        done="It is changed.",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=DutiesForm,
        initial={"duties": user.duties},
    )
