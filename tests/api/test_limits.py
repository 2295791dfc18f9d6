"""Limits count who really calls, whatever a request claims, and answers say where one stands."""

import re
import time
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase
from django.test import AsyncClient
from pytest_django import Settings

from apps.core import rate_limits
from apps.llm.models import Reservation
from apps.users.models import User
from tests.api.conftest import Program
from tests.factories import ConversationFactory

pytestmark = pytest.mark.django_db
NEAREST = "10.0.0.1"
CALLER, OTHER = "203.0.113.9", "203.0.113.10"
OPENAI_NAMES = [
    f"{word}-{unit}" for unit in ("requests", "tokens") for word in ("limit", "remaining", "reset")
]
SIGN_UP = {"email": "new@example.com", "name": "New", "password": "Correct-horse-1"}


@pytest.fixture(autouse=True)
def _two_in_an_hour(settings: Settings) -> None:
    settings.RATE_LIMIT_SIGNUP = "2/hour"
    rate_limits.local_counter.clear()


def forged(number: int) -> dict[str, str]:
    """Return every header by which somebody could claim another address, another each time."""
    address = f"198.51.100.{number}"
    names = (
        "X-Real-IP",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Cluster-Client-IP",
    )
    return {
        "Forwarded": f"for={address};proto=https, for={address}",
        "X-Forwarded-For": address,
        "X-Forwarded": address,
        **dict.fromkeys(names, address),
    }


class Connection(AsyncClient):
    """A client at an address of its own."""

    def __init__(self, address: str) -> None:
        super().__init__(raise_request_exception=False)
        self.address = address

    async def request(self, **request: Any) -> Any:
        return await super().request(client=[self.address, 4711], **request)


async def send(address: str, headers: dict[str, str]) -> HttpResponseBase:
    """Sign up from an address; the second time the account is there already."""
    body, kind = orjson.dumps(SIGN_UP), "application/json"
    return await Connection(address).post(
        "/api/v1/users/", body, content_type=kind, headers=headers
    )


async def sign_up(caller: str, *, hops: int, number: int) -> HttpResponseBase:
    """Send a request with forged headers through so many proxies, each of which adds who called."""
    headers = forged(number)
    passed = [caller, *(f"10.0.0.{at}" for at in range(hops + 1, 1, -1))][:hops]
    headers["X-Forwarded-For"] = ", ".join([headers["X-Forwarded-For"], *passed])
    return await send(NEAREST if hops else caller, headers)


@pytest.mark.parametrize("hops", [0, 1, 2])
async def test_forged_headers_fool_no_limit(settings: Settings, hops: int) -> None:
    settings.NUM_PROXIES = hops
    statuses = [
        (await sign_up(CALLER, hops=hops, number=number)).status_code for number in range(4)
    ]
    assert statuses == [201, 409, 429, 429]
    assert (await sign_up(OTHER, hops=hops, number=9)).status_code == 409


async def test_who_goes_round_the_outer_proxy_is_counted_by_the_connection(
    settings: Settings,
) -> None:
    settings.NUM_PROXIES = 2
    statuses = [(await send(CALLER, forged(number))).status_code for number in range(3)]
    assert statuses == [201, 409, 429]


async def test_a_request_that_does_not_fit_counts_like_any_other(
    program: Program, nobody: Program, settings: Settings
) -> None:
    """Nobody tries bodies out for nothing, with a token or without."""
    settings.RATE_LIMIT_API = settings.RATE_LIMIT_SIGNUP = "3/hour"
    completions = "/openai/v1/chat/completions"
    for caller, path, name in (
        (program, "conversations/", "api"),
        (nobody, "users/", "signup"),
    ):
        wrong = [await caller.post(path, body) for body in ({"unknown": 1}, [], None)]
        assert [answer.status_code for answer in wrong] == [400] * 3
        for left, answer in zip((2, 1, 0), wrong, strict=True):
            assert f'"{name}";r={left};' in answer["RateLimit"]
            assert f'"{name}";q=3;w=3600' in answer["RateLimit-Policy"]
        refused = await caller.post(path, SIGN_UP if caller is nobody else {"title": "Fits"})
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert refused.has_header("Retry-After")
    told = await program.post(completions, {"unknown": 1})
    assert (told.status_code, told["x-ratelimit-remaining-requests"]) == (429, "0")


