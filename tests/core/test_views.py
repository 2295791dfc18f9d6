import logging

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import get_resolver
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.core import health
from apps.core.errors import ServiceUnavailableError
from tests.factories import UserFactory

TOKEN = "a-token-for-prometheus"


def metrics(**extra: object) -> tuple[int, bytes]:
    answered = Client().get("/metrics", **extra)
    return answered.status_code, answered.content


def test_an_unknown_address_is_a_page_for_people(db: None) -> None:
    answered = Client().get("/nothing-here")
    assert answered.status_code == 404
    assert b"There is nothing here" in answered.content
    assert answered.headers["X-Correlation-ID"].encode() in answered.content


def test_a_form_s_address_opened_as_a_page_is_no_blank_page(db: None) -> None:
    bare = Client().get("/settings/name/")
    assert (bare.status_code, bare.content) == (405, b"")
    page = Client().get("/settings/name/", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "There is nothing to see here" in page.text


def test_an_error_page_leads_each_reader_where_they_can_go(db: None) -> None:
    client = Client()
    assert "Sign in" in client.get("/nothing-here").text
    client.force_login(UserFactory())
    page = client.get("/nothing-here").text
    assert "Go to your conversations" in page
    assert "Sign in" not in page


def test_a_broken_page_tells_a_person_what_to_do_and_nothing_else(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(request: object) -> None:
        raise ZeroDivisionError("secret")

    pattern = next(p for p in get_resolver().url_patterns if getattr(p, "name", "") == "alive")
    monkeypatch.setattr(pattern, "callback", broken)
    answered = Client(raise_request_exception=False).get("/healthz")
    assert answered.status_code == 500
    assert b"Something broke on our side" in answered.content
    assert b"secret" not in answered.content


def test_a_page_that_a_part_is_away_from_says_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut_off(request: object) -> None:
        raise OperationalError("server closed the connection: secret")

    pattern = next(p for p in get_resolver().url_patterns if getattr(p, "name", "") == "alive")
    monkeypatch.setattr(pattern, "callback", cut_off)
    answered = Client(raise_request_exception=False).get("/healthz")
    assert answered.status_code == 503
    assert b"Parley is away for a moment" in answered.content
    assert b"secret" not in answered.content


def test_alive_asks_nobody(settings: Settings) -> None:
    answered = Client().get("/healthz")
    assert (answered.status_code, answered.json()) == (200, {"status": "ok"})


def test_ready_names_every_check(db: None) -> None:
    answered = Client().get("/readyz")
    checks = answered.json()["checks"]
    assert {"database", "migrations", "redis"} <= set(checks)
    assert (checks["database"], checks["migrations"], checks["redis"]) == ("ok", "ok", "ok")


def test_without_redis_it_is_still_ready(db: None, settings: Settings, only_core: None) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    answered = Client().get("/readyz")
    assert answered.status_code == 200
    assert answered.json()["checks"]["redis"] == "failed"


def test_a_required_part_that_fails_makes_it_unready(
    db: None, only_core: None, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ServiceUnavailableError("postgresql://user:password@host")

    health.register("part", fail)
    caplog.set_level(logging.WARNING)
    answered = Client().get("/readyz")
    assert answered.status_code == 503
    assert answered.json()["status"] == "unavailable"
    assert answered.json()["checks"]["part"] == "failed"
    assert "password" not in answered.content.decode() + caplog.text


@pytest.fixture
def only_core(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: health._checks[name] for name in ("database", "migrations", "redis")}
    monkeypatch.setattr(health, "_checks", kept)


def test_metrics_are_for_this_machine_where_no_token_is_set() -> None:
    assert metrics()[0] == 200
    assert metrics(REMOTE_ADDR="203.0.113.9")[0] == 404
    assert metrics(REMOTE_ADDR="")[0] == 404
    assert metrics(headers={"X-Forwarded-For": "203.0.113.9"})[0] == 404
    assert metrics(headers={"Via": "1.1 proxy"})[0] == 404


def test_metrics_behind_a_proxy_need_a_token(settings: Settings) -> None:
    settings.NUM_PROXIES = 1
    assert metrics()[0] == 404


def test_metrics_are_for_whoever_has_the_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert metrics()[0] == 404
    assert metrics(headers={"Authorization": "Bearer wrong"})[0] == 404
    assert metrics(headers={"Authorization": "Bearer \u00e9"})[0] == 404
    sent = {"Authorization": f"Bearer {TOKEN}"}
    assert metrics(headers=sent, REMOTE_ADDR="203.0.113.9")[0] == 200


def test_requests_are_counted_by_route_and_never_by_id(db: None) -> None:
    labels = {
        "method": "GET",
        "route": "/api/v1/conversations/<number:conversation_id>",
        "status": "401",
    }
    before = REGISTRY.get_sample_value("parley_http_requests_total", labels) or 0
    Client().get("/api/v1/conversations/987654321")
    Client().generic("BREW", "/no/such/address/987654321")
    assert REGISTRY.get_sample_value("parley_http_requests_total", labels) == before + 1
    text = metrics()[1].decode()
    assert "987654321" not in text
    assert "BREW" not in text
    assert 'method="other",route="unmatched",status="404"' in text


def test_readiness_tells_whether_a_worker_was_seen_lately(db: None) -> None:
    assert Client().get("/readyz").json()["checks"]["worker"] == "failed"
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    answered = Client().get("/readyz")
    assert (answered.status_code, answered.json()["checks"]["worker"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/accounts/login/"])
def test_a_page_answers_who_asks_for_its_headers_only(db: None, path: str) -> None:
    answered = Client().head(path)
    assert (answered.status_code, answered.content) == (200, b"")
