"""What a hostile receiver can do: nothing but fail."""

import pytest
from asgiref.sync import async_to_sync

from apps.webhooks.gateway import client
from apps.webhooks.gateway.client import Answer, WebhookClient
from tests.support.receiver import Reaction, Receiver
from tests.support.upstream import unused_port


def post(url: str, seconds: float = 5) -> Answer:
    return async_to_sync(WebhookClient(seconds=seconds).post)(url, body=b"{}", headers={})


def test_a_redirect_is_a_refusal_and_is_not_followed(receiver: Receiver) -> None:
    receiver.react(Reaction(302, headers={"Location": f"{receiver.url}/elsewhere"}))
    answer = post(receiver.url)
    assert (answer.outcome, answer.status) == ("refused", 302)
    assert [one.path for one in receiver.received] == ["/hook"]


def test_a_kilobyte_of_the_answer_is_kept_and_no_more(receiver: Receiver) -> None:
    receiver.react(Reaction(500, body=b"\xff\x00" + b"a" * 1_000_000))
    answer = post(receiver.url)
    assert len(answer.response) == 1024
    assert answer.response == "\N{REPLACEMENT CHARACTER}" * 2 + "a" * 1022


def test_a_compressed_answer_is_not_unpacked(receiver: Receiver) -> None:
    receiver.react(Reaction(200, body=b"\x1f\x8b not gzip", headers={"Content-Encoding": "gzip"}))
    assert post(receiver.url).outcome == "accepted"
    assert receiver.received[0].headers["accept-encoding"] == "identity"


def test_silence_ends_at_the_deadline(receiver: Receiver) -> None:
    receiver.react(Reaction(hangs=True))
    answer = post(receiver.url, seconds=0.2)
    assert (answer.outcome, answer.status) == ("timed_out", None)
    assert 150 < answer.duration_ms < 5_000


def test_a_body_that_does_not_come_takes_nothing_from_a_status(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BODY_SECONDS", 0.3)
    receiver.react(Reaction(206, stalls=True))
    answer = post(receiver.url, seconds=0.2)
    assert (answer.outcome, answer.status, answer.response) == ("accepted", 206, "")


def test_nobody_there_is_told_apart(receiver: Receiver) -> None:
    assert post(f"http://127.0.0.1:{unused_port()}/").outcome == "unreachable"


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    assert post(receiver.url).outcome == "accepted"
