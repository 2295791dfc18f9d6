"""Whatever the model server does: each answer has one end, told in plain words of our own."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from apps.llm.gateway.breaker import FAILURES_TO_OPEN
from tests.journey.person import Person
from tests.support.processes import Site
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import EMOJI_TEXT, SCRIPTS

FIVE = answer_text(5)
FAULTS: dict[str, tuple[str, str, str]] = {
    "stream": ("complete", "", answer_text(20)),
    "emoji": ("complete", "", EMOJI_TEXT),
    "status": ("failed", "upstream_error", ""),
    "status status=400": ("failed", "upstream_rejected", ""),
    "status status=401": ("failed", "upstream_unauthorized", ""),
    "status status=403": ("failed", "upstream_unauthorized", ""),
    "status status=404": ("failed", "upstream_rejected", ""),
    "status status=429 retry_after=3600": ("failed", "upstream_rate_limited", ""),
    "status status=503": ("failed", "upstream_error", ""),
    "redirect": ("failed", "upstream_rejected", ""),
    "hang": ("failed", "upstream_timeout", ""),
    "hang_up": ("failed", "upstream_cut", ""),
    "silence": ("failed", "upstream_timeout", ""),
    "keepalive": ("failed", "upstream_timeout", ""),
    "stall": ("failed", "upstream_stalled", FIVE),
    "stall keepalive=0.1": ("failed", "upstream_stalled", FIVE),
    "cut": ("failed", "upstream_cut", FIVE),
    "close": ("failed", "upstream_cut", FIVE),
    "truncate": ("failed", "upstream_truncated", FIVE),
    "no_reason": ("failed", "upstream_truncated", FIVE),
    "finish_stall": ("complete", "", FIVE),
    "finish_cut": ("complete", "", FIVE),
    "error_event": ("failed", "upstream_error", FIVE),
    "bad_json": ("failed", "upstream_invalid", FIVE),
    "bad_utf8": ("failed", "upstream_invalid", FIVE),
    "lone_surrogate": ("failed", "upstream_invalid", FIVE),
    "wrong_shape": ("failed", "upstream_invalid", FIVE),
    "html": ("failed", "upstream_invalid", ""),
    "json": ("failed", "upstream_invalid", ""),
    "empty": ("failed", "upstream_truncated", ""),
    "not_http": ("failed", "upstream_invalid", ""),
    "gzip": ("failed", "upstream_invalid", ""),
    "huge_line": ("failed", "upstream_too_large", FIVE),
    "huge_chunk": ("failed", "upstream_too_large", FIVE),
}
BUSY = "status status=429 retry_after=3600"
ENDLESS = "endless"
ELSEWHERE = {ENDLESS, "echo", "think", "ponder", "refuse"}
SECRETS = (b"SECRET", b"sk-leak", b"internal.example", b"<html>", b"127.0.0.1", b"Traceback")


@pytest.fixture(scope="module", autouse=True)
def _a_worker_without_a_grudge(deployed: Site) -> Iterator[None]:
    """A model server that failed is left alone for a while; the next worker knows nothing of it."""
    yield
    if deployed.worker.is_running:
        deployed.worker.kill()


def test_every_script_of_the_model_server_is_tried() -> None:
    assert {directive.split()[0] for directive in FAULTS} | ELSEWHERE == set(SCRIPTS)


@pytest.mark.fault
async def test_an_answer_that_never_ends_is_ended_by_its_size(person: Person) -> None:
    end = await answer_to(person, ENDLESS)
    assert (end["reply"]["state"], end["reply"]["error_code"]) == ("failed", "upstream_too_large")
    assert 0 < len(end["content"]) <= 400_000
    assert (await answer_to(person, "stream"))["reply"]["state"] == "complete", "no grudge is left"


@pytest.mark.fault
async def test_every_fault_of_the_model_server_ends_in_a_state_and_in_plain_words(
    person: Person,
) -> None:
    directives = [directive for directive in FAULTS if directive != BUSY]
    ends: list[dict[str, Any]] = []
    for first in range(0, len(directives), FAILURES_TO_OPEN - 1):
        some = directives[first : first + FAILURES_TO_OPEN - 1]
        ends += await asyncio.gather(*(answer_to(person, directive) for directive in some))
        assert (await answer_to(person, "stream"))["reply"]["state"] == "complete"
    ends.append(await answer_to(person, BUSY))
    found = {
        directive: (end["reply"]["state"], end["reply"]["error_code"], end["content"])
        for directive, end in zip([*directives, BUSY], ends, strict=True)
    }
    assert found == FAULTS
    for end in ends:
        whole = orjson.dumps(end)
        assert not [secret for secret in SECRETS if secret in whole]
        assert bool(end["reply"]["notice"]) == (end["reply"]["state"] != "complete")


async def answer_to(person: Person, directive: str) -> dict[str, Any]:
    sent = await person.ask(f"[[{directive}]]")
    return await person.wait_for_end(sent.reply_id, seconds=30)
