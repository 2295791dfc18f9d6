"""Cases, flags and hits of rules, to look things up; nothing is typed into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Detail, Fact, Related, Table, Text
from apps.core.admin_kit.display import EMPTY, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.sections import Section
from apps.core.admin_kit.tables import table_of
from apps.moderation import constants
from apps.moderation.admin.own_rows import RecordAdmin
from apps.moderation.models import Case, Flag, RuleHit
from apps.moderation.templatetags import looks
from apps.users.models import User

if TYPE_CHECKING:
    from apps.moderation.querysets.base import CaseRowQuerySet


@admin.register(Case)
class CaseAdmin(RecordAdmin[Case]):
    """Every case there ever was, newest first; work is done in the queue."""

    section = Section.RECORDS
    place = 10
    icon = "folder_open"
    description = "Every case there ever was, to look one up."
    search_keys = {
        "case": "pk",
        "message": "message_id",
        "user": "subject_id",
        "conversation": "conversation_id",
    }
    search_advice = "Search by number, message:12, user:12 or conversation:12."
    search_help_text = "Number, message:12, user:12"
    list_display = ("number", "opened", "severity_shown", "policy_shown", "about", "state_shown")
    list_display_links = ("number",)
    list_filter = (
        choice_filter(
            title="state", parameter_name="state", options=tuple(constants.CaseState.choices)
        ),
    )
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Return the cases with what the list names."""
        rows = super().get_queryset(request).select_related("policy__current")
        return rows.annotate(
            subject_name=User.objects.name_at("subject_id"),
            holder_name=User.objects.name_at("claimed_by_id"),
        )

    @admin.display(description="Case", ordering="id")
    def number(self, row: Case) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Opened")
    def opened(self, row: Case) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Severity")
    def severity_shown(self, row: Case) -> SafeString:
        """Show the severity."""
        return looks.severity_badge(row.severity)

    @admin.display(description="Policy")
    def policy_shown(self, row: Case) -> str:
        """Show the policy's title."""
        if row.policy is None or row.policy.current is None:
            return EMPTY
        return row.policy.current.title

    @admin.display(description="About")
    def about(self, row: Case) -> SafeString | str:
        """Link to the person."""
        return looks.person(self, row.subject_id, getattr(row, "subject_name", None))

    @admin.display(description="State")
    def state_shown(self, row: Case) -> SafeString:
        """Show the state."""
        return looks.state_badge(row.state)

    def detail(self, request: HttpRequest, row: Case) -> Detail:
        """Show what is known of a case and what belongs to it, without any text of the person."""
        holder = getattr(row, "holder_name", None)
        return Detail(
            title=f"Case {row.pk}",
            badges=[looks.state_badge(row.state), looks.severity_badge(row.severity)],
            facts=[
                Fact("About", self.about(row)),
                Fact("Message", EMPTY if row.message_id is None else f"#{row.message_id}"),
                Fact("Policy", self.policy_shown(row)),
                Fact("Priority", row.priority),
                Fact("Flags", row.flag_count),
                Fact("Opened", moment(row.created_at)),
                Fact("Due", moment(row.due_at)),
                Fact("Held by", looks.person(self, row.claimed_by_id, holder)),
                Fact("Closed", moment(row.closed_at)),
            ],
            tables=self._tables(request, row),
            related=[
                *self._case_page(row),
                *self.lists_of(request, f"case:{row.pk}", "decision", "flag", "appeal"),
                *self._lists_of_message(request, row),
                *self.lists_of(request, f"case:{row.pk}", "auditevent"),
            ],
        )

    def _lists_of_message(self, request: HttpRequest, row: Case) -> Sequence[Related]:
        if row.message_id is None:
            return ()
        return self.lists_of(request, f"message:{row.message_id}", "rulehit", "message")

    def _tables(self, request: HttpRequest, row: Case) -> list[Table]:
        """Return the records of a case in short, each kind where the viewer may look at it."""

        def of_case(rows: CaseRowQuerySet[Any]) -> QuerySet[Any]:
            return rows.of_case(row)

        query = f"case:{row.pk}"
        return [
            *table_of(request, self.subject("decision"), of_case, query=query, without="talk"),
            *table_of(request, self.subject("enforcement"), of_case),
            *table_of(request, self.subject("appeal"), of_case, query=query, without="talk"),
            *table_of(request, self.subject("flag"), of_case, query=query),
            *table_of(request, self.subject("notice"), of_case),
        ]

    def _case_page(self, row: Case) -> list[Related]:
        url = reverse(f"{self.admin_site.name}:moderation_case_page", args=[row.pk])
        return [Related("Open its page in the queue", url, "inbox")]


