"""People see what they used and what is left, on a page and by the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Usage
from apps.llm.models import (
    Assistant,
    AssistantVersion,
    ChatModel,
    QuotaCounter,
    UsageDay,
)
from apps.llm.services import catalogue
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.llm.services.quotas import Spender, reserve
from apps.users.models import User
from tests.factories import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    UsageDay.objects.create(
        user=made,
        day=timezone.now().date() - timedelta(days=1),
        model="m",
        calls=2,
        prompt_tokens=1_200,
        completion_tokens=34,
        cost_nano=NANO // 4,
        estimated_calls=1,
        unpriced_calls=1,
    )
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=5_000)
    set_quota(actor=None, subject=Subject(QuotaKind.PERSON, made.pk), limit=wanted)
    spender = Spender(user_id=made.pk, model="m")
    reserve(spender, purpose="reply", reference_id=1, wanted=Usage(100, 900, "estimated"))
    QuotaCounter.objects.update(used=2_500)
    return made


def get(path: str, caller: User, **token: object) -> tuple[int, dict[str, object]]:
    secret = ApiTokenFactory(user=caller, **token).secret
    response = Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {secret}"})
    return response.status_code, response.json()["data"] or response.json()


def test_the_page_says_what_is_left_and_when_it_begins_anew(person: User) -> None:
    client = Client()
    client.force_login(person)
    page = client.get(reverse("models:usage")).content.decode()
    assert "1,500 tokens left of 5,000 tokens." in page
    assert "at 00:00 UTC" in page
    assert "1,234 in 2 calls" in page
    assert "$0.25" in page
    assert "Usage and limits" in page
    assert "<svg" in page


def test_the_page_is_for_whoever_is_signed_in() -> None:
    assert Client().get(reverse("models:usage")).status_code == 302


def test_the_api_tells_the_same_in_exact_figures(person: User) -> None:
    status, data = get("usage", person)
    assert status == 200
    (quota,) = data["quotas"]  # type: ignore[misc]
    assert {name: quota[name] for name in ("amount", "used", "reserved", "left", "unit")} == {
        "amount": "5000",
        "used": "2500",
        "reserved": "1000",
        "left": "1500",
        "unit": "tokens",
    }
    days = data["days"]
    assert len(days) == 30  # type: ignore[arg-type]
    assert days[-2]["cost"] == "0.25"  # type: ignore[index]
    assert (data["currency"], data["time_zone"]) == ("USD", "UTC")


def test_the_limits_of_every_model_that_may_be_asked_are_told(person: User) -> None:
    known = catalogue.read()
    default = known.models[known.default.version.model_id]
    other, unseen = (
        ChatModel.objects.create(provider_id=default.provider_id, code=name, name=name, label=name)
        for name in ("Other", "Unseen")
    )
    assistant = Assistant.objects.create(name="Another")
    version = AssistantVersion.objects.create(assistant=assistant, number=1, chat_model=other)
    Assistant.objects.filter(pk=assistant.pk).update(current=version)
    catalogue.forget()
    for number in (default.id, other.pk, unseen.pk):
        wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.WEEK, amount=number + 7)
        subject = Subject(QuotaKind.MODEL, chat_model_id=number)
        set_quota(actor=None, subject=subject, limit=wanted)
    quotas = get("usage", person)[1]["quotas"]
    told = {one["model"] for one in quotas if one["kind"] == "model"}  # type: ignore[attr-defined]
    assert told == {f"From the environment / {name}" for name in (default.label, "Other")}


def make_more(person: User, count: int) -> None:
    """Give a person groups, and models that only those may ask, each with a quota of its own."""
    known = catalogue.read()
    provider_id = known.models[known.default.version.model_id].provider_id
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.WEEK, amount=9)
    subjects: list[Subject] = []
    for number in range(count):
        name = f"{number} of {count}"
        group = Group.objects.create(name=name)
        person.groups.add(group)
        model = ChatModel.objects.create(provider_id=provider_id, code=name, name=name, label=name)
        assistant = Assistant.objects.create(name=name, audience="groups")
        assistant.groups.add(group)
        version = AssistantVersion.objects.create(assistant=assistant, number=1, chat_model=model)
        Assistant.objects.filter(pk=assistant.pk).update(current=version)
        subjects += [
            Subject(QuotaKind.GROUP, group.pk),
            Subject(QuotaKind.MODEL, chat_model_id=model.pk),
        ]
    catalogue.forget()
    for subject in subjects:
        set_quota(actor=None, subject=subject, limit=wanted)


def queries_of(ask: Callable[[], object]) -> int:
    ask()
    with CaptureQueriesContext(connection) as queries:
        ask()
    return len(queries)


def test_the_page_and_the_api_ask_as_often_however_many_models_groups_and_quotas_there_are(
    person: User, settings: Settings
) -> None:
    settings.CHANGES_WITHIN_SECONDS = 3_600
    client = Client()
    client.force_login(person)
    headers = {"Authorization": f"Bearer {ApiTokenFactory(user=person).secret}"}

    def page() -> bytes:
        return client.get(reverse("models:usage")).content

    def program() -> list[object]:
        quotas: list[object] = client.get("/api/v1/usage", headers=headers).json()["data"]["quotas"]
        return quotas

    make_more(person, 1)
    before = queries_of(page), queries_of(program)
    assert len(program()) == 3
    make_more(person, 12)
    assert len(program()) == 3 + 2 * 12
    assert page().count(b"9 tokens left of 9 tokens.") == 2 * 13
    assert (queries_of(page), queries_of(program)) == before
    assert before == (6, 4)


def test_only_admins_read_anothers_usage_and_only_with_a_token_for_staff(person: User) -> None:
    admin = UserFactory(admin=True)
    path = f"users/{person.pk}/usage"
    assert get(path, UserFactory())[0] == 404
    assert get(path, admin, scopes=["account"])[0] == 403
    status, data = get(path, admin)
    assert (status, len(data["quotas"])) == (200, 1)  # type: ignore[arg-type]
    assert get(path, person, scopes=["account"])[0] == 200
