"""What a person thinks of an answer: one rating with an optional reason, which they may change."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from apps.conversations import constants
from apps.conversations.errors import FeedbackNotPossibleError
from apps.conversations.models import Feedback, Message, Reply
from apps.conversations.services.messages import access_message
from apps.core.problems import field_problem
from apps.users.models import User


@transaction.atomic
def rate_answer(
    *, actor: User, message_id: int, rating: str | None, reason: str = ""
) -> Feedback | None:
    """Keep what the actor thinks of an answer, in the place of what they thought before.

    Args:
        actor: the owner of the conversation.
        message_id: the answer.
        rating: one of `Rating`; None takes the rating back.
        reason: why, in the actor's own words; may be empty.

    Raises:
        MessageNotFoundError: no such message, or not the actor's.
        FeedbackNotPossibleError: it is no answer, has not ended, or is not in sight.
        ValidationFailedError: no such rating, or too long a reason.
    """
    message = access_message(viewer=actor, message_id=message_id)
    reason = reason.strip()
    if rating is not None and rating not in constants.Rating.values:
        raise field_problem("rating", gettext("Choose good or bad."), "rating")
    if len(reason) > constants.MAX_FEEDBACK_CHARS or "\x00" in reason:
        problem = gettext("Use at most %(most)d characters of text.")
        limit = {"most": constants.MAX_FEEDBACK_CHARS}
        raise field_problem("reason", problem % limit, "reason_length")
    if not can_be_rated(message):
        raise FeedbackNotPossibleError
    if rating is None:
        Feedback.objects.filter(pk=message.pk).delete()
        return None
    feedback, _ = Feedback.objects.update_or_create(
        message=message, defaults={"rating": rating, "reason": reason}
    )
    return feedback


def can_be_rated(message: Message) -> bool:
    """Tell whether a message is an answer that its reader sees to its end."""
    reply: Reply | None = getattr(message, "reply", None)
    is_in_sight = bool(message.content) and not message.is_hidden
    return reply is not None and not reply.is_live and is_in_sight
