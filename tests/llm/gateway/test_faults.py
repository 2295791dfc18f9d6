"""Everything a broken or hostile model server does ends in one of a closed set of codes."""

import logging
import resource
import traceback

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from apps.llm import errors
from apps.llm.constants import FRAME_TOKENS
from apps.llm.gateway.contract import Usage
from apps.llm.gateway.failures import connection_failure
from tests.llm.conftest import API_KEY, collect, make_request, open_gateway, until
from tests.support.upstream import ScriptedUpstream, unused_port
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import SCRIPTS

SECRETS = ("SECRET", "sk-", API_KEY, "127.0.0.1", "internal.example")
FAULTS = [
    ("[[status status=500]]", errors.UpstreamError, 0),
    ("[[status status=503]]", errors.UpstreamError, 0),
    ("[[status status=401]]", errors.UpstreamUnauthorizedError, 0),
    ("[[status status=403]]", errors.UpstreamUnauthorizedError, 0),
    ("[[status status=400]]", errors.UpstreamRejectedError, 0),
    ("[[status status=404]]", errors.UpstreamRejectedError, 0),
    ("[[status status=429]]", errors.UpstreamRateLimitedError, 0),
    ("[[status status=204]]", errors.UpstreamInvalidError, 0),
    ("[[redirect status=302]]", errors.UpstreamRejectedError, 0),
    ("[[redirect status=307 location=http://localhost:1/v1]]", errors.UpstreamRejectedError, 0),
    ("[[hang]]", errors.UpstreamTimeoutError, 0),
    ("[[hang_up]]", errors.UpstreamCutError, 0),
    ("[[silence]]", errors.UpstreamTimeoutError, 0),
    ("[[keepalive]]", errors.UpstreamTimeoutError, 0),
    ("[[stall after=4]]", errors.UpstreamStalledError, 4),
    ("[[stall after=4 keepalive=0.01]]", errors.UpstreamStalledError, 4),
    ("[[cut after=4]]", errors.UpstreamCutError, 4),
    ("[[think after=4]]", errors.UpstreamCutError, 0),
    ("[[close after=4]]", errors.UpstreamCutError, 4),
    ("[[truncate after=4]]", errors.UpstreamTruncatedError, 4),
    ("[[no_reason after=4]]", errors.UpstreamTruncatedError, 4),
    ("[[empty]]", errors.UpstreamTruncatedError, 0),
    ("[[error_event after=4]]", errors.UpstreamError, 4),
    ("[[bad_json after=4]]", errors.UpstreamInvalidError, 4),
    ("[[bad_utf8 after=4]]", errors.UpstreamInvalidError, 4),
    ("[[lone_surrogate after=4]]", errors.UpstreamInvalidError, 4),
    ("[[wrong_shape after=4]]", errors.UpstreamInvalidError, 4),
    ("[[html]]", errors.UpstreamInvalidError, 0),
    ("[[json]]", errors.UpstreamInvalidError, 0),
    ("[[not_http]]", errors.UpstreamInvalidError, 0),
    ("[[gzip]]", errors.UpstreamInvalidError, 0),
    ("[[huge_line after=4]]", errors.UpstreamTooLargeError, 4),
    ("[[huge_chunk after=4]]", errors.UpstreamTooLargeError, 4),
]
DEADLINES = {
    errors.UpstreamTimeoutError: {"first_token_timeout_seconds": 0.5},
    errors.UpstreamStalledError: {"idle_timeout_seconds": 0.3},
}
HEALTHY = {"stream", "emoji", "echo", "refuse"}
ELSEWHERE = {"finish_stall", "finish_cut", "endless", "ponder"}
BEFORE_A_SERVER_IS_ASKED = {
    errors.UpstreamBusyError,
    errors.UpstreamPausedError,
    errors.AssistantUnavailableError,
}


def test_names_every_script_of_the_upstream() -> None:
    named = {directive.strip("[]").split()[0] for directive, _, _ in FAULTS}
    assert named | HEALTHY | ELSEWHERE == set(SCRIPTS)


