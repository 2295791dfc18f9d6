"""Rules are written, changed and promoted by those who may, and everything is recorded."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.constants import (
    AppliesTo,
    RuleAction,
    RuleKind,
    RuleMode,
    Stage,
    Verdict,
)
from apps.moderation.errors import RuleGateError, RuleNotFoundError
from apps.moderation.models import (
    BackTest,
    BackTestMatch,
    Decision,
    Rule,
    RuleHit,
    RuleVersion,
)
from apps.moderation.services.figures import labels
from apps.moderation.services.rules import rule_modes, rule_sets, rules, scorecards
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_policy, make_rule, make_staff

pytestmark = pytest.mark.django_db
WORDS = {"terms": ["badword"], "match": "word", "fold": True}


@pytest.fixture
def author() -> User:
    return make_staff("rule_author")


@pytest.fixture
def approver() -> User:
    return make_staff("rule_approver")


def plan(**fields: object) -> rules.Plan:
    values = {
        "name": "Bad words",
        "kind": RuleKind.KEYWORD,
        "stage": Stage.STREAM,
        "applies_to": AppliesTo.ANSWER,
        "policy_code": "insults",
    }
    return rules.Plan(**{**values, **fields})  # type: ignore[arg-type]


def label(rule: Rule, version: RuleVersion, verdict: Verdict, times: int) -> None:
    """Have people judge messages that a version hit."""
    person = UserFactory()
    for _ in range(times):
        case = make_case(MessageFactory())
        RuleHit.objects.create(
            version=version,
            rule=rule,
            mode=rule.mode,
            outcome="recorded",
            stage=rule.stage,
            message_id=case.message_id,
        )
        Decision.objects.create(
            case=case,
            verdict=verdict,
            policy_version=rule.policy.current if verdict == Verdict.VIOLATES else None,
            reason="Because.",
            actor_kind="person",
            actor=person,
            actor_label=person.name,
        )


def test_an_author_writes_a_rule_that_is_off_with_its_first_version(author: User) -> None:
    make_policy()
    rule = rules.create_rule(actor=author, plan=plan(), configuration=WORDS)
    assert (rule.mode, rule.owner_id) == (RuleMode.OFF, author.pk)
    assert rule.current is not None
    assert (rule.current.number, rule.current.configuration["terms"]) == (1, ["badword"])
    event = AuditEvent.objects.get(action="rule.created")
    assert (event.actor_id, event.target_id) == (author.pk, rule.pk)


def test_a_moderator_without_the_duty_writes_no_rule() -> None:
    make_policy()
    with pytest.raises(ForbiddenError):
        rules.create_rule(actor=make_staff(), plan=plan(), configuration=WORDS)


@pytest.mark.parametrize(
    ("fields", "configuration", "field"),
    [
        ({}, {"terms": []}, "terms"),
        ({"applies_to": AppliesTo.USER}, WORDS, "applies_to"),
        ({"kind": RuleKind.REGEX}, {"pattern": "("}, "pattern"),
        ({"kind": RuleKind.JUDGE}, {"instruction": " "}, "instruction"),
        ({"name": " "}, WORDS, "name"),
        ({"kind": RuleKind.RATE}, {"limit": 1, "seconds": 1}, "stage"),
    ],
)
def test_what_does_not_fit_is_named(
    author: User, fields: dict[str, object], configuration: dict[str, object], field: str
) -> None:
    make_policy()
    with pytest.raises(ValidationFailedError) as refused:
        rules.create_rule(actor=author, plan=plan(**fields), configuration=configuration)
    assert [detail["field"] for detail in refused.value.details or []] == [field]


def test_a_new_version_of_a_live_rule_is_a_draft_until_it_is_promoted(author: User) -> None:
    rule = make_rule(mode=RuleMode.SHADOW)
    live = rule.current
    draft = rules.new_version(
        actor=author, rule_id=rule.pk, configuration={**WORDS, "terms": ["worse"]}
    )
    rule.refresh_from_db()
    assert (draft.number, rule.current) == (2, live)
    rule_modes.set_mode(actor=author, rule_id=rule.pk, mode=RuleMode.FLAG, version_id=draft.pk)
    rule.refresh_from_db()
    assert (rule.current, rule.mode) == (draft, RuleMode.FLAG)


def test_an_author_may_flag_and_not_enforce(author: User) -> None:
    rule = make_rule()
    rule_modes.set_mode(actor=author, rule_id=rule.pk, mode=RuleMode.FLAG)
    with pytest.raises(ForbiddenError):
        rule_modes.set_mode(
            actor=author, rule_id=rule.pk, mode=RuleMode.ENFORCE, override_reason="Trust me."
        )


def test_an_unproven_rule_does_not_enforce(approver: User) -> None:
    rule = make_rule()
    with pytest.raises(RuleGateError) as refused:
        rule_modes.set_mode(actor=approver, rule_id=rule.pk, mode=RuleMode.ENFORCE)
    assert "0 hits of this version were judged" in refused.value.message
    rule.refresh_from_db()
    assert rule.mode == RuleMode.SHADOW


def test_an_approver_overrides_the_gate_with_a_reason_that_is_recorded(approver: User) -> None:
    rule = make_rule()
    rule_modes.set_mode(
        actor=approver, rule_id=rule.pk, mode=RuleMode.ENFORCE, override_reason="An attack."
    )
    event = AuditEvent.objects.get(action="rule.mode_changed")
    assert (event.reason, event.data["is_override"], event.data["to"]) == (
        "An attack.",
        True,
        "enforce",
    )


def test_twenty_right_hits_open_the_gate(approver: User) -> None:
    rule = make_rule()
    assert rule.current is not None
    label(rule, rule.current, Verdict.VIOLATES, 20)
    rule_modes.set_mode(actor=approver, rule_id=rule.pk, mode=RuleMode.ENFORCE)
    rule.refresh_from_db()
    assert rule.mode == RuleMode.ENFORCE


def test_whoever_promotes_a_rule_does_not_vouch_for_it(approver: User) -> None:
    rule = make_rule()
    back_test = BackTest.objects.create(
        version=rule.current, first_message_id=1, last_message_id=20, position=20
    )
    BackTestMatch.objects.bulk_create(
        BackTestMatch(
            back_test=back_test, message_id=number, is_violation=True, labelled_by=approver
        )
        for number in range(1, 21)
    )
    with pytest.raises(RuleGateError, match="0 hits of this version were judged by others"):
        rule_modes.set_mode(actor=approver, rule_id=rule.pk, mode=RuleMode.ENFORCE)
    other = make_staff("rule_approver")
    rule_modes.set_mode(actor=other, rule_id=rule.pk, mode=RuleMode.ENFORCE)
    rule.refresh_from_db()
    assert (rule.mode, rule.overridden_at) == (RuleMode.ENFORCE, None)


def test_any_mode_goes_off_in_one_step(author: User) -> None:
    rule = make_rule(mode=RuleMode.ENFORCE)
    rule_modes.set_mode(actor=author, rule_id=rule.pk, mode=RuleMode.OFF)
    rule.refresh_from_db()
    assert rule.mode == RuleMode.OFF


def test_only_an_approver_changes_the_limits_of_an_enforcing_rule(
    author: User, approver: User
) -> None:
    rule = make_rule(mode=RuleMode.ENFORCE)
    limits = rules.Limits(action=RuleAction.BLOCK_STRIKE, daily_cap=50)
    with pytest.raises(ForbiddenError):
        rules.set_limits(actor=author, rule_id=rule.pk, limits=limits)
    changed = rules.set_limits(actor=approver, rule_id=rule.pk, limits=limits)
    assert (changed.daily_cap, changed.action) == (50, "block_strike")


def test_a_rule_ends_at_a_moment_that_every_process_can_read(author: User) -> None:
    rule = make_rule(mode=RuleMode.SHADOW)
    for end in (datetime(9999, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)):
        with pytest.raises(ValidationFailedError):
            rules.set_limits(actor=author, rule_id=rule.pk, limits=rules.Limits(expires_at=end))
        with pytest.raises(IntegrityError, match="rule_end_is_known"), transaction.atomic():
            Rule.objects.filter(pk=rule.pk).update(expires_at=end)
    assert [one.rule_id for one in rule_sets.load().rules] == [rule.pk]


def test_unknown_and_not_visible_rules_look_the_same() -> None:
    rule = make_rule()
    for viewer, rule_id in ((UserFactory(), rule.pk), (make_staff(), rule.pk + 1)):
        with pytest.raises(RuleNotFoundError):
            rules.access_rule(viewer=viewer, rule_id=rule_id)


def test_a_rule_that_people_disagree_with_loses_its_power() -> None:
    rule = make_rule(mode=RuleMode.ENFORCE)
    assert rule.current is not None
    label(rule, rule.current, Verdict.NO_VIOLATION, 9)
    label(rule, rule.current, Verdict.VIOLATES, 3)
    assert scorecards.sweep() == [rule]
    rule.refresh_from_db()
    assert rule.mode == RuleMode.FLAG
    assert "People disagreed" in rule.demoted_reason
    assert AuditEvent.objects.get(action="rule.demoted").data["from"] == "enforce"


def test_the_figures_take_no_power_from_a_rule_that_somebody_set_meanwhile(
    approver: User,
) -> None:
    rule = make_rule(mode=RuleMode.ENFORCE)
    seen = Rule.objects.get()
    rule_modes.set_mode(actor=approver, rule_id=rule.pk, mode=RuleMode.OFF)
    assert rule_modes.demote(seen=seen, mode=RuleMode.FLAG, why="Too many hits.") is None
    rule.refresh_from_db()
    assert (rule.mode, rule.demoted_reason) == (RuleMode.OFF, "")
    assert not AuditEvent.objects.filter(action="rule.demoted").exists()


def test_an_override_holds_until_people_disagree_with_what_came_after_it(approver: User) -> None:
    rule = make_rule(mode=RuleMode.SHADOW)
    assert rule.current is not None
    label(rule, rule.current, Verdict.NO_VIOLATION, 12)
    rule_modes.set_mode(
        actor=approver, rule_id=rule.pk, mode=RuleMode.ENFORCE, override_reason="An attack runs."
    )
    assert scorecards.sweep() == []
    event = AuditEvent.objects.get(action="rule.mode_changed")
    assert (event.reason, event.data["is_override"]) == ("An attack runs.", True)
    label(rule, rule.current, Verdict.NO_VIOLATION, 9)
    assert scorecards.sweep() == []
    label(rule, rule.current, Verdict.NO_VIOLATION, 1)
    assert scorecards.sweep() == [rule]
    rule.refresh_from_db()
    assert (rule.mode, rule.overridden_at) == (RuleMode.FLAG, None)


def test_a_rule_that_was_proven_needs_no_override_and_keeps_none(approver: User) -> None:
    rule = make_rule()
    assert rule.current is not None
    label(rule, rule.current, Verdict.VIOLATES, 20)
    changed = rule_modes.set_mode(
        actor=approver, rule_id=rule.pk, mode=RuleMode.ENFORCE, override_reason="To be sure."
    )
    assert changed.overridden_at is None


def old_rule() -> Rule:
    """Make a rule that has flagged one person an hour for two days."""
    rule = make_rule(mode=RuleMode.FLAG)
    now = timezone.now()
    rule.mode_changed_at = now - timedelta(days=9)
    rule.save()
    for hours in range(2, 50):
        add_hit(rule, now - timedelta(hours=hours), 1)
    return rule


def test_an_hour_unlike_the_week_before_takes_power_from_a_rule() -> None:
    rule, now = old_rule(), timezone.now()
    assert scorecards.reason_to_demote(rule, now) == ""
    for person in range(25):
        add_hit(rule, now - timedelta(minutes=5), person)
    assert "It hit 25 people in an hour" in scorecards.reason_to_demote(rule, now)


def test_nobody_takes_power_from_a_rule_alone_by_running_into_it() -> None:
    rule, now = old_rule(), timezone.now()
    for _ in range(60):
        add_hit(rule, now - timedelta(minutes=5), 1)
    assert scorecards.reason_to_demote(rule, now) == ""


def test_one_unusual_hour_takes_power_from_a_rule_once() -> None:
    rule, now = old_rule(), timezone.now()
    Rule.objects.filter(pk=rule.pk).update(mode=RuleMode.ENFORCE)
    for person in range(25):
        add_hit(rule, now - timedelta(minutes=5), person)
    assert scorecards.sweep() == [rule]
    assert scorecards.sweep() == []
    rule.refresh_from_db()
    assert rule.mode == RuleMode.FLAG


def add_hit(rule: Rule, at: object, person: int) -> None:
    hit = RuleHit(
        version=rule.current,
        rule=rule,
        mode=rule.mode,
        outcome="flagged",
        stage=rule.stage,
        subject_id=person,
    )
    field = RuleHit._meta.get_field("created_at")
    field.auto_now_add = False
    try:
        hit.created_at = at  # type: ignore[assignment]
        hit.save()
    finally:
        field.auto_now_add = True


def test_an_expired_rule_is_turned_off() -> None:
    rule = make_rule(mode=RuleMode.FLAG, expires_at=timezone.now() - timedelta(minutes=1))
    scorecards.sweep()
    rule.refresh_from_db()
    assert (rule.mode, rule.demoted_reason) == ("off", "It reached the end that was set for it.")


def test_precision_counts_a_message_once_and_leaves_other_policies_out() -> None:
    rule = make_rule()
    assert rule.current is not None
    label(rule, rule.current, Verdict.VIOLATES, 3)
    label(rule, rule.current, Verdict.NO_VIOLATION, 1)
    first = RuleHit.objects.order_by("id").first()
    assert first is not None
    RuleHit.objects.create(
        version=rule.current,
        rule=rule,
        mode="shadow",
        outcome="recorded",
        stage="stream",
        message_id=first.message_id,
    )
    share = labels.precision_of(rule.current)
    assert (share.hits, share.total) == (3, 4)
    assert (round(share.low, 3), round(share.high, 3)) == (0.301, 0.954)
