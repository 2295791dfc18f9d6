"""What programs of staff read about rules; the same rights as the rules' pages."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.audit.querysets import AuditEventQuerySet
from apps.moderation.constants import RuleKind, RuleMode
from apps.moderation.errors import BackTestNotFoundError
from apps.moderation.models import BackTest, BackTestMatch, Rule, RuleVersion
from apps.moderation.services.cases import record
from apps.moderation.services.rules import rules, scorecards
from apps.moderation.services.rules.scorecards import Scorecard
from apps.users.models import User


def list_rules(
    *, viewer: User, mode: RuleMode | None = None, kind: RuleKind | None = None
) -> QuerySet[Rule]:
    """Return the rules with their present versions, all or those of a mode or a kind.

    Raises:
        ForbiddenError: the viewer may not see rules.
    """
    rules.require(viewer, rules.VIEW)
    rows = Rule.objects.select_related("current", "policy")
    if mode is not None:
        rows = rows.in_mode(mode)
    return rows if kind is None else rows.of_kind(kind)


def list_versions(*, viewer: User, rule_id: int) -> QuerySet[RuleVersion]:
    """Return the versions of a rule.

    Raises:
        RuleNotFoundError: no such rule, or not for this viewer.
    """
    return rules.access_rule(viewer=viewer, rule_id=rule_id).versions.all()


def read_scorecard(*, viewer: User, rule_id: int) -> Scorecard:
    """Return the figures of a rule over a week.

    Raises:
        RuleNotFoundError: no such rule, or not for this viewer.
    """
    return scorecards.scorecard(rules.access_rule(viewer=viewer, rule_id=rule_id))


def list_history(*, viewer: User, rule_id: int) -> AuditEventQuerySet:
    """Return who did what to a rule, for those who may read the record.

    Raises:
        RuleNotFoundError: no such rule, or not for this viewer.
        ForbiddenError: the viewer may not read the record.
    """
    rule = rules.access_rule(viewer=viewer, rule_id=rule_id)
    return record.list_events(viewer=viewer, chosen={"target_type": "rule", "target_id": rule.pk})


def list_back_tests(*, viewer: User, rule_id: int) -> QuerySet[BackTest]:
    """Return the back-tests of a rule's versions.

    Raises:
        RuleNotFoundError: no such rule, or not for this viewer.
    """
    return BackTest.objects.of_rule(rules.access_rule(viewer=viewer, rule_id=rule_id))


def access_back_test(*, viewer: User, back_test_id: int) -> BackTest:
    """Return one back-test.

    Raises:
        BackTestNotFoundError: no such back-test, or not for this viewer.
    """
    found = BackTest.objects.filter(pk=back_test_id).first()
    if found is None or not viewer.has_perm(rules.VIEW):
        raise BackTestNotFoundError
    return found


def list_matches(*, viewer: User, back_test_id: int) -> QuerySet[BackTestMatch]:
    """Return the sample of what a back-test matched, without any text; nothing of the viewer.

    Raises:
        BackTestNotFoundError: no such back-test, or not for this viewer.
    """
    back_test = access_back_test(viewer=viewer, back_test_id=back_test_id)
    return back_test.matches.not_of(viewer)
