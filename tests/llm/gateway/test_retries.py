"""Tries after the first one: few, soon, and never once text has come."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from apps.llm import errors
from apps.llm.gateway.failures import read_retry_after
from tests.llm.conftest import collect, make_request, open_gateway
from tests.support.upstream import ScriptedUpstream, unused_port
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import Script

WHOLE = Script(tokens=3)


@pytest.mark.parametrize(
    "first",
    [
        Script("status", status=500),
        Script("status", status=503, retry_after="0"),
        Script("status", status=429),
        Script("status", status=429, retry_after="0.1"),
        Script("hang_up"),
    ],
    ids=lambda script: f"{script.name}-{script.status}-{script.retry_after}",
)
async def test_tries_once_more_before_the_first_text(
    upstream: ScriptedUpstream, first: Script
) -> None:
    upstream.queue(first, WHOLE)
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request())
    assert seen.text == answer_text(3)
    assert seen.finished is not None
    assert len(upstream.requests) == 2
    assert upstream.requests[0].body == upstream.requests[1].body


async def test_gives_up_after_the_allowed_tries(upstream: ScriptedUpstream) -> None:
    upstream.queue(*[Script("status", status=500)] * 4)
    async with open_gateway(upstream.base_url, max_retries=2) as gateway:
        seen = await collect(gateway, make_request())
    assert type(seen.error) is errors.UpstreamError
    assert len(upstream.requests) == 3


async def test_tries_once_where_no_retry_is_allowed(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url, max_retries=0) as gateway:
        seen = await collect(gateway, make_request("[[status status=500]]"))
    assert type(seen.error) is errors.UpstreamError
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "directive",
    [
        "[[status status=401]]",
        "[[status status=400]]",
        "[[redirect]]",
        "[[html]]",
        "[[cut after=0]]",
        "[[cut after=3]]",
        "[[error_event after=0]]",
        "[[truncate after=3]]",
    ],
)
async def test_does_not_repeat_what_would_not_help_or_could_double(
    upstream: ScriptedUpstream, directive: str
) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request(directive))
    assert seen.error is not None
    assert len(upstream.requests) == 1


async def test_tells_how_long_a_busy_server_asks_to_wait(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request("[[status status=429 retry_after=90]]"))
        capped = await collect(gateway, make_request("[[status status=429 retry_after=999999]]"))
    assert type(seen.error) is errors.UpstreamRateLimitedError
    assert seen.error.retry_after_seconds == 90
    assert capped.error is not None
    assert capped.error.retry_after_seconds == 3_600
    assert len(upstream.requests) == 2


async def test_does_not_wait_beyond_the_deadline_of_the_first_text(
    upstream: ScriptedUpstream,
) -> None:
    async with open_gateway(upstream.base_url, first_token_timeout_seconds=1.0) as gateway:
        seen = await collect(gateway, make_request("[[status status=429 retry_after=4]]"))
    assert type(seen.error) is errors.UpstreamRateLimitedError
    assert len(upstream.requests) == 1


async def test_connects_again_where_a_server_was_starting() -> None:
    port = unused_port()
    async with open_gateway(f"http://127.0.0.1:{port}/v1", max_retries=1) as gateway:
        assert type((await collect(gateway, make_request())).error) is (
            errors.UpstreamUnreachableError
        )
        with ScriptedUpstream(port=port):
            seen = await collect(gateway, make_request("[[stream tokens=3]]"))
    assert seen.text == answer_text(3)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-5", 0.0),
        ("2.5", 2.5),
        ("100000", 3_600.0),
        pytest.param(format_datetime(datetime.now(UTC) - timedelta(hours=1)), 0.0, id="past"),
        pytest.param(format_datetime(datetime.now(UTC) + timedelta(days=2)), 3_600.0, id="far"),
        ("Sun, 06 Nov 1994 08:49:37", 0.0),
        ("Wed, 21 Oct 2015 99999999999999999999:28:00 GMT", None),
    ],
)
def test_reads_retry_after(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header) == seconds
