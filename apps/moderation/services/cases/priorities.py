"""How urgent a case is, in points whose reasons staff can read."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from apps.conversations.models import Message
from apps.moderation import constants
from apps.moderation.models import Case, Decision

DEFAULT_SLA_MINUTES = 24 * 60
POINTS_PER_SEVERITY = 100
POINTS_PER_REPORT = 15
MAX_REPORT_POINTS = 75
APPEAL_POINTS = 60
RULE_POINTS = 20
OUT_OF_VIEW_POINTS = -30


def weigh(case: Case) -> None:
    """Set severity, priority with its reasons, and the due time from what the case has by now.

    A text that is out of view already does less harm while it waits; an appeal is about just that.

    Args:
        case: with its policy and counts up to date; not saved here.
    """
    if case.policy is not None:
        case.severity = max(case.severity, case.policy.severity)
    reports = min(case.flag_count * POINTS_PER_REPORT, MAX_REPORT_POINTS)
    label = constants.Severity(case.severity).label.lower()
    reasons: list[tuple[str, int]] = [
        (f"Severity {label}", case.severity * POINTS_PER_SEVERITY),
        (f"Flags: {case.flag_count}", reports),
    ]
    if case.source == constants.FlagSource.RULE:
        reasons.append(("A rule found it", RULE_POINTS))
    if case.has_appeal:
        reasons.append(("An appeal waits", APPEAL_POINTS))
    elif Message.objects.out_of_view().filter(pk=case.text_number).exists():
        reasons.append(("Out of view already", OUT_OF_VIEW_POINTS))
    case.priority_reasons = reasons
    case.priority = sum(points for _, points in reasons)
    due_at = _due(case)
    case.due_at = min(due_at, case.due_at) if case.due_at else due_at


def restore_undecided(case: Case, decision: Decision) -> None:
    """Set a case's policy and severity as they were before all that a decision takes back.

    That is every decision before it which still counted, to the last one that had taken back all.

    Args:
        case: locked; not saved here.
        decision: the one by which nothing holds any more.
    """
    first, before = None, decision.supersedes
    while before is not None and before.verdict != constants.Verdict.NO_VIOLATION:
        undone = (before.takes_back or before.supersedes) if before.is_undo else None
        if undone is None and before.severity_before is not None:
            first = before
        before = (undone or before).supersedes
    if first is not None:
        restore(case, first)


def restore(case: Case, former: Decision) -> None:
    """Set a case's policy and severity as they were before a decision; not saved here.

    What was flagged since then counts, as it does where a flag joins a case.

    Args:
        case: locked.
        former: the decision that does not hold any more.
    """
    if former.severity_before is None:
        return
    case.policy, case.severity = former.policy_before, former.severity_before
    since = case.flags.after(former.created_at).naming_a_policy()
    gravest = since.select_related("policy").order_by("-policy__severity")
    for flag in gravest[:1]:
        found = flag.policy
        if found is not None and (case.policy is None or found.severity > case.policy.severity):
            case.policy = found


def begin_again(case: Case) -> None:
    """Give a case that is opened again its whole time anew; not saved here."""
    case.reopened_at = timezone.now()
    case.due_at = _due(case)


def begun_at(case: Case) -> datetime:
    """Return since when a case has been waiting for a decision."""
    return case.reopened_at or case.created_at or timezone.now()


def _due(case: Case) -> datetime:
    minutes = case.policy.sla_minutes if case.policy is not None else DEFAULT_SLA_MINUTES
    return begun_at(case) + timedelta(minutes=minutes)
