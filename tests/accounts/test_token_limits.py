"""Limits of single tokens: set by owners, by admins for programs, and held by every route."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.conversations.models import Reply
from apps.llm.models import Quota
from apps.users.models import ApiToken, User
from tests.accounts.conftest import confirmed
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db
LIMIT = {"unit": "tokens", "period": "day", "amount": "50"}


def call(by: ApiToken, method: str, path: str, **body: Any) -> Any:
    """Call the API with a token."""
    response = Client().generic(
        method,
        f"/api/v1/{path}",
        orjson.dumps(body) if body else b"",
        content_type="application/json",
        headers={"authorization": f"Bearer {by.secret}"},  # type: ignore[attr-defined]
    )
    return response.json()


@pytest.fixture
def managing(person: User) -> ApiToken:
    """A token by which the person looks after the account."""
    token: ApiToken = ApiTokenFactory(user=person, scopes=["account"])
    return token


@pytest.fixture
def program(person: User) -> ApiToken:
    """A token by which a program chats."""
    token: ApiToken = ApiTokenFactory(user=person, scopes=["chat"], name="Report")
    return token


def test_an_owner_sets_changes_and_ends_a_limit(managing: ApiToken, program: ApiToken) -> None:
    path = f"auth/tokens/{program.pk}/limits"
    assert call(managing, "GET", path)["data"] == []
    (made,) = call(managing, "PUT", path, **LIMIT)["data"]
    assert (made["kind"], made["amount"], made["used"], made["left"]) == ("token", "50", "0", "50")
    (changed,) = call(managing, "PUT", path, **{**LIMIT, "amount": "80"})["data"]
    assert (changed["id"], changed["amount"]) == (made["id"], "80")
    money = {"unit": "money", "period": "month", "amount": "12.50", "is_hard": False}
    assert len(call(managing, "PUT", path, **money)["data"]) == 2
    left = call(managing, "DELETE", f"{path}/{made['id']}")["data"]
    assert [(one["unit"], one["amount"], one["is_hard"]) for one in left] == [
        ("money", "12.5", False)
    ]
    gone = call(managing, "DELETE", f"{path}/{made['id']}")
    assert gone["code"] == "quota_not_found"


def test_a_turn_past_the_limit_is_refused_for_that_token_alone(
    managing: ApiToken, program: ApiToken, person: User
) -> None:
    call(managing, "PUT", f"auth/tokens/{program.pk}/limits", **{**LIMIT, "amount": "0"})
    other = ApiTokenFactory(user=person, scopes=["chat"])
    states = []
    for token in (program, other):
        number = call(token, "POST", "conversations/", title="Test")["data"]["id"]
        call(token, "POST", f"conversations/{number}/messages", content="Hello")
        states.append(Reply.objects.get(conversation=number).state)
    assert states == ["out_of_quota", "queued"]


@pytest.mark.parametrize(
    "wrong", [{"amount": "-1"}, {"amount": "many"}, {"amount": "1.5"}, {"period": "year"}]
)
def test_what_does_not_fit_is_refused(
    managing: ApiToken, program: ApiToken, wrong: dict[str, str]
) -> None:
    answer = call(managing, "PUT", f"auth/tokens/{program.pk}/limits", **{**LIMIT, **wrong})
    assert answer["code"] == "validation_failed"
    assert not Quota.objects.filter(api_token=program).exists()


def test_a_token_that_could_make_others_has_no_limit(managing: ApiToken) -> None:
    answer = call(managing, "PUT", f"auth/tokens/{managing.pk}/limits", **LIMIT)
    assert answer["code"] == "token_makes_others"


def test_a_limited_program_changes_nothing_of_its_limits(
    managing: ApiToken, program: ApiToken
) -> None:
    path = f"auth/tokens/{program.pk}/limits"
    (made,) = call(managing, "PUT", path, **LIMIT)["data"]
    assert call(program, "PUT", path, **LIMIT)["code"] == "missing_scope"
    assert call(program, "DELETE", f"{path}/{made['id']}")["code"] == "missing_scope"


def test_somebody_elses_token_is_not_there(managing: ApiToken) -> None:
    other = ApiTokenFactory(scopes=["chat"])
    for method, path, body in (
        ("GET", f"auth/tokens/{other.pk}/limits", {}),
        ("PUT", f"auth/tokens/{other.pk}/limits", LIMIT),
        ("DELETE", f"auth/tokens/{other.pk}/limits/1", {}),
    ):
        assert call(managing, method, path, **body)["code"] == "token_not_found"


def test_an_admin_limits_the_program_of_a_service_account_with_a_reason(db: None) -> None:
    admin = UserFactory(admin=True)
    service = UserFactory(kind="service", email="a@service.invalid", verified=False)
    token = ApiTokenFactory(user=service, scopes=["chat"])
    staff = ApiTokenFactory(user=admin)
    path = f"auth/tokens/{token.pk}/limits"
    assert call(staff, "PUT", path, **LIMIT)["code"] == "validation_failed"
    (made,) = call(staff, "PUT", path, **LIMIT, reason="Pilot.")["data"]
    assert made["amount"] == "50"
    assert call(staff, "DELETE", f"{path}/{made['id']}")["data"] == []
    unscoped = ApiTokenFactory(user=admin, scopes=["account"])
    assert call(unscoped, "GET", path)["code"] == "missing_scope"


def test_a_token_makes_none_for_a_program_that_could_do_more_than_it(db: None) -> None:
    admin = UserFactory(admin=True)
    service = UserFactory(kind="service", email="a@service.invalid", verified=False)
    path = f"service-accounts/{service.pk}/tokens"
    staff = ApiTokenFactory(user=admin, scopes=["staff"])
    assert call(staff, "POST", path, name="a", scopes=["chat"])["code"] == "missing_scope"
    assert call(staff, "POST", path, name="a", scopes=["account"])["code"] == "validation_failed"
    assert call(staff, "POST", path, name="a", scopes=["staff"])["success"]
    limiting = ApiTokenFactory(user=admin, scopes=["account"])
    limit = {**LIMIT, "reason": "Pilot."}
    assert call(limiting, "PUT", f"auth/tokens/{staff.pk}/limits", **limit)["success"]
    assert call(staff, "POST", path, name="b", scopes=["staff"])["code"] == "token_is_limited"
    assert ApiToken.objects.filter(user=service).count() == 1


def test_what_was_typed_is_done_once_the_password_was_given(
    person: User, program: ApiToken
) -> None:
    page = f"/settings/tokens/{program.pk}/limits/"
    client = Client()
    client.force_login(person)
    typed = {"unit": "money", "amount": "12.50", "period": "month", "is_hard": "on"}
    asked = client.post(page, typed)["Location"]
    assert not Quota.objects.filter(api_token=program).exists()
    assert client.post(asked, {"password": PASSWORD})["Location"] == page
    quota = Quota.objects.get(api_token=program)
    again = Client()
    again.force_login(person)
    asked = again.post(f"{page}{quota.pk}/end/")["Location"]
    assert again.post(asked, {"password": PASSWORD})["Location"] == page
    quota.refresh_from_db()
    assert quota.ended_at is not None
    assert "The limit is ended." in again.get(page).content.decode()


def test_the_page_sets_and_ends_a_limit_after_the_password(person: User, program: ApiToken) -> None:
    page = f"/settings/tokens/{program.pk}/limits/"
    client = confirmed(person)
    assert "no limits of its own" in client.get(page).content.decode()
    typed = {"unit": "money", "amount": "12.50", "period": "month", "is_hard": "on"}
    assert client.post(page, typed)["Location"] == page
    shown = client.get(page).content.decode()
    assert "Money a month" in shown
    assert "$12.50" in shown
    refused = client.post(page, {**typed, "amount": "much"})
    assert "Give a number of dollars" in refused.content.decode()
    quota = Quota.objects.get(api_token=program)
    assert client.post(f"{page}{quota.pk}/end/")["Location"] == page
    quota.refresh_from_db()
    assert quota.ended_at is not None
    stranger = confirmed(UserFactory())
    assert stranger.get(page).status_code == 404
    assert stranger.post(page, typed).status_code == 404


def test_staff_limit_anybodys_token_and_its_owner_cannot_lift_it(
    person: User, managing: ApiToken, program: ApiToken
) -> None:
    admin = UserFactory(admin=True)
    staff = Client()
    staff.force_login(admin)
    typed = {"unit": "tokens", "amount": "90", "period": "day", "is_hard": "on"}
    address = reverse("admin:users_apitoken_limit", args=[program.pk])
    assert staff.post(address, typed).status_code == 400
    refused = staff.post(address, {**typed, "amount": "much", "reason": "Loops."})
    assert "Give a number of tokens" in refused.content.decode()
    assert staff.post(address, {**typed, "reason": "It loops."}).status_code == 302
    event = AuditEvent.objects.get(action="quota.set")
    assert (event.actor_id, event.reason, event.data["to"]) == (admin.pk, "It loops.", 90)
    path = f"auth/tokens/{program.pk}/limits"
    own = call(managing, "PUT", path, **LIMIT)["data"]
    assert [(one["amount"], one["by_staff"]) for one in own] == [("90", True), ("50", False)]
    first, second = (one["id"] for one in own)
    assert call(managing, "DELETE", f"{path}/{first}")["code"] == "forbidden"
    assert len(call(managing, "DELETE", f"{path}/{second}")["data"]) == 1
    shown = confirmed(person).get(f"/settings/tokens/{program.pk}/limits/").content.decode()
    assert "Set by staff" in shown
    page = staff.get(reverse("admin:users_apitoken_change", args=[program.pk])).content.decode()
    assert "Tokens a day" in page
    assert "90 tokens" in page
    account = reverse("admin:users_apitoken_limit", args=[managing.pk])
    assert staff.post(account, {**typed, "reason": "All."}).status_code in {404, 409}
    moderator = Client()
    moderator.force_login(UserFactory(moderator=True))
    assert moderator.post(address, {**typed, "reason": "Mine."}).status_code == 403


def test_what_does_not_fit_is_said_in_the_owners_language(person: User, program: ApiToken) -> None:
    person.language = "de"
    person.save()
    typed = {"unit": "money", "amount": "viel", "period": "month", "is_hard": "on"}
    page = f"/settings/tokens/{program.pk}/limits/"
    refused = confirmed(person).post(page, typed).content.decode()
    assert "Geben Sie einen Betrag in Dollar an, etwa 12.50." in refused
