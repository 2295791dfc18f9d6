from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Q

from apps.conversations.constants import Origin, TitleSource
from apps.conversations.querysets.base import PrivateQuerySet
from apps.core.querysets import Condition

if TYPE_CHECKING:
    from apps.conversations.models import Conversation  # noqa: F401
    from apps.users.models import User


class ConversationQuerySet(PrivateQuerySet["Conversation"]):
    """Named queries over conversations: the only way to the rows."""

    def visible_to(self, viewer: User) -> Self:
        """Return the viewer's own conversations that are not deleted."""
        return self.filter(owner=viewer, deleted_at=None)

    def owned_by(self, user: User | int) -> Self:
        """Return one person's conversations, deleted ones too."""
        return self.filter(owner=user)

    def not_deleted(self) -> Self:
        """Leave out what its owner deleted."""
        return self.filter(deleted_at=None)

    def not_locked(self) -> Self:
        """Leave out those in which nobody may write."""
        return self.filter(locked_at=None)

    def untitled(self) -> Self:
        """Return those that nobody and nothing has given a title."""
        return self.filter(title_source=TitleSource.NONE)

    def with_replies(self, reply_ids: Collection[int]) -> Self:
        """Return the conversations of these answers, each once."""
        return self.filter(replies__in=reply_ids).distinct()

    def listed(self) -> Self:
        """Leave out what was archived, and single calls of programs."""
        return self.of_chat().filter(archived_at=None)

    def of_chat(self) -> Self:
        """Leave out single calls of programs."""
        return self.filter(origin=Origin.CHAT)

    def newest_first(self) -> Self:
        """Order by the last activity, newest first."""
        return self.order_by("-last_message_at", "-id")

    def below(self, moment: datetime, number: int) -> Self:
        """Return what follows a place in the list of the newest first."""
        return self.filter(
            Q(last_message_at__lt=moment) | Q(last_message_at=moment, pk__lt=number)
        ).filter(last_message_at__lte=moment)

    def archived_of(self, viewer: User) -> Self:
        """Return what the viewer put away, the last put away first."""
        rows = self.visible_to(viewer).filter(archived_at__isnull=False)
        return rows.order_by("-archived_at", "-id")

    def deleted_of(self, viewer: User, *, since: datetime) -> Self:
        """Return what the viewer deleted and can still have back, the last deleted first."""
        rows = self.filter(owner=viewer, deleted_at__gte=since, origin=Origin.CHAT)
        return rows.order_by("-deleted_at", "-id")

    def kept_of(self, viewer: User, *, since: datetime) -> Self:
        """Return all of the viewer's conversations, with those that can still be had back."""
        return self.filter(Q(deleted_at=None) | Q(deleted_at__gte=since), owner=viewer)

    def deleted_before(self, moment: datetime) -> Self:
        """Return what was deleted so long ago that nobody gets it back."""
        return self.filter(deleted_at__lt=moment)

    def not_held(self, held: Condition) -> Self:
        """Leave out what is still needed, by the condition of `PurgeHold`."""
        return self.exclude(held)
