"""A key of a message is good for one answer: a failure is tried anew, an answer is told again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.conversations.models import Conversation, Message, Reply
from apps.llm.services import catalogue, pauses
from apps.users.models import User
from tests.api.conftest import Program
from tests.api.test_messages import answering, make
from tests.api.test_models import make_assistant
from tests.conversations.conftest import running_worker
from tests.factories import ConversationFactory
from tests.llm.services.conftest import make_spare
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.usefixtures("transactional_db")

COMPLETIONS = "/openai/v1/chat/completions"
WORDS = "[[stream tokens=3]]"
REPLAYED = "Idempotency-Replayed"
FAILED = {"state": "failed", "error_code": "upstream_error", "finished_at": timezone.now()}


def asked(**more: Any) -> dict[str, Any]:
    """Return the body of a completion."""
    return {"model": "scripted", "messages": [{"role": "user", "content": WORDS}], **more}


def by_chat(author: User) -> tuple[str, dict[str, Any], Callable[[Any], str]]:
    return f"users/{author.pk}/chat", {"message": WORDS}, lambda body: body["data"]["response"]


def by_completion(author: User) -> tuple[str, dict[str, Any], Callable[[Any], str]]:
    return COMPLETIONS, asked(), lambda body: body["choices"][0]["message"]["content"]


@pytest.fixture
def keyed(program: Program) -> Program:
    """The author's program, which sends one key with all that it asks."""
    program.headers["Idempotency-Key"] = "key-1"
    return program


@pytest.mark.parametrize("door", [by_chat, by_completion])
async def test_a_failure_is_tried_anew_and_an_answer_is_told_again(
    keyed: Program, author: User, upstream: ScriptedUpstream, door: Any
) -> None:
    path, body, text_of = door(author)
    upstream.queue(Script("cut"))
    async with answering():
        answers = [await keyed.post(path, body) for _ in range(3)]
    assert [answered.status_code for answered in answers] == [502, 200, 200]
    assert [answered.headers.get(REPLAYED) for answered in answers] == [None, None, "true"]
    assert [text_of(answered.json()) for answered in answers[1:]] == [answer_text(3)] * 2
    assert await Message.objects.filter(role="user").acount() == 1
    assert await Reply.objects.acount() == 2


async def test_a_message_whose_answer_failed_is_answered_anew(
    keyed: Program, author: User, upstream: ScriptedUpstream
) -> None:
    conversation = await make(ConversationFactory, owner=author)
    path = f"conversations/{conversation.pk}/messages"
    upstream.queue(Script("cut"))
    async with running_worker() as worker:
        first = (await keyed.post(path, {"content": WORDS})).json()["data"]
        assert (await worker.finish(first["reply"]["id"])).state == "failed"
        anew = await keyed.post(path, {"content": WORDS})
        data = anew.json()["data"]
        assert (anew.status_code, anew.headers.get(REPLAYED)) == (202, None)
        assert (data["message"]["id"], data["reply"]["state"]) == (first["message"]["id"], "queued")
        assert (await worker.finish(data["reply"]["id"])).state == "complete"
    again = await keyed.post(path, {"content": WORDS})
    assert (again.headers[REPLAYED], again.json()["data"]["reply"]["id"]) == (
        "true",
        data["reply"]["id"],
    )


async def test_what_was_stopped_is_told_again_and_what_a_pause_kept_waiting_is_answered(
    keyed: Program, author: User
) -> None:
    conversation = await make(ConversationFactory, owner=author)
    path = f"conversations/{conversation.pk}/messages"
    first = (await keyed.post(path, {"content": WORDS})).json()["data"]
    await keyed.post(f"messages/{first['reply']['id']}/stop")
    again = await keyed.post(path, {"content": WORDS})
    assert again.headers[REPLAYED] == "true"
    assert (again.json()["data"]["reply"]["id"], again.json()["data"]["reply"]["state"]) == (
        first["reply"]["id"],
        "stopped",
    )
    await Reply.objects.aupdate(state="halted", error_code="models_paused")
    anew = await keyed.post(path, {"content": WORDS})
    assert (anew.headers.get(REPLAYED), anew.json()["data"]["reply"]["state"]) == (None, "queued")


