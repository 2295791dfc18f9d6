"""Answers: which model, how it ended, what it used, how long it took; halting one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.conversations.admin import decisions, looks, reading
from apps.conversations.constants import ReplyState
from apps.conversations.models import Reply
from apps.conversations.querysets import ReplyQuerySet
from apps.conversations.reading_gate import reading_gate
from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.details import Detail, Fact, Figure, Front, Table, Text
from apps.core.admin_kit.display import EMPTY, duration, link, moment, number, preview
from apps.core.admin_kit.filters import choice_filter, count_up_to
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.llm.services import money
from apps.llm.services.usage_figures import VIEW as VIEW_COST

COUNT_LIMIT = 1_000
RECENT_ANSWERS = 1_000
BROKEN_SHOWN = 8
BROKEN_STATES = (ReplyState.FAILED, ReplyState.INTERRUPTED)


@admin.register(Reply)
class ReplyAdmin(StaffModelAdmin[Reply]):
    """Every answer of a model, newest first."""

    section = Section.REVIEW
    place = 2
    heading = "Answers"
    icon = "smart_toy"
    description = "How each answer went, and halting one that runs."
    search_keys = {
        "reply": "pk",
        "message": "pk",
        "conversation": "conversation_id",
        "user": "conversation__owner_id",
    }
    search_advice = "Search by number, conversation:12 or user:12."
    search_help_text = "Number, conversation:12, user:12"
    list_display = (
        *("number", "asked", "state_shown", "model", "talk", "owner"),
        *("tokens_in", "tokens_out", "first_text", "took"),
    )
    list_filter = (
        choice_filter(title="state", parameter_name="state", options=tuple(ReplyState.choices)),
    )
    ordering = ("-pk",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; what answers cost for those who may see it."""
        columns = list(super().get_list_display(request))
        return [*columns, "cost"] if has_right(request, VIEW_COST) else columns

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reply]:
        """Return the answers with whose they are, and whether their words may be read now."""
        condition = reading_gate().readable(
            decisions.actor_of(request),
            conversation="conversation_id",
            owner="conversation__owner_id",
        )
        rows = cast("ReplyQuerySet", super().get_queryset(request))
        return rows.with_readable(condition).select_related("conversation__owner")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and note whose titles it shows because of a grant."""
        page = super().changelist_view(request, extra_context)
        return reading.note_page(request, page, looks.talk_of, is_glance=True)

    @admin.display(description="Answer", ordering="pk")
    def number(self, reply: Reply) -> str:
        """Show the number, which is that of its message."""
        return f"#{reply.pk}"

    @admin.display(description="Asked")
    def asked(self, reply: Reply) -> SafeString | str:
        """Show when it was asked for."""
        return moment(reply.queued_at)

    @admin.display(description="State")
    def state_shown(self, reply: Reply) -> SafeString | str:
        """Show where it stands."""
        return looks.state_badge(reply)

    @admin.display(description="Conversation")
    def talk(self, reply: Reply) -> SafeString | str:
        """Link to it in its conversation."""
        title = preview(reply.conversation.display_title, length=30)
        may_show = not hasattr(reply, "is_readable") or reading.is_readable(reply)
        words = title if may_show else f"Conversation {reply.conversation_id}"
        subject = self.subject("conversation")
        if subject is None:
            return words
        page = subject.url_of(reply.conversation_id)
        return link(f"{page}?message={reply.pk}#message-{reply.pk}", words)

    @admin.display(description="Of")
    def owner(self, reply: Reply) -> SafeString | str:
        """Link to the person who asked."""
        return self.link_to(reply.conversation.owner, reply.conversation.owner.name)

    @admin.display(description="Tokens in")
    def tokens_in(self, reply: Reply) -> str:
        """Show the tokens of the prompt."""
        return number(reply.prompt_tokens)

    @admin.display(description="Out")
    def tokens_out(self, reply: Reply) -> str:
        """Show the tokens of the answer."""
        return number(reply.completion_tokens)

    @admin.display(description="Cost")
    def cost(self, reply: Reply) -> str:
        """Show what it cost, marked where tokens were estimated."""
        if reply.cost_nano is None:
            return EMPTY
        about = "~" if reply.usage_source == "estimated" else ""
        return f"{about}{money.say(reply.cost_nano)}"

    @admin.display(description="First text")
    def first_text(self, reply: Reply) -> str:
        """Show how long the person waited for the first text."""
        return duration(reply.queued_at, reply.first_token_at)

    @admin.display(description="Took")
    def took(self, reply: Reply) -> str:
        """Show how long the answer took."""
        return duration(reply.started_at, reply.finished_at)

    def row_actions(self) -> Sequence[RowAction[Reply]]:
        """Return the one thing that may be done to a live answer."""
        return [
            RowAction(
                name="halt",
                label="Halt",
                icon="front_hand",
                is_allowed=decisions.may_halt,
                is_offered=lambda _, reply: reply.is_live,
                decide=lambda request, reply: decisions.halt(
                    request, reply, back_url=self.url_of(reply.pk)
                ),
                is_danger=True,
            )
        ]

    def detail(self, request: HttpRequest, row: Reply) -> Detail:
        """Show how the answer went."""
        message = self.subject("message")
        said = [Text("What the person is told", row.notice)] if row.notice else []
        return Detail(
            title=f"Answer {row.pk} by {row.model}",
            badges=[looks.state_badge(row)],
            facts=[
                Fact("Message", link(message.url_of(row.pk), f"#{row.pk}") if message else row.pk),
                Fact("Conversation", self.talk(row)),
                Fact("Of", self.owner(row)),
                Fact("Model", row.model),
                Fact("Temperature", row.temperature),
                Fact("Tokens in", number(row.prompt_tokens)),
                Fact("Tokens out", number(row.completion_tokens), row.usage_source),
                *([Fact("Cost", self.cost(row))] if has_right(request, VIEW_COST) else []),
                Fact("Finish reason", row.finish_reason or EMPTY),
                Fact("Error", row.error_code or EMPTY),
                Fact("Asked", moment(row.queued_at)),
                Fact("Waited for a worker", duration(row.queued_at, row.started_at)),
                Fact("First text after", self.first_text(row)),
                Fact("Took", self.took(row)),
                Fact("Ended", moment(row.finished_at)),
                Fact("Worker", row.lease_owner or EMPTY, f"lease {row.fence}" if row.fence else ""),
                Fact("Request", row.correlation_id or EMPTY),
            ],
            texts=said,
            related=[
                *self.lists_of(request, f"reply:{row.pk}", "usagerecord", "auditevent"),
                *self.lists_of(request, f"conversation:{row.conversation_id}", "reply"),
            ],
        )

    def front(self, request: HttpRequest) -> Front:
        """Show what runs and what failed."""
        live = count_up_to(Reply.objects.live(), COUNT_LIMIT)
        yesterday = timezone.now() - timedelta(days=1)
        columns = ("state", "queued_at", "model", "error_code")
        newest = Reply.objects.order_by("-pk").only(*columns)[:RECENT_ANSWERS]
        recent = [reply for reply in newest if reply.queued_at > yesterday]
        broken = [reply for reply in recent if reply.state in BROKEN_STATES]
        more = "+" if len(recent) == RECENT_ANSWERS else ""
        return Front(
            figures=[
                Figure(
                    "Being written",
                    live,
                    f"{len(recent):,}{more} asked, 24 hours",
                    f"{self.list_url()}?state={ReplyState.RUNNING}",
                    tone="live" if live != "0" else "neutral",
                    icon="progress_activity",
                ),
                Figure(
                    "Failed, 24 hours",
                    f"{len(broken):,}",
                    f"of the last {len(recent):,}{more} answers",
                    f"{self.list_url()}?state={ReplyState.FAILED}",
                    tone="danger" if broken else "neutral",
                    icon="error",
                ),
            ],
            table=self._broken_table(broken[:BROKEN_SHOWN]),
        )

    def _broken_table(self, replies: Sequence[Reply]) -> Table:
        rows = [
            (
                self.asked(reply),
                link(self.url_of(reply.pk), self.number(reply)),
                self.state_shown(reply),
                reply.model,
                reply.error_code.replace("_", " ") or EMPTY,
            )
            for reply in replies
        ]
        columns = ("Asked", "Answer", "State", "Model", "Error")
        more = f"{self.list_url()}?state={ReplyState.FAILED}"
        return Table("Answers that broke", columns, rows, "None in 24 hours.", more)
