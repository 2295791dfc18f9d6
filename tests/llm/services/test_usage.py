"""record_call writes one line of the ledger with its cost, and adds it to the person's day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.llm.constants import NANO
from apps.llm.gateway.contract import Usage
from apps.llm.models import Price, UsageDay, UsageRecord
from apps.llm.services import money, prices
from apps.llm.services.prices import PriceRequest
from apps.llm.services.usage import Call, record_call
from apps.llm.statements.prices import Rate
from apps.users.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    return made


def price(name: str, dollars: float, *, out: float = 0, since: datetime | None = None) -> Price:
    wanted = PriceRequest(
        model_name=name,
        input_nano=round(dollars * NANO),
        output_nano=round(out * NANO),
        valid_from=since,
    )
    return prices.add_price(actor=None, wanted=wanted)


def record(person: User, usage: Usage, *, now: datetime | None = None, model: str = "m") -> None:
    call = Call(
        user_id=person.pk,
        purpose="reply",
        reference_id=12,
        model=model,
        rate=prices.price_at(model=model, moment=now),
    )
    record_call(
        call, usage=usage, outcome="upstream_cut", first_token_ms=None, duration_ms=80, now=now
    )


def test_writes_one_line_of_a_model_without_a_price(person: User) -> None:
    record(person, Usage(7, 3, "estimated"))
    line = UsageRecord.objects.get()
    assert (line.user_id, line.purpose, line.reference_id) == (person.pk, "reply", 12)
    assert (line.prompt_tokens, line.completion_tokens, line.source) == (7, 3, "estimated")
    assert (line.outcome, line.first_token_ms, line.duration_ms) == ("upstream_cut", None, 80)
    assert (line.cost_nano, line.cost_source, line.price_id) == (None, "unknown", None)


@pytest.mark.parametrize(("source", "certainty"), [("reported", "exact"), ("estimated",) * 2])
def test_the_price_is_frozen_on_the_line(person: User, source: str, certainty: str) -> None:
    made = price("m", 0.15, out=0.6)
    record(person, Usage(1_000, 500, source))  # type: ignore[arg-type]
    line = UsageRecord.objects.get()
    assert line.cost_nano == 1_000 * 150 + 500 * 600
    assert (line.cost_source, line.price_id) == (certainty, made.pk)
    assert (line.input_nano, line.output_nano) == (150_000_000, 600_000_000)


def test_a_price_that_changes_between_two_calls_changes_only_the_second(person: User) -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    price("m", 1, since=noon - timedelta(days=9))
    price("m", 2, since=noon)
    record(person, Usage(1_000_000, 0, "reported"), now=noon - timedelta(seconds=1))
    record(person, Usage(1_000_000, 0, "reported"), now=noon)
    costs = UsageRecord.objects.order_by("pk").values_list("cost_nano", flat=True)
    assert list(costs) == [1 * NANO, 2 * NANO]


def test_the_exact_name_goes_before_a_beginning_and_a_longer_beginning_before_a_shorter() -> None:
    for name, dollars in (("gpt*", 1), ("gpt-4o*", 2), ("gpt-4o-mini", 3)):
        price(name, dollars)
    found = {
        model: prices.price_at(model=model)
        for model in ("gpt-3.5", "gpt-4o-2024", "gpt-4o-mini", "gp", "other%_")
    }
    assert {model: rate and rate.input_nano // NANO for model, rate in found.items()} == {
        "gpt-3.5": 1,
        "gpt-4o-2024": 2,
        "gpt-4o-mini": 3,
        "gp": None,
        "other%_": None,
    }


def test_cached_tokens_have_their_own_price() -> None:
    rate = Rate(1, 2 * NANO, NANO // 2, 8 * NANO)
    cost = rate.cost(prompt_tokens=1_000, cached_tokens=400, completion_tokens=100)
    assert cost == 600 * 2_000 + 400 * 500 + 100 * 8_000


def test_a_price_is_never_changed_or_removed() -> None:
    price("m", 1)
    for statement in (Price.objects.update, Price.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            statement(**({"input_nano": 0} if statement == Price.objects.update else {}))


def test_only_whoever_may_sets_a_price_and_gives_a_reason(person: User) -> None:
    wanted = PriceRequest(model_name="m", input_nano=1, output_nano=1)
    with pytest.raises(ForbiddenError):
        prices.add_price(actor=person, wanted=wanted)
    with pytest.raises(ValidationFailedError):
        prices.add_price(actor=UserFactory(admin=True), wanted=wanted)
    assert Price.objects.count() == 0


def test_a_call_is_one_statement_with_its_day(
    person: User, django_assert_num_queries: DjangoAssertNumQueries, settings: Settings
) -> None:
    settings.USAGE_TIME_ZONE = "Asia/Tokyo"
    moment = datetime(2026, 11, 28, 15, 30, tzinfo=UTC)
    rate = Rate(1, NANO, NANO, NANO)
    call = Call(user_id=person.pk, purpose="reply", reference_id=1, model="m", rate=rate)
    for usage in (Usage(2, 1, "reported"), Usage(4, 0, "estimated")):
        with django_assert_num_queries(1):
            record_call(
                call, usage=usage, outcome="done", first_token_ms=1, duration_ms=2, now=moment
            )
    day = UsageDay.objects.get()
    assert (day.user_id, day.day, day.model, day.api_token_id) == (
        person.pk,
        date(2026, 11, 29),
        "m",
        0,
    )
    assert (day.calls, day.prompt_tokens, day.completion_tokens) == (2, 6, 1)
    assert (day.cost_nano, day.estimated_calls, day.unpriced_calls) == (7_000, 1, 0)


@pytest.mark.parametrize(
    ("nano", "plain", "said"),
    [
        (None, None, "unknown"),
        (0, "0", "$0"),
        (1, "0.000000001", "under $0.0001"),
        (1_234_000, "0.001234", "$0.0012"),
        (450_000, "0.00045", "$0.0005"),
        (300_000_000, "0.3", "$0.30"),
        (999_990_000, "0.99999", "$1.00"),
        (1_204_500_000_000, "1204.5", "$1,204.50"),
    ],
)
def test_money_is_exact_for_programs_and_short_for_people(
    nano: int | None, plain: str | None, said: str
) -> None:
    assert (money.plain(nano), money.say(nano)) == (plain, said)


@pytest.mark.parametrize(
    ("typed", "nano"),
    [("0.15", 150_000_000), ("$1,000", 10**12), ("-1", None), ("nan", None), ("1e-12", None)],
)
def test_dollars_are_read_exactly_or_not_at_all(typed: str, nano: int | None) -> None:
    assert money.parse(typed) == nano


def test_now_is_the_moment_where_none_is_given() -> None:
    price("m", 1, since=timezone.now() + timedelta(hours=1))
    assert prices.price_at(model="m") is None
