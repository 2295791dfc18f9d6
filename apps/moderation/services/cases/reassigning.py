"""A lead gives a case to somebody else, who finds it among their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.moderation import constants
from apps.moderation.errors import CaseClosedError
from apps.moderation.models import Case
from apps.moderation.services.cases import cases, desk_news
from apps.users.models import User

GIVEN = timedelta(minutes=constants.GIVEN_CLAIM_MINUTES)
MOST_OFFERED = 200


def list_assignees(*, viewer: User, case_id: int) -> list[tuple[int, str]]:
    """Return number and name of those who may be given a case, by name; two hundred at most.

    Who has a part in it is among them, so that the list tells nothing; giving it to them is
    refused.

    Raises:
        ForbiddenError: the viewer may not reassign.
        CaseNotFoundError, OwnCaseError: as `cases.access_case`.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id, permission=cases.OVERRIDE)
    rows = User.objects.active().with_permission(cases.DECIDE)
    rows = rows.exclude(pk=case.claimed_by_id if case.has_live_claim else None)
    people = rows.order_by("name", "id").values_list("pk", "name")
    return list(people[:MOST_OFFERED])


@transaction.atomic
def reassign(*, actor: User, case_id: int, user_id: int, reason: str) -> Case:
    """Give a case to somebody who may decide it, whoever holds it; all three are in the record.

    They have an hour to open it, which claims it in the usual way. Their open pages say who gave
    it, and it stands first in their queue.

    Args:
        actor: a lead without a part in the case.
        case_id: which case.
        user_id: who is to decide it.
        reason: why, for staff and record.

    Raises:
        ForbiddenError: the actor may not reassign.
        CaseNotFoundError, CaseClosedError: there is nothing to decide.
        OwnCaseError: the actor has a part in it.
        ValidationFailedError: no reason was given, or the other person may not decide this case.
    """
    cases.require(actor, cases.OVERRIDE)
    reason = clean_reason(reason, field="reason")
    case = cases.lock_case(case_id)
    if case.is_closed:
        raise CaseClosedError
    cases.ensure_no_part(actor, case)
    person = _assignee(case, user_id)
    former = case.claimed_by_id
    cases.hold(case, person, is_recorded=False, lasting=GIVEN)
    desk_news.case_given(case, by=actor.name)
    audit.record(
        actor=actor,
        action=AuditAction.CASE_REASSIGNED,
        target_type="case",
        target_id=case.pk,
        reason=reason,
        data={
            "message_id": case.message_id,
            "former_holder_id": former,
            "holder_id": person.pk,
            "severity": case.severity,
        },
    )
    return case


def givers_of(rows: Iterable[Case]) -> dict[int, str]:
    """Return who gave those cases that were given and wait to be opened; one query if any does."""
    given = [case.pk for case in rows if case.given_at is not None]
    if not given:
        return {}
    events = audit.list_events_of(
        action=AuditAction.CASE_REASSIGNED, target_type="case", target_ids=given
    )
    return dict(events.order_by("id").values_list("target_id", "actor_label"))


def _assignee(case: Case, user_id: int) -> User:
    """Return who is to decide a locked case."""
    person: User | None = User.objects.filter(pk=user_id).first()
    if person is None or not _has(person, cases.DECIDE):
        raise field_problem("user_id", "They may not decide cases.", "not_a_decider")
    if cases.has_part(person, case):
        message = "They have a part in this case. Give it to somebody else."
        raise field_problem("user_id", message, "has_a_part")
    if cases.is_handed_on(case) and not _has(person, cases.OVERRIDE):
        message = "This case was handed on. Give it to a lead."
        raise field_problem("user_id", message, "not_a_lead")
    if case.has_appeal and not _has(person, cases.APPEALS):
        message = "An appeal waits on this case. Give it to somebody who decides appeals."
        raise field_problem("user_id", message, "decides_no_appeals")
    if case.has_live_claim and case.claimed_by_id == person.pk:
        raise field_problem("user_id", "They hold it already.", "holds_it_already")
    return person


def _has(person: User, permission: str) -> bool:
    return person.is_active and person.has_perm(permission)
