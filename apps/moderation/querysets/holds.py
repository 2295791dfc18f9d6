"""What cases and decisions keep as it is, as conditions on the rows of other apps."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery

from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.base import all_rows
from apps.moderation.querysets.cases import CaseQuerySet
from apps.moderation.querysets.decisions import EnforcementQuerySet, NoticeQuerySet


def is_needed(*, conversation: str, now: datetime) -> Q:
    """Return the condition of rows whose conversation a case is open on, or can be appealed.

    Args:
        conversation: path from the row to the conversation's number.
        now: the moment until which somebody may appeal.
    """
    where = OuterRef(conversation)
    cases = all_rows(CaseQuerySet, "Case")
    appeals = all_rows(AppealQuerySet, "Appeal")
    notices = all_rows(NoticeQuerySet, "Notice")
    return (
        Q(Exists(cases.on_conversation(where).not_closed()))
        | Q(Exists(appeals.pending().telling_of_conversation(where)))
        | Q(Exists(notices.on_conversation(where).appealable(now)))
    )


def is_hidden(*, message: str, since: str) -> Q:
    """Return the condition of rows whose message a decision hides at the moment.

    Args:
        message: path from the row to the message's number.
        since: path from the row to when it was hidden.
    """
    return Q(Exists(_hiding(message, since)))


def case_hiding(*, message: str, since: str) -> Subquery:
    """Return the number of the case whose decision hides a row's message; arguments as above."""
    return _newest_case(_hiding(message, since))


def case_revoking(*, share: str, owner: str) -> Subquery:
    """Return the number of the case whose decision revokes a row's shared link.

    Args:
        share: path from the row to the link's number.
        owner: path from the row to the number of whose link it is.
    """
    return _newest_case(_active().revoking(share=OuterRef(share), owner=OuterRef(owner)))


def _hiding(message: str, since: str) -> EnforcementQuerySet:
    return _active().hiding(message=OuterRef(message), since=OuterRef(since))


def _active() -> EnforcementQuerySet:
    return all_rows(EnforcementQuerySet, "Enforcement").active()


def _newest_case(enforcements: EnforcementQuerySet) -> Subquery:
    return Subquery(enforcements.order_by("-id").values("decision__case")[:1])