async def test_who_sends_tokens_that_are_refused_is_told_where_they_stand(
    nobody: Program, settings: Settings
) -> None:
    settings.RATE_LIMIT_API = "2/hour"
    answers = [
        await nobody.get("users/me", Authorization=f"Bearer guess-{number}") for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert [answer["RateLimit"].partition(";t=")[0] for answer in answers] == [
        f'"token";r={left}' for left in (1, 0, 0)
    ]


async def test_every_answer_says_where_one_stands_to_the_second(settings: Settings) -> None:
    settings.NUM_PROXIES = 0
    began = time.monotonic()
    answers = [await sign_up(CALLER, hops=0, number=number) for number in range(3)]
    late = int(time.monotonic() - began) + 1
    assert [answer.status_code for answer in answers] == [201, 409, 429]
    policies = '"api";q=600;w=60, "signup";q=2;w=3600'
    assert {answer["RateLimit-Policy"] for answer in answers} == {policies}
    for answer, left, full in zip(answers, (1, 0, 0), (1800, 3600, 3600), strict=True):
        stands = {f'"signup";r={left};t={full - seconds}' for seconds in range(late + 1)}
        assert answer["RateLimit"].partition(", ")[2] in stands
    assert [answer.has_header("Retry-After") for answer in answers] == [False, False, True]
    assert 1800 - late <= int(answers[2]["Retry-After"]) <= 1800
    told = orjson.loads(answers[2].content)  # type: ignore[attr-defined]
    assert (told["code"], told["success"]) == ("rate_limited", False)


async def test_an_answer_tells_every_limit_of_requests_and_of_tokens_that_counted_it(
    program: Program, author: User, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 50_000
    talk = await sync_to_async(ConversationFactory)(owner=author)
    sent = await program.post(f"conversations/{talk.pk}/messages", {"content": "Hello"})
    reserved = (await Reservation.objects.aget()).amount
    assert sent["RateLimit-Policy"] == (
        '"api";q=600;w=60, "chat";q=30;w=60, "tokens-day";q=50000;w=86400;qu="tokens"'
    )
    api, chat, tokens = (part.split(";") for part in sent["RateLimit"].split(", "))
    assert (api[:2], chat[:2]) == (['"api"', "r=599"], ['"chat"', "r=29"])
    assert tokens[:2] == ['"tokens-day"', f"r={50_000 - reserved}"]
    assert 0 < int(tokens[2].removeprefix("t=")) <= 86_400
    assert "x-ratelimit-limit-requests" not in sent
    read = await program.get(f"conversations/{talk.pk}")
    assert read["RateLimit-Policy"] == '"api";q=600;w=60'


async def test_openais_clients_are_told_in_their_words(
    program: Program, author: User, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 50_000
    body = {"model": "scripted", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    asked = await program.post("/openai/v1/chat/completions", body, Idempotency_Key="key-1")
    reserved = (await Reservation.objects.aget()).amount
    await asked.streaming_content.aclose()  # type: ignore[attr-defined]
    told = {name.lower(): value for name, value in asked.headers.items()}
    assert {name: told[f"x-ratelimit-{name}"] for name in OPENAI_NAMES} == {
        "limit-requests": "30",
        "remaining-requests": "29",
        "reset-requests": "2s",
        "limit-tokens": "50000",
        "remaining-tokens": str(50_000 - reserved),
        "reset-tokens": told["x-ratelimit-reset-tokens"],
    }
    assert re.fullmatch(r"(\d+h)?(\d+m)?\d+s", told["x-ratelimit-reset-tokens"])
    listed = await program.get("/openai/v1/models")
    assert listed["x-ratelimit-limit-requests"] == "600"
    settings.USER_DAILY_TOKENS = 1
    refused = await program.post("/openai/v1/chat/completions", {**body, "stream": False})
    assert refused.status_code == 429
    assert refused["x-ratelimit-remaining-tokens"] == "0"
