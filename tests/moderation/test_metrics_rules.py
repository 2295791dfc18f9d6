"""Rules, guard and models in figures, worked out by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.conversations.models import Message, Reply
from apps.core.errors import NotFoundError
from apps.moderation.constants import HitOutcome, RuleMode, Verdict
from apps.moderation.models import BackTest, BackTestMatch, Rule, RuleHit, RuleVersion
from apps.moderation.services.figures.intervals import wilson
from apps.moderation.services.figures.labels import precision_of
from apps.moderation.services.figures.metrics_decisions import shown
from apps.moderation.services.figures.metrics_rules import (
    FailureDay,
    RuleFigures,
    awaiting,
    guard_figures,
    models,
)
from apps.moderation.services.figures.metrics_scorecard import rule_figures
from tests.factories import MessageFactory, ReplyFactory
from tests.moderation.factories import make_policy, make_rule, make_staff
from tests.moderation.histories import ago, at, case_at, decision_at, period

pytestmark = pytest.mark.django_db


def hit(rule: Rule, message: Message | None = None, **fields: Any) -> RuleHit:
    values = {
        "version": rule.current,
        "mode": rule.mode,
        "outcome": HitOutcome.RECORDED,
        "stage": rule.stage,
        "latency_us": 2_000,
    }
    when = fields.pop("when", ago(hours=2))
    return at(RuleHit.objects.create(rule=rule, message=message, **{**values, **fields}), when)


def judged(rule: Rule, verdict: str, *, policy: Any = None, **fields: Any) -> Message:
    """Make a hit on a message that a person judged."""
    message = MessageFactory()
    hit(rule, message, **fields)
    version = (policy or rule.policy).current if verdict == Verdict.VIOLATES else None
    decision_at(
        ago(hours=1),
        case=case_at(ago(hours=2), message=message),
        actor=make_staff(),
        verdict=verdict,
        policy_version=version,
    )
    return message


def figures_of(rule: Rule) -> RuleFigures:
    (found,) = [one for one in guard_figures(period()).rules if one.rule_id == rule.pk]
    return found


def test_precision_is_what_people_said_of_the_messages_a_rule_hit() -> None:
    rule = make_rule()
    twice = judged(rule, Verdict.VIOLATES)
    hit(rule, twice)
    judged(rule, Verdict.VIOLATES)
    judged(rule, Verdict.NO_VIOLATION)
    judged(rule, Verdict.UNSURE)
    judged(rule, Verdict.VIOLATES, policy=make_policy("spam"))
    hit(rule, MessageFactory())
    found = figures_of(rule)
    assert found.precision == wilson(2, 3)
    assert found.hits == 6
    assert found.looks_per_true_hit == 1.5
    assert found.check_ms_per_true_hit == pytest.approx(6.0)
    assert found.awaits_verdict


def test_a_share_near_nothing_or_near_all_says_more_than_a_whole_percent() -> None:
    assert str(wilson(180, 15_000)) == "1.2% (1.0% to 1.4%, 180 of 15,000)"
    assert str(wilson(2_997, 3_000)) == "99.9% (99.7% to 100.0%, 2,997 of 3,000)"
    assert str(wilson(11, 13)) == "85% (58% to 96%, 11 of 13)"


def test_labels_of_back_tests_count_where_nobody_decided() -> None:
    rule = make_rule()
    decided = judged(rule, Verdict.NO_VIOLATION)
    test = BackTest.objects.create(
        version=rule.current, first_message_id=1, last_message_id=9, position=9
    )
    for message, is_violation in (
        (decided, True),
        (MessageFactory(), True),
        (MessageFactory(), None),
    ):
        BackTestMatch.objects.create(
            back_test=test, message=message, is_violation=is_violation, labelled_at=ago(hours=1)
        )
    assert figures_of(rule).precision == wilson(1, 2)


def test_a_text_with_twenty_hits_is_one_text_in_every_figure() -> None:
    rule = make_rule(mode=RuleMode.ENFORCE)
    message = MessageFactory()
    for at_chars in range(20):
        hit(rule, message, outcome=HitOutcome.ENFORCED, shown_chars=at_chars)
    found, card = figures_of(rule), rule_figures(rule.pk, period())
    assert (found.hits, found.acted, found.check_seconds) == (1, 1, 0.002)
    assert (card.hits, card.check_ms) == (1, 2)
    week = shown(period())
    assert (week.number, sum(week.bands), week.most) == (1, 1, 19)


def test_both_measures_of_precision_are_one() -> None:
    rule = make_rule()
    assert rule.current is not None
    message = judged(rule, Verdict.NO_VIOLATION)
    later = case_at(ago(minutes=55), closed=ago(minutes=30), message=message)
    for when, verdict in ((50, Verdict.UNSURE), (40, Verdict.VIOLATES)):
        decision_at(
            ago(minutes=when),
            case=later,
            actor=make_staff(),
            verdict=verdict,
            policy_version=rule.policy.current if verdict == Verdict.VIOLATES else None,
        )
    judged(rule, Verdict.VIOLATES, policy=make_policy("spam"))
    test = BackTest.objects.create(
        version=rule.current, first_message_id=1, last_message_id=9, position=9
    )
    unsure = judged(rule, Verdict.UNSURE)
    for labelled in (message, unsure):
        BackTestMatch.objects.create(
            back_test=test, message=labelled, is_violation=False, labelled_at=ago(hours=1)
        )
    assert precision_of(rule.current) == figures_of(rule).precision == wilson(1, 2)


def test_failures_are_no_hits_and_slow_ones_are_timeouts() -> None:
    rule = make_rule()
    hit(rule, latency_us=4_000, outcome=HitOutcome.FLAGGED)
    hit(rule, latency_us=8_000)
    for latency_us in (10, 3_000_000, 5_000_000):
        hit(rule, outcome=HitOutcome.ERROR, latency_us=latency_us, when=ago(days=1))
    found = guard_figures(period())
    (figures,) = found.rules
    assert (figures.hits, figures.acted, figures.errors, figures.timeouts) == (2, 1, 3, 2)
    assert (figures.latency_ms, figures.slowest_ms) == (6, 8)
    assert found.failures[-2:] == [
        FailureDay(date(2026, 5, 19), 3, 2),
        FailureDay(date(2026, 5, 20), 0, 0),
    ]


def test_rules_that_are_off_and_did_nothing_are_left_out() -> None:
    policy = make_policy()
    make_rule(policy, name="Off", mode=RuleMode.OFF)
    busy = make_rule(policy, name="Was on", mode=RuleMode.OFF)
    hit(busy)
    make_rule(policy, name="Quiet", mode=RuleMode.FLAG)
    rules = guard_figures(period()).rules
    assert [(rule.name, rule.hits) for rule in rules] == [("Was on", 1), ("Quiet", 0)]
    assert awaiting(rules) == []


def test_a_shadow_rule_waits_until_all_it_found_is_judged() -> None:
    rule = make_rule()
    judged(rule, Verdict.VIOLATES)
    assert awaiting(guard_figures(period()).rules) == []
    hit(rule, MessageFactory())
    assert [one.rule_id for one in awaiting(guard_figures(period()).rules)] == [rule.pk]


def test_models_are_told_by_how_their_answers_ended() -> None:
    for state in ("complete", "complete", "stopped", "withheld"):
        ReplyFactory(state=state, model="alpha")
    ReplyFactory(state="failed", model="beta")
    ReplyFactory(running=True, model="alpha")
    never_asked = ReplyFactory(state="withheld", model="alpha")
    ReplyFactory(model="old")
    Reply.objects.filter(model="old").update(queued_at=ago(days=9))
    Reply.objects.exclude(model="old").update(queued_at=ago(hours=1), started_at=ago(hours=1))
    Reply.objects.filter(pk=never_asked.pk).update(started_at=None)
    alpha, beta = models(period())
    assert (alpha.model, alpha.ended, alpha.stopped, alpha.withheld) == (
        "alpha",
        4,
        wilson(1, 4),
        wilson(1, 4),
    )
    assert (beta.model, beta.ended, beta.failed) == ("beta", 1, 1)


def test_the_figures_of_the_guard_take_six_queries() -> None:
    make_rule()
    with CaptureQueriesContext(connection) as queries:
        guard_figures(period(30))
    assert len(queries) == 6


def test_a_scorecard_tells_versions_weeks_outcomes_and_time() -> None:
    rule = make_rule()
    judged(rule, Verdict.NO_VIOLATION, when=ago(days=8))
    rule.current = RuleVersion.objects.create(rule=rule, number=2, configuration={})
    rule.save()
    for latency_us in (1_000, 3_000):
        judged(rule, Verdict.VIOLATES, latency_us=latency_us, outcome=HitOutcome.FLAGGED)
    hit(rule, outcome=HitOutcome.ERROR)
    with CaptureQueriesContext(connection) as queries:
        found = rule_figures(rule.pk, period(30))
    assert len(queries) == 6
    assert [(one.number, one.precision) for one in found.versions] == [
        (2, wilson(2, 2)),
        (1, wilson(0, 1)),
    ]
    weeks = {week.begins: week.precision for week in found.weeks if week.precision.total}
    assert weeks == {date(2026, 5, 11): wilson(0, 1), date(2026, 5, 18): wilson(2, 2)}
    assert found.days[-1].by_outcome == {
        "recorded": 0,
        "flagged": 2,
        "enforced": 0,
        "capped": 0,
        "error": 1,
    }
    assert (found.hits, found.errors, found.p50_ms) == (3, 1, 2)
    assert found.looks_per_true_hit == 1.5
    assert found.check_ms_per_true_hit == 3


def test_a_scorecard_holds_its_period_from_the_first_moment_to_the_last() -> None:
    rule, week = make_rule(), period(7)
    moment = timedelta(microseconds=1)
    for when in (week.since, week.until - moment):
        judged(rule, Verdict.VIOLATES, when=when)
    before = make_rule(rule.policy, name="Before")
    for when in (week.since - moment, week.until):
        judged(rule, Verdict.NO_VIOLATION, when=when)
        judged(before, Verdict.NO_VIOLATION, when=when)
        hit(rule, when=when, outcome=HitOutcome.ERROR)
    found = rule_figures(rule.pk, week)
    assert (found.hits, found.errors, found.precision) == (2, 0, wilson(2, 2))
    assert [sum(day.by_outcome.values()) for day in found.days] == [1, 0, 0, 0, 0, 0, 1]
    assert [one.precision for one in found.versions] == [wilson(2, 2)]
    assert sum(one.precision.total for one in found.weeks) == 2
    assert rule_figures(before.pk, week).hits == 0


def test_there_is_no_scorecard_of_an_unknown_rule() -> None:
    with pytest.raises(NotFoundError):
        rule_figures(999, period())
