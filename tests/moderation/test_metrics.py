"""Who sees the figures, for which days, remembered for how long."""

from datetime import date

import pytest

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError
from apps.moderation.services import metrics
from apps.moderation.services.intervals import wilson
from tests.moderation.factories import make_staff
from tests.moderation.histories import NOW, period

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)],
)
def test_an_interval_holds_for_few_and_for_extreme_observations(
    hits: int, total: int, low: float, high: float
) -> None:
    share = wilson(hits, total)
    assert (share.low, share.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
