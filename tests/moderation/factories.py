"""Policies, rules and cases in the least valid form."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from apps.conversations.models import Message
from apps.moderation import constants
from apps.moderation.models import (
    Appeal,
    Case,
    Decision,
    Policy,
    PolicyVersion,
    Rule,
    RuleHit,
    RuleVersion,
    Threshold,
)
from apps.moderation.services.cases import cases, flags
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.constants import Role
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory


def make_staff(*duties: str, role: str = Role.MODERATOR) -> User:
    """Make a member of staff with these duties beside their role."""
    person: User = UserFactory(role=role, duties=list(duties))
    person.groups.set(Group.objects.filter(name__in=[role, *duties]))
    return person


def make_policy(code: str = "insults", **fields: Any) -> Policy:
    """Make a policy with one version, in use."""
    values = {"severity": constants.Severity.MEDIUM, "strike_points": 2, "sla_minutes": 60}
    policy = Policy.objects.create(code=code, **{**values, **fields})
    policy.current = PolicyVersion.objects.create(
        policy=policy,
        number=1,
        title="No insults",
        text_for_users="Do not insult people.",
        reason_template="The message insults somebody.",
    )
    policy.save()
    return policy


def make_rule(policy: Policy | None = None, **fields: Any) -> Rule:
    """Make a rule on a word with one version, in shadow."""
    values = {
        "name": "Bad words",
        "kind": constants.RuleKind.KEYWORD,
        "stage": constants.Stage.STREAM,
        "applies_to": constants.AppliesTo.ANSWER,
        "mode": constants.RuleMode.OFF,
    }
    mode = fields.pop("mode", constants.RuleMode.SHADOW)
    rule = Rule.objects.create(policy=policy or make_policy(), **{**values, **fields})
    rule.current = RuleVersion.objects.create(
        rule=rule, number=1, configuration={"terms": ["badword"], "match": "word", "fold": True}
    )
    rule.mode = mode
    rule.save()
    return rule


def make_case(message: Message | None = None, reporter: User | None = None) -> Case:
    """Make the case of a message that somebody reported."""
    return flags.raise_flag(
        message=message or MessageFactory(),
        source=constants.FlagSource.USER,
        reporter=reporter or UserFactory(),
        report=flags.Report(reason=constants.FlagReason.HARASSMENT, comment="Rude."),
    )


def claimed_case(actor: User, message: Message | None = None) -> Case:
    """Make a case that this person holds."""
    return cases.claim(actor=actor, case_id=make_case(message).pk)


def make_thresholds() -> None:
    """Warn at 3 points, restrict for a day at 6, suspend for a week at 10."""
    kinds = constants.EnforcementKind
    for points, kind, hours in (
        (3, kinds.WARN, None),
        (6, kinds.RESTRICT, 24),
        (10, kinds.SUSPEND, 168),
    ):
        Threshold.objects.create(points=points, consequence=kind, hours=hours)


def make_decided(owner: User) -> Decision:
    """Make a row of every kind that a decided and appealed case has, about one person."""
    rule = Rule.objects.first() or make_rule()
    if not Threshold.objects.exists():
        make_thresholds()
    assert rule.current is not None
    message = MessageFactory(conversation__owner=owner)
    hit = RuleHit.objects.create(
        rule=rule,
        version=rule.current,
        mode=rule.mode,
        outcome=constants.HitOutcome.FLAGGED,
        stage=rule.stage,
        message=message,
        subject=owner,
        span_hash="abc",
    )
    case = flags.raise_flag(
        message=message, source=constants.FlagSource.RULE, hit=hit, policy=rule.policy
    )
    decision = decisions.decide(
        actor=make_staff("lead"),
        case_id=case.pk,
        version=case.version,
        ruling=decisions.Ruling(
            verdict=constants.Verdict.VIOLATES,
            policy_code=rule.policy.code,
            reason="An insult.",
            measures=[Measure(kind=constants.EnforcementKind.HIDE_MESSAGE)],
        ),
        is_override=True,
    )
    Appeal.objects.create(
        notice=decision.notices.get(), decision=decision, case=case, subject=owner, text="Why?"
    )
    return decision
