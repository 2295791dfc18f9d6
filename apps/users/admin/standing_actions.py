"""What may be decided about how a person stands; a case keeps it, and the person is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.people import has_right
from apps.users.admin import looks
from apps.users.admin.forms import LiftForm, MeasureForm, UntilForm
from apps.users.constants import RestrictionKind, Standing
from apps.users.models import User
from apps.users.services import access, standing
from apps.users.standing_desk import Act, standing_desk

if TYPE_CHECKING:
    from apps.users.admin.people import UserAdmin

Typed = Mapping[str, Any]
TOLD = "They get a notice with the policy and your words, and can appeal."
KEPT = "A case keeps the decision; taken back there, it is undone. It brings no points."


def actions(subject: UserAdmin) -> list[RowAction[User]]:
    """Return the actions on a person's standing, for staff who may decide about it."""

    def action(
        name: str,
        label: str,
        icon: str,
        build: Callable[[UserAdmin, HttpRequest, User], Decision],
        *,
        offered: Callable[[User], bool] = lambda user: True,
        is_danger: bool = False,
    ) -> RowAction[User]:
        return RowAction(
            name=name,
            label=label,
            icon=icon,
            is_allowed=lambda request: has_right(request, standing.PERMISSION),
            is_offered=lambda request, user: looks.may_decide(request, user) and offered(user),
            decide=lambda request, user: build(subject, request, user),
            is_danger=is_danger,
        )

    return [
        action("lift", "Lift", "undo", _lift, offered=_is_kept_out),
        action("warn", "Warn", "campaign", _warn),
        action(
            "restrict", "Restrict", "edit_off", _restrict, offered=lambda one: not _is_kept_out(one)
        ),
        action(
            "suspend",
            "Suspend",
            "block",
            _suspend,
            offered=lambda one: not one.is_suspended,
            is_danger=True,
        ),
    ]


def _is_kept_out(user: User) -> bool:
    standing_now, _ = access.standing_of(user)
    return standing_now != Standing.GOOD


def _act(request: HttpRequest, user: User, kind: RestrictionKind, done: str, typed: Typed) -> str:
    actor = cast("User", request.user)
    case = standing_desk().act(actor=actor, user_id=user.pk, act=Act(kind=kind, **typed))
    return f"{done} Case {case} keeps the decision."


def _warn(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    return Decision(
        title=f"Warn {user.name}",
        effects=["A warning is written down. Nothing that they may do changes.", *_always()],
        submit="Warn",
        done="",
        apply=lambda typed: _act(
            request, user, RestrictionKind.WARNING, f"{user.name} was warned.", typed
        ),
        back_url=subject.url_of(user.pk),
        form_class=MeasureForm,
    )


def _restrict(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    done = f"{user.name} can read and not write now."
    return Decision(
        title=f"Restrict {user.name}",
        effects=[
            "They can read their conversations and write nothing.",
            "That lasts until the end you give, or until it is lifted.",
            "They are signed out everywhere and can sign in again.",
            *_always(),
        ],
        submit="Restrict",
        done="",
        apply=lambda typed: _act(request, user, RestrictionKind.RESTRICTION, done, typed),
        back_url=subject.url_of(user.pk),
        form_class=UntilForm,
    )


def _suspend(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    done = f"{user.name} is suspended."
    return Decision(
        title=f"Suspend {user.name}",
        effects=[
            "They are signed out everywhere within seconds, and their tokens stop working.",
            "They cannot sign in until the end you give, or until it is lifted. Whoever types the "
            "right password there reads why, and can appeal.",
            "Their conversations stay stored.",
            *_always(),
        ],
        submit="Suspend",
        done="",
        apply=lambda typed: _act(request, user, RestrictionKind.SUSPENSION, done, typed),
        back_url=subject.url_of(user.pk),
        form_class=UntilForm,
        is_danger=True,
    )


def _always() -> tuple[str, ...]:
    return (TOLD, KEPT, RECORDED)


def _lift(subject: UserAdmin, request: HttpRequest, user: User) -> Decision:
    def apply(typed: Typed) -> None:
        standing_desk().lift(actor=cast("User", request.user), user_id=user.pk, **typed)

    what = "suspension" if user.is_suspended else "restriction"
    return Decision(
        title=f"Lift the {what} of {user.name}",
        effects=[
            "They can sign in, read and write again at once, and get a notice.",
            "What was decided stays on record, with its points and what it hid. Where it was "
            "wrong, take the decision back on its case instead.",
            RECORDED,
        ],
        submit=f"Lift the {what}",
        done=f"The {what} of {user.name} is lifted.",
        apply=apply,
        back_url=subject.url_of(user.pk),
        form_class=LiftForm,
    )
