from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.conversations.constants import LIVE_STATES, ReplyState
from apps.conversations.querysets.base import PrivateQuerySet
from apps.llm.models import Pause
from apps.llm.querysets import PauseQuerySet
from apps.users.constants import Standing

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message, Reply  # noqa: F401
    from apps.users.models import User


class ReplyQuerySet(PrivateQuerySet["Reply"]):
    """Named queries over answers."""

    def live(self) -> Self:
        """Return those that have not ended."""
        return self.filter(state__in=LIVE_STATES)

    def of_conversation(self, conversation: Conversation | int) -> Self:
        """Return the answers of one conversation, of all its branches."""
        return self.filter(conversation=conversation)

    def of_conversations(self, conversation_ids: Collection[int]) -> Self:
        """Return the answers of some conversations."""
        return self.filter(conversation__in=conversation_ids)

    def owned_by(self, user: User | int) -> Self:
        """Return the answers of one person's conversations."""
        return self.filter(conversation__owner=user)

    def answering(self, question: Message) -> Self:
        """Return the answers to a question."""
        return self.filter(message__parent=question)

    def drawing_on(self, message: Message) -> Self:
        """Return a message's own answer and those for which the model was sent the message.

        That is its answer, or one to a question after it.
        """
        drawing = Q(pk=message.pk) | Q(message__parent__gte=message.pk)
        return self.filter(drawing, conversation=message.conversation_id)

    def concerned_by(self, *, message_id: int, conversation_id: int) -> Self:
        """Return what a message's hiding or return concerns.

        That is the answer that the message is, and those of its conversation that have not ended.
        """
        return self.filter(
            Q(pk=message_id) | Q(conversation=conversation_id, state__in=LIVE_STATES)
        )

    def by_model(self, chat_model_id: int) -> Self:
        """Return those that one model of the catalogue writes."""
        return self.filter(chat_model_id=chat_model_id)

    def by_models_named(self, model: str) -> Self:
        """Return those that models of this name write, in the catalogue or not."""
        return self.filter(model=model)

    def ended(self) -> Self:
        """Leave out those that have not ended."""
        return self.exclude(state__in=LIVE_STATES)

    def complete(self) -> Self:
        """Return those that came to their end."""
        return self.filter(state=ReplyState.COMPLETE)

    def withheld(self) -> Self:
        """Return those that policy or staff keep back."""
        return self.filter(state=ReplyState.WITHHELD)

    def not_withheld(self) -> Self:
        """Leave out those that policy or staff keep back."""
        return self.exclude(state=ReplyState.WITHHELD)

    def queued(self) -> Self:
        """Return those that no worker has taken."""
        return self.filter(state=ReplyState.QUEUED)

    def not_asked_to_end(self) -> Self:
        """Leave out those that somebody asked to end."""
        return self.filter(stop_requested_at=None)

    def fenced_by(self, fence: int) -> Self:
        """Return those that nobody has taken since a worker got this fence."""
        return self.filter(fence=fence)

    def held_by(self, owner: str) -> Self:
        """Return those that this worker is writing."""
        return self.filter(state=ReplyState.RUNNING, lease_owner=owner)

    def to_be_ended(self) -> Self:
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

    def paused(self) -> Self:
        """Return those of whose model staff keep answers from being written."""
        return self.filter(Exists(self._pauses()))

    @staticmethod
    def _pauses() -> PauseQuerySet:
        return Pause.objects.of_model(OuterRef("model"), OuterRef("chat_model_id"))

    def lease_lost(self) -> Self:
        """Return those whose worker stopped beating, by the database's clock."""
        return self.filter(state=ReplyState.RUNNING, lease_expires_at__lt=Now())

    def in_hand(self) -> Self:
        """Return those that a worker is writing, by the database's clock."""
        return self.filter(state=ReplyState.RUNNING, lease_expires_at__gte=Now())

    def begun(self) -> Self:
        """Leave out those that no worker took before they ended."""
        return self.filter(started_at__isnull=False)

    def queued_since(self, moment: datetime) -> Self:
        """Return those that were asked for at a moment or later."""
        return self.filter(queued_at__gte=moment)

    def queued_for(self, length: timedelta) -> Self:
        """Return those that no worker has taken for so long, by the database's clock."""
        return self.queued().filter(queued_at__lt=Now() - length)
