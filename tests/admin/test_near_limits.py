"""Who is near a limit: every kind of holder, the nearest first, for those who may see quotas."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Usage
from apps.llm.models import ChatModel, Quota
from apps.llm.services import catalogue, prices, quota_reports, quotas
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, end_quota, set_quota
from apps.llm.services.quotas import Spender
from apps.users.models import User
from tests.factories import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:near_limits")
MOST_QUERIES = 10


def limit(subject: Subject, amount: int, unit: QuotaUnit = QuotaUnit.TOKENS) -> int:
    wanted = Limit(unit=unit, period=Period.DAY, amount=amount)
    return set_quota(actor=None, subject=subject, limit=wanted).pk


def use(person: User, tokens: int, reference_id: int, **asked: object) -> None:
    spender = Spender(user_id=person.pk, **{"model": "m", **asked})  # type: ignore[arg-type]
    wanted = Usage(tokens, 0, "estimated")
    quotas.reserve(spender, purpose="reply", reference_id=reference_id, wanted=wanted)


def listed(viewer: User, share: int = 80) -> list[tuple[str, int, int]]:
    found = quota_reports.near_limits(viewer=viewer, share=share)
    return [(near.quota.kind, round(near.share * 100), near.left) for near in found.rows]


def test_every_holder_from_a_share_on_is_listed_the_nearest_first(
    admin: User, person: User, settings: Settings
) -> None:
    catalogue.read()
    model = ChatModel.objects.get(follows_settings=True)
    name = settings.OPENAI_MODEL
    group = Group.objects.create(name="Research")
    person.groups.add(group)
    token = ApiTokenFactory(user=person)
    limit(Subject(QuotaKind.EVERYONE), 100)
    limit(Subject(QuotaKind.GROUP, group.pk), 1_000)
    limit(Subject(QuotaKind.TOKEN, token.pk), 96)
    limit(Subject(QuotaKind.MODEL, chat_model_id=model.pk), 120)
    prices.add_price(
        actor=None, wanted=PriceRequest(model_name=name, input_nano=10**6, output_nano=0)
    )
    limit(Subject(QuotaKind.PERSON, person.pk), 110, QuotaUnit.MONEY)
    limit(Subject(QuotaKind.PERSON, person.pk), 0)
    use(person, 96, 1, model=name, chat_model_id=model.pk, api_token_id=token.pk)
    assert listed(admin) == []
    quota_id = limit(Subject(QuotaKind.PERSON, person.pk), 1_000_000)
    use(person, 96, 2, model=name, chat_model_id=model.pk, api_token_id=token.pk)
    assert listed(admin) == [("token", 100, 0), ("person", 87, 14), ("model", 80, 24)]
    assert listed(admin, 90) == [("token", 100, 0)]
    end_quota(actor=None, quota_id=quota_id)
    other = UserFactory()
    use(other, 96, 3)
    assert ("everyone", 96, 4) in listed(admin)


def test_the_page_links_to_who_and_to_the_quota(as_admin: Client, person: User) -> None:
    quota_id = limit(Subject(QuotaKind.EVERYONE), 100)
    assert "Nobody has used 80%" in as_admin.get(PAGE).content.decode()
    use(person, 90, 1)
    page = as_admin.get(PAGE).content.decode()
    assert reverse("admin:users_user_change", args=[person.pk]) in page
    assert reverse("admin:llm_quota_change", args=[quota_id]) in page
    for words in ("90%", "90 tokens", "10 tokens", "100 tokens a day", "Refused beyond it"):
        assert words in page
    assert "90 tokens" not in as_admin.get(PAGE, {"share": "100"}).content.decode()
    assert as_admin.get(PAGE, {"share": "1e9"}).status_code == 200


def test_it_takes_the_same_few_queries_for_one_and_for_many_and_lists_two_hundred(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_reports, "MOST_NEAR", 20)
    limit(Subject(QuotaKind.EVERYONE), 100)
    use(UserFactory(), 90, 1)
    as_admin.get(PAGE)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            page = as_admin.get(PAGE).content.decode()
        counts.append(len(queries))
        for number in range(2, 24):
            use(UserFactory(), 90, number)
    assert counts[0] == counts[1] <= MOST_QUERIES
    assert "the nearest 20 are listed" in page


def test_whoever_may_not_see_quotas_sees_no_page(as_moderator: Client) -> None:
    assert as_moderator.get(PAGE).status_code == 403


def test_only_what_counts_for_its_holder_is_listed(
    admin: User, person: User, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 120
    use(person, 100, 1)
    assert listed(admin) == [("everyone", 83, 20)]
    everyone = limit(Subject(QuotaKind.EVERYONE), 110)
    use(person, 100, 2)
    assert listed(admin) == [("everyone", 91, 10)], "staff's in the place of the settings'"
    group, larger = (Group.objects.create(name=name) for name in ("Research", "Sales"))
    person.groups.add(group)
    limit(Subject(QuotaKind.MEMBER, group.pk), 105)
    use(person, 100, 3)
    assert listed(admin) == [("member", 95, 5)]
    person.groups.add(larger)
    limit(Subject(QuotaKind.MEMBER, larger.pk), 10**6)
    assert listed(admin) == []
    person.groups.remove(larger)
    assert listed(admin) == [("member", 95, 5)]
    own = limit(Subject(QuotaKind.PERSON, person.pk), 10**6)
    assert listed(admin) == []
    end_quota(actor=None, quota_id=own)
    person.groups.remove(group)
    assert listed(admin) == [("everyone", 91, 10)]
    assert [one.used + one.reserved for one in near(everyone)] == [100]
    limit(Subject(QuotaKind.PERSON, person.pk), 10**6)
    assert near(everyone) == []


def near(quota_id: int) -> list[quota_reports.Near]:
    return quota_reports.nearest(quota=Quota.objects.get(pk=quota_id))
