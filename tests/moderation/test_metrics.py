"""Who sees the figures, for which days, remembered for how long."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.audit import services as audit
from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError
from apps.moderation.admin.dashboard_decisions import decision_board
from apps.moderation.services.figures import exposure, metrics, metrics_decisions
from apps.moderation.services.figures.intervals import wilson
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_decisions import overturned_altogether
from tests.moderation.factories import make_staff
from tests.moderation.histories import NOW, at, decision_at, period

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 5, 18, tzinfo=UTC)
"""Between a Sunday and a Monday."""


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("7", 7),
        ("30", 30),
        ("90", 90),
        ("", 30),
        ("8", 30),
        ("-7", 30),
        ("7777777", 30),
        ("\u0667", 30),
    ],
)
def test_an_address_names_one_of_three_periods(text: str, days: int) -> None:
    assert metrics.period_of(text).days == days


def test_a_period_ends_today_and_knows_its_days_and_weeks() -> None:
    week = period(7)
    assert week.dates == [date(2026, 5, day) for day in range(14, 21)]
    assert week.weeks == [date(2026, 5, 11), date(2026, 5, 18)]
    assert week.since.isoformat() == "2026-05-14T00:00:00+00:00"
    assert week.hours == 6 * 24 + 12


@pytest.mark.parametrize(("duty", "is_allowed"), [("lead", True), ("auditor", True), ("", False)])
def test_leads_and_auditors_see_figures_and_moderators_do_not(duty: str, is_allowed: bool) -> None:
    staff = make_staff(*filter(None, [duty]))
    if is_allowed:
        metrics.require_view(staff)
        return
    with pytest.raises(ForbiddenError):
        metrics.require_view(staff)
    with pytest.raises(ForbiddenError):
        metrics.export(actor=staff, figure="flow", period=period(), rows=[])
    assert not AuditEvent.objects.filter(action="metrics.exported").exists()


def test_an_export_is_noted_and_comes_in_batches() -> None:
    lead = make_staff("lead")
    batches = list(
        metrics.export(actor=lead, figure="flow", period=period(), rows=list(range(1_100)))
    )
    assert [len(batch) for batch in batches] == [500, 500, 100]
    event = AuditEvent.objects.get(action="metrics.exported")
    assert event.actor_id == lead.pk
    assert event.data == {"figure": "flow", "days": 7, "rows": 1_100}


def test_figures_are_remembered_by_name_and_period() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [metrics.remembered("x", period(7), make) for _ in range(2)] == [1, 1]
    assert metrics.remembered("x", period(30), make) == 2
    assert metrics.remembered("y", period(7), make) == 3
    assert NOW.tzinfo is not None


def test_what_was_remembered_yesterday_is_not_shown_as_today() -> None:
    before, after = (Period(7, MIDNIGHT + timedelta(seconds=off)) for off in (-20, 10))
    made = iter(("yesterday", "today"))
    assert [metrics.remembered("x", when, lambda: next(made)) for when in (before, after)] == [
        "yesterday",
        "today",
    ]


def test_a_page_of_the_last_moment_of_a_day_holds_nothing_of_the_next() -> None:
    ended = Period(7, MIDNIGHT - timedelta(seconds=1))
    decision_at(MIDNIGHT - timedelta(hours=1), actor=make_staff())
    decision_at(MIDNIGHT + timedelta(seconds=1), actor=make_staff())
    event = audit.record(
        actor=make_staff(), action="conversation.read", target_type="conversation", target_id=1
    )
    at(event, MIDNIGHT + timedelta(seconds=1))
    figures = metrics_decisions.decision_figures(ended)
    assert [(hour.begins, hour.by_people) for hour in figures.hours] == [
        (MIDNIGHT - timedelta(hours=1), 1)
    ]
    assert overturned_altogether(figures.overturned).total == 1
    assert decision_board(figures, ended).tiles[0].value == "1"
    assert sum(day.readings for day in exposure.readings(ended)[0]) == 0


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)],
)
def test_an_interval_holds_for_few_and_for_extreme_observations(
    hits: int, total: int, low: float, high: float
) -> None:
    share = wilson(hits, total)
    assert (share.low, share.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
