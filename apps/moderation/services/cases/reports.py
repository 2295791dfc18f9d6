"""A person reports a message of a conversation that is theirs."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.models import Message
from apps.conversations.services.messages import access_message
from apps.core.problems import field_problem
from apps.moderation import constants
from apps.moderation.errors import AlreadyReportedError, ReportNotPossibleError
from apps.moderation.models import Flag
from apps.moderation.querysets import FlagQuerySet
from apps.moderation.services.cases import flags
from apps.users.models import User
from apps.users.services import access


def reportable_message(*, viewer: User, message_id: int) -> Message:
    """Return a message that the viewer may report.

    Raises:
        AccountSuspendedError: the viewer is suspended.
        MessageNotFoundError: it does not exist or belongs to somebody else.
        ReportNotPossibleError: it shows no text.
        AlreadyReportedError: a report of theirs waits already.
    """
    access.ensure_not_suspended(viewer)
    message = access_message(viewer=viewer, message_id=message_id)
    if message.is_hidden or not message.content:
        raise ReportNotPossibleError
    if Flag.objects.pending().raised_by(viewer).on_message(message).exists():
        raise AlreadyReportedError
    return message


def list_reports(*, viewer: User) -> FlagQuerySet:
    """Return what the viewer reported."""
    return Flag.objects.raised_by(viewer)


@transaction.atomic
def report_message(*, actor: User, message_id: int, reason: str, comment: str = "") -> Flag:
    """Point staff at a message: their case of it opens, or the report joins it.

    Args:
        actor: whose conversation it is.
        message_id: a message of theirs, or an answer.
        reason: one word of `FlagReason`.
        comment: what else they want to say; may be empty.

    Raises:
        AccountSuspendedError, MessageNotFoundError, ReportNotPossibleError, AlreadyReportedError:
            as `reportable_message`.
        ValidationFailedError: the reason is unknown, or the comment too long.
    """
    message = reportable_message(viewer=actor, message_id=message_id)
    report = flags.Report(reason=_clean_reason(reason), comment=_clean_comment(comment))
    case = flags.raise_flag(
        message=message, source=constants.FlagSource.USER, reporter=actor, report=report
    )
    raised = Flag.objects.pending().raised_by(actor).on_message(message)
    flag = raised.select_related("case").get()
    audit.record(
        actor=actor,
        action=AuditAction.MESSAGE_REPORTED,
        target_type="message",
        target_id=message.pk,
        data={"case_id": case.pk, "flag_id": flag.pk, "reason": report.reason},
    )
    return flag


def _clean_reason(reason: str) -> str:
    if reason not in constants.FlagReason.values:
        raise field_problem("reason", gettext("Choose what is wrong with it."), "reason_unknown")
    return reason


def _clean_comment(comment: str) -> str:
    words = comment.replace("\r\n", "\n").strip()
    if len(words) > constants.MAX_COMMENT_CHARS or "\x00" in words:
        problem = gettext("Use at most %(most)d characters.") % {
            "most": constants.MAX_COMMENT_CHARS
        }
        raise field_problem("comment", problem, "comment_too_long")
    return words
