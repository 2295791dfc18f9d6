"""Shared links: who shares what, since when, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.conversations.admin.decisions import RECORDED, actor_of
from apps.conversations.models import Share
from apps.conversations.services.shares import withdraw_share
from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import Decision
from apps.core.admin_kit.details import Detail, Fact
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, moment
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section


@admin.register(Share)
class ShareAdmin(StaffModelAdmin[Share]):
    """Every link, newest first; its address is not kept and its text stays private here."""

    section = Section.REVIEW
    place = 4
    heading = "Shared links"
    icon = "link"
    description = "Which conversations are open to whoever has a link, and closing one."
    search_keys = {"share": "pk", "conversation": "conversation_id", "user": "owner_id"}
    search_advice = "Search by number, conversation:12 or user:12."
    search_help_text = "Number, conversation:12, user:12"
    list_display = ("number", "talk", "person", "made", "views", "ends", "state")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        """Return the links with their owners."""
        return super().get_queryset(request).select_related("owner", "conversation")

    @admin.display(description="Link", ordering="pk")
    def number(self, share: Share) -> str:
        """Show the number."""
        return f"#{share.pk}"

    @admin.display(description="Conversation")
    def talk(self, share: Share) -> SafeString | str:
        """Link to the conversation, where a reason may be asked before it is read."""
        words = f"Conversation {share.conversation_id}"
        subject = self.subject("conversation")
        return link(subject.url_of(share.conversation_id), words) if subject else words

    @admin.display(description="Of")
    def person(self, share: Share) -> SafeString | str:
        """Link to the person who shared it."""
        return self.link_to(share.owner, share.owner.name)

    @admin.display(description="Made")
    def made(self, share: Share) -> SafeString | str:
        """Show when it was made."""
        return moment(share.created_at)

    @admin.display(description="Opened")
    def views(self, share: Share) -> str:
        """Show how often it was opened."""
        return f"{share.view_count:,}"

    @admin.display(description="Works until")
    def ends(self, share: Share) -> SafeString | str:
        """Show its end."""
        return moment(share.expires_at) if share.expires_at else EMPTY

    @admin.display(description="State")
    def state(self, share: Share) -> SafeString | str:
        """Show whether it leads anywhere by its own dates."""
        if share.revoked_at is not None:
            words = "Revoked by staff" if share.is_revoked_by_staff else "Revoked"
            return badge(words, icon="block")
        if share.expires_at is not None and share.expires_at <= timezone.now():
            return badge("Ended", icon="schedule")
        return badge("Open", Tone.GOOD, "link")

    def row_actions(self) -> Sequence[RowAction[Share]]:
        """Return the one thing that may be done to an open link."""
        return [
            RowAction(
                name="revoke",
                label="Revoke",
                icon="link_off",
                is_allowed=lambda request: has_right(request, "conversations.revoke_share"),
                is_offered=lambda _, share: share.revoked_at is None,
                decide=self._revoke,
                is_danger=True,
            )
        ]

    def _revoke(self, request: HttpRequest, share: Share) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            withdraw_share(actor=actor_of(request), share_id=share.pk, reason=typed["reason"])

        return Decision(
            title=f"Revoke link {share.pk}",
            effects=[
                "Whoever opens the link finds nothing from now on. This cannot be taken back.",
                f"{share.owner.name} sees under Shared links that a moderator revoked it.",
                "The conversation itself stays as it is.",
                RECORDED,
            ],
            submit="Revoke the link",
            done=f"Link {share.pk} leads nowhere any more.",
            apply=apply,
            back_url=self.url_of(share.pk),
            is_danger=True,
        )

    def detail(self, request: HttpRequest, row: Share) -> Detail:
        """Show how the link stands."""
        return Detail(
            title=f"Link {row.pk}",
            badges=[self.state(row)],
            facts=[
                Fact("Conversation", self.talk(row)),
                Fact("Of", self.person(row)),
                Fact("Messages", f"{len(row.message_ids):,}"),
                Fact("Made", self.made(row)),
                Fact("Works until", self.ends(row)),
                Fact("Revoked", moment(row.revoked_at) if row.revoked_at else EMPTY),
                Fact("Opened", self.views(row)),
            ],
            related=self.lists_of(request, f"share:{row.pk}", "auditevent"),
        )
