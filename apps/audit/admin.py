"""The audit record, to be read and never touched."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.audit import services
from apps.audit.constants import SYSTEM_ACTOR, AuditAction
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.subjects import Reader
from apps.core.admin_kit.details import Detail, Fact, Front, Related, Table, Text
from apps.core.admin_kit.display import EMPTY, KEPT, Tone, badge, link, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.searching import search_exactly, split_key
from apps.core.admin_kit.sections import Section
from apps.core.admin_kit.viewing import current_request

NEWEST_READ = 100
NEWEST_SHOWN = 10
TAKING_AWAY = {
    AuditAction.MESSAGE_HIDDEN,
    AuditAction.REPLY_HALTED,
    AuditAction.USER_SUSPENDED,
    AuditAction.USER_RESTRICTED,
    AuditAction.USER_DEACTIVATED,
    AuditAction.USER_DELETED,
    AuditAction.TOKEN_REVOKED,
    AuditAction.CONVERSATION_DELETED,
}
GIVING_BACK = {AuditAction.MESSAGE_RESTORED, AuditAction.USER_LIFTED, AuditAction.USER_ACTIVATED}


@admin.register(AuditEvent)
class AuditEventAdmin(StaffModelAdmin[AuditEvent]):
    """Who did what, to what, and why."""

    section = Section.AUDIT
    heading = "Audit record"
    icon = "policy"
    description = "Every decision with its actor and its reason."
    search_keys = {"actor": "actor_id"}
    search_advice = "Search by event number, actor:12, or what it was done to: user:12, message:12."
    search_help_text = "Number, actor:12, user:12, message:12"
    list_display = ("number", "done_at", "by", "what", "target", "why")
    list_filter = (
        choice_filter(title="action", parameter_name="action", options=tuple(AuditAction.choices)),
    )
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Return the record without what others did to what is the viewer's own."""
        return services.list_events_for(viewer=cast("Reader", request.user)).order_by(
            *self.ordering
        )

    def search(
        self, request: HttpRequest, rows: QuerySet[AuditEvent], term: str
    ) -> QuerySet[AuditEvent] | None:
        """Look up the events of an actor or about a target."""
        found = search_exactly(rows, term, keys=self.search_keys)
        if found is not None:
            return found
        key, number = split_key(term)
        return None if number is None else cast("AuditEventQuerySet", rows).about(key, number)

    @admin.display(description="Event", ordering="id")
    def number(self, event: AuditEvent) -> str:
        """Show the event's number."""
        return f"#{event.pk}"

    @admin.display(description="When")
    def done_at(self, event: AuditEvent) -> SafeString | str:
        """Show when it was done."""
        return moment(event.created_at)

    @admin.display(description="Who")
    def by(self, event: AuditEvent) -> str:
        """Show who did it, by the name that they had."""
        return event.actor_label

    @admin.display(description="Action")
    def what(self, event: AuditEvent) -> SafeString:
        """Show what was done."""
        words = dict(AuditAction.choices).get(event.action, event.action)
        if event.action in TAKING_AWAY:
            return badge(words, Tone.WARNING, "remove_circle")
        if event.action in GIVING_BACK:
            return badge(words, Tone.GOOD, "undo")
        return badge(words)

    @admin.display(description="Done to")
    def target(self, event: AuditEvent) -> SafeString | str:
        """Link to what it was done to, where the viewer may look."""
        if not event.target_id:
            return f"the {event.target_type}"
        words = f"{event.target_type} {event.target_id}"
        return self._linked(event.target_type, event.target_id, words)

    @admin.display(description="Reason")
    def why(self, event: AuditEvent) -> str:
        """Show the reason, shortened."""
        return KEPT if event.is_kept else preview(event.reason) or EMPTY

    def detail(self, request: HttpRequest, row: AuditEvent) -> Detail:
        """Show the event with its reason and what changed."""
        actor = row.actor_label
        return Detail(
            title=f"{dict(AuditAction.choices).get(row.action, row.action)}: "
            f"{row.target_type} {row.target_id}",
            badges=[self.what(row)],
            facts=[
                Fact("When", moment(row.created_at), f"{row.created_at:%Y-%m-%d %H:%M:%S} UTC"),
                Fact("Who", actor if row.actor_id is None else self._person(row)),
                Fact("Done to", self.target(row)),
                Fact("Word", row.action),
                Fact("Request", row.correlation_id or EMPTY),
            ],
            texts=[
                Text("Reason", KEPT if row.is_kept else row.reason, "in the words of the actor")
            ],
            tables=[
                Table("What changed", ("What", "Value"), changes(row.data_shown), "Nothing else.")
            ],
            related=self._related(row),
        )

    def front(self, request: HttpRequest) -> Front:
        """Show what was done last."""
        newest = self.get_queryset(request).order_by("-id")[:NEWEST_READ]
        decided = [event for event in newest if event.action != AuditAction.CONVERSATION_READ]
        rows = [
            (self.done_at(event), event.actor_label, self.what(event), self.target(event))
            for event in decided[:NEWEST_SHOWN]
        ]
        columns = ("When", "Who", "What", "Done to")
        return Front(
            table=Table("Lately", columns, rows, "Nothing was decided yet.", self.list_url())
        )

    def _person(self, event: AuditEvent) -> SafeString | str:
        if event.actor_id is None:
            return event.actor_label
        return self._linked("user", event.actor_id, f"{event.actor_label} (#{event.actor_id})")

    def _linked(self, name: str, number: int, words: str) -> SafeString | str:
        subject = self.subject(name)
        is_open = subject is not None and subject.has_view_permission(current_request())
        return link(subject.url_of(number), words) if subject is not None and is_open else words

    def _related(self, event: AuditEvent) -> list[Related]:
        same = f"{event.target_type}:{event.target_id}"
        related = [Related(f"Everything done to {same.replace(':', ' ')}", self.list_url(same))]
        if event.actor_id is not None and event.actor_label != SYSTEM_ACTOR:
            words = f"Everything done by {event.actor_label}"
            related.append(Related(words, self.list_url(f"actor:{event.actor_id}")))
        return related


def changes(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Write the data of an event as lines that a person reads; from and to become one line."""
    values = dict(data)
    lines = []
    if "from" in values and "to" in values:
        lines.append(("Changed", f"{_words(values.pop('from'))} → {_words(values.pop('to'))}"))
    lines += [(key.replace("_", " ").capitalize(), _words(value)) for key, value in values.items()]
    return lines


def _words(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or EMPTY
    return EMPTY if value in (None, "") else str(value)
