"""The ledger of calls to models: for whom, what they used, how they ended."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Detail, Fact, Figure, Front, Related
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, milliseconds, moment, number
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.searching import search_exactly, split_key
from apps.core.admin_kit.sections import Section
from apps.llm.constants import CostSource, Purpose, UsageSource
from apps.llm.models import UsageRecord
from apps.llm.querysets import UsageRecordQuerySet
from apps.llm.services import money, naming
from apps.llm.services.usage_figures import VIEW as VIEW_COST
from apps.llm.services.usage_figures import name_of_nobody

RECENT_CALLS = 500
SUBJECTS = {
    Purpose.REPLY: "reply",
    Purpose.TITLE: "conversation",
    Purpose.JUDGE: "rule",
    Purpose.MODERATION: "rule",
    Purpose.TRIAL: "chatmodel",
}
"""What calls of a purpose refer to, as the audit record calls it."""


@admin.register(UsageRecord)
class UsageRecordAdmin(StaffModelAdmin[UsageRecord]):
    """One line for each call to a model; written by the worker only."""

    section = Section.MODELS
    heading = "Model calls"
    icon = "data_usage"
    description = "Tokens and time of every call."
    search_keys = {"user": "user_id"}
    search_advice = "Search by number, user:12, or reply:12 for the calls of an answer."
    search_help_text = "Number, user:12, reply:12"
    list_display = (
        *("line", "made", "person", "purpose_shown", "model_shown"),
        *("asked", "answered", "first_text", "took", "ended"),
    )
    list_filter = (
        choice_filter(title="purpose", parameter_name="purpose", options=tuple(Purpose.choices)),
    )
    ordering = ("-id",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; what calls cost for those who may see it."""
        columns = list(super().get_list_display(request))
        return [*columns, "cost"] if has_right(request, VIEW_COST) else columns

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageRecord]:
        """Return the lines with the people they are about."""
        return super().get_queryset(request).select_related("user")

    def search(
        self, request: HttpRequest, rows: QuerySet[UsageRecord], term: str
    ) -> QuerySet[UsageRecord] | None:
        """Look up the calls of a person or of an answer."""
        key, reference = split_key(term)
        if reference is not None and key in Purpose.values:
            return cast("UsageRecordQuerySet", rows).of_calls(key, [reference])
        return search_exactly(rows, term, keys=self.search_keys)

    @admin.display(description="Call", ordering="id")
    def line(self, row: UsageRecord) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="When")
    def made(self, row: UsageRecord) -> SafeString | str:
        """Show when it ended."""
        return moment(row.created_at)

    @admin.display(description="For")
    def person(self, row: UsageRecord) -> SafeString | str:
        """Link to the person; what rules ask is nobody's, and so is what people left behind."""
        return name_of_nobody(row.purpose) if row.user_id is None else self.link_to(row.user)

    @admin.display(description="Purpose")
    def purpose_shown(self, row: UsageRecord) -> SafeString | str:
        """Link to what it was made for."""
        words = f"{row.get_purpose_display()} {row.reference_id}"
        subject = self.subject(SUBJECTS[Purpose(row.purpose)])
        return words if subject is None else link(subject.url_of(row.reference_id), words)

    @admin.display(description="Model")
    def model_shown(self, row: UsageRecord) -> str:
        """Show provider and name of the model that was asked."""
        return naming.label_of(row.chat_model_id, row.model)

    @admin.display(description="Prompt")
    def asked(self, row: UsageRecord) -> str:
        """Show the tokens of the prompt."""
        return _tokens(row.prompt_tokens, row.source)

    @admin.display(description="Answer")
    def answered(self, row: UsageRecord) -> str:
        """Show the tokens of the answer."""
        return _tokens(row.completion_tokens, row.source)

    @admin.display(description="First text")
    def first_text(self, row: UsageRecord) -> str:
        """Show how long the first text took."""
        return milliseconds(row.first_token_ms)

    @admin.display(description="Took")
    def took(self, row: UsageRecord) -> str:
        """Show how long it took."""
        return milliseconds(row.duration_ms)

    @admin.display(description="Cost")
    def cost(self, row: UsageRecord) -> str:
        """Show what it cost, marked where tokens were estimated."""
        if row.cost_nano is None:
            return EMPTY
        about = "~" if row.cost_source == CostSource.ESTIMATED else ""
        return f"{about}{money.say(row.cost_nano)}"

    @admin.display(description="Ended")
    def ended(self, row: UsageRecord) -> SafeString:
        """Show how it ended."""
        words = row.outcome.replace("_", " ").capitalize()
        if row.outcome in ("complete", "done"):
            return badge(words, Tone.GOOD, "check")
        return badge(words, Tone.DANGER if row.outcome == "failed" else Tone.WARNING, "error")

    def detail(self, request: HttpRequest, row: UsageRecord) -> Detail:
        """Show the line."""
        return Detail(
            title=f"Call {row.pk} to {row.model}",
            badges=[self.ended(row)],
            facts=[
                Fact("For", self.person(row)),
                Fact("Purpose", self.purpose_shown(row)),
                Fact("Model", self.model_shown(row)),
                Fact("Prompt tokens", number(row.prompt_tokens)),
                Fact("Answer tokens", number(row.completion_tokens)),
                Fact("Counted by", row.get_source_display()),
                *self._cost_facts(request, row),
                Fact("First text", milliseconds(row.first_token_ms)),
                Fact("Took", milliseconds(row.duration_ms)),
                Fact("When", moment(row.created_at)),
            ],
            related=self._related(request, row),
        )

    def _related(self, request: HttpRequest, row: UsageRecord) -> list[Related]:
        query = (
            f"{row.purpose}:{row.reference_id}" if row.user_id is None else f"user:{row.user_id}"
        )
        return self.lists_of(request, query, "usagerecord")

    def _cost_facts(self, request: HttpRequest, row: UsageRecord) -> list[Fact]:
        if not has_right(request, VIEW_COST):
            return []
        note = str(CostSource(row.cost_source).label).lower()
        per = "for a million tokens"
        origin = row.get_price_source_display() or EMPTY
        prices = (
            [
                Fact("Price of the prompt", money.say(row.input_nano), per),
                Fact("Price of the answer", money.say(row.output_nano), per),
                Fact("Price from", origin),
            ]
            if row.input_nano is not None
            else []
        )
        return [Fact("Cost", self.cost(row), note), *prices]

    def front(self, request: HttpRequest) -> Front:
        """Show how fast the models answer and what the last hour used."""
        fields = ("created_at", "first_token_ms", "prompt_tokens", "completion_tokens")
        newest = list(UsageRecord.objects.order_by("-id").values_list(*fields)[:RECENT_CALLS])
        waits = [first for _, first, _, _ in newest if first is not None]
        hour = timezone.now() - timedelta(hours=1)
        used = sum(asked + answered for at, _, asked, answered in newest if at > hour)
        more = "+" if len(newest) == RECENT_CALLS and newest[-1][0] > hour else ""
        return Front(
            figures=[
                Figure(
                    "First text, median",
                    milliseconds(round(median(waits))) if waits else EMPTY,
                    f"{used:,}{more} tokens in an hour",
                    self.list_url(),
                    icon="speed",
                ),
            ]
        )


def _tokens(count: int, source: str) -> str:
    return f"~{count:,}" if source == UsageSource.ESTIMATED else f"{count:,}"
