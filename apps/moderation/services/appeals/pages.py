"""What the pages of people show, prepared for their templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from apps.conversations.services.messages import access_message
from apps.core.errors import AppError
from apps.moderation import constants
from apps.moderation.models import Appeal, Notice
from apps.moderation.services.appeals import appeal_cases
from apps.moderation.services.cases import readings, reports
from apps.moderation.services.decisions import inbox
from apps.users.models import User

APPEAL_STATES = {
    constants.AppealState.SUBMITTED: gettext_lazy("Your appeal waits for somebody to look at it."),
    constants.AppealState.IN_REVIEW: gettext_lazy("Somebody is looking at your appeal."),
    constants.AppealState.UPHELD: gettext_lazy("Your appeal was not accepted. The decision stays."),
    constants.AppealState.OVERTURNED: gettext_lazy(
        "Your appeal was accepted. That decision does not hold any more."
    ),
    constants.AppealState.WITHDRAWN: gettext_lazy("You withdrew your appeal."),
}


def report_page(
    *,
    viewer: User,
    message_id: int,
    typed: Mapping[str, str] | None = None,
    error: AppError | None = None,
) -> dict[str, Any]:
    """Return the context of the page that asks what is wrong with a message.

    Raises:
        MessageNotFoundError: it does not exist or belongs to somebody else.
    """
    message = access_message(viewer=viewer, message_id=message_id)
    if error is None:
        error = _refusal(viewer, message_id)
    return {
        "message_id": message.pk,
        "conversation_id": message.conversation_id,
        "quote": "" if message.is_hidden else message.content,
        "is_answer": message.role == "assistant",
        "reasons": constants.FlagReason.choices,
        "comment_limit": constants.MAX_COMMENT_CHARS,
        "typed": dict(typed or {}),
        "problem": error.sentence if error else "",
        "is_possible": error is None or error.status_code == 400,
    }


def notices_page(*, viewer: User, before: int | None = None) -> dict[str, Any]:
    """Return the context of the list of a person's notices, and how they stand."""
    rows, following = inbox.newest_notices(viewer=viewer, before=before)
    return {
        "notices": rows,
        "next_before": following,
        "is_first": before is None,
        "account": inbox.account_of(viewer=viewer),
    }


def readings_page(*, viewer: User, before: int | None = None) -> dict[str, Any]:
    """Return the context of one screen of who read a person's conversations."""
    found = readings.list_readings(viewer=viewer, before=before, limit=readings.GRANTS_SHOWN + 1)
    shown = found[: readings.GRANTS_SHOWN]
    following = shown[-1].grant_id if len(found) > readings.GRANTS_SHOWN else None
    return {"readings": shown, "next_before": following, "is_first": before is None}


def notice_page(
    *, notice: Notice, typed: str = "", error: AppError | None = None
) -> dict[str, Any]:
    """Return the context of one notice with its appeal.

    Args:
        notice: whose reader has been checked.
        typed: an appeal that was refused, put back into the form.
        error: why it was refused.
    """
    appeal: Appeal | None = getattr(notice, "appeal", None)
    return {
        "notice": notice,
        "appeal": appeal,
        "appeal_state": APPEAL_STATES[constants.AppealState(appeal.state)] if appeal else "",
        "is_pending": appeal is not None and appeal.state in constants.PENDING_APPEALS,
        "can_appeal": appeal_cases.can_appeal(notice),
        "appeal_limit": constants.MAX_APPEAL_CHARS,
        "typed": typed,
        "problem": error.sentence if error else "",
    }


def _refusal(viewer: User, message_id: int) -> AppError | None:
    try:
        reports.reportable_message(viewer=viewer, message_id=message_id)
    except AppError as error:
        return error
    return None
