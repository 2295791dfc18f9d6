"""Messages: finding them, reading them as plain text, hiding and restoring them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.constants import AuditAction
from apps.audit.models import AuditEvent
from apps.conversations.admin import decisions, finding, looks, reading, several
from apps.conversations.admin.message_facts import facts_of, hidden_facts_of, texts_of
from apps.conversations.admin.transcript import transcript_url
from apps.conversations.constants import Author
from apps.conversations.models import Message
from apps.core.admin_kit.actions import Button, RowAction
from apps.core.admin_kit.decisions import Decision, decide, return_url
from apps.core.admin_kit.details import Detail, Fact, Figure, Front
from apps.core.admin_kit.display import link, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.sections import Section

RECENT_DECISIONS = 500
FREQUENT_AUTHORS = tuple((a.value, str(a.label)) for a in (Author.USER, Author.ASSISTANT))
"""Authors who write all the time: looking for a rare one would read the whole table."""


@admin.register(Message)
class MessageAdmin(StaffModelAdmin[Message]):
    """Every message of every conversation, newest first."""

    section = Section.REVIEW
    place = 1
    is_jumped_to = True
    icon = "chat"
    description = "Find a message, hide it or give it back."
    search_keys = {
        "message": "pk",
        "conversation": "conversation_id",
        "user": "conversation__owner_id",
    }
    search_advice = "Search by number, conversation:12, user:12 or conversation:12 with words."
    private_advice = finding.PRIVATE_ADVICE
    search_help_text = "Number, user:12, conversation:12 words"
    list_display = ("pick", "number", "written", "author_shown", "begins", "talk", "owner", "state")
    list_display_links = ("number", "begins")
    list_filter = (
        choice_filter(title="author", parameter_name="role", options=FREQUENT_AUTHORS),
        finding.HiddenFilter,
    )
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Return the messages with the beginning of their text only, where that may be read."""
        rows = super().get_queryset(request).select_related("conversation__owner", "reply")
        columns = ("role", "created_at", "hidden_at", "reply__state", *looks.OWNER_COLUMNS)
        return several.with_beginnings(request, rows.only(*columns))

    def detail_rows(self, request: HttpRequest) -> QuerySet[Message]:
        """Return the messages with their whole text."""
        rows = Message.objects.select_related("conversation__owner", "reply").defer("html")
        return decisions.with_hold(rows, request)

    @admin.display(description="Select")
    def pick(self, message: Message) -> SafeString:
        """Draw the box that selects a message."""
        return format_html(
            '<input type="checkbox" class="staff-check" name="message" value="{}" '
            'aria-label="Select message {}">',
            message.pk,
            message.pk,
        )

    @admin.display(description="Message", ordering="id")
    def number(self, message: Message) -> str:
        """Show the number."""
        return f"#{message.pk}"

    @admin.display(description="Written")
    def written(self, message: Message) -> SafeString | str:
        """Show when."""
        return moment(message.created_at)

    @admin.display(description="By")
    def author_shown(self, message: Message) -> SafeString:
        """Show who wrote it."""
        return looks.author_badge(message)

    @admin.display(description="Begins")
    def begins(self, message: Message) -> str:
        """Show the beginning of the text."""
        return preview(several.beginning_of(message))

    @admin.display(description="Conversation")
    def talk(self, message: Message) -> SafeString | str:
        """Link to the message in its conversation."""
        title = preview(message.conversation.display_title, length=30)
        may_show = not hasattr(message, "is_readable") or reading.is_readable(message)
        words = title if may_show else f"Conversation {message.conversation_id}"
        subject = self.subject("conversation")
        return words if subject is None else link(transcript_url(subject, message), words)

    @admin.display(description="Of")
    def owner(self, message: Message) -> SafeString | str:
        """Link to the person whose conversation it is."""
        return self.link_to(message.conversation.owner, message.conversation.owner.name)

    @admin.display(description="State")
    def state(self, message: Message) -> SafeString | str:
        """Show where the answer stands, and whether it is hidden."""
        return format_html(
            "{} {}", looks.state_badge(looks.reply_of(message)), looks.hidden_badge(message)
        )

    def row_actions(self) -> Sequence[RowAction[Message]]:
        """Return what may be done to a message."""
        return [
            RowAction(
                name="hide",
                label="Hide",
                icon="visibility_off",
                is_allowed=decisions.may_hide,
                is_offered=decisions.is_shown_to_others,
                decide=lambda request, message: decisions.hide(
                    request, message, back_url=self.url_of(message.pk), list_url=self.list_url()
                ),
                is_danger=True,
            ),
            RowAction(
                name="flag",
                label="Flag",
                icon="flag",
                is_allowed=decisions.may_flag,
                is_offered=decisions.is_shown_to_others,
                decide=lambda request, message: decisions.flag(
                    request, message, back_url=self.url_of(message.pk)
                ),
            ),
            RowAction(
                name="restore",
                label="Restore",
                icon="visibility",
                is_allowed=decisions.may_hide,
                is_offered=lambda request, message: (
                    message.is_hidden and not decisions.why_not_restored(request, message)
                ),
                why_not=decisions.why_not_restored,
                decide=lambda request, message: decisions.restore(
                    request, message, back_url=self.url_of(message.pk)
                ),
            ),
        ]

    def bulk_buttons(self, request: HttpRequest) -> list[Button]:
        """Return what may be done to several messages."""
        if not decisions.may_hide(request):
            return []
        return [
            Button(
                "Hide selected",
                f"{self.list_url()}hide-selected/",
                "visibility_off",
                is_danger=True,
            ),
            Button("Restore selected", f"{self.list_url()}restore-selected/", "visibility"),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Return the usual addresses and those for several messages."""
        wrap = self.admin_site.admin_view
        return [
            path("hide-selected/", wrap(self.hide_selected), name=self.url_name("hide_selected")),
            path(
                "restore-selected/",
                wrap(self.restore_selected),
                name=self.url_name("restore_selected"),
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list and note whose words it shows; for a search for words, ask first."""
        refused = finding.gate(request, self.subject("conversation"))
        page = refused or super().changelist_view(request, extra_context)
        is_noted = finding.words_within(request.GET.get("q", "")) is not None
        talk_of = looks.talk_of
        return page if is_noted else reading.note_page(request, page, talk_of, is_glance=False)

    def search(
        self, request: HttpRequest, rows: QuerySet[Message], term: str
    ) -> QuerySet[Message] | None:
        """Return what was looked up exactly, words within a conversation, or None to refuse."""
        found = finding.search(rows, term)
        return super().search(request, rows, term) if found is None else found

    def hide_selected(self, request: HttpRequest) -> HttpResponse:
        """Ask for the reason and hide several messages."""
        return self._decide_many(request, several.hide_many)

    def restore_selected(self, request: HttpRequest) -> HttpResponse:
        """Ask for the reason and restore several messages."""
        return self._decide_many(request, several.restore_many)

    def gate(
        self, request: HttpRequest, row: Message, *, is_glance: bool = False
    ) -> HttpResponse | None:
        """Ask for a reason where no case is open, and note that it is read."""
        subject = self.subject("conversation")
        ask = subject.url_of(row.conversation_id, "read") if subject else self.list_url()
        return reading.gate(request, row.conversation, ask, is_glance=is_glance)

    def detail(self, request: HttpRequest, row: Message) -> Detail:
        """Show one message with its whole text."""
        reply = looks.reply_of(row)
        return Detail(
            title=f"{row.get_role_display()} message {row.pk}",
            badges=[looks.author_badge(row), looks.state_badge(reply), looks.hidden_badge(row)],
            facts=[
                Fact("Conversation", self.talk(row)),
                Fact("Of", self.owner(row)),
                *facts_of(row, reply),
                *hidden_facts_of(request, row),
            ],
            texts=texts_of(row),
            related=[
                *(self.lists_of(request, str(row.pk), "reply") if reply else ()),
                *self.lists_of(request, f"message:{row.pk}", "case", "auditevent"),
                *self.lists_of(request, f"conversation:{row.conversation_id}", "message"),
            ],
        )

    def front(self, request: HttpRequest) -> Front:
        """Show how much was hidden lately."""
        yesterday = timezone.now() - timedelta(days=1)
        hidden = AuditEvent.objects.of_kind(AuditAction.MESSAGE_HIDDEN).newest_first()
        times = hidden.values_list("created_at", flat=True)[:RECENT_DECISIONS]
        recent = sum(at > yesterday for at in times)
        more = "+" if recent == RECENT_DECISIONS else ""
        return Front(
            figures=[
                Figure(
                    "Hidden, 24 hours",
                    f"{recent}{more}",
                    "messages, by staff",
                    f"{self.list_url()}?hidden=yes",
                    icon="visibility_off",
                )
            ]
        )

    def _decide_many(self, request: HttpRequest, build: Callable[..., Decision]) -> HttpResponse:
        """Ask for a reason, and act once it came: a first POST selects, a second one explains."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_view_permission(request) and decisions.may_hide(request)):
            raise PermissionDenied
        rows = decisions.with_hold(self.get_queryset(request), request)
        chosen = list(rows.filter(pk__in=several.selected(request)).order_by("id"))
        reading.note_rows(request, chosen, looks.talk_of, is_glance=True)
        back_url = return_url(request, self.list_url())
        if not chosen:
            flash.warning(request, "Select at least one message first.")
            return HttpResponseRedirect(back_url)
        return decide(
            request,
            site=self.admin_site,
            decision=build(request, chosen, back_url=back_url),
            context={"opts": self.opts, "crumbs": [self.crumb()], "here": "Selected"},
            is_submitted="reason" in request.POST,
        )
