"""Decisions and what they did, to look things up; nothing is typed into them."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import EMPTY, KEPT, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.sections import Section
from apps.moderation import constants
from apps.moderation.admin.own_rows import RecordAdmin
from apps.moderation.models import Decision, Enforcement
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.templatetags import looks
from apps.users.models import User


@admin.register(Decision)
class DecisionAdmin(RecordAdmin[Decision]):
    """Every decision; they are only ever added."""

    section = Section.RECORDS
    place = 11
    icon = "gavel"
    description = "Who decided what and why; a changed mind is a new row."
    search_keys = {"decision": "pk", "case": "case_id", "user": "actor_id"}
    search_advice = "Search by number, case:12, or user:12 for who decided."
    search_help_text = "Number, case:12, user:12"
    list_display = ("number", "made", "verdict_shown", "policy_shown", "by", "why", "talk")
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """Return the decisions with their policies, and whether the viewer may see the reasons."""
        rows = super().get_queryset(request).select_related("policy_version")
        return blind_reviews.with_kept_reasons(rows, viewer=cast("User", request.user))

    @admin.display(description="Decision", ordering="id")
    def number(self, row: Decision) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Made")
    def made(self, row: Decision) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Verdict")
    def verdict_shown(self, row: Decision) -> SafeString:
        """Show the verdict."""
        return looks.verdict_badge(row.verdict, is_undo=row.is_undo, is_lift=row.is_lift)

    @admin.display(description="Policy")
    def policy_shown(self, row: Decision) -> str:
        """Show the policy's title as it was."""
        return row.policy_version.title if row.policy_version else EMPTY

    @admin.display(description="By")
    def by(self, row: Decision) -> str:
        """Show who decided."""
        return f"{row.actor_label} ({row.get_actor_kind_display().lower()})"

    @admin.display(description="Reason")
    def why(self, row: Decision) -> str:
        """Show the beginning of the reason."""
        return KEPT if row.is_kept else preview(row.reason) or EMPTY

    @admin.display(description="Case")
    def talk(self, row: Decision) -> str:
        """Show the case."""
        return f"#{row.case_id}"

    def detail(self, request: HttpRequest, row: Decision) -> Detail:
        """Show one decision."""
        former = EMPTY if row.supersedes_id is None else f"#{row.supersedes_id}"
        return Detail(
            title=f"Decision {row.pk}",
            badges=[self.verdict_shown(row)],
            facts=[
                Fact("Case", self.talk(row)),
                Fact("By", self.by(row)),
                Fact("Made", moment(row.created_at)),
                Fact("Policy", self.policy_shown(row)),
                Fact("In the place of", former),
                Fact("Batch", row.batch_id or EMPTY),
            ],
            texts=[
                Text("Reason, for staff", KEPT if row.is_kept else row.reason),
                Text("Reason, for the person", KEPT if row.is_kept else row.reason_for_user),
            ],
            related=[
                *self.lists_of(request, str(row.case_id), "case"),
                *self.lists_of(request, f"decision:{row.pk}", "enforcement", "notice", "strike"),
            ],
        )


@admin.register(Enforcement)
class EnforcementAdmin(RecordAdmin[Enforcement]):
    """What decisions did, and whether it still holds."""

    section = Section.RECORDS
    place = 12
    icon = "block"
    description = "What decisions did to texts and people, and whether it holds."
    search_keys = {"decision": "decision_id", "user": "subject_id", "message": "message_id"}
    search_advice = "Search by number, decision:12, user:12 or message:12."
    search_help_text = "Number, decision:12, user:12"
    list_display = ("number", "made", "kind_shown", "target", "ends", "state_shown")
    list_display_links = ("number",)
    list_filter = (
        choice_filter(
            title="kind", parameter_name="kind", options=tuple(constants.EnforcementKind.choices)
        ),
    )
    ordering = ("-id",)

    @admin.display(description="Enforcement", ordering="id")
    def number(self, row: Enforcement) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Made")
    def made(self, row: Enforcement) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="What")
    def kind_shown(self, row: Enforcement) -> str:
        """Show what was done."""
        return row.get_kind_display()

    @admin.display(description="To")
    def target(self, row: Enforcement) -> str:
        """Show what it was done to."""
        if row.message_id is not None:
            return f"message #{row.message_id}"
        if "share_id" in row.data:
            return f"link #{row.data['share_id']}"
        if row.conversation_id is not None:
            return f"conversation #{row.conversation_id}"
        return f"person #{row.subject_id}"

    @admin.display(description="Ends")
    def ends(self, row: Enforcement) -> SafeString | str:
        """Show when it ends by itself."""
        return moment(row.ends_at)

    @admin.display(description="State")
    def state_shown(self, row: Enforcement) -> SafeString:
        """Show whether it holds."""
        return looks.enforcement_badge(row.state_at(timezone.now()))

    def detail(self, request: HttpRequest, row: Enforcement) -> Detail:
        """Show one enforcement."""
        back = EMPTY if row.reversed_by_id is None else f"by decision #{row.reversed_by_id}"
        return Detail(
            title=f"{row.get_kind_display()} (#{row.pk})",
            badges=[self.state_shown(row)],
            facts=[
                Fact("To", self.target(row)),
                Fact("Decision", f"#{row.decision_id}"),
                Fact("Made", moment(row.created_at)),
                Fact("Ends", self.ends(row)),
                Fact("Taken back", back),
            ],
            related=self.lists_of(request, str(row.decision_id), "decision"),
        )