@pytest.mark.parametrize(("directive", "error", "tokens"), FAULTS)
async def test_ends_in_a_code_after_the_text_that_arrived(
    upstream: ScriptedUpstream,
    caplog: pytest.LogCaptureFixture,
    directive: str,
    error: type[errors.UpstreamError],
    tokens: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_gateway(upstream.base_url, **DEADLINES.get(error, {})) as gateway:
        seen = await collect(gateway, make_request(directive))
        assert await until(upstream, lambda book: book.running == 0)
    assert type(seen.error) is error
    assert seen.text == answer_text(tokens)
    assert seen.finished is None
    _assert_nothing_leaks(seen.error, caplog)


async def test_tells_that_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_gateway(f"http://127.0.0.1:{unused_port()}/v1") as gateway:
        seen = await collect(gateway, make_request())
    assert type(seen.error) is errors.UpstreamUnreachableError
    _assert_nothing_leaks(seen.error, caplog)


def test_an_unknown_name_is_a_server_that_cannot_be_reached() -> None:
    key = ConnectionKey("no-such-host.invalid", 80, False, True, None, None, None)
    failure = connection_failure(aiohttp.ClientConnectorDNSError(key, OSError("SECRET")))
    assert type(failure.error) is errors.UpstreamUnreachableError
    assert failure.is_retryable


async def test_the_prompt_never_reaches_the_target_of_a_redirect(
    upstream: ScriptedUpstream,
) -> None:
    with ScriptedUpstream() as other:
        target = f"[[redirect status=307 location={other.base_url}/chat/completions]]"
        async with open_gateway(upstream.base_url) as gateway:
            seen = await collect(gateway, make_request(target))
        assert type(seen.error) is errors.UpstreamRejectedError
        assert other.requests == []


@pytest.mark.parametrize("directive", ["[[finish_stall after=4]]", "[[finish_cut after=4]]"])
async def test_an_answer_is_whole_once_it_has_a_finish_reason(
    upstream: ScriptedUpstream, directive: str
) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request(directive))
    assert seen.error is None
    assert seen.text == answer_text(4)
    assert seen.finished is not None
    assert seen.finished.finish_reason == "stop"
    assert seen.finished.usage == Usage(10 + 2 * FRAME_TOKENS, 6, "estimated")


@pytest.mark.parametrize("limit", ["max_response_bytes", "max_answer_chars"])
async def test_ends_an_answer_that_passes_a_limit(upstream: ScriptedUpstream, limit: str) -> None:
    async with open_gateway(upstream.base_url, **{limit: 60_000}) as gateway:
        seen = await collect(gateway, make_request("[[endless]]"))
        assert await until(upstream, lambda book: book.running == 0)
    assert type(seen.error) is errors.UpstreamTooLargeError
    assert 0 < len(seen.text) <= 60_000
    assert set(seen.text.split()) == {"word0", "word1", "word2", "word3", "word4"}


async def test_ends_an_answer_that_never_ends(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url, total_timeout_seconds=1.0) as gateway:
        seen = await collect(gateway, make_request("[[endless rate=50]]"))
        assert await until(upstream, lambda book: book.running == 0)
    assert type(seen.error) is errors.UpstreamTimeoutError
    assert seen.text.startswith(answer_text(5))


@pytest.mark.parametrize("name", ["gzip", "huge_line", "huge_chunk"])
async def test_takes_no_memory_for_what_it_refuses(upstream: ScriptedUpstream, name: str) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        await collect(gateway, make_request(f"[[{name}]]"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(3):
            seen = await collect(gateway, make_request(f"[[{name}]]"))
            assert seen.error is not None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_every_error_has_a_code_and_a_sentence_of_its_own() -> None:
    kinds = {error for _, error, _ in FAULTS} | {errors.UpstreamUnreachableError}
    kinds |= BEFORE_A_SERVER_IS_ASKED
    assert kinds == {errors.UpstreamError, *errors.UpstreamError.__subclasses__()}
    assert len({kind.code for kind in kinds}) == 14
    assert len({kind.default_message for kind in kinds}) == 14
    assert all(kind.status_code in {502, 503, 504} for kind in kinds)


def _assert_nothing_leaks(
    error: errors.UpstreamError | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert error is not None
    assert error.__cause__ is None
    assert error.__context__ is None
    told = [str(error), repr(error), error.message, "".join(traceback.format_exception(error))]
    own = [record for record in caplog.records if not record.name.startswith("asyncio")]
    for record in own:
        told += [record.getMessage(), str(getattr(record, "fields", "")), str(record.exc_info)]
    for secret in SECRETS:
        assert not any(secret in text for text in told)
