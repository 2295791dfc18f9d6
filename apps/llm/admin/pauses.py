"""The switch that stops all answers, and keeps new ones from beginning until it is lifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import Tone, badge, moment
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.rights import Actor
from apps.llm.admin.common import ChatModelField
from apps.llm.models import Pause
from apps.llm.services import pauses


class PauseForm(ReasonForm):
    """Which model is paused."""

    chat_model_id = ChatModelField(empty="All models")
    model_name = forms.CharField(
        required=False,
        max_length=120,
        label="Or a name",
        help_text="All models of a name, whoever provides them.",
    )
    field_order = ("chat_model_id", "model_name", "reason")


@admin.register(Pause)
class PauseAdmin(NewRowAdmin[Pause]):
    """Every pause, the newest first."""

    section = Section.MODELS
    place = 8
    icon = "pause_circle"
    description = "Stopping all answers, and lifting it."
    new_label = "Pause answers"
    search_help_text = "Number"
    list_display = ("number", "model_shown", "since", "until", "state_shown")
    list_display_links = ("number",)
    ordering = ("-id",)

    @admin.display(description="Pause", ordering="id")
    def number(self, row: Pause) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Of")
    def model_shown(self, row: Pause) -> str:
        """Show which model."""
        return pauses.label_of(row) or "All models"

    @admin.display(description="Since")
    def since(self, row: Pause) -> SafeString | str:
        """Show since when."""
        return moment(row.started_at)

    @admin.display(description="Lifted")
    def until(self, row: Pause) -> SafeString | str:
        """Show when it was lifted."""
        return moment(row.lifted_at)

    @admin.display(description="State")
    def state_shown(self, row: Pause) -> SafeString:
        """Show whether it holds."""
        return badge("Lifted") if row.lifted_at else badge("Holds", Tone.DANGER, "pause_circle")

    def detail(self, request: HttpRequest, row: Pause) -> Detail:
        """Show one pause."""
        return Detail(
            title=f"Pause {row.pk}",
            badges=[self.state_shown(row)],
            facts=[
                Fact("Of", self.model_shown(row)),
                Fact("Since", self.since(row)),
                Fact("Lifted", self.until(row)),
            ],
            texts=[
                Text("Reason", row.reason),
                *([Text("Lifted because", row.lift_reason)] if row.lift_reason else []),
            ],
            related=self.lists_of(request, f"pause:{row.pk}", "auditevent"),
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer pauses and lifts."""
        return has_right(request, pauses.PAUSE)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that pauses."""

        def apply(typed: Mapping[str, Any]) -> None:
            pauses.pause(actor=cast("Actor", request.user), **typed)

        return Decision(
            title="Pause answers",
            effects=[
                "Every answer that is being written is halted within about a second; "
                "its reader keeps what was shown.",
                "New messages are refused with a sentence that says so, until the pause is lifted.",
                RECORDED,
            ],
            submit="Pause now",
            done="Answers are paused.",
            apply=apply,
            back_url=self.list_url(),
            form_class=PauseForm,
            is_danger=True,
        )

    def row_actions(self) -> Sequence[RowAction[Pause]]:
        """Return what may be done to a pause that holds."""
        return [
            RowAction(
                name="lift",
                label="Lift",
                icon="play_circle",
                is_allowed=self.may_add,
                is_offered=lambda _, row: row.lifted_at is None,
                decide=self._lift,
            )
        ]

    def _lift(self, request: HttpRequest, row: Pause) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            actor = cast("Actor", request.user)
            pauses.resume(actor=actor, pause_id=row.pk, reason=typed["reason"])

        return Decision(
            title=f"Lift pause {row.pk}",
            effects=["New messages are answered again at once."],
            submit="Lift it",
            done=f"Pause {row.pk} is lifted.",
            apply=apply,
            back_url=self.url_of(row.pk),
        )
