"""Staff set prices and quotas, see who is near an end, and pause answers, with a reason."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.llm.constants import NANO
from apps.llm.gateway.contract import Usage
from apps.llm.models import Pause, Price, Quota
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


def test_money_of_a_quota_is_typed_in_dollars(as_admin: Client, person: User) -> None:
    typed = {**QUOTA, "kind": "person", "subject_id": person.pk}
    assert as_admin.post(reverse("admin:llm_quota_new"), typed).status_code == 302
    assert Quota.objects.get().amount == 12 * NANO + NANO // 2


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
