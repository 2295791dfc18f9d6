from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q
from django.db.models.lookups import IsNull
from django.utils import timezone

from apps.conversations.querysets.messages import MessageQuerySet
from apps.core.querysets import NumberedQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message, Share  # noqa: F401
    from apps.users.models import User


class ShareQuerySet(NumberedQuerySet["Share"]):
    """Named queries over shared links."""

    def owned_by(self, viewer: User | int) -> Self:
        """Return the viewer's own links."""
        return self.filter(owner=viewer)

    def of_conversation(self, conversation: Conversation | int) -> Self:
        """Return the links to one conversation."""
        return self.filter(conversation=conversation)

    def of_token(self, token_hash: str) -> Self:
        """Return the link that a token leads to, by the token's hash."""
        return self.filter(token_hash=token_hash)

    def titled_after(self, message: Message) -> Self:
        """Return a conversation's links whose title was made of a question, as far as is known.

        A title that a person typed is theirs, and left out.
        """
        made_of_it = Q(titled_from=message.pk) | Q(titled_from=None)
        rows = self.filter(made_of_it, conversation=message.conversation_id, is_title_own=False)
        return rows.exclude(title="")

    def with_title_dropped_for(self, message: Message) -> Self:
        """Return a conversation's links that lost their title as a question was hidden."""
        rows = self.filter(conversation=message.conversation_id, titled_from=message.pk)
        return rows.exclude(dropped_title="")

    def open(self) -> Self:
        """Return those that lead somewhere by their own dates."""
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def revoked_by_staff(self) -> Self:
        """Return those that staff keep revoked, whoever revoked them first."""
        return self.filter(is_revoked_by_staff=True)

    def not_revoked_by_staff(self) -> Self:
        """Leave out those that staff revoked."""
        return self.exclude(is_revoked_by_staff=True)

    def withdrawn(self) -> Self:
        """Return those that staff revoked."""
        return self.revoked_by_staff().filter(revoked_at__isnull=False)

    def with_standing(self, messages: MessageQuerySet) -> Self:
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

    def newest_first(self) -> Self:
        """Order by age."""
        return self.order_by("-id")
