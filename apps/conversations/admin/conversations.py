"""Conversations, and the page on which staff read one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.conversations.admin import decisions, finding, reading
from apps.conversations.admin.transcript import lines_of, transcript_page
from apps.conversations.models import Conversation
from apps.conversations.querysets import ConversationQuerySet
from apps.conversations.reading_gate import reading_gate
from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.details import Detail, Fact
from apps.core.admin_kit.display import Tone, badge, moment, preview
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.sections import Section


@admin.register(Conversation)
class ConversationAdmin(StaffModelAdmin[Conversation]):
    """Every conversation, newest first; its page is the transcript."""

    section = Section.REVIEW
    is_jumped_to = True
    icon = "forum"
    description = "Read one from its first message to its last."
    search_keys = {"conversation": "pk", "user": "owner_id", "message": "messages"}
    search_advice = "Search by number, user:12 or message:12. Words cannot be searched for here."
    private_advice = finding.PRIVATE_ADVICE
    search_help_text = "Number, user:12, message:12"
    list_display = ("number", "title_shown", "person", "message_count", "last", "begun", "state")
    list_display_links = ("number", "title_shown")
    ordering = ("-id",)
    detail_template = "admin/conversation.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """Return the conversations with their owners, and which of them may be read now."""
        condition = reading_gate().readable(
            decisions.actor_of(request), conversation="pk", owner="owner_id"
        )
        rows = cast("ConversationQuerySet", super().get_queryset(request))
        return rows.with_readable(condition).select_related("owner")

    @admin.display(description="Conversation", ordering="id")
    def number(self, row: Conversation) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Title")
    def title_shown(self, row: Conversation) -> str:
        """Show the title, which tells what is said, where that may be read."""
        return preview(row.display_title) if reading.is_readable(row) else reading.PRIVATE

    @admin.display(description="Of")
    def person(self, row: Conversation) -> SafeString | str:
        """Link to the owner."""
        return self.link_to(row.owner, row.owner.name)

    @admin.display(description="Last message")
    def last(self, row: Conversation) -> SafeString | str:
        """Show when something was written last."""
        return moment(row.last_message_at)

    @admin.display(description="Begun")
    def begun(self, row: Conversation) -> SafeString | str:
        """Show when it began."""
        return moment(row.created_at)

    @admin.display(description="State")
    def state(self, row: Conversation) -> SafeString | str:
        """Show whether its owner put it away or deleted it."""
        archived = badge("Archived", icon="archive") if row.archived_at else ""
        deleted = badge("Deleted by its owner", Tone.WARNING, "delete") if row.deleted_at else ""
        return format_html("{} {}", archived, deleted)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and note whose titles it shows because of a grant."""
        page = super().changelist_view(request, extra_context)
        return reading.note_page(request, page, lambda row: (row.pk, row.owner_id), is_glance=True)

    def gate(
        self, request: HttpRequest, row: Conversation, *, is_glance: bool = False
    ) -> HttpResponse | None:
        """Ask for a reason where no case is open, and note that it is read."""
        return reading.gate(request, row, self.url_of(row.pk, "read"), is_glance=is_glance)

    def row_actions(self) -> Sequence[RowAction[Conversation]]:
        """Return the page that asks for the reason to read."""
        return [reading.read_action(self.url_of)]

    def detail(self, request: HttpRequest, row: Conversation) -> Detail:
        """Show the conversation."""
        return Detail(
            title=row.display_title,
            badges=[self.state(row)],
            facts=[
                Fact("Number", f"#{row.pk}"),
                Fact("Of", self.person(row)),
                Fact("Messages", f"{row.message_count:,}"),
                Fact("Begun", moment(row.created_at)),
                Fact("Last message", moment(row.last_message_at)),
            ],
            related=[
                *self.lists_of(request, f"conversation:{row.pk}", "message", "reply", "auditevent"),
                *self.lists_of(request, f"user:{row.owner_id}", "conversation"),
            ],
        )

    def detail_context(self, request: HttpRequest, row: Conversation) -> dict[str, Any]:
        """Return one screen of the transcript."""
        subjects = {
            name: subject for name in ("message", "reply") if (subject := self.subject(name))
        }
        page = transcript_page(request, row)
        return {
            "page": page,
            "lines": lines_of(request, row, list(page.object_list), subjects),
            "bulk_buttons": subjects["message"].bulk_buttons(request),
            "page_url": f"{self.url_of(row.pk)}?page={page.number}",
        }
