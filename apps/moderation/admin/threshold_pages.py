"""What points bring, as leads set it; each change asks for a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Fact
from apps.core.admin_kit.display import EMPTY
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.moderation.admin.answers import actor_of
from apps.moderation.constants import MAX_HOURS
from apps.moderation.models import Threshold
from apps.moderation.services.policies import policies


class ThresholdForm(ReasonForm):
    """What a number of points brings."""

    points = forms.IntegerField(min_value=1, max_value=policies.MAX_POINTS)
    consequence = forms.ChoiceField(
        choices=Threshold._meta.get_field("consequence").choices or ()  # noqa: SLF001
    )
    hours = forms.IntegerField(
        min_value=1,
        max_value=MAX_HOURS,
        required=False,
        help_text="How long; empty for until it is lifted.",
    )
    field_order = ("points", "consequence", "hours", "reason")


def may_set_thresholds(request: HttpRequest) -> bool:
    """Tell whether the viewer sets thresholds."""
    return has_right(request, policies.CHANGE_THRESHOLD)


@admin.register(Threshold)
class ThresholdAdmin(NewRowAdmin[Threshold]):
    """How many points bring which consequence."""

    section = Section.MODERATION
    place = 6
    icon = "stairs"
    description = "How many points bring a warning, a restriction or a suspension."
    new_label = "Set a threshold"
    search_help_text = "Number"
    list_display = ("points_shown", "consequence_shown", "length")
    list_display_links = ("points_shown",)
    ordering = ("-id",)

    @admin.display(description="Points")
    def points_shown(self, row: Threshold) -> str:
        """Show the points."""
        return f"{row.points} points"

    @admin.display(description="Brings")
    def consequence_shown(self, row: Threshold) -> str:
        """Show the consequence."""
        return row.get_consequence_display()

    @admin.display(description="For")
    def length(self, row: Threshold) -> str:
        """Show how long it lasts."""
        return EMPTY if row.hours is None else f"{row.hours} h"

    def detail(self, request: HttpRequest, row: Threshold) -> Detail:
        """Show one threshold."""
        return Detail(
            title=f"{row.points} points",
            facts=[
                Fact("Brings", self.consequence_shown(row)),
                Fact("For", self.length(row)),
            ],
            related=self.lists_of(request, f"threshold:{row.pk}", "auditevent"),
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer sets thresholds."""
        return may_set_thresholds(request)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that sets a threshold; one with these points is replaced."""

        def apply(typed: Mapping[str, Any]) -> None:
            policies.write_threshold(actor=actor_of(request), **typed)

        return Decision(
            title="Set a threshold",
            effects=[
                "It holds for points from now on; what points brought before stays.",
                "A threshold of the same number of points is replaced.",
                RECORDED,
            ],
            submit="Set it",
            done="The threshold is set.",
            apply=apply,
            back_url=self.list_url(),
            form_class=ThresholdForm,
        )

    def row_actions(self) -> Sequence[RowAction[Threshold]]:
        """Return what leads do to a threshold."""
        return [
            RowAction(
                name="remove",
                label="Remove",
                icon="delete",
                is_allowed=may_set_thresholds,
                is_offered=lambda *_: True,
                decide=self._remove,
                is_danger=True,
            )
        ]

    def _remove(self, request: HttpRequest, row: Threshold) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            actor = actor_of(request)
            policies.remove_threshold(actor=actor, threshold_id=row.pk, reason=typed["reason"])

        return Decision(
            title=f"Remove the threshold of {row.points} points",
            effects=["These points bring nothing from now on; what they brought stays."],
            submit="Remove it",
            done="The threshold is removed.",
            apply=apply,
            back_url=self.list_url(),
            is_danger=True,
        )
