"""What the pages of the catalogue share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django import forms
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.display import Tone, badge
from apps.core.admin_kit.people import has_right
from apps.llm.services import naming
from apps.llm.services.managing import MANAGE

if TYPE_CHECKING:
    from apps.core.rights import Actor

M = TypeVar("M", bound=Model)
LIVE = "It is live in every process within two seconds."


def may_manage(request: HttpRequest) -> bool:
    """Tell whether the viewer manages the catalogue."""
    return has_right(request, MANAGE)


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts."""
    return cast("Actor", request.user)


def on_badge(*, is_on: bool) -> SafeString:
    """Show whether something is switched on."""
    return badge("On", Tone.GOOD, "check") if is_on else badge("Off", Tone.NEUTRAL, "block")


class ChatModelField(forms.TypedChoiceField):
    """A model of the catalogue, by provider and name; None where none is chosen."""

    def __init__(self, *, empty: str = "None", help_text: str = "") -> None:
        super().__init__(
            coerce=int,
            empty_value=None,
            required=False,
            label="Model",
            help_text=help_text,
            choices=lambda: [("", empty), *naming.choices()],
        )


Switch = Callable[[HttpRequest, M, bool, str], None]


def switches(
    switch: Switch[M],
    *,
    off: str,
    back_url: Callable[[M], str],
    is_offered: Callable[[M], bool] = lambda _: True,
) -> list[RowAction[M]]:
    """Return the two actions that switch a row off and on.

    Args:
        switch: does it, with the reason.
        off: what happens where it is off, as a sentence.
        back_url: the row's page.
        is_offered: whether the row may be switched off.
    """

    def decide(request: HttpRequest, row: M, *, is_on: bool) -> Decision:
        effect = "It may be asked again." if is_on else off
        return _switching(request, row, switch, is_on=is_on, effect=effect, back_url=back_url(row))

    return [
        RowAction(
            name="off",
            label="Switch off",
            icon="block",
            is_allowed=may_manage,
            is_offered=lambda _, row: _is_on(row) and is_offered(row),
            decide=lambda request, row: decide(request, row, is_on=False),
            is_danger=True,
        ),
        RowAction(
            name="on",
            label="Switch on",
            icon="check",
            is_allowed=may_manage,
            is_offered=lambda _, row: not _is_on(row),
            decide=lambda request, row: decide(request, row, is_on=True),
        ),
    ]


def _switching(
    request: HttpRequest, row: M, switch: Switch[M], *, is_on: bool, effect: str, back_url: str
) -> Decision:
    def apply(typed: Mapping[str, Any]) -> None:
        switch(request, row, is_on, typed["reason"])

    words = "on" if is_on else "off"
    return Decision(
        title=f"Switch {row} {words}",
        effects=[effect, LIVE, RECORDED],
        submit=f"Switch it {words}",
        done=f"It is switched {words}.",
        apply=apply,
        back_url=back_url,
        is_danger=not is_on,
    )


def _is_on(row: Model) -> bool:
    return bool(getattr(row, "is_enabled", False))
