"""Staff and policy change what is shown of a message; whoever calls keeps the original text."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants
from apps.conversations.endings import Ended
from apps.conversations.errors import ReplyInProgressError
from apps.conversations.models import Message, Reply
from apps.conversations.services import announcements, indexing, kept_titles, presenting
from apps.conversations.services.visibility import locked_message, require_right
from apps.core import redaction
from apps.core.markdown import RENDERER_VERSION
from apps.core.problems import clean_reason, field_problem
from apps.users.models import User

_WRITTEN = ("content", "html", "html_version", "redacted_at", "redacted_reason")
RELEASED_NOTICE = gettext_noop(
    "This answer was withheld by mistake. It is shown as far as it was written."
)


@transaction.atomic
def redact_spans(
    *,
    actor: User | None,
    message_id: int,
    spans: Sequence[tuple[int, int]],
    reason: str,
    reason_for_user: str = "",
) -> str:
    """Make passages of a message unreadable, for its readers and for the model.

    Args:
        actor: a member of staff who may hide messages; None for the product itself.
        message_id: which message.
        spans: start and end of each passage, in code points of the text as it is now.
        reason: why, for the record.
        reason_for_user: why, for whoever reads the message.

    Returns:
        The text as it was before: the caller keeps it for `restore_text`.

    Raises:
        ForbiddenError: the actor may not take text from view.
        MessageNotFoundError: no such message.
        ReplyInProgressError: it is an answer that is still being written.
        ValidationFailedError: no reason, no passage, or one outside the text.
    """
    require_right(actor)
    reason = clean_reason(reason, field="reason")
    message = locked_message(message_id)
    _ensure_ended(message)
    original = message.content
    is_inside = all(0 <= start < end <= len(original) for start, end in spans)
    if not spans or not is_inside:
        raise field_problem("spans", "Mark a passage of the text as it is now.", "span_outside")
    text = list(original)
    for start, end in spans:
        text[start:end] = redaction.BLOCK * (end - start)
    announcements.halt_replies_around(message)
    kept_titles.drop_title(message)
    _tell_of_redaction(message, reason_for_user)
    _write(actor, message, "".join(text), AuditAction.MESSAGE_REDACTED, reason)
    return original


@transaction.atomic
def restore_text(
    *,
    actor: User | None,
    message_id: int,
    text: str,
    reason: str,
    told: str | None = None,
) -> Message:
    """Give a redacted message its text back, byte for byte.

    Args:
        actor: a member of staff who may hide messages; None for the product itself.
        message_id: which message.
        text: what it says from now on.
        reason: why, for the record.
        told: the reason for readers of passages that the text still lacks; None for none.

    Raises:
        ForbiddenError: the actor may not take text from view.
        MessageNotFoundError: no such message.
        ValidationFailedError: no reason was given, or too long a one.
    """
    require_right(actor)
    reason = clean_reason(reason, field="reason")
    message = locked_message(message_id)
    _tell_of_redaction(message, told)
    _write(actor, message, text, AuditAction.MESSAGE_UNREDACTED, reason)
    kept_titles.return_title(message)
    return message


@transaction.atomic
def release_answer(
    *,
    actor: User | None,
    message_id: int,
    text: str,
    reason: str,
    told: str | None = None,
    ended: Ended | None = None,
) -> Message:
    """Show an answer that policy withheld after all, as far as it was written.

    Arguments and errors are those of `restore_text`, and:

    Args:
        ended: how it had ended, and ends again; None where withholding it had cut it off.
    """
    require_right(actor)
    reason = clean_reason(reason, field="reason")
    message = locked_message(message_id)
    end = ended or Ended(constants.ReplyState.HALTED, notice=RELEASED_NOTICE)
    Reply.objects.withheld().filter(pk=message_id).update(
        state=end.state, error_code=end.error_code, notice=end.notice
    )
    _tell_of_redaction(message, told)
    _write(actor, message, text, AuditAction.REPLY_RELEASED, reason)
    return message


@transaction.atomic
def withhold_answer(*, actor: User | None, message_id: int, notice: str, reason: str) -> Ended:
    """Withhold an ended answer, as policy would have done while it was written.

    Returns:
        How it had ended: the caller keeps that, and the text, for `release_answer`.

    Raises:
        ReplyInProgressError: it is still being written.
        Exception: otherwise as `restore_text`.
    """
    require_right(actor)
    reason = clean_reason(reason, field="reason")
    message = locked_message(message_id)
    _ensure_ended(message)
    reply = Reply.objects.filter(pk=message_id)
    ended = Ended(*reply.values_list("state", "error_code", "notice").get())
    reply.update(state=constants.ReplyState.WITHHELD, notice=notice)
    announcements.halt_replies_around(message)
    _write(actor, message, "", AuditAction.REPLY_WITHHELD, reason)
    return ended


def _ensure_ended(message: Message) -> None:
    """Check that no worker writes the text any more, which would put its own over ours."""
    if Reply.objects.live().filter(pk=message.pk).exists():
        raise ReplyInProgressError


def _tell_of_redaction(message: Message, reason_for_user: str | None) -> None:
    message.redacted_at = None if reason_for_user is None else timezone.now()
    message.redacted_reason = reason_for_user or ""


def _write(
    actor: User | None, message: Message, text: str, action: AuditAction, reason: str
) -> None:
    message.content, message.html, message.html_version = text, "", 0
    message.html = presenting.rendered(message)
    message.html_version = RENDERER_VERSION
    message.save(update_fields=[*_WRITTEN])
    indexing.index_again(message)
    audit.record(
        actor=actor,
        action=action,
        target_type="message",
        target_id=message.pk,
        reason=reason,
        data={"conversation_id": message.conversation_id},
    )
    announcements.message_updated(message)
