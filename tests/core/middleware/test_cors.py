"""Scripts of other origins: only those that are named, only the API, never with cookies."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

PARTNER = "https://partner.example"
API = "/api/v1/conversations/"


@pytest.fixture(autouse=True)
def _partner(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [PARTNER]


OF_OPENAIS_CLIENT = [
    *("authorization", "content-type", "openai-organization", "openai-project"),
    *("x-stainless-arch", "x-stainless-lang", "x-stainless-os", "x-stainless-package-version"),
    *("x-stainless-retry-count", "x-stainless-runtime", "x-stainless-runtime-version"),
    *("x-stainless-timeout", "x-stainless-helper-method"),
]


def ask(path: str, origin: str, wanted: str = "authorization,content-type,idempotency-key") -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
    }
    return Client().options(path, headers=headers).headers


def test_a_named_origin_may_send_a_token_and_a_key() -> None:
    headers = ask(API, PARTNER)
    assert headers["Access-Control-Allow-Origin"] == PARTNER
    assert {"authorization", "idempotency-key", "last-event-id"} <= set(
        headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert "Access-Control-Allow-Credentials" not in headers


def test_openais_client_may_call_from_a_browser_with_all_that_it_sends() -> None:
    headers = ask("/openai/v1/chat/completions", PARTNER, ",".join(OF_OPENAIS_CLIENT))
    assert headers["Access-Control-Allow-Origin"] == PARTNER
    allowed = headers["Access-Control-Allow-Headers"].split(", ")
    assert set(OF_OPENAIS_CLIENT) - set(allowed) == set()


def test_a_named_origin_may_read_what_the_headers_say(db: None) -> None:
    headers = Client().get(API, headers={"Origin": PARTNER}).headers
    assert headers["Access-Control-Allow-Origin"] == PARTNER
    assert "ratelimit" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        (API, "https://evil.example"),
        (API, "https://partner.example.evil.example"),
        (API, "http://partner.example"),
        (API, "null"),
        ("/accounts/login/", PARTNER),
        ("/admin/", PARTNER),
        ("/healthz", PARTNER),
    ],
)
def test_nobody_else_and_nothing_else(db: None, path: str, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in ask(path, origin)
