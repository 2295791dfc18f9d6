"""Decisions in figures, worked out by hand."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.moderation.constants import (
    ActorKind,
    AppealState,
    EnforcementKind,
    HitOutcome,
    NoticeKind,
    Verdict,
)
from apps.moderation.models import Appeal, Decision, Enforcement, Notice, RuleHit
from apps.moderation.services.cases import snapshots
from apps.moderation.services.decisions import automatic
from apps.moderation.services.figures import labels
from apps.moderation.services.figures import metrics_decisions as figures
from apps.moderation.services.figures.metrics_decisions import Hour, NoticeDay, Overturned
from apps.users.models import User
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import make_case, make_policy, make_rule, make_staff
from tests.moderation.histories import NOW, ago, at, case_at, decision_at, period

pytestmark = pytest.mark.django_db

HOUR = 3_600.0


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def other() -> User:
    return make_staff()


def test_decisions_are_counted_by_the_hour_and_by_who_made_them(moderator: User) -> None:
    rule = make_rule()
    for minutes in (5, 10, 90):
        decision_at(ago(minutes=minutes), actor=moderator)
    decision_at(
        ago(minutes=6),
        actor_kind=ActorKind.RULE,
        rule_version=rule.current,
        verdict=Verdict.VIOLATES,
        policy_version=rule.policy.current,
    )
    assert figures.by_hour(period()) == [
        Hour(NOW.replace(hour=10), 1, 0),
        Hour(NOW.replace(hour=11), 2, 1),
    ]


def violation(who: User, **fields: object) -> Decision:
    """Make a violation that somebody decided yesterday."""
    policy = fields.pop("policy", None) or make_policy()
    return decision_at(
        ago(days=1),
        actor=who,
        verdict=Verdict.VIOLATES,
        policy_version=policy.current,  # type: ignore[attr-defined]
        **fields,  # type: ignore[arg-type]
    )


def test_only_a_changed_verdict_overturns_and_it_is_told_by_whom(
    moderator: User, other: User
) -> None:
    policy = make_policy()
    kept, same_again, undone, corrected, appealed = (
        violation(moderator, policy=policy) for _ in range(5)
    )
    handed_on = decision_at(ago(days=1), actor=moderator, verdict=Verdict.UNSURE)
    later = {"policy_version": policy.current}
    decision_at(
        ago(hours=3),
        case=same_again.case,
        actor=other,
        supersedes=same_again,
        verdict=Verdict.VIOLATES,
        **later,
    )
    decision_at(
        ago(hours=3),
        case=undone.case,
        actor=moderator,
        supersedes=undone,
        verdict=Verdict.UNSURE,
        is_undo=True,
    )
    decision_at(ago(hours=3), case=corrected.case, actor=other, supersedes=corrected)
    decision_at(ago(hours=3), case=handed_on.case, actor=other, supersedes=handed_on)
    outcome = decision_at(ago(hours=3), case=appealed.case, actor=other, supersedes=appealed)
    notice = Notice.objects.create(
        subject=UserFactory(), decision=appealed, kind=NoticeKind.DECISION, title="T", body="B"
    )
    Appeal.objects.create(
        notice=notice,
        decision=appealed,
        case=appealed.case,
        subject=notice.subject,
        text="No.",
        state=AppealState.OVERTURNED,
        outcome=outcome,
    )
    weeks = figures.overturned(period(7))
    assert weeks == [
        Overturned(date(2026, 5, 11), 0, 0, 0, 0),
        Overturned(date(2026, 5, 18), 9, by_appeal=1, by_same=1, by_other=1),
    ]
    assert figures.overturned_altogether(weeks).share.value == pytest.approx(3 / 9)
    assert kept.pk


def lifted(decision: Decision, by: User) -> Decision:
    """End early what a decision did to the person."""
    return decision_at(
        ago(hours=5),
        case=decision.case,
        actor=by,
        supersedes=decision,
        verdict=Verdict.VIOLATES,
        policy_version=decision.policy_version,
        is_lift=True,
    )


def undone(decision: Decision, lift: Decision, by: User) -> Decision:
    """Take back a lift, or the decision under it."""
    return decision_at(
        ago(hours=3),
        case=lift.case,
        actor=by,
        supersedes=lift,
        takes_back=decision,
        verdict=Verdict.UNSURE,
        is_undo=True,
    )


def test_a_lift_is_no_verdict_and_overturns_nothing(moderator: User, other: User) -> None:
    policy = make_policy()
    lifts = [lifted(violation(moderator, policy=policy), other) for _ in range(4)]
    _, without, under, overruled = lifts
    former = under.supersedes
    assert former is not None
    undone(without, without, other)
    undone(former, under, moderator)
    decision_at(ago(hours=3), case=overruled.case, actor=other, supersedes=overruled)
    total = figures.overturned_altogether(figures.overturned(period(7)))
    assert total == Overturned(None, 5, by_appeal=0, by_same=1, by_other=1)
    assert [(hour.begins.hour, hour.by_people) for hour in figures.by_hour(period())] == [
        (12, 4),
        (9, 3),
    ]


def test_whoever_lifts_says_nothing_of_the_rule(moderator: User, other: User) -> None:
    rule = make_rule()
    made = violation(moderator, policy=rule.policy)
    lifted(made, other)
    assert rule.current is not None
    RuleHit.objects.create(
        rule=rule,
        version=rule.current,
        mode=rule.mode,
        outcome=HitOutcome.FLAGGED,
        stage=rule.stage,
        message_id=made.case.message_id,
        subject_id=made.case.subject_id,
    )
    assert labels.precision_of(rule.current).total == 1
    assert labels.precision_of(rule.current, without=other).total == 1
    assert labels.precision_of(rule.current, without=moderator).total == 0


def taken_from_view(hours: float, **fields: object) -> Enforcement:
    """Hide a message that had been there so long."""
    message = at(MessageFactory(), ago(hours=hours + 1))
    case = case_at(ago(hours=hours), message=message)
    decision = decision_at(ago(hours=1), case=case, **fields)  # type: ignore[arg-type]
    enforcement = Enforcement.objects.create(
        decision=decision, kind=EnforcementKind.HIDE_MESSAGE, message=message
    )
    return at(enforcement, ago(hours=1))


def test_the_time_in_view_runs_from_the_message_to_the_enforcement(moderator: User) -> None:
    for hours in (1, 2, 6):
        taken_from_view(hours, actor=moderator)
    by_rule = make_rule()
    taken_from_view(
        0.5,
        actor_kind=ActorKind.RULE,
        rule_version=by_rule.current,
        verdict=Verdict.VIOLATES,
        policy_version=by_rule.policy.current,
    )
    refused = taken_from_view(0, actor=moderator)
    refused.data = {"was_never_seen": True}
    refused.save()
    today = figures.in_view_by_day(period())[-1]
    assert (today.number, today.p50, today.p95) == (4, 1.5 * HOUR, pytest.approx(5.4 * HOUR))
    people, rules = figures.in_view_by_actor(period())
    assert (people.who, people.number, people.p50) == ("person", 3, 2 * HOUR)
    assert (rules.who, rules.number, rules.p50) == ("rule", 1, 0.5 * HOUR)


def test_an_answer_of_which_nobody_saw_a_character_was_never_in_view() -> None:
    rule = make_rule()
    assert rule.current is not None
    for shown_chars in (0, 7, None):
        answer = at(ReplyFactory().message, ago(hours=2))
        case = make_case(answer)
        snapshot = snapshots.take_snapshot(
            case=case, message=answer, text="A badword.", shown_chars=shown_chars
        )
        decision = automatic.decide_by_rule(
            case=case, rule_version=rule.current, snapshot=snapshot, gives_points=False
        )
        at(decision.enforcements.get(), ago(hours=1))
    today = figures.in_view_by_day(period())[-1]
    assert (today.number, today.p50) == (2, HOUR)


def test_what_was_shown_before_a_rule_withheld_is_sorted_into_bands() -> None:
    rule = make_rule()
    assert rule.current is not None
    for chars in (0, 0, 50, 51, 5_000):
        at(
            RuleHit.objects.create(
                rule=rule,
                version=rule.current,
                mode="enforce",
                outcome=HitOutcome.ENFORCED,
                stage="stream",
                shown_chars=chars,
            ),
            ago(hours=2),
        )
    found = figures.shown(period())
    assert (found.number, found.bands, found.p50, found.most) == (5, (2, 1, 1, 0, 1), 50, 5_000)
    assert found.p95 == pytest.approx(4010.2)


def test_a_violation_with_effects_and_no_notice_is_found(moderator: User) -> None:
    policy = make_policy()
    told, untold, without_effect, gone = (violation(moderator, policy=policy) for _ in range(4))
    for decision in (told, untold, gone):
        Enforcement.objects.create(decision=decision, kind=EnforcementKind.WARN)
    Notice.objects.create(
        subject_id=told.case.subject_id,
        decision=told,
        kind=NoticeKind.DECISION,
        title="T",
        body="B",
    )
    User.objects.filter(pk=gone.case.subject_id).delete()
    assert figures.notices(period())[-2] == NoticeDay(
        date(2026, 5, 19), acted=2, told=1, untold_case=untold.case_id
    )
    assert without_effect.pk


def test_the_figures_of_decisions_take_six_queries() -> None:
    with CaptureQueriesContext(connection) as queries:
        figures.decision_figures(period(30))
    assert len(queries) == 6
