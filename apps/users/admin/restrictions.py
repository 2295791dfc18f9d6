"""Warnings, restrictions and suspensions, newest first."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment, preview
from apps.core.admin_kit.filters import ChoiceFilter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import is_admin
from apps.core.admin_kit.sections import Section
from apps.users.admin import looks
from apps.users.constants import RestrictionKind
from apps.users.models import Restriction
from apps.users.querysets import RestrictionQuerySet

_KINDS = {
    RestrictionKind.WARNING: ("Warning", Tone.NEUTRAL, "campaign"),
    RestrictionKind.RESTRICTION: ("Restriction", Tone.WARNING, "edit_off"),
    RestrictionKind.SUSPENSION: ("Suspension", Tone.DANGER, "block"),
}


class OpenFilter(ChoiceFilter):
    """Those that nobody has lifted, which an index of their own holds."""

    title = "still open"
    parameter_name = "open"
    options = (("yes", "Not lifted"),)

    def narrow(self, rows: QuerySet[Restriction], value: str) -> QuerySet[Restriction]:
        """Return what the index holds."""
        return cast("RestrictionQuerySet", rows).to_lift()


@admin.register(Restriction)
class RestrictionAdmin(StaffModelAdmin[Restriction]):
    """What was decided about people."""

    section = Section.PEOPLE
    place = 1
    icon = "gavel"
    description = "Warnings, restrictions and suspensions."
    search_keys = {"user": "user_id"}
    search_advice = "Search by number, or user:12 for all about a person."
    search_help_text = "Number, or user:12"
    list_display = ("number", "kind_shown", "person", "why", "decided", "ends", "state")
    list_filter = (OpenFilter,)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restriction]:
        """Return those about people whom the viewer may see, and whether their reasons too."""
        rows = super().get_queryset(request).select_related("user", "created_by", "lifted_by")
        rows = looks.with_kept_reasons(rows, request)
        if is_admin(request):
            return rows
        return cast("RestrictionQuerySet", rows).about_ordinary_people()

    @admin.display(description="Decision", ordering="id")
    def number(self, row: Restriction) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="What")
    def kind_shown(self, row: Restriction) -> SafeString:
        """Show what was decided."""
        return badge(*_KINDS[RestrictionKind(row.kind)])

    @admin.display(description="Person")
    def person(self, row: Restriction) -> SafeString | str:
        """Link to the person."""
        return self.link_to(row.user)

    @admin.display(description="Reason")
    def why(self, row: Restriction) -> str:
        """Show the reason, shortened."""
        return looks.reason_of(row, preview(row.reason))

    @admin.display(description="Decided")
    def decided(self, row: Restriction) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Ends")
    def ends(self, row: Restriction) -> SafeString | str:
        """Show when it ends by itself."""
        return moment(row.ends_at)

    @admin.display(description="Now")
    def state(self, row: Restriction) -> SafeString:
        """Show whether it holds."""
        if row.lifted_at is not None:
            return badge("Lifted", Tone.GOOD, "undo")
        if row.ends_at is not None and row.ends_at <= timezone.now():
            return badge("Over")
        return badge("Holds", Tone.WARNING, "timer")

    def detail(self, request: HttpRequest, row: Restriction) -> Detail:
        """Show the decision with both reasons."""
        return Detail(
            title=f"{row.get_kind_display()} of {row.user.name}",
            badges=[self.kind_shown(row), self.state(row), looks.standing_badge(row.user)],
            facts=[
                Fact("Person", self.link_to(row.user)),
                Fact("Decided", moment(row.created_at)),
                Fact("By", self.link_to(row.created_by)),
                Fact("Ends", moment(row.ends_at)),
                Fact("Lifted", moment(row.lifted_at)),
                Fact("Lifted by", self.link_to(row.lifted_by) if row.lifted_by else EMPTY),
            ],
            texts=[
                Text("Reason", looks.reason_of(row, row.reason), "for staff"),
                Text("What the person is told", looks.reason_of(row, row.reason_for_user)),
                *(
                    [Text("Why it was lifted", looks.reason_of(row, row.lift_reason))]
                    if row.lifted_at
                    else []
                ),
            ],
            related=self.lists_of(request, f"user:{row.user_id}", "restriction", "auditevent"),
        )
