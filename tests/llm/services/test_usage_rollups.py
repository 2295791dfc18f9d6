"""Days and weeks that are over are summed once, and figures are the same before and after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache

from apps.llm.models import UsageDay, UsageTotal, UsageWeek
from apps.llm.services import usage, usage_rollups
from apps.llm.services.usage_figures import THE_GONE, UsageFigures, read_figures
from apps.users.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A Wednesday."""


@pytest.fixture
def people() -> list[User]:
    return [UserFactory(name=name) for name in ("Ann", "Bob")]


@pytest.fixture(autouse=True)
def _days(people: list[User]) -> None:
    rows = [
        UsageDay(
            user=people[number % 2],
            day=NOW.date() - timedelta(days=number),
            model=("m", "n")[number % 3 == 0],
            purpose=("reply", "title")[number % 5 == 0],
            calls=1,
            prompt_tokens=number,
            completion_tokens=2,
            cost_nano=10**6 * number,
            estimated_calls=0,
            unpriced_calls=number % 2,
        )
        for number in range(100)
    ]
    UsageDay.objects.bulk_create(rows)


def figures(admin: User, *, days: int = 90, purpose: str = "") -> UsageFigures:
    cache.clear()
    return read_figures(viewer=admin, days=days, purpose=purpose, now=NOW)


@pytest.mark.parametrize("days", [7, 30, 90])
@pytest.mark.parametrize("purpose", ["", "title", "judge"])
def test_figures_are_the_same_however_much_has_been_summed(days: int, purpose: str) -> None:
    admin = UserFactory(admin=True)
    plain = figures(admin, days=days, purpose=purpose)
    assert plain.total.calls == sum(used.calls for used in plain.models)
    while usage_rollups.sum_up(now=NOW):
        assert figures(admin, days=days, purpose=purpose) == plain
    assert UsageWeek.objects.count() > 0
    assert UsageTotal.objects.filter(purpose="").count() == usage_rollups.DAYS_SUMMED + 1


def test_only_days_that_are_over_are_summed_and_each_once() -> None:
    while usage_rollups.sum_up(now=NOW):
        pass
    newest = UsageTotal.objects.latest("day").day
    assert newest == NOW.date() - timedelta(days=1)
    assert UsageWeek.objects.latest("week").week == date(2026, 11, 16)
    before = list(UsageTotal.objects.order_by("pk").values())
    assert usage_rollups.sum_up(now=NOW) == 0
    assert list(UsageTotal.objects.order_by("pk").values()) == before
    just_past_midnight = datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
    assert usage_rollups.sum_up(now=just_past_midnight) == 0
    assert usage_rollups.sum_up(now=just_past_midnight + timedelta(hours=1)) == 1


def test_a_week_is_read_instead_of_its_days() -> None:
    admin = UserFactory(admin=True)
    while usage_rollups.sum_up(now=NOW):
        pass
    plain = figures(admin)
    UsageDay.objects.filter(day=date(2026, 11, 18)).update(calls=1_000)
    assert figures(admin) == plain
    UsageDay.objects.filter(day=NOW.date()).update(calls=1_000)
    assert figures(admin).total.calls == plain.total.calls + 999


def test_weeks_of_an_account_that_goes_are_nobodys(people: list[User]) -> None:
    admin = UserFactory(admin=True)
    while usage_rollups.sum_up(now=NOW):
        pass
    plain = figures(admin)
    for person in people:
        usage.part_with(user_id=person.pk)
    shown = figures(admin)
    assert [used.name for used in shown.people] == [THE_GONE]
    assert (shown.days, shown.models, shown.total) == (plain.days, plain.models, plain.total)


def test_weeks_that_no_figure_asks_for_are_removed() -> None:
    while usage_rollups.sum_up(now=NOW):
        pass
    assert usage_rollups.sum_up(now=NOW + timedelta(days=60)) > 0
    assert UsageWeek.objects.earliest("week").week >= date(2026, 10, 5)
