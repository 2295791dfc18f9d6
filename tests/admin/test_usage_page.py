"""Usage and cost for staff: figures, their files, and for whom they open."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.llm.constants import NANO
from apps.llm.models import UsageDay, UsageRecord
from apps.llm.services.periods import day_of
from apps.users.models import User
from tests.factories import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:model_usage")
MOST_QUERIES = 15
NUMBERS = ["7", "30", "5", "0.0125", "1"]


@pytest.fixture(autouse=True)
def _afresh() -> None:
    cache.clear()


def use(
    person: User | None, *, model: str = "m", token_id: int = 0, purpose: str = "reply"
) -> None:
    UsageDay.objects.create(
        user=person,
        day=day_of(timezone.now()),
        model=model,
        api_token_id=token_id,
        purpose=purpose,
        calls=7,
        prompt_tokens=30,
        completion_tokens=5,
        cost_nano=NANO // 80,
        estimated_calls=0,
        unpriced_calls=1,
    )


def file_of(client: Client, key: str, **query: str) -> list[list[str]]:
    response = client.get(reverse("admin:model_usage_file", args=[key]), query)
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


def test_every_figure_has_its_numbers_in_a_file_and_taking_one_is_recorded(
    as_admin: Client, admin: User, person: User
) -> None:
    token = ApiTokenFactory(user=person, name="Nightly")
    person.groups.set([Group.objects.create(name="Research")])
    use(person, model="gpt", token_id=token.pk)
    names = {
        "usage-purposes": "Reply",
        "usage-models": "gpt",
        "usage-people": f"{person.name} (#{person.pk})",
        "usage-groups": "Research",
        "usage-tokens": f"Nightly (#{token.pk})",
        "cost-by-day": day_of(timezone.now()).isoformat(),
    }
    assert {key: file_of(as_admin, key)[-1] for key in names} == {
        key: [name, *NUMBERS] for key, name in names.items()
    }
    events = AuditEvent.objects.filter(action="usage.exported")
    assert {one.data["figure"] for one in events} == set(names)
    assert {one.actor_id for one in events} == {admin.pk}
    page = as_admin.get(PAGE).content.decode()
    assert all(name in page for name in names.values())
    assert "$0.0125" in page


def test_calls_are_told_apart_by_purpose_and_what_rules_ask_is_the_organisations(
    as_admin: Client, person: User
) -> None:
    use(person)
    use(person, purpose="title")
    for model in ("one", "another"):
        use(None, purpose="judge", model=model)
    rows = {row[0]: row[1:] for row in file_of(as_admin, "usage-purposes")[1:]}
    assert rows == {
        "Reply": NUMBERS,
        "Title": NUMBERS,
        "Judgement of a rule": ["14", "60", "10", "0.025", "2"],
    }
    judged = {"purpose": "judge"}
    people = file_of(as_admin, "usage-people", **judged)[1:]
    assert [row[0] for row in people] == ["The organisation"]
    page = as_admin.get(PAGE, judged).content.decode()
    assert "70 tokens in 14 calls" in page
    assert person.name not in page
    assert "140 tokens in 28 calls" in as_admin.get(PAGE, {"purpose": "x"}).content.decode()


def test_all_rows_leave_as_a_file_with_their_purpose(as_admin: Client, person: User) -> None:
    use(person, purpose="title", model="gpt", token_id=5)
    use(None, purpose="moderation", model="omni")
    today = day_of(timezone.now()).isoformat()
    head, *rows = file_of(as_admin, "rows")
    assert head[:6] == ["Day", "Purpose", "Person number", "Person", "Model", "Token number"]
    numbers = ["7", "30", "5", "0.0125", "0", "1"]
    assert rows == [
        [today, "Title", str(person.pk), person.name, "gpt", "5", *numbers],
        [today, "Moderation endpoint", "", "The organisation", "omni", "", *numbers],
    ]
    assert file_of(as_admin, "rows", purpose="title") == [head, rows[0]]
    noted = AuditEvent.objects.filter(action="usage.exported").order_by("pk")
    assert [one.data["purpose"] for one in noted] == ["", "title"]


def test_a_call_of_the_organisation_links_to_the_rule_that_asked(as_admin: Client) -> None:
    row = UsageRecord.objects.create(
        purpose="judge",
        reference_id=7,
        model="m",
        prompt_tokens=9,
        completion_tokens=1,
        source="reported",
        outcome="complete",
        duration_ms=5,
    )
    for url in (
        reverse("admin:llm_usagerecord_changelist") + "?q=judge:7",
        reverse("admin:llm_usagerecord_change", args=[row.pk]),
    ):
        page = as_admin.get(url).content.decode()
        assert "The organisation" in page
        assert reverse("admin:moderation_rule_change", args=[7]) in page
        assert "Judgement of a rule 7" in page


def test_an_empty_place_says_so_and_a_wrong_period_is_the_usual_one(as_admin: Client) -> None:
    page = as_admin.get(PAGE, {"days": "1e9"}).content.decode()
    assert "No model was asked in this period." in page
    assert "Set prices to see what calls cost." in page
    assert "every call has a price" not in page
    assert as_admin.get(reverse("admin:model_usage_file", args=["nothing"])).status_code == 404


def test_it_takes_the_same_few_queries_for_one_person_and_for_fifty(as_admin: Client) -> None:
    use(UserFactory(), token_id=1)
    as_admin.get(PAGE)
    counts = []
    for _ in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert as_admin.get(PAGE).status_code == 200
        counts.append(len(queries))
        for number in range(50):
            use(UserFactory(), model=f"m{number}", token_id=number)
    assert counts[0] == counts[1] <= MOST_QUERIES


def test_moderators_see_no_cost(as_moderator: Client, as_person: Client) -> None:
    for url in (PAGE, reverse("admin:model_usage_file", args=["cost-by-day"])):
        assert as_moderator.get(url).status_code == 403
        assert as_person.get(url)["Location"].startswith("/admin/login/")
