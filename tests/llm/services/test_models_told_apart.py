"""Two providers call models the same: prices, pauses, quotas and ledger tell them apart."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from pytest_django import Settings

from apps.core.errors import ValidationFailedError
from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Answering, Usage
from apps.llm.models import ChatModel, Pause, Price, Provider, Quota, UsageDay, UsageRecord
from apps.llm.schemas import QuotaStateOut
from apps.llm.services import catalogue, naming, pauses, prices, quotas, usage, usage_figures
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.llm.services.quotas import Spender
from apps.llm.services.usage import Call
from apps.users.models import User
from tests.factories import UserFactory

NAME = "llama"


@pytest.fixture
def person(db: None) -> User:
    made: User = UserFactory(admin=True)
    return made


@pytest.fixture
def pair(db: None) -> tuple[ChatModel, ChatModel]:
    """One model name at two providers."""
    made = []
    for code in ("near", "far"):
        provider = Provider.objects.create(
            code=code, name=code.title(), base_url=f"https://{code}.example.org/v1"
        )
        made.append(ChatModel.objects.create(provider=provider, code=code, name=NAME, label=code))
    catalogue.forget()
    return made[0], made[1]


def price(nano: int, *, model: ChatModel | None = None) -> None:
    wanted = PriceRequest(
        model_name="" if model else NAME,
        chat_model_id=model.pk if model else None,
        input_nano=nano,
        output_nano=nano,
    )
    prices.add_price(actor=None, wanted=wanted)


def price_of(model: ChatModel) -> int | None:
    rate = prices.price_at(model=NAME, chat_model_id=model.pk)
    return rate.input_nano if rate else None


def record(person: User, model: ChatModel | None, reference_id: int) -> None:
    number = model.pk if model else None
    call = Call(
        user_id=person.pk,
        purpose="reply",
        reference_id=reference_id,
        model=NAME,
        chat_model_id=number,
        rate=prices.price_at(model=NAME, chat_model_id=number),
    )
    used = Usage(10, 10, "reported")
    usage.record_call(call, usage=used, outcome="complete", first_token_ms=1, duration_ms=1)


def test_a_price_of_one_goes_before_that_of_the_name(pair: tuple[ChatModel, ChatModel]) -> None:
    near, far = pair
    price(1, model=near)
    assert (price_of(near), price_of(far)) == (1, None)
    price(5)
    assert (price_of(near), price_of(far)) == (1, 5)
    assert Price.objects.get(chat_model=near).model_name == NAME
    with pytest.raises(ValidationFailedError):
        prices.add_price(
            actor=None, wanted=PriceRequest(chat_model_id=10**9, input_nano=1, output_nano=1)
        )


def test_a_pause_of_one_leaves_the_other_alone(pair: tuple[ChatModel, ChatModel]) -> None:
    near, far = pair
    pause = pauses.pause(actor=None, chat_model_id=near.pk, reason="It lies.")
    assert pauses.is_paused(NAME, near.pk)
    assert not pauses.is_paused(NAME, far.pk)
    assert pauses.label_of(pause) == "Near / llama"
    pauses.pause(actor=None, model_name=NAME, reason="All of them.")
    assert pauses.is_paused(NAME, far.pk)
    assert not pauses.is_paused("another", far.pk)


def test_a_quota_of_one_counts_that_one(person: User, pair: tuple[ChatModel, ChatModel]) -> None:
    near, far = pair
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10)
    set_quota(actor=None, subject=Subject(QuotaKind.MODEL, chat_model_id=near.pk), limit=wanted)

    def ask(model: ChatModel, number: int) -> bool:
        spender = Spender(user_id=person.pk, model=NAME, chat_model_id=model.pk)
        used = Usage(10, 10, "estimated")
        asked = quotas.reserve(spender, purpose="reply", reference_id=number, wanted=used)
        return asked.is_refused

    assert [ask(near, 1), ask(near, 2), ask(far, 3)] == [False, True, False]
    set_quota(actor=None, subject=Subject(QuotaKind.MODEL, model_name=NAME), limit=wanted)
    assert [ask(far, 4), ask(far, 5)] == [False, True]
    spender = Spender(user_id=person.pk, model=NAME, chat_model_id=near.pk)
    shown = [QuotaStateOut.of(state).model for state in quotas.read_states(spender)]
    assert shown == ["Near / llama", NAME]


def test_the_ledger_and_its_days_are_of_one_each(
    person: User, pair: tuple[ChatModel, ChatModel]
) -> None:
    near, far = pair
    price(NANO, model=near)
    for number, model in enumerate((near, far, far, None)):
        record(person, model, number)
    days = UsageDay.objects.order_by("chat_model_id").values_list("chat_model_id", "calls")
    assert list(days) == [(near.pk, 1), (far.pk, 2), (None, 1)]
    costs = UsageRecord.objects.order_by("pk").values_list("chat_model_id", "cost_nano")
    assert list(costs) == [(near.pk, 20_000), (far.pk, None), (far.pk, None), (None, None)]
    figures = usage_figures.read_figures(viewer=person, days=7)
    assert [(used.name, used.calls) for used in figures.models] == [
        ("Near / llama", 1),
        ("Far / llama", 2),
        (NAME, 1),
    ]


def test_a_stand_in_of_the_same_name_costs_its_own_price(
    person: User, pair: tuple[ChatModel, ChatModel]
) -> None:
    near, far = pair
    price(1, model=near)
    price(3, model=far)
    rate = prices.price_at(model=NAME, chat_model_id=near.pk)
    call = Call(
        user_id=person.pk,
        purpose="reply",
        reference_id=1,
        model=NAME,
        chat_model_id=near.pk,
        rate=rate,
    )
    assert call.answered_by(None) is call
    assert call.answered_by(Answering(near.pk, NAME)) is call
    other = call.answered_by(Answering(far.pk, NAME))
    assert (other.chat_model_id, other.rate and other.rate.input_nano) == (far.pk, 3)


def test_rows_of_before_are_named_where_one_model_only_is_called_so(
    person: User, pair: tuple[ChatModel, ChatModel], settings: Settings
) -> None:
    settings.OPENAI_MODEL = "alone"
    catalogue.read()
    alone = ChatModel.objects.get(follows_settings=True)
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10)
    for name in (NAME, "alone", "gone"):
        prices.add_price(
            actor=None, wanted=PriceRequest(model_name=name, input_nano=1, output_nano=1)
        )
        set_quota(actor=None, subject=Subject(QuotaKind.MODEL, model_name=name), limit=wanted)
        pauses.pause(actor=None, model_name=name, reason="All.")
        call = Call(
            user_id=person.pk,
            purpose="reply",
            reference_id=1,
            model=name,
            rate=prices.price_at(model=name),
        )
        used = Usage(1, 1, "reported")
        usage.record_call(call, usage=used, outcome="complete", first_token_ms=1, duration_ms=1)
    UsageRecord.objects.update(price_source="")
    UsageRecord.objects.create(
        user=person,
        purpose="trial",
        reference_id=pair[1].pk,
        model=NAME,
        prompt_tokens=1,
        completion_tokens=1,
        source="reported",
        outcome="complete",
        duration_ms=1,
    )
    with connection.schema_editor(atomic=False) as editor:
        import_module("apps.llm.migrations.0013_name_models").name_models(apps, editor)
    for kind, column in ((Price, "model_name"), (Quota, "model_name"), (Pause, "model_name")):
        found = dict(kind.objects.values_list(column, "chat_model_id"))  # type: ignore[attr-defined]
        assert found == {NAME: None, "alone": alone.pk, "gone": None}
    days = dict(UsageDay.objects.values_list("model", "chat_model_id"))
    assert days == {NAME: None, "alone": alone.pk, "gone": None}
    lines = UsageRecord.objects.order_by("pk").values_list("chat_model_id", "price_source")
    assert list(lines) == [(None, "staff"), (alone.pk, "staff"), (None, "staff"), (pair[1].pk, "")]


def test_staff_choose_among_models_by_provider_and_name(
    pair: tuple[ChatModel, ChatModel],
) -> None:
    labels = [label for _, label in naming.choices()]
    assert labels[:1] == ["Far / llama"]
    assert "Near / llama" in labels
