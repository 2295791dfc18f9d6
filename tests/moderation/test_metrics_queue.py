"""The queue in figures, worked out by hand."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.moderation.admin.dashboard_queue import queue_board
from apps.moderation.constants import ActorKind, FlagSource, PeriodDays, Severity, Verdict
from apps.moderation.models import Case, CaseReopening
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import by_hand, decisions, reversals
from apps.moderation.services.decisions.by_hand import hide_message
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.figures.metrics import last_days
from apps.moderation.services.figures.metrics_queue import (
    FirstDecisions,
    FlowDay,
    Waiting,
    first_decisions,
    flow,
    queue_figures,
    waiting,
)
from tests.factories import MessageFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_rule, make_staff
from tests.moderation.histories import NOW, ago, at, case_at, decision_at, period

pytestmark = pytest.mark.django_db

HOUR = 3_600.0


def test_what_waits_is_told_by_severity_with_its_age() -> None:
    for hours in (1, 2, 3, 5, 100):
        case_at(ago(hours=hours), severity=Severity.HIGH)
    case_at(ago(minutes=30), severity=Severity.LOW)
    case_at(ago(hours=9), closed=ago(hours=1), severity=Severity.LOW)
    assert waiting(NOW) == [
        Waiting(
            severity=Severity.HIGH,
            total=5,
            overdue=2,
            p50=3 * HOUR,
            p95=pytest.approx(81 * HOUR),
            oldest=100 * HOUR,
            bands=(0, 3, 1, 0, 1, 0),
        ),
        Waiting(
            severity=Severity.LOW,
            total=1,
            overdue=0,
            p50=0.5 * HOUR,
            p95=0.5 * HOUR,
            oldest=0.5 * HOUR,
            bands=(1, 0, 0, 0, 0, 0),
        ),
    ]


def test_a_case_that_was_opened_again_is_as_old_as_that() -> None:
    case_at(ago(days=60), severity=Severity.HIGH, reopened_at=ago(hours=2))
    only = waiting(NOW)[0]
    assert (only.oldest, only.p50, only.bands) == (2 * HOUR, 2 * HOUR, (0, 1, 0, 0, 0, 0))


def test_a_day_counts_what_came_by_whom_and_what_left_in_time() -> None:
    case_at(ago(hours=2))
    case_at(ago(hours=3), source=FlagSource.RULE)
    case_at(ago(days=1), closed=ago(hours=21))
    case_at(ago(days=1), closed=ago(hours=1))
    case_at(ago(days=90), closed=ago(days=2))
    days = flow(period(7))
    assert [day.day.day for day in days] == [14, 15, 16, 17, 18, 19, 20]
    assert [(day.opened, day.closed, day.in_time) for day in days] == [
        *[(0, 0, 0)] * 4,
        (0, 1, 0),
        (2, 1, 1),
        (2, 1, 0),
    ]
    assert days[-1].by_source == {"rule": 1, "user": 1, "staff": 0, "provider": 0, "guard": 0}


def test_a_day_is_a_day_in_utc_whatever_the_time_of_day() -> None:
    case_at(ago(hours=12))
    case_at(ago(hours=12, seconds=1))
    assert [day.opened for day in flow(period(7))][-2:] == [1, 1]


def test_the_first_decision_of_a_person_is_timed_and_no_later_one() -> None:
    moderator = make_staff()
    rule = make_rule(make_policy())
    first = decision_at(ago(hours=1), case=case_at(ago(hours=3)), actor=moderator)
    decision_at(ago(minutes=5), case=first.case, actor=moderator, supersedes=first)
    after_rule = case_at(ago(hours=9))
    by_rule = decision_at(
        ago(hours=9),
        case=after_rule,
        verdict=Verdict.VIOLATES,
        policy_version=rule.policy.current,
        actor_kind=ActorKind.RULE,
        rule_version=rule.current,
    )
    decision_at(ago(hours=5), case=after_rule, actor=moderator, supersedes=by_rule)
    days, overall = first_decisions(period(7))
    assert days[-1] == FirstDecisions(NOW.date(), 2, 3 * HOUR, pytest.approx(3.9 * HOUR))
    assert days[0] == FirstDecisions(days[0].day, 0, None, None)
    assert overall == FirstDecisions(None, 2, 3 * HOUR, pytest.approx(3.9 * HOUR))


def test_a_case_that_opened_and_closed_in_one_act_lowers_no_time() -> None:
    make_policy()
    act = {"actor": make_staff(), "policy_code": "insults", "reason": "An insult."}
    waited = case_at(ago(hours=3))
    at(hide_message(message_id=waited.message_id, **act), ago(hours=1))
    beside = make_case()
    at_once = MessageFactory(conversation=beside.conversation)
    decision = hide_message(message_id=at_once.pk, **act)
    at(decision.case, ago(minutes=5))
    at(decision, ago(minutes=5))
    assert first_decisions(period(7))[1] == FirstDecisions(None, 1, 2 * HOUR, 2 * HOUR)
    Case.objects.filter(state="closed").update(closed_at=ago(minutes=5), due_at=ago(minutes=4))
    today = flow(period(7))[-1]
    assert (today.closed, today.at_once, today.waited, today.in_time) == (2, 1, 1, 1)
    board = queue_board(queue_figures(period(7)), period(7))
    tile = next(one for one in board.tiles if one.label == "Closed in time")
    assert (tile.value, tile.note) == ("100%", "of 1 case that waited")


def test_what_staff_flag_waits_like_any_other_case() -> None:
    make_policy()
    mia, noor = make_staff(), make_staff()
    message = make_case().message
    assert message is not None
    flagged = MessageFactory(conversation=message.conversation)
    by_hand.flag_message(actor=mia, message_id=flagged.pk, reason="What do you think?")
    case = at(Case.objects.get(message=flagged), ago(hours=5))
    taken = cases.claim(actor=noor, case_id=case.pk)
    okay = Ruling(verdict=Verdict.NO_VIOLATION)
    made = decisions.decide(actor=noor, case_id=case.pk, version=taken.version, ruling=okay)
    at(made, ago(hours=1))
    Case.objects.filter(pk=case.pk).update(closed_at=ago(hours=1), due_at=ago(hours=2))
    today = flow(period(7))[-1]
    assert (today.closed, today.at_once, today.waited, today.in_time) == (1, 0, 1, 0)
    assert first_decisions(period(7))[1] == FirstDecisions(None, 1, 4 * HOUR, 4 * HOUR)
    reversals.undo(actor=noor, decision_id=made.pk, reason="Once more.")
    assert not CaseReopening.objects.get(case=case).was_at_once


def test_each_time_that_a_case_comes_and_goes_counts_on_its_day() -> None:
    make_policy()
    moderator, lead = make_staff(), make_staff("lead")
    case = claimed_case(moderator)
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.")
    former = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    late, closed = ago(days=40, hours=1), ago(days=3)
    Case.objects.filter(pk=case.pk).update(created_at=late, due_at=late, closed_at=closed)
    reversals.undo(actor=moderator, decision_id=former.pk, reason="A slip.")
    again = CaseReopening.objects.get(case=case)
    assert (again.due_at, again.closed_at, again.was_at_once) == (late, closed, False)
    at(again, ago(days=2))
    assert [figures_of(day) for day in flow(period(7))[3:]] == [
        (0, 0, 1, 1, 0),
        (0, 1, 0, 0, 0),
        (0, 0, 0, 0, 0),
        (0, 0, 0, 0, 0),
    ]
    taken = cases.claim(actor=lead, case_id=case.pk)
    decisions.decide(actor=lead, case_id=case.pk, version=taken.version, ruling=ruling)
    Case.objects.filter(pk=case.pk).update(closed_at=ago(hours=1), due_at=NOW)
    days = flow(period(7))
    assert [figures_of(day) for day in days[3:]] == [
        (0, 0, 1, 1, 0),
        (0, 1, 0, 0, 0),
        (0, 0, 0, 0, 0),
        (0, 0, 1, 1, 1),
    ]
    board = queue_board(queue_figures(period(7)), period(7))
    tiles = {one.label: (one.value, one.note) for one in board.tiles}
    assert tiles["Change"] == ("-1", "1 in, 2 out")
    assert tiles["Closed in time"] == ("50%", "of 2 cases that waited")


def figures_of(day: FlowDay) -> tuple[int, ...]:
    """Return what came, came again and went on a day."""
    return day.opened, day.reopened, day.closed, day.waited, day.in_time


def test_what_staff_decided_at_once_waited_only_since_it_was_opened_again() -> None:
    make_policy()
    moderator, beside = make_staff(), make_case()
    made = hide_message(
        actor=moderator,
        message_id=MessageFactory(conversation=beside.conversation).pk,
        policy_code="insults",
        reason="An insult.",
    )
    reversals.undo(actor=moderator, decision_id=made.pk, reason="A slip.")
    today = flow(last_days(PeriodDays.WEEK))[-1]
    assert (today.opened, today.reopened, today.closed, today.at_once) == (2, 1, 1, 1)


def test_the_figures_of_the_queue_take_seven_queries() -> None:
    case_at(ago(hours=1))
    with CaptureQueriesContext(connection) as queries:
        assert queue_figures(period(90)).backlog == 1
    assert len(queries) == 7
