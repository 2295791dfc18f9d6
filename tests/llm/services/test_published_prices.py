"""A model without a typed price has that of the published list, and nothing is ever guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from genai_prices import Usage as ListUsage
from genai_prices import calc_price
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.audit.models import AuditEvent
from apps.llm.constants import NANO
from apps.llm.errors import NoPublishedPriceError
from apps.llm.gateway.contract import Usage
from apps.llm.models import ChatModel, Price, PriceLookup, Provider, UsageRecord
from apps.llm.price_list import asking
from apps.llm.price_list.asking import Question
from apps.llm.price_list.reading import schedule
from apps.llm.services import catalogue, prices, providers, published_prices, usage
from apps.llm.services.chat_models import Description, change_model
from apps.llm.services.prices import PriceRequest
from apps.llm.services.usage import Call
from apps.users.models import User
from tests.factories import UserFactory

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OPENAI = "https://api.openai.com/v1"
MINI = "gpt-4o-mini"


@pytest.fixture
def admin(db: None) -> User:
    made: User = UserFactory(admin=True)
    return made


@pytest.fixture
def model(db: None, settings: Settings) -> ChatModel:
    """The model of the environment, at an address that the list knows."""
    settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = OPENAI, MINI
    catalogue.read()
    return ChatModel.objects.get(follows_settings=True)


def made_of(*found: ModelPrice | ConditionalPrice) -> ModelInfo:
    first = found[0]
    priced = first if isinstance(first, ModelPrice) else list(found)
    return ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=priced)  # type: ignore[arg-type]


def dear(dollars: int) -> ModelPrice:
    return ModelPrice(input_mtok=Decimal(dollars), output_mtok=Decimal(2 * dollars))


def rate_of(model: ChatModel, name: str = MINI) -> tuple[int, str] | None:
    rate = prices.price_at(model=name, chat_model_id=model.pk)
    return (rate.input_nano, rate.source) if rate else None


def test_the_list_is_asked_by_another_process_and_says_what_the_package_calculates() -> None:
    questions = [
        Question(OPENAI, MINI),
        Question(OPENAI, "no-such-model"),
        Question("https://models.example.org/v1", MINI),
    ]
    known, unknown, elsewhere = asking.ask(questions)
    price = known.steps[0].price
    calculated = calc_price(
        ListUsage(input_tokens=3_000_000, cache_read_tokens=1_000_000, output_tokens=1_000_000),
        MINI,
        provider_api_url=OPENAI,
    )
    ours = 2 * price.usual[0] + price.usual[1] + price.usual[2]
    assert Decimal(ours) / NANO == calculated.total_price
    assert (known.outcome, known.entry) == ("found", "openai/gpt-4o-mini")
    assert (unknown.outcome, unknown.steps) == ("no_model", ())
    assert elsewhere.outcome == "no_provider"


def test_prices_that_begin_later_are_known_with_their_moment() -> None:
    begins = StartDateConstraint(date(2026, 12, 24))
    model = made_of(ConditionalPrice(prices=dear(1)), ConditionalPrice(begins, prices=dear(3)))
    steps = schedule(model, NOW) or []
    assert [(step["from"], step["price"]["usual"][0] // NANO) for step in steps] == [
        ("2026-11-28T12:00:00+00:00", 1),
        ("2026-12-24T00:00:00+00:00", 3),
    ]


def test_prices_of_an_hour_are_known_for_two_days() -> None:
    night = TimeOfDateConstraint(time(22, tzinfo=UTC), time(6, tzinfo=UTC))
    model = made_of(ConditionalPrice(prices=dear(4)), ConditionalPrice(night, prices=dear(1)))
    steps = schedule(model, NOW) or []
    assert [(step["from"][8:13], step["price"]["usual"][0] // NANO) for step in steps] == [
        ("28T12", 4),
        ("28T22", 1),
        ("29T06", 4),
        ("29T22", 1),
        ("30T06", 4),
    ]


def test_what_parley_cannot_count_has_no_price() -> None:
    usual = {"input_mtok": Decimal(1), "output_mtok": Decimal(1)}
    two = TieredPrices(Decimal(1), [Tier(10, Decimal(2)), Tier(20, Decimal(3))])
    assert schedule(made_of(ModelPrice(**usual, requests_kcount=Decimal(5))), NOW) is None
    assert schedule(made_of(ModelPrice(input_mtok=Decimal(1))), NOW) is None
    assert schedule(made_of(ModelPrice(input_mtok=two, output_mtok=Decimal(1))), NOW) is None


def test_a_long_prompt_costs_its_own_price_for_all_of_its_tokens() -> None:
    tiered = TieredPrices(Decimal(1), [Tier(200_000, Decimal(2))])
    steps = schedule(made_of(ModelPrice(input_mtok=tiered, output_mtok=Decimal(10))), NOW) or []
    assert steps[0]["price"] == {
        "usual": [NANO, NANO, 10 * NANO],
        "long_above": 200_000,
        "long": [2 * NANO, 2 * NANO, 10 * NANO],
    }
    rate = prices.Rate(1, NANO, NANO, 10 * NANO, "published", 200_000, 2 * NANO, NANO, 20 * NANO)
    assert rate.cost(prompt_tokens=200_000, completion_tokens=0) == NANO // 5
    assert rate.cost(prompt_tokens=200_001, completion_tokens=1) == 200_001 * 2_000 + 20_000


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://box.local/v1", True),
        ("https://api.openai.com/v1", False),
    ],
)
def test_a_model_of_this_network_is_not_looked_up(url: str, is_local: bool) -> None:
    assert asking.is_local(url) is is_local


def test_a_model_that_runs_here_stays_unknown(db: None, settings: Settings) -> None:
    settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = "http://127.0.0.1:9/v1", MINI
    assert published_prices.refresh() == 1
    model = ChatModel.objects.get(follows_settings=True)
    assert PriceLookup.objects.get(chat_model=model).outcome == "local"
    assert rate_of(model) is None
    assert published_prices.refresh() == 0


def test_a_published_price_is_frozen_on_the_ledger_until_somebody_types_one(
    model: ChatModel, admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert published_prices.refresh() == 1
    catalogue.read()
    with django_assert_num_queries(1):
        assert published_prices.refresh() == 0
    published = Price.objects.get()
    assert rate_of(model) == (published.input_nano, "published")
    assert rate_of(model, "another-name") is None
    assert published.reason == f"{asking.list_version()}: openai/gpt-4o-mini"
    call = Call(
        user_id=admin.pk,
        purpose="reply",
        reference_id=1,
        model=MINI,
        chat_model_id=model.pk,
        rate=prices.price_at(model=MINI, chat_model_id=model.pk),
    )
    used = Usage(1_000, 10, "reported")
    usage.record_call(call, usage=used, outcome="complete", first_token_ms=1, duration_ms=1)
    prices.add_price(
        actor=admin,
        wanted=PriceRequest(model_name="gpt-4o*", input_nano=7, output_nano=8, reason="Ours."),
    )
    assert rate_of(model) == (7, "staff")
    line = UsageRecord.objects.get()
    assert (line.price_source, line.input_nano, line.cost_source) == (
        "published",
        published.input_nano,
        "exact",
    )
    assert line.cost_nano == (1_000 * published.input_nano + 10 * published.output_nano) // 10**6


def test_a_new_list_leaves_what_began_before_it_at_the_price_of_then(
    model: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_prices.refresh()
    former = Price.objects.get()
    began = timezone.now()
    monkeypatch.setattr(asking, "list_version", lambda: "another-list 1")
    assert published_prices.refresh() == 1
    later = Price.objects.exclude(pk=former.pk).get()
    assert later.valid_from > began
    known = {
        moment: prices.price_at(model=MINI, chat_model_id=model.pk, moment=moment)
        for moment in (began, later.valid_from, timezone.now())
    }
    found = [rate.price_id for rate in known.values() if rate is not None]
    assert found == [former.pk, later.pk, later.pk]


def test_staff_take_a_published_price_over_with_a_reason(model: ChatModel, admin: User) -> None:
    with pytest.raises(NoPublishedPriceError):
        prices.take_over(actor=admin, chat_model_id=model.pk, reason="It is agreed.")
    published_prices.refresh()
    taken = prices.take_over(actor=admin, chat_model_id=model.pk, reason="It is agreed.")
    published = Price.objects.get(source="published")
    assert (taken.source, taken.chat_model_id, taken.model_name) == ("staff", model.pk, MINI)
    assert taken.cached_input_nano == published.cached_input_nano
    event = AuditEvent.objects.get(action="price.added")
    assert (event.reason, event.data["taken_from"]) == ("It is agreed.", published.reason)
    assert rate_of(model) == (published.input_nano, "staff")


def test_a_provider_whose_published_prices_are_refused_has_none_at_once(
    model: ChatModel, admin: User
) -> None:
    published_prices.refresh()
    number = model.provider_id
    providers.set_published_prices(
        actor=admin, provider_id=number, is_taken=False, reason="We have a contract."
    )
    assert rate_of(model) is None
    catalogue.forget()
    assert published_prices.refresh() == 1
    assert (rate_of(model), PriceLookup.objects.get(is_current=True).outcome) == (None, "refused")
    event = AuditEvent.objects.get(action="provider.changed")
    assert (event.reason, event.data) == (
        "We have a contract.",
        {"takes_published_prices": False},
    )


def test_another_name_at_the_provider_has_no_price_until_it_is_looked_up(admin: User) -> None:
    provider = Provider.objects.create(code="openai", name="OpenAI", base_url=OPENAI)
    model = ChatModel.objects.create(provider=provider, code="m", name=MINI, label="M")
    published_prices.refresh()
    assert rate_of(model) is not None
    description = Description(name="gpt-4o", label="M")
    change_model(actor=admin, model_id=model.pk, description=description, reason="Better.")
    assert rate_of(model, "gpt-4o") is None
    catalogue.forget()
    assert published_prices.refresh() == 1
    assert rate_of(model, "gpt-4o") is not None
    providers.change_provider(
        actor=admin,
        provider_id=provider.pk,
        name="Elsewhere",
        base_url="https://models.example.org/v1",
        limits=providers.Limits(max_concurrency=0, max_waiting=1, max_wait_seconds=1),
        reason="We move.",
    )
    assert rate_of(model, "gpt-4o") is None


def test_a_lookup_that_is_due_is_made_again_and_adds_no_price_that_is_known(
    model: ChatModel,
) -> None:
    published_prices.refresh()
    due = datetime.now(UTC) - timedelta(minutes=1)
    PriceLookup.objects.update(look_again_at=due)
    assert published_prices.refresh() == 1
    assert PriceLookup.objects.get().look_again_at is None
    assert Price.objects.count() == 1


def test_a_published_price_is_of_one_model(model: ChatModel) -> None:
    published_prices.refresh()
    lookup = PriceLookup.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.create(
            model_name=MINI,
            lookup=lookup,
            input_nano=1,
            cached_input_nano=1,
            output_nano=1,
            valid_from=NOW,
            source="published",
        )
