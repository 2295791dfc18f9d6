"""Staff set prices and quotas, see who is near an end, and pause answers, with a reason."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.llm.constants import NANO
from apps.llm.gateway.contract import Usage
from apps.llm.models import ChatModel, Pause, Price, Quota
from apps.llm.price_list.asking import list_version
from apps.llm.services import catalogue, published_prices
from apps.llm.services.quotas import Spender, reserve
from apps.users.models import User

pytestmark = pytest.mark.django_db
PRICE = {"model_name": "gpt*", "input_nano": "0.15", "output_nano": "$0.60", "reason": "The list."}
QUOTA = {"unit": "money", "period": "month", "amount": "12.50", "is_hard": "on", "reason": "Ours."}


def test_an_admin_sets_a_price_in_dollars(as_admin: Client, admin: User) -> None:
    assert as_admin.post(reverse("admin:llm_price_new"), PRICE).status_code == 302
    price = Price.objects.get()
    assert (price.model_name, price.is_prefix, price.created_by_id) == ("gpt", True, admin.pk)
    assert (price.input_nano, price.cached_input_nano) == (150_000_000,) * 2
    assert price.output_nano == 600_000_000


def test_a_price_is_for_the_model_of_one_provider_or_for_a_name(
    as_admin: Client, settings: Settings
) -> None:
    catalogue.read()
    model = ChatModel.objects.get(follows_settings=True)
    typed = {**PRICE, "model_name": "", "chat_model_id": model.pk}
    assert as_admin.post(reverse("admin:llm_price_new"), typed).status_code == 302
    price = Price.objects.get()
    assert (price.chat_model_id, price.model_name) == (model.pk, settings.OPENAI_MODEL)
    page = as_admin.get(reverse("admin:llm_price_changelist")).content.decode()
    assert f"From the environment / {settings.OPENAI_MODEL}" in page
    refused = as_admin.post(reverse("admin:llm_price_new"), {**PRICE, "model_name": ""})
    assert refused.status_code == 400
    assert "Choose a model, or give its name" in refused.content.decode()


def test_staff_see_the_published_price_take_it_over_and_refuse_it(
    as_admin: Client, as_moderator: Client, settings: Settings
) -> None:
    settings.OPENAI_BASE_URL = "https://api.openai.com/v1"
    settings.OPENAI_MODEL = "gpt-4o-mini"
    published_prices.refresh()
    model = ChatModel.objects.get(follows_settings=True)
    address = reverse("admin:llm_chatmodel_change", args=[model.pk])
    page = as_admin.get(address).content.decode()
    assert f"{list_version()}, openai/gpt-4o-mini" in page
    assert "published price list" in page
    assert "Published price" not in as_moderator.get(address).content.decode()
    take = reverse("admin:llm_chatmodel_take_price", args=[model.pk])
    assert as_moderator.post(take, {"reason": "Mine."}).status_code == 403
    assert as_admin.post(take, {"reason": "Our contract."}).status_code == 302
    assert Price.objects.get(source="staff").reason == "Our contract."
    assert "typed by staff" in as_admin.get(address).content.decode()
    refuse = reverse("admin:llm_provider_refuse_prices", args=[model.provider_id])
    assert as_admin.post(refuse, {"reason": "All by hand."}).status_code == 302
    provider = as_admin.get(reverse("admin:llm_provider_change", args=[model.provider_id]))
    assert "Refused" in provider.content.decode()


def test_what_is_no_amount_is_refused_with_all_that_was_typed(as_admin: Client) -> None:
    page = as_admin.post(reverse("admin:llm_price_new"), {**PRICE, "input_nano": "cheap"})
    assert page.status_code == 400
    assert "Give an amount such as 0.15" in page.content.decode()
    assert Price.objects.count() == 0


def test_an_admin_sets_a_quota_sees_who_is_near_its_end_and_ends_it(
    as_admin: Client, person: User
) -> None:
    typed = {**QUOTA, "kind": "everyone", "unit": "tokens", "amount": "1,000"}
    assert as_admin.post(reverse("admin:llm_quota_new"), typed).status_code == 302
    quota = Quota.objects.get()
    assert (quota.kind, quota.unit, quota.amount, quota.is_hard) == (
        "everyone",
        "tokens",
        1_000,
        True,
    )
    spender = Spender(user_id=person.pk, model="m")
    reserve(spender, purpose="reply", reference_id=1, wanted=Usage(100, 800, "estimated"))
    page = as_admin.get(reverse("admin:llm_quota_change", args=[quota.pk])).content.decode()
    assert person.name in page
    assert "90%" in page
    end = reverse("admin:llm_quota_end", args=[quota.pk])
    assert as_admin.post(end, {"reason": "Enough."}).status_code == 302
    assert Quota.objects.get().ended_at is not None


def test_whoever_makes_a_hard_quota_soft_is_told_that_the_hard_one_goes_on(
    as_admin: Client,
) -> None:
    typed = {**QUOTA, "kind": "everyone", "unit": "tokens", "amount": "1,000"}
    new = reverse("admin:llm_quota_new")
    assert "goes on beside it" not in str(as_admin.post(new, typed, follow=True).content)
    hard = Quota.objects.get()
    said = as_admin.post(new, {**typed, "is_hard": ""}, follow=True).content.decode()
    assert f"Quota {hard.pk} of 1,000 tokens a month counts too and refuses what goes" in said
    assert list(Quota.objects.order_by("pk").values_list("is_hard", "ended_at")) == [
        (True, None),
        (False, None),
    ]


def test_money_of_a_quota_is_typed_in_dollars(as_admin: Client, person: User) -> None:
    typed = {**QUOTA, "kind": "person", "subject_id": person.pk}
    assert as_admin.post(reverse("admin:llm_quota_new"), typed).status_code == 302
    assert Quota.objects.get().amount == 12 * NANO + NANO // 2
    small = {**typed, "amount": ".3", "period": "hour"}
    assert as_admin.post(reverse("admin:llm_quota_new"), small).status_code == 302
    page = as_admin.get(reverse("admin:llm_quota_changelist")).content.decode()
    assert "$12.50 a month" in page
    assert "$0.30 an hour" in page


def test_an_admin_pauses_all_answers_and_lifts_it(as_admin: Client) -> None:
    assert as_admin.post(reverse("admin:llm_pause_new"), {"reason": "It lies."}).status_code == 302
    again = as_admin.post(reverse("admin:llm_pause_new"), {"reason": "It lies."})
    assert again.status_code == 409
    pause = Pause.objects.get()
    lift = reverse("admin:llm_pause_lift", args=[pause.pk])
    assert as_admin.post(lift, {"reason": "Mended."}).status_code == 302
    assert Pause.objects.get().lifted_at is not None


def test_moderators_see_no_money_and_pause_nothing(as_moderator: Client) -> None:
    for name in ("price", "quota", "pause"):
        assert as_moderator.get(reverse(f"admin:llm_{name}_changelist")).status_code == 403
        assert as_moderator.get(reverse(f"admin:llm_{name}_new")).status_code == 403
