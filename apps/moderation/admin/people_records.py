"""What people were told, what they answered, and their points, to look things up."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import EMPTY, KEPT, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.sections import Section
from apps.moderation import constants
from apps.moderation.admin.own_rows import RecordAdmin
from apps.moderation.models import Appeal, Notice, Strike
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.templatetags import looks
from apps.users.models import User


@admin.register(Notice)
class NoticeAdmin(RecordAdmin[Notice]):
    """What people were told about decisions, word for word."""

    section = Section.RECORDS
    place = 16
    icon = "mail"
    description = "What people were told about decisions, word for word."
    search_keys = {"notice": "pk", "user": "subject_id", "decision": "decision_id"}
    search_advice = "Search by number, user:12 or decision:12."
    search_help_text = "Number, user:12, decision:12"
    list_display = ("number", "sent", "kind_shown", "title_shown", "to", "read")
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        """Return the notices with the people's names, and whether the viewer may see the words."""
        rows = super().get_queryset(request).select_related("subject")
        viewer = cast("User", request.user)
        return blind_reviews.with_kept_reasons(rows, viewer=viewer, case="decision__case")

    @admin.display(description="Notice", ordering="id")
    def number(self, row: Notice) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Sent")
    def sent(self, row: Notice) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Kind")
    def kind_shown(self, row: Notice) -> str:
        """Show what it is about."""
        return row.get_kind_display()

    @admin.display(description="Title")
    def title_shown(self, row: Notice) -> str:
        """Show its title."""
        return preview(row.title)

    @admin.display(description="To")
    def to(self, row: Notice) -> SafeString | str:
        """Link to the person."""
        return self.link_to(row.subject, row.subject.name)

    @admin.display(description="Read")
    def read(self, row: Notice) -> SafeString | str:
        """Show when it was read."""
        return moment(row.read_at)

    def detail(self, request: HttpRequest, row: Notice) -> Detail:
        """Show one notice."""
        return Detail(
            title=row.title,
            facts=[
                Fact("To", self.to(row)),
                Fact("Kind", self.kind_shown(row)),
                Fact("Decision", f"#{row.decision_id}"),
                Fact("Sent", moment(row.created_at)),
                Fact("Read", moment(row.read_at)),
                Fact("Appeal until", moment(row.appeal_until)),
            ],
            texts=[Text("What it says", KEPT if row.is_kept else row.body)],
            related=self.lists_of(request, str(row.decision_id), "decision"),
        )


@admin.register(Appeal)
class AppealAdmin(RecordAdmin[Appeal]):
    """What people asked to be looked at again."""

    section = Section.RECORDS
    place = 13
    icon = "balance"
    description = "Who asked for a second look, and what came of it."
    search_keys = {"appeal": "pk", "case": "case_id", "decision": "decision_id"}
    search_advice = "Search by number, case:12 or decision:12."
    search_help_text = "Number, case:12, decision:12"
    list_display = ("number", "sent", "from_whom", "talk", "state_shown", "decided")
    list_display_links = ("number",)
    list_filter = (
        choice_filter(
            title="state", parameter_name="state", options=tuple(constants.AppealState.choices)
        ),
    )
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        """Return the appeals with the people's names."""
        return super().get_queryset(request).select_related("subject")

    @admin.display(description="Appeal", ordering="id")
    def number(self, row: Appeal) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Sent")
    def sent(self, row: Appeal) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="From")
    def from_whom(self, row: Appeal) -> SafeString | str:
        """Link to the person."""
        return self.link_to(row.subject, row.subject.name)

    @admin.display(description="Case")
    def talk(self, row: Appeal) -> str:
        """Show the case."""
        return f"#{row.case_id}"

    @admin.display(description="State")
    def state_shown(self, row: Appeal) -> SafeString:
        """Show where it stands."""
        return looks.appeal_badge(row.state)

    @admin.display(description="Decided")
    def decided(self, row: Appeal) -> SafeString | str:
        """Show when it was decided."""
        return moment(row.decided_at)

    def detail(self, request: HttpRequest, row: Appeal) -> Detail:
        """Show one appeal."""
        return Detail(
            title=f"Appeal {row.pk}",
            badges=[self.state_shown(row)],
            facts=[
                Fact("From", self.from_whom(row)),
                Fact("Case", self.talk(row)),
                Fact("Decision", f"#{row.decision_id}"),
                Fact("Sent", moment(row.created_at)),
                Fact("Decided", moment(row.decided_at)),
            ],
            texts=[Text("What the person wrote", row.text)],
            related=[
                *self.lists_of(request, str(row.case_id), "case"),
                *self.lists_of(request, str(row.decision_id), "decision"),
            ],
        )


@admin.register(Strike)
class StrikeAdmin(RecordAdmin[Strike]):
    """Points that people got, and until when they count."""

    section = Section.RECORDS
    place = 17
    icon = "counter_3"
    description = "Points that people got, and until when they count."
    search_keys = {"strike": "pk", "user": "subject_id", "decision": "decision_id"}
    search_advice = "Search by number, user:12 or decision:12."
    search_help_text = "Number, user:12, decision:12"
    list_display = ("number", "given", "whose", "worth", "expires", "overruled")
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Strike]:
        """Return the strikes with the people's names."""
        return super().get_queryset(request).select_related("subject")

    @admin.display(description="Strike", ordering="id")
    def number(self, row: Strike) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Given")
    def given(self, row: Strike) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="To")
    def whose(self, row: Strike) -> SafeString | str:
        """Link to the person."""
        return self.link_to(row.subject, row.subject.name)

    @admin.display(description="Points")
    def worth(self, row: Strike) -> str:
        """Show how many."""
        return str(row.points)

    @admin.display(description="Counts until")
    def expires(self, row: Strike) -> SafeString | str:
        """Show when it stops counting."""
        return moment(row.expires_at)

    @admin.display(description="Overruled")
    def overruled(self, row: Strike) -> str:
        """Show by which decision it was overruled."""
        return EMPTY if row.overruled_by_id is None else f"by decision #{row.overruled_by_id}"

    def detail(self, request: HttpRequest, row: Strike) -> Detail:
        """Show one strike."""
        return Detail(
            title=f"{row.points} points (#{row.pk})",
            facts=[
                Fact("To", self.whose(row)),
                Fact("Decision", f"#{row.decision_id}"),
                Fact("Given", moment(row.created_at)),
                Fact("Counts until", moment(row.expires_at)),
                Fact("Overruled", self.overruled(row)),
            ],
            related=self.lists_of(request, str(row.decision_id), "decision"),
        )
