"""Who may read, or might have read, which private conversation; and ending that early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import EMPTY, link, moment, preview
from apps.core.admin_kit.filters import ChoiceFilter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.moderation.constants import GrantState
from apps.moderation.models import AccessGrant
from apps.moderation.querysets import AccessGrantQuerySet
from apps.moderation.services.cases import grants
from apps.moderation.services.desk import records
from apps.moderation.templatetags import looks
from apps.users.models import User


class GrantStateFilter(ChoiceFilter):
    """Those by which somebody may read now, and those that are over."""

    title = "state"
    parameter_name = "state"
    options = tuple(GrantState.choices)

    def narrow(self, rows: QuerySet[AccessGrant], value: str) -> QuerySet[AccessGrant]:
        """Return those in a state, which an index answers."""
        return cast("AccessGrantQuerySet", rows).in_state(GrantState(value))


@admin.register(AccessGrant)
class AccessGrantAdmin(StaffModelAdmin[AccessGrant]):
    """Every grant, newest first: everybody's for leads and auditors, one's own else."""

    section = Section.REVIEW
    place = 5
    heading = "Grants to read"
    icon = "key"
    description = "Who may read which private conversation without a case, why and until when."
    search_keys = {
        "grant": "pk",
        "user": "subject_id",
        "conversation": "conversation_number",
        "reader": "reader_id",
    }
    search_advice = "Search by number, user:12 for an owner, reader:12 or conversation:12."
    search_help_text = "Number, user:12, reader:12"
    empty_advice = "A grant is made when staff give a reason to read a conversation."
    list_display = ("number", "state", "reader_shown", "talk", "whose", "why", "since", "until")
    list_display_links = ("number",)
    list_filter = (GrantStateFilter,)
    ordering = ("-id",)

    def has_view_permission(self, request: HttpRequest, obj: AccessGrant | None = None) -> bool:
        """Let those in who see everybody's, or may read conversations and see their own."""
        del obj
        return has_right(request, records.ALL_GRANTS) or has_right(request, grants.READ)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessGrant]:
        """Return the grants that the viewer may see, with the people's names."""
        rows = records.list_grants(viewer=_viewer(request), chosen={}).select_related("subject")
        return rows.annotate(
            reader_name=User.objects.name_at("reader_id"),
            ender_name=User.objects.name_at("revoked_by_id"),
        )

    @admin.display(description="Grant", ordering="id")
    def number(self, row: AccessGrant) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Reader")
    def reader_shown(self, row: AccessGrant) -> SafeString | str:
        """Link to whoever may read."""
        return self._staff(row.reader_id, getattr(row, "reader_name", None), row.reader_label)

    @admin.display(description="Conversation")
    def talk(self, row: AccessGrant) -> SafeString | str:
        """Link to the conversation, where a reason may be asked before it is read."""
        words = f"Conversation {row.conversation_number}"
        subject = self.subject("conversation")
        if row.conversation_id is None:
            return f"{words} (gone)"
        return link(subject.url_of(row.conversation_id), words) if subject else words

    @admin.display(description="Of")
    def whose(self, row: AccessGrant) -> SafeString | str:
        """Link to the person whose conversation it is."""
        return self.link_to(row.subject, row.subject.name)

    @admin.display(description="Reason")
    def why(self, row: AccessGrant) -> str:
        """Show the beginning of the reason."""
        return preview(row.reason)

    @admin.display(description="Since")
    def since(self, row: AccessGrant) -> SafeString | str:
        """Show when it began."""
        return moment(row.created_at)

    @admin.display(description="Until")
    def until(self, row: AccessGrant) -> SafeString | str:
        """Show when it is over, or was."""
        return moment(row.revoked_at or row.expires_at)

    @admin.display(description="State")
    def state(self, row: AccessGrant) -> SafeString:
        """Show whether it holds, and who ended it early."""
        return looks.grant_badge(row.state, ended_by=row.revoked_by_label)

    def row_actions(self) -> Sequence[RowAction[AccessGrant]]:
        """Return what may be done to a grant: ending it before its time."""
        return [
            RowAction(
                name="end",
                label="End",
                icon="key_off",
                is_allowed=lambda request: has_right(request, grants.READ),
                is_offered=_is_offered,
                decide=self._end,
                is_danger=True,
                why_not=_why_not,
            )
        ]

    def _end(self, request: HttpRequest, row: AccessGrant) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            grants.revoke_grant(actor=_viewer(request), grant_id=row.pk, reason=typed["reason"])

        return Decision(
            title=f"End grant {row.pk}",
            effects=[
                f"{row.reader_label} cannot read conversation {row.conversation_number} by it any "
                "more, from the next page on. With a new reason they can ask again.",
                f"{row.subject.name} sees under “Who read my conversations” that it was ended "
                "early, not by whom or why.",
                RECORDED,
            ],
            submit="End the grant",
            done=f"Grant {row.pk} is ended.",
            apply=apply,
            back_url=self.url_of(row.pk),
            is_danger=True,
        )

    def detail(self, request: HttpRequest, row: AccessGrant) -> Detail:
        """Show one grant; what was read by it is in the audit record of the conversation."""
        ender = self._staff(row.revoked_by_id, getattr(row, "ender_name", None), "")
        return Detail(
            title=f"Grant {row.pk}",
            badges=[looks.grant_badge(row.state)],
            facts=[
                Fact("Reader", self.reader_shown(row)),
                Fact("Conversation", self.talk(row)),
                Fact("Of", self.whose(row)),
                Fact("Since", self.since(row)),
                Fact("Meant until", moment(row.expires_at)),
                Fact("Ended early", moment(row.revoked_at)),
                Fact("Ended by", ender or row.revoked_by_label or EMPTY),
            ],
            texts=[
                Text("Reason", row.reason, "The owner of the conversation reads it."),
                *([Text("Why it was ended", row.revoke_reason)] if row.revoke_reason else []),
            ],
            related=self.lists_of(request, f"conversation:{row.conversation_number}", "auditevent"),
        )

    def _staff(self, number: int | None, name: str | None, label: str) -> SafeString | str:
        """Link to a member of staff; the name of then where their account is gone."""
        if number is None or name is None:
            return label
        return self.link_to(User(pk=number, name=name), name)


def _viewer(request: HttpRequest) -> User:
    return cast("User", request.user)


def _is_offered(request: HttpRequest, row: AccessGrant) -> bool:
    return row.state == GrantState.LIVE and grants.may_end(_viewer(request), row)


def _why_not(request: HttpRequest, row: AccessGrant) -> str:
    if row.state != GrantState.LIVE:
        return f"Grant {row.pk} is over already."
    return "Whoever reads by a grant can end it, or a lead."
