from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.db.models.lookups import IsNull
from django.utils import timezone

from apps.conversations.constants import LIVE_STATES, Origin, ReplyState
from apps.llm.models import Pause
from apps.llm.querysets import PauseQuerySet
from apps.users.constants import Standing

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message, Reply, Share  # noqa: F401
    from apps.users.models import User


class ConversationQuerySet(QuerySet["Conversation"]):
    """Named queries over conversations: the only way to the rows."""

    def visible_to(self, viewer: User) -> ConversationQuerySet:
        """Return the viewer's own conversations that are not deleted."""
        return self.filter(owner=viewer, deleted_at=None)

    def listed(self) -> ConversationQuerySet:
        """Leave out what was archived, and single calls of programs."""
        return self.of_chat().filter(archived_at=None)

    def of_chat(self) -> ConversationQuerySet:
        """Leave out single calls of programs."""
        return self.filter(origin=Origin.CHAT)

    def newest_first(self) -> ConversationQuerySet:
        """Order by the last activity, newest first."""
        return self.order_by("-last_message_at", "-id")

    def below(self, moment: datetime, number: int) -> ConversationQuerySet:
        """Return what follows a place in the list of the newest first."""
        return self.filter(
            Q(last_message_at__lt=moment) | Q(last_message_at=moment, pk__lt=number)
        ).filter(last_message_at__lte=moment)

    def archived_of(self, viewer: User) -> ConversationQuerySet:
        """Return what the viewer put away, the last put away first."""
        rows = self.visible_to(viewer).filter(archived_at__isnull=False)
        return rows.order_by("-archived_at", "-id")

    def deleted_of(self, viewer: User, *, since: datetime) -> ConversationQuerySet:
        """Return what the viewer deleted and can still have back, the last deleted first."""
        rows = self.filter(owner=viewer, deleted_at__gte=since, origin=Origin.CHAT)
        return rows.order_by("-deleted_at", "-id")

    def kept_of(self, viewer: User, *, since: datetime) -> ConversationQuerySet:
        """Return all of the viewer's conversations, with those that can still be had back."""
        return self.filter(Q(deleted_at=None) | Q(deleted_at__gte=since), owner=viewer)

    def deleted_before(self, moment: datetime) -> ConversationQuerySet:
        """Return what was deleted so long ago that nobody gets it back."""
        return self.filter(deleted_at__lt=moment)


class MessageQuerySet(QuerySet["Message"]):
    """Named queries over messages."""

    def visible_to(self, viewer: User) -> MessageQuerySet:
        """Return the messages of the viewer's own conversations that are not deleted."""
        return self.owned_by(viewer).filter(conversation__deleted_at=None)

    def owned_by(self, viewer: User) -> MessageQuerySet:
        """Return the messages of all the viewer's own conversations, deleted ones too."""
        return self.filter(conversation__owner=viewer)

    def on_path(self) -> MessageQuerySet:
        """Return only the branch that is shown."""
        return self.filter(is_current=True)

    def withheld(self) -> MessageQuerySet:
        """Return the answers that policy or staff keep back."""
        return self.filter(reply__state=ReplyState.WITHHELD)

    def out_of_view(self) -> MessageQuerySet:
        """Return what its readers do not see: hidden messages and withheld answers."""
        return self.filter(Q(hidden_at__isnull=False) | Q(reply__state=ReplyState.WITHHELD))

    def oldest_first(self) -> MessageQuerySet:
        """Order as they were written; a child always has a larger number than its parent."""
        return self.order_by("id")


class ReplyQuerySet(QuerySet["Reply"]):
    """Named queries over answers."""

    def live(self) -> ReplyQuerySet:
        """Return those that have not ended."""
        return self.filter(state__in=LIVE_STATES)

    def held_by(self, owner: str) -> ReplyQuerySet:
        """Return those that this worker is writing."""
        return self.filter(state=ReplyState.RUNNING, lease_owner=owner)

    def to_be_ended(self) -> ReplyQuerySet:
        """Return those that somebody asked to end, whose asker is out, or whose model is paused.

        A person is out, and so is whoever came by a token that was revoked.
        """
        now = timezone.now()
        person = "conversation__owner"
        is_suspended = Q(**{f"{person}__standing": Standing.SUSPENDED}) & (
            Q(**{f"{person}__standing_until": None}) | Q(**{f"{person}__standing_until__gt": now})
        )
        is_out = Q(**{f"{person}__is_active": False}) | is_suspended
        is_revoked = Q(api_token__revoked_at__isnull=False)
        is_asked = Q(stop_requested_at__isnull=False)
        return self.filter(is_asked | is_out | is_revoked | Exists(self._pauses()))

    def paused(self) -> ReplyQuerySet:
        """Return those of whose model staff keep answers from being written."""
        return self.filter(Exists(self._pauses()))

    @staticmethod
    def _pauses() -> PauseQuerySet:
        return Pause.objects.of_model(OuterRef("model"), OuterRef("chat_model_id"))

    def lease_lost(self) -> ReplyQuerySet:
        """Return those whose worker stopped beating, by the database's clock."""
        return self.filter(state=ReplyState.RUNNING, lease_expires_at__lt=Now())

    def in_hand(self) -> ReplyQuerySet:
        """Return those that a worker is writing, by the database's clock."""
        return self.filter(state=ReplyState.RUNNING, lease_expires_at__gte=Now())

    def queued_for(self, length: timedelta) -> ReplyQuerySet:
        """Return those that no worker has taken for so long, by the database's clock."""
        return self.filter(state=ReplyState.QUEUED, queued_at__lt=Now() - length)


class ShareQuerySet(QuerySet["Share"]):
    """Named queries over shared links."""

    def owned_by(self, viewer: User) -> ShareQuerySet:
        """Return the viewer's own links."""
        return self.filter(owner=viewer)

    def open(self) -> ShareQuerySet:
        """Return those that lead somewhere by their own dates."""
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def withdrawn(self) -> ShareQuerySet:
        """Return those that staff revoked."""
        return self.filter(revoked_at__isnull=False, is_revoked_by_staff=True)

    def with_standing(self, messages: MessageQuerySet) -> ShareQuerySet:
        """Bring along what decides whether a link leads somewhere.

        Args:
            messages: all messages.
        """
        place = Func(
            OuterRef("message_ids"),
            F("pk"),
            function="array_position",
            output_field=IntegerField(),
        )
        retracted = messages.withheld().filter(
            IsNull(place, False),  # noqa: FBT003
            conversation=OuterRef("conversation"),
        )
        rows = self.select_related("owner", "conversation")
        return rows.annotate(is_retracted=Exists(retracted))

    def newest_first(self) -> ShareQuerySet:
        """Order by age."""
        return self.order_by("-id")