async def test_a_failure_that_the_conversation_has_left_behind_is_told_again(
    keyed: Program, author: User
) -> None:
    conversation = await make(ConversationFactory, owner=author)
    path = f"conversations/{conversation.pk}/messages"
    first = (await keyed.post(path, {"content": WORDS})).json()["data"]
    await Reply.objects.aupdate(**FAILED)
    await keyed.post(path, {"content": "Never mind."}, Idempotency_Key="key-2")
    await Reply.objects.aupdate(**FAILED)
    shown = (await keyed.get(path)).json()["data"]
    again = await keyed.post(path, {"content": WORDS})
    assert again.headers[REPLAYED] == "true"
    assert again.json()["data"]["reply"]["id"] == first["reply"]["id"]
    assert (await keyed.get(path)).json()["data"] == shown


def offer_another(url: str) -> None:
    """Have another model answer where a program names it."""
    make_assistant("Another", make_spare(url).spare)


async def test_an_answer_is_told_again_whatever_became_of_its_model(
    keyed: Program, upstream: ScriptedUpstream, settings: Settings
) -> None:
    body = asked(temperature=0.5)
    async with answering():
        first = await keyed.post(COMPLETIONS, body)
        assert first.status_code == 200
        settings.OPENAI_MODEL, settings.MAX_TOKENS = "renamed", 1
        catalogue.forget()
        await make(pauses.pause, actor=None, reason="It writes nonsense.")
        again = await keyed.post(COMPLETIONS, body)
        other = await keyed.post(COMPLETIONS, body, Idempotency_Key="key-2")
    assert (again.status_code, again.headers.get(REPLAYED)) == (200, "true")
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["error"]["code"]) == (404, "model_not_found")


async def test_another_completion_under_the_key_is_a_conflict(
    keyed: Program, upstream: ScriptedUpstream
) -> None:
    await make(offer_another, url=upstream.base_url)
    others: tuple[dict[str, Any], ...] = (
        {"model": "spare"},
        {"stream": True},
        {"temperature": 1},
        {"metadata": {"a": "b"}},
        {"user": "somebody"},
    )
    async with answering():
        assert (await keyed.post(COMPLETIONS, asked())).status_code == 200
        refused = [await keyed.post(COMPLETIONS, asked(**other)) for other in others]
    codes = [(one.status_code, one.json()["error"]["code"]) for one in refused]
    assert codes == [(409, "idempotency_conflict")] * len(others)
    assert await Reply.objects.acount() == 1


async def test_another_assistant_place_or_operation_under_the_key_is_a_conflict(
    keyed: Program, author: User
) -> None:
    conversation = await make(ConversationFactory, owner=author)
    path = f"conversations/{conversation.pk}/messages"
    assert (await keyed.post(path, {"content": WORDS})).status_code == 202
    elsewhere = await make(ConversationFactory, owner=author)
    for other, body in (
        (path, {"content": WORDS, "assistant_id": 1}),
        (f"conversations/{elsewhere.pk}/messages", {"content": WORDS}),
        (f"users/{author.pk}/chat", {"message": WORDS, "conversation_id": conversation.pk}),
    ):
        refused = await keyed.post(other, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")
    assert await Message.objects.acount() == 2


@pytest.mark.parametrize("failed_before", [False, True])
async def test_two_at_once_are_one_and_both_are_answered(
    keyed: Program, upstream: ScriptedUpstream, *, failed_before: bool
) -> None:
    async with answering():
        if failed_before:
            upstream.queue(Script("cut"))
            assert (await keyed.post(COMPLETIONS, asked())).status_code == 502
        both = await asyncio.gather(*(keyed.post(COMPLETIONS, asked()) for _ in range(2)))
    assert [answered.status_code for answered in both] == [200, 200]
    assert sorted(answered.headers.get(REPLAYED, "") for answered in both) == ["", "true"]
    assert len({answered.json()["id"] for answered in both}) == 1
    assert await Conversation.objects.acount() == 1
    assert await Reply.objects.acount() == 1 + failed_before


async def test_a_stream_of_openais_form_has_no_place_to_resume_from_and_comes_again_whole(
    keyed: Program, upstream: ScriptedUpstream
) -> None:
    texts = []
    async with answering():
        for resume in ({}, {"Last_Event_ID": "9"}):
            streamed = await keyed.post(COMPLETIONS, asked(stream=True), **resume)
            body = b"".join([part async for part in streamed.streaming_content]).decode()  # type: ignore[attr-defined]
            assert "\nid:" not in f"\n{body}"
            chunks = [
                orjson.loads(line[6:]) for line in body.split("\n") if line.startswith("data: {")
            ]
            texts.append("".join(one["choices"][0]["delta"].get("content", "") for one in chunks))
            assert body.endswith("data: [DONE]\n\n")
    assert texts == [answer_text(3)] * 2
    assert await Reply.objects.acount() == 1
