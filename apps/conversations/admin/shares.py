"""Shared links: who shares what, since when, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.conversations.admin.decisions import actor_of, case_link
from apps.conversations.admin.forms import RevokeForm
from apps.conversations.constants import ShareStanding
from apps.conversations.enforcement_hold import enforcement_hold
from apps.conversations.errors import HELD, TAKE_BACK
from apps.conversations.hiding_desk import hiding_desk
from apps.conversations.models import Message, Share
from apps.conversations.services.share_standing import standing_of
from apps.conversations.services.withdrawing import give_share_back
from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, moment
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section

if TYPE_CHECKING:
    from apps.conversations.querysets import ShareQuerySet

STATES = {
    ShareStanding.WITHDRAWN: ("Revoked by staff", "block"),
    ShareStanding.REVOKED: ("Revoked", "block"),
    ShareStanding.EXPIRED: ("Ended", "schedule"),
    ShareStanding.DELETED: ("Conversation deleted", "block"),
    ShareStanding.LOCKED: ("Conversation locked", "lock"),
    ShareStanding.RETRACTED: ("An answer is withheld", "block"),
    ShareStanding.CLOSED: ("Account closed or suspended", "block"),
}


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
        """Return the links with their owners, and the case that keeps one revoked."""
        shown = cast("ShareQuerySet", super().get_queryset(request))
        held_by = enforcement_hold().case_revoking(share="pk", owner="owner_id")
        return shown.with_standing(Message.objects.all()).annotate(held_by=held_by)

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
        """Show whether it leads anywhere, and if not, why."""
        standing = standing_of(share)
        if standing == ShareStanding.OPEN:
            return badge("Open", Tone.GOOD, "link")
        words, icon = STATES[standing]
        return badge(words, icon=icon)

    def row_actions(self) -> Sequence[RowAction[Share]]:
        """Return what may be done to a link: revoking it, and giving it back."""
        return [
            RowAction(
                name="revoke",
                label="Revoke",
                icon="link_off",
                is_allowed=_may_revoke,
                is_offered=lambda _, share: not share.is_revoked_by_staff,
                decide=self._revoke,
                is_danger=True,
            ),
            RowAction(
                name="give-back",
                label="Give back",
                icon="link",
                is_allowed=_may_revoke,
                is_offered=lambda _, share: share.is_revoked_by_staff and not _held_by(share),
                decide=self._give_back,
            ),
        ]

    def _revoke(self, request: HttpRequest, share: Share) -> Decision:
        def apply(typed: Mapping[str, Any]) -> SafeString:
            case = hiding_desk().revoke(actor=actor_of(request), share_id=share.pk, **typed)
            words = case_link(request, case, f"Case {case}")
            return format_html(
                "Link {} leads nowhere any more. {} keeps the decision.", share.pk, words
            )

        return Decision(
            title=f"Revoke link {share.pk}",
            effects=[
                "Its owner has revoked the link already. They cannot make the next one at once."
                if share.revoked_at
                else "Whoever opens the link finds nothing from now on, until it is given back.",
                f"{share.owner.name} gets a notice with the policy and can appeal. Until the link "
                "is given back they can make no other one to this conversation. No points are "
                "added.",
                "The conversation itself and older links to it stay as they are.",
                "A case about the person keeps the decision; the link is given back there.",
                RECORDED,
            ],
            submit="Revoke the link",
            done="",
            apply=apply,
            back_url=self.url_of(share.pk),
            form_class=RevokeForm,
            is_danger=True,
        )

    def _give_back(self, request: HttpRequest, share: Share) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            give_share_back(actor=actor_of(request), share_id=share.pk, reason=typed["reason"])

        return Decision(
            title=f"Give link {share.pk} back",
            effects=[
                "Its owner had revoked the link, which goes on to lead nowhere."
                if share.was_revoked_by_owner
                else "The link works again as it did before, unless it has ended meanwhile.",
                f"{share.owner.name} can share the conversation anew.",
                RECORDED,
            ],
            submit="Give the link back",
            done=f"Link {share.pk} is given back.",
            apply=apply,
            back_url=self.url_of(share.pk),
        )

    def _hold(self, request: HttpRequest, share: Share) -> list[Fact]:
        """Say where a link that a decision revoked is given back."""
        case = _held_by(share)
        if case is None:
            return []
        words = format_html("{} {}", HELD, case_link(request, case, TAKE_BACK))
        return [Fact("Given back", words)]

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
                *self._hold(request, row),
            ],
            texts=[Text("What its owner is told", row.reason_for_user)]
            if row.reason_for_user
            else [],
            related=self.lists_of(request, f"share:{row.pk}", "auditevent"),
        )


def _held_by(share: Share) -> int | None:
    """Return the case whose decision keeps a link of this list revoked; None for none."""
    number: int | None = getattr(share, "held_by", None)
    return number if share.is_revoked_by_staff else None


def _may_revoke(request: HttpRequest) -> bool:
    return has_right(request, "conversations.revoke_share")
