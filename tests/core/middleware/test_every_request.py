"""What every answer carries, whoever serves it; both clients run the same list of middleware."""

import logging
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.utils import cache
from django.utils.module_loading import import_string
from pytest_django import Settings

from apps.core.middleware.headers import policy_text
from tests.factories import UserFactory

PAGE = "/accounts/login/"
API = "/api/v1/conversations/"


@pytest.mark.parametrize("path", [PAGE, API, "/healthz", "/nothing", "/admin/login/"])
@pytest.mark.django_db
async def test_both_servers_answer_alike(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    asynchronous = await AsyncClient().get(path)
    synchronous = await sync_to_async(Client().get)(path)
    assert asynchronous.status_code == synchronous.status_code
    ignored = {"X-Correlation-ID", "Content-Length", "RateLimit"}
    assert {k: v for k, v in asynchronous.headers.items() if k not in ignored} == {
        k: v for k, v in synchronous.headers.items() if k not in ignored
    }


@pytest.mark.parametrize("path", [PAGE, API, "/healthz", "/nothing"])
def test_every_answer_has_the_headers_that_protect_it(db: None, path: str) -> None:
    headers = Client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"].startswith("camera=()")
    assert "no-store" in headers["Cache-Control"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_only_the_admin_has_the_wider_profile(db: None, settings: Settings) -> None:
    page = Client().get(PAGE).headers["Content-Security-Policy"]
    admin = Client().get("/admin/login/").headers["Content-Security-Policy"]
    assert page == policy_text(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    assert "script-src 'self' 'unsafe-eval';" in admin
    assert "style-src 'self' 'unsafe-inline';" in admin
    assert "default-src 'none'" in admin
    assert (
        "script-src 'self';" in Client().get("/administration").headers["Content-Security-Policy"]
    )


def test_data_may_load_nothing_at_all(db: None) -> None:
    policy = Client().get(API).headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("abcdefgh", True),
        ("a" * 64, True),
        ("Trace.1-2_3", True),
        ("short", False),
        ("a" * 65, False),
        ("white space", False),
        ('{json:"x"}', False),
        ("abcdefgh\u00e9", False),
        ("", False),
    ],
)
def test_a_safe_correlation_id_is_kept_and_any_other_replaced(sent: str, is_kept: bool) -> None:
    answered = Client().get("/healthz", headers={"X-Correlation-ID": sent})
    found = answered.headers["X-Correlation-ID"]
    assert (found == sent) is is_kept
    assert len(found) == 32 or is_kept


def test_two_requests_never_share_an_id() -> None:
    client = Client()
    ids = {client.get("/healthz").headers["X-Correlation-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_programs_get_no_cookie_and_pages_do(db: None) -> None:
    assert not Client().get(API).cookies
    assert "csrftoken" in Client().get(PAGE).cookies


def test_a_form_without_its_token_is_refused(db: None) -> None:
    answered = Client(enforce_csrf_checks=True).post(PAGE, {"login": "x", "password": "y"})
    assert answered.status_code == 403
    assert b"was open too long" in answered.content


async def test_a_form_without_its_token_is_refused_under_asgi(db: None) -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    answered = await client.post(PAGE, {"login": "x", "password": "y"})
    assert answered.status_code == 403
    assert b"was open too long" in answered.content


async def test_a_session_cookie_never_opens_the_api(db: None) -> None:
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(UserFactory)())
    answered = await client.get(API)
    assert (answered.status_code, answered.json()["code"]) == (401, "unauthorized")


async def test_sessions_and_notes_are_kept_under_asgi(db: None) -> None:
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(UserFactory)())
    made = await client.post("/c/", {"content": "Hello", "client_id": "a"})
    assert made.status_code == 302
    gone = await client.post(f"{made.headers['Location']}delete/")
    assert gone.status_code == 302
    shown = await client.get("/")
    assert b"The conversation is deleted." in shown.content
    again = await client.get("/")
    assert b"The conversation is deleted." not in again.content


def test_each_api_request_is_logged_without_its_data(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    Client().get(f"{API}17/messages?cursor=secret", headers={"Authorization": "Bearer secret"})
    events = {record.getMessage(): record for record in caplog.records}
    fields = events["CONTROLLER_RESPONSE"].__dict__["fields"]
    assert fields.pop("duration_ms") >= 0
    assert fields == {
        "method": "GET",
        "route": "/api/v1/conversations/<number:conversation_id>/messages",
        "status_code": 401,
        "user_id": None,
    }
    assert "CONTROLLER_ERROR" in events
    assert "secret" not in repr([record.__dict__ for record in caplog.records])


def test_a_host_that_is_not_ours_is_refused_but_for_probes(db: None) -> None:
    foreign = {"Host": "evil.example"}
    refused = Client().get(API, headers=foreign)
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_failed")
    assert Client().get(PAGE, headers=foreign).status_code == 400
    assert Client().get("/healthz", headers=foreign).status_code == 200


def test_every_middleware_runs_on_the_event_loop(settings: Settings) -> None:
    names = [import_string(name) for name in settings.MIDDLEWARE]
    assert [kind for kind in names if not getattr(kind, "async_capable", False)] == []
