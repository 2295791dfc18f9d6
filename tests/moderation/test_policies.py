"""Leads write policies: versions that stay, changes that are recorded."""

import pytest

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.constants import RuleMode
from apps.moderation.errors import PolicyInUseError, PolicyNotFoundError
from apps.moderation.models import Policy, Threshold
from apps.moderation.services.policies import policies
from apps.moderation.services.rules import rule_modes
from tests.moderation.factories import make_policy, make_rule, make_staff

pytestmark = pytest.mark.django_db

WORDING = policies.Wording(title="No spam", text_for_users="Do not send spam.")
TERMS = policies.Terms(severity=1, strike_points=1, sla_minutes=60, shortcut=5)


def test_a_new_wording_is_a_new_version_and_the_old_one_stays() -> None:
    policy = make_policy("spam")
    former = policy.current
    changed = policies.new_version(
        actor=make_staff("lead"),
        policy_id=policy.pk,
        wording=WORDING,
        terms=TERMS,
        reason="Clearer.",
    )
    policy.refresh_from_db()
    assert (policy.current, policy.shortcut, policy.severity) == (changed.current, 5, 1)
    assert list(policy.versions.order_by("number")) == [former, changed.current]
    event = AuditEvent.objects.get(action="policy.changed")
    assert (event.target_id, event.reason, event.data["version"]) == (policy.pk, "Clearer.", 2)


def test_a_number_key_belongs_to_one_policy() -> None:
    make_policy("hate", shortcut=5)
    lead, spam = make_staff("lead"), make_policy("spam")
    values = {"wording": WORDING, "terms": TERMS, "reason": "New."}
    with pytest.raises(ValidationFailedError):
        policies.create_policy(actor=lead, code="other", **values)
    with pytest.raises(ValidationFailedError):
        policies.new_version(actor=lead, policy_id=spam.pk, **values)
    kept = {policy.code: policy.current for policy in Policy.objects.all()}
    assert set(kept) == {"hate", "spam"}
    assert kept["spam"] == spam.current
    assert not AuditEvent.objects.filter(action="policy.changed").exists()


@pytest.mark.parametrize("code", ["spam", "two words", "", "x" * 41])
def test_a_new_policy_has_a_code_of_its_own_that_fits(code: str) -> None:
    spam = make_policy("spam")
    with pytest.raises(ValidationFailedError):
        policies.create_policy(
            actor=make_staff("lead"), code=code, wording=WORDING, terms=TERMS, reason="New."
        )
    assert list(Policy.objects.values_list("code", "current")) == [("spam", spam.current_id)]


def test_a_moderator_writes_neither_policies_nor_thresholds() -> None:
    moderator = make_staff()
    with pytest.raises(ForbiddenError):
        policies.create_policy(
            actor=moderator, code="spam", wording=WORDING, terms=TERMS, reason="New."
        )
    with pytest.raises(ForbiddenError):
        policies.write_threshold(
            actor=moderator, points=3, consequence="warn", hours=None, reason="New."
        )
    with pytest.raises(ForbiddenError):
        policies.set_active(
            actor=moderator, policy_id=make_policy().pk, is_active=False, reason="x"
        )
    assert not AuditEvent.objects.filter(action="policy.changed").exists()


def test_a_policy_goes_out_of_use_once_its_rules_are_off_and_no_wording_brings_it_back() -> None:
    lead, rule = make_staff("lead", "rule_author"), make_rule(make_policy("spam"))

    def retire() -> None:
        policies.set_active(actor=lead, policy_id=rule.policy_id, is_active=False, reason="Old.")

    with pytest.raises(PolicyInUseError, match="Rules of this policy are on: “Bad words”"):
        retire()
    assert Policy.objects.get().is_active
    rule_modes.set_mode(actor=lead, rule_id=rule.pk, mode=RuleMode.OFF)
    retire()
    policies.new_version(
        actor=lead, policy_id=rule.policy_id, wording=WORDING, terms=TERMS, reason="Clearer."
    )
    assert not Policy.objects.get().is_active
    with pytest.raises(PolicyNotFoundError):
        rule_modes.set_mode(actor=lead, rule_id=rule.pk, mode=RuleMode.SHADOW)


@pytest.mark.parametrize("hours", [0, 87_601, 2**40])
def test_a_consequence_ends_within_ten_years_or_not_by_itself(hours: int) -> None:
    with pytest.raises(ValidationFailedError):
        policies.write_threshold(
            actor=make_staff("lead"), points=6, consequence="suspend", hours=hours, reason="So."
        )
    assert not Threshold.objects.exists()


def test_a_threshold_is_replaced_by_one_of_the_same_points_and_can_be_removed() -> None:
    lead = make_staff("lead")
    policies.write_threshold(actor=lead, points=6, consequence="warn", hours=None, reason="First.")
    kept = policies.write_threshold(
        actor=lead, points=6, consequence="suspend", hours=24, reason="Too mild."
    )
    assert (Threshold.objects.get().consequence, kept.hours) == ("suspend", 24)
    policies.remove_threshold(actor=lead, threshold_id=kept.pk, reason="Not needed.")
    assert not Threshold.objects.exists()
    assert AuditEvent.objects.filter(action="policy.changed").count() == 3
