"""What a token may ask, changing it, and being told that it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.users.models import ApiToken, User
from apps.users.services import admin_mail, model_rules, token_warnings
from tests.factories import PASSWORD, ApiTokenFactory, MessageFactory, ReplyFactory, UserFactory

pytestmark = pytest.mark.django_db


def call(token: ApiToken, method: str, path: str, body: Any = None) -> Any:
    client = Client(headers={"Authorization": f"Bearer {token.secret}"})  # type: ignore[attr-defined]
    content = b"" if body is None else orjson.dumps(body)
    return client.generic(method, path, content, "application/json")


@pytest.mark.parametrize(
    ("patterns", "model", "is_allowed"),
    [
        ([], "gpt-5", True),
        (["gpt-5"], "gpt-5", True),
        (["gpt-5"], "gpt-50", False),
        (["gpt-*"], "gpt-5.6-terra", True),
        (["gpt-*"], "GPT-5", False),
        (["*-mini", "llama/*"], "llama/70b", True),
        (["scripted"], "other", False),
    ],
)
def test_a_pattern_allows_what_it_names(patterns: list[str], model: str, is_allowed: bool) -> None:
    assert model_rules.allows(patterns, model) is is_allowed


def test_a_token_that_may_not_ask_the_model_asks_it_by_no_route(person: User) -> None:
    token = ApiTokenFactory(user=person, allowed_models=["other-*"])
    completion = {"model": "scripted", "messages": [{"role": "user", "content": "Hi"}]}
    answers = [
        call(token, "POST", f"/api/v1/users/{person.pk}/chat", {"message": "Hi"}),
        call(token, "POST", "/openai/v1/chat/completions", completion),
        call(token, "GET", "/openai/v1/models/scripted"),
    ]
    conversation = call(token, "POST", "/api/v1/conversations/", {}).json()["data"]["id"]
    path = f"/api/v1/conversations/{conversation}/messages"
    answers.append(call(token, "POST", path, {"content": "Hi"}))
    question = MessageFactory(conversation__owner=person)
    reply = ReplyFactory(
        message__conversation=question.conversation, message__parent=question, model="scripted"
    )
    answers.append(call(token, "POST", f"/api/v1/messages/{reply.pk}/regenerate"))
    codes = [one.json().get("code") or one.json()["error"]["code"] for one in answers]
    refused, unknown = "model_not_allowed", "model_not_found"
    assert codes == [refused, unknown, unknown, refused, refused]
    assert call(token, "GET", "/openai/v1/models").json()["data"] == []


def test_a_token_that_may_sees_it_and_asks_it(person: User) -> None:
    token = ApiTokenFactory(user=person, allowed_models=["script*"])
    models = call(token, "GET", "/openai/v1/models").json()["data"]
    assert [one["id"] for one in models] == ["scripted"]
    conversation = call(token, "POST", "/api/v1/conversations/", {}).json()["data"]["id"]
    path = f"/api/v1/conversations/{conversation}/messages"
    assert call(token, "POST", path, {"content": "Hi"}).status_code == 202


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (["gpt-5"], None),
        (["gpt-*"], None),
        ([], "missing_scope"),
        (["*"], "missing_scope"),
        (["gpt-*", "llama"], "missing_scope"),
        (["gpt 5;"], "validation_failed"),
    ],
)
def test_a_token_makes_none_that_asks_more(
    person: User, wanted: list[str], code: str | None
) -> None:
    parent = ApiTokenFactory(user=person, allowed_models=["gpt-*"])
    body = {"name": "child", "scopes": ["chat"], "allowed_models": wanted}
    response = call(parent, "POST", "/api/v1/auth/tokens", body)
    assert response.json().get("code") == code
    own = f"/api/v1/auth/tokens/{parent.pk}"
    assert call(parent, "PATCH", own, {"allowed_models": wanted}).json().get("code") == code


def test_name_and_end_are_changed_by_its_owner_and_nobody_else(
    person: User, stranger: User
) -> None:
    token = ApiTokenFactory(user=person)
    path = f"/api/v1/auth/tokens/{token.pk}"
    refused = call(ApiTokenFactory(user=stranger), "PATCH", path, {"name": "mine"})
    assert (refused.status_code, refused.json()["code"]) == (404, "token_not_found")
    caller = ApiTokenFactory(user=person, expires_at=timezone.now() + timedelta(days=3))
    changed = call(caller, "PATCH", path, {"name": "Report", "expires_in_days": 30}).json()["data"]
    token.refresh_from_db()
    assert changed["name"] == token.name == "Report"
    assert token.expires_at == caller.expires_at
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.data) == ("token.changed", {"fields": ["name", "expires_at"]})
    scopeless = ApiTokenFactory(user=person, scopes=["chat"])
    assert call(scopeless, "PATCH", path, {"name": "x"}).json()["code"] == "missing_scope"


def test_the_page_changes_a_token_after_the_password_and_warns_of_its_end(person: User) -> None:
    token = ApiTokenFactory(user=person, allowed_models=["gpt-*"])
    client = Client()
    client.force_login(person)
    page = client.get("/settings/tokens/").content.decode()
    assert "Expires soon" in page
    assert "gpt-*" in page
    path = f"/settings/tokens/{token.pk}/"
    typed = {"name": "Report", "expires_in_days": "90", "allowed_models": "gpt-5\nllama*"}
    assert client.post(path, typed)["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert 'value="a program"' in client.get(path).content.decode()
    assert client.post(path, typed)["Location"] == "/settings/tokens/"
    token.refresh_from_db()
    assert (token.name, token.allowed_models) == ("Report", ["gpt-5", "llama*"])
    assert "Expires soon" not in client.get("/settings/tokens/").content.decode()
    assert client.get(f"/settings/tokens/{ApiTokenFactory().pk}/").status_code == 404


def test_owners_are_told_once_a_week_before_and_admins_for_programs(
    person: User, admin: User, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    # The queue's tables are not emptied between tests that commit.
    earlier = list(ProcrastinateJob.objects.values_list("pk", flat=True))
    month_ago = timezone.now() - timedelta(days=30)
    soon = timezone.now() + timedelta(days=6)
    service = UserFactory(kind="service", verified=False)
    told = [ApiTokenFactory(user=user, expires_at=soon) for user in (person, service)]
    later = ApiTokenFactory(user=person, expires_at=timezone.now() + timedelta(days=8))
    ended = ApiTokenFactory(user=person, expired=True)
    revoked = ApiTokenFactory(user=person, expires_at=soon, revoked=True)
    quiet = [later, ended, revoked]
    ApiToken.objects.filter(pk__in=[one.pk for one in (*told, *quiet)]).update(created_at=month_ago)
    ApiTokenFactory(user=person, expires_at=soon)
    assert token_warnings.warn_of_expiry() == 2
    assert token_warnings.warn_of_expiry() == 0
    fresh = ProcrastinateJob.objects.exclude(pk__in=earlier)
    tasks = fresh.order_by("id").values_list("task_name", flat=True)
    assert sorted(tasks) == sorted([token_warnings.MAIL_TASK, admin_mail.MAIL_TASK])
    letter = token_warnings.compose_mail(token_id=told[0].pk)
    assert letter is not None
    assert letter.to == [person.email]
    assert told[0].secret not in letter.body
    assert token_warnings.compose_mail(token_id=revoked.pk) is None


def test_without_mail_nobody_is_marked_as_told(person: User) -> None:
    ApiTokenFactory(user=person)
    assert token_warnings.warn_of_expiry() == 0
    assert ApiToken.objects.get().warned_at is None


def test_admins_manage_accounts_of_programs_over_the_api(admin: User) -> None:
    token = ApiTokenFactory(user=admin, scopes=["staff", "chat"])
    base = "/api/v1/service-accounts"
    made = call(token, "POST", base, {"name": "Nightly", "duties": ["auditor"]})
    assert made.status_code == 201
    account = made.json()["data"]
    path = f"{base}/{account['id']}"
    assert (account["name"], account["duties"], account["is_active"]) == (
        "Nightly",
        ["auditor"],
        True,
    )
    secret = call(token, "POST", f"{path}/tokens", {"name": "n", "allowed_models": ["gpt-*"]})
    data = secret.json()["data"]
    assert (data["user_id"], data["allowed_models"]) == (account["id"], ["gpt-*"])
    program = Client(headers={"Authorization": f"Bearer {data['token']}"})
    assert program.get("/api/v1/conversations/").status_code == 200
    assert program.get("/api/v1/users/me").json()["code"] == "missing_scope"
    own = call(token, "GET", f"{path}/tokens").json()["data"]
    assert [one["id"] for one in own["items"]] == [data["id"]]
    renamed = call(token, "PATCH", f"/api/v1/auth/tokens/{data['id']}", {"name": "m"})
    assert renamed.json()["code"] == "missing_scope"
    assert call(token, "PATCH", path, {"is_active": False}).json()["data"]["is_active"] is False
    assert program.get("/api/v1/conversations/").status_code == 401
    listed = call(token, "GET", base).json()["data"]["items"]
    assert [one["id"] for one in listed] == [account["id"]]
    people = call(token, "GET", "/api/v1/users/").json()["data"]["items"]
    assert [one["id"] for one in people] == [admin.pk]


@pytest.mark.parametrize("who", [{}, {"moderator": True}])
def test_nobody_else_reaches_accounts_of_programs(admin: User, who: dict[str, bool]) -> None:
    account = UserFactory(kind="service", verified=False)
    token = ApiTokenFactory(user=UserFactory(**who))
    base = "/api/v1/service-accounts"
    path = f"{base}/{account.pk}"
    calls = [
        ("GET", base, None),
        ("POST", base, {"name": "a"}),
        ("GET", path, None),
        ("PATCH", path, {"name": "b"}),
        ("GET", f"{path}/tokens", None),
        ("POST", f"{path}/tokens", {"name": "c"}),
    ]
    codes = {call(token, *one).json()["code"] for one in calls}
    assert codes == {"role_required"}