@admin.register(Flag)
class FlagAdmin(RecordAdmin[Flag]):
    """Every flag that a rule, a person, staff or a provider raised."""

    section = Section.RECORDS
    place = 14
    icon = "flag"
    description = "Who or what pointed at a message, and whether it was right."
    search_keys = {"flag": "pk", "case": "case_id", "user": "reporter_id", "hit": "hit_id"}
    search_advice = "Search by number, case:12, hit:12 or user:12 for a reporter."
    search_help_text = "Number, case:12, user:12"
    list_display = (
        *("number", "raised", "source_shown", "reason_shown", "reporter_shown"),
        "outcome_shown",
    )
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        """Return the flags with what the list names."""
        rows = super().get_queryset(request)
        return rows.annotate(reporter_name=User.objects.name_at("reporter_id"))

    @admin.display(description="Flag", ordering="id")
    def number(self, row: Flag) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Raised")
    def raised(self, row: Flag) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="By")
    def source_shown(self, row: Flag) -> str:
        """Show what kind of source it was."""
        return row.get_source_display()

    @admin.display(description="Reason")
    def reason_shown(self, row: Flag) -> str:
        """Show the reason."""
        return row.get_reason_display() or EMPTY

    @admin.display(description="Reporter")
    def reporter_shown(self, row: Flag) -> SafeString | str:
        """Link to the reporter."""
        return looks.person(self, row.reporter_id, getattr(row, "reporter_name", None))

    @admin.display(description="Outcome")
    def outcome_shown(self, row: Flag) -> SafeString:
        """Show what became of it."""
        return looks.flag_badge(row.outcome)

    def detail(self, request: HttpRequest, row: Flag) -> Detail:
        """Show one flag."""
        return Detail(
            title=f"Flag {row.pk}",
            badges=[looks.flag_badge(row.outcome)],
            facts=[
                Fact("Case", f"#{row.case_id}"),
                Fact("Source", row.get_source_display()),
                Fact("Reporter", self.reporter_shown(row)),
                Fact("Reason", self.reason_shown(row)),
                Fact("Raised", moment(row.created_at)),
                Fact("Answered", moment(row.decided_at)),
            ],
            texts=[Text("Comment", row.comment)] if row.comment else [],
            related=self.lists_of(request, str(row.case_id), "case"),
        )


@admin.register(RuleHit)
class RuleHitAdmin(RecordAdmin[RuleHit]):
    """Everything that rules found, shadow hits too; a hit holds no text."""

    section = Section.RECORDS
    place = 15
    icon = "target"
    heading = "Rule hits"
    description = "What rules found: where, how sure, what came of it."
    search_keys = {"hit": "pk", "message": "message_id", "rule": "rule_id"}
    search_advice = "Search by number, message:12 or rule:12."
    search_help_text = "Number, message:12, rule:12"
    list_display = ("number", "found", "rule_shown", "mode_shown", "score_shown", "outcome_shown")
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleHit]:
        """Return the hits with rule and version."""
        return super().get_queryset(request).select_related("rule", "version")

    @admin.display(description="Hit", ordering="id")
    def number(self, row: RuleHit) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Found")
    def found(self, row: RuleHit) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Rule")
    def rule_shown(self, row: RuleHit) -> str:
        """Show the rule and its version."""
        return f"{preview(row.rule.name, length=50)}, v{row.version.number}"

    @admin.display(description="Mode")
    def mode_shown(self, row: RuleHit) -> str:
        """Show the mode that the rule was in."""
        return row.get_mode_display()

    @admin.display(description="Score")
    def score_shown(self, row: RuleHit) -> str:
        """Show how sure it was."""
        return f"{row.score:.2f}"

    @admin.display(description="Outcome")
    def outcome_shown(self, row: RuleHit) -> SafeString:
        """Show what came of it."""
        return looks.hit_badge(row.outcome)

    def detail(self, request: HttpRequest, row: RuleHit) -> Detail:
        """Show one hit."""
        place = EMPTY if row.start is None else f"{row.start} to {row.end}"
        return Detail(
            title=f"Hit {row.pk}",
            badges=[looks.hit_badge(row.outcome)],
            facts=[
                Fact("Rule", self.rule_shown(row)),
                Fact("Mode", self.mode_shown(row)),
                Fact("Stage", row.get_stage_display()),
                Fact("Label", row.label or EMPTY),
                Fact("Score", self.score_shown(row)),
                Fact("Characters", place),
                Fact("Shown before", f"{row.shown_chars:,} characters"),
                Fact("Took", f"{row.latency_us:,} µs"),
                Fact("Message", EMPTY if row.message_id is None else f"#{row.message_id}"),
                Fact("Found", moment(row.created_at)),
            ],
            related=self.lists_of(request, f"message:{row.message_id}", "case", "message")
            if row.message_id
            else [],
        )
