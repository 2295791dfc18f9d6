from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Left

from apps.conversations.constants import LIVE_STATES, Author, ReplyState
from apps.conversations.querysets.base import PrivateQuerySet
from apps.core.querysets import Condition, NumberedQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Feedback, Message  # noqa: F401
    from apps.users.models import User


class MessageQuerySet(PrivateQuerySet["Message"]):
    """Named queries over messages."""

    def visible_to(self, viewer: User) -> Self:
        """Return the messages of the viewer's own conversations that are not deleted."""
        return self.owned_by(viewer).kept()

    def kept(self) -> Self:
        """Leave out the messages of conversations that their owners deleted."""
        return self.filter(conversation__deleted_at=None)

    def owned_by(self, viewer: User | int) -> Self:
        """Return the messages of all the viewer's own conversations, deleted ones too."""
        return self.filter(conversation__owner=viewer)

    def not_owned_by(self, person: User) -> Self:
        """Leave out the messages of this person's conversations."""
        return self.exclude(conversation__owner=person)

    def of_conversation(self, conversation: Conversation | int) -> Self:
        """Return the messages of one conversation, of all its branches."""
        return self.filter(conversation=conversation)

    def of_conversations_titled(self, title: str) -> Self:
        """Return the messages of the conversations of this title."""
        return self.filter(conversation__title=title)

    def written_by(self, author: User | int) -> Self:
        """Return what one person wrote."""
        return self.filter(author=author)

    def beside(self, message: Message) -> Self:
        """Return a message with those that stand in its place on other branches."""
        return self.filter(conversation=message.conversation_id, parent=message.parent_id)

    def following(self, parent_ids: Collection[int], *, with_first: bool) -> Self:
        """Return what follows any of some messages, on every branch.

        Args:
            parent_ids: the numbers of these.
            with_first: with the first messages of conversations, which follow none.
        """
        following = Q(parent__in=parent_ids)
        return self.filter(following | Q(parent=None) if with_first else following)

    def answered_by(self, answer: Message) -> Self:
        """Return the question that an answer is to."""
        return self.filter(children=answer)

    def questions(self) -> Self:
        """Return what people wrote."""
        return self.filter(role=Author.USER)

    def answers(self) -> Self:
        """Return what models wrote."""
        return self.filter(role=Author.ASSISTANT)

    def containing(self, text: str) -> Self:
        """Return those with these characters somewhere; every row is read, so among few only."""
        return self.filter(content__contains=text)

    def on_path(self) -> Self:
        """Return only the branch that is shown."""
        return self.filter(is_current=True)

    def withheld(self) -> Self:
        """Return the answers that policy or staff keep back."""
        return self.filter(reply__state=ReplyState.WITHHELD)

    def hidden(self) -> Self:
        """Return what staff took from view."""
        return self.filter(hidden_at__isnull=False)

    def not_hidden(self) -> Self:
        """Leave out what staff took from view."""
        return self.filter(hidden_at=None)

    def with_text(self) -> Self:
        """Leave out what is empty, as an answer is of which nothing was stored."""
        return self.exclude(content="")

    def shareable(self) -> Self:
        """Return what others may see: it has a text, and its owner sees all of it."""
        unfit = (ReplyState.WITHHELD, *LIVE_STATES)
        shown = self.not_hidden().with_text()
        return shown.filter(Q(reply=None) | ~Q(reply__state__in=unfit))

    def with_beginnings(self, readable: Condition, *, chars: int) -> Self:
        """Say of each whether it `is_readable`, and as `beginning` how it begins where it is."""
        shown = When(is_readable=True, then=Left("content", chars))
        return self.with_readable(readable).annotate(beginning=Case(shown, default=Value("")))

    def with_hold(self, held_by: Combinable, *, is_reason_kept: Condition) -> Self:
        """Say of each, as `held_by`, which case hides it, and whether its reasons are kept back.

        Args:
            held_by: the number of the case, as `EnforcementHold` says.
            is_reason_kept: of which they are kept, as it says too.
        """
        kept = ExpressionWrapper(is_reason_kept, output_field=BooleanField())
        return self.annotate(held_by=held_by, is_reason_kept=kept)

    def readable_with(self, words: str) -> Self:
        """Return those that hold some words; only of rows that say whether each `is_readable`."""
        return self.filter(is_readable=True, content__icontains=words)

    def out_of_view(self) -> Self:
        """Return what its readers do not see: hidden messages and withheld answers."""
        return self.filter(Q(hidden_at__isnull=False) | Q(reply__state=ReplyState.WITHHELD))

    def oldest_first(self) -> Self:
        """Order as they were written; a child always has a larger number than its parent."""
        return self.order_by("id")


class FeedbackQuerySet(NumberedQuerySet["Feedback"]):
    """Named queries over what people say of answers."""

    def within(self, conversations: QuerySet[Conversation]) -> Self:
        """Return what was said of answers of some conversations."""
        return self.filter(message__conversation__in=conversations)
