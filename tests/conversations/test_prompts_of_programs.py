"""What a program sends to be answered goes to models as it is, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.errors import ModelNotFoundError
from apps.conversations.models import Reply
from apps.conversations.services import completions, retries
from apps.conversations.services.turns import Turn
from apps.llm.models import Assistant, ChatModel
from apps.llm.services import catalogue, compiling
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.llm.services.conftest import Two, make_spare
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGES = [{"role": "user", "content": "[[status status=404]]"}]


@pytest.fixture
def second() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def two(person: User, upstream: ScriptedUpstream, second: ScriptedUpstream) -> Two:
    """The stand-in takes no temperature."""
    made = make_spare(second.base_url)
    ChatModel.objects.filter(pk=made.spare.pk).update(capabilities=[])
    catalogue.forget()
    return made


async def send(person: User, **parameters: Any) -> Turn:
    return await completions.start(
        actor=person,
        model="scripted",
        content=MESSAGES[0]["content"],
        prompt={"messages": MESSAGES, "parameters": parameters},
        client_id=None,
    )


async def test_a_program_that_names_no_temperature_leaves_it_to_the_model(
    person: User, two: Two, upstream: ScriptedUpstream, second: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        await worker.finish((await send(person, seed=5)).reply.pk)
    for asked in (upstream.requests[0].body, second.requests[0].body):
        assert set(asked) == {"messages", "model", "seed", "stream", "stream_options", "user"}
        assert (asked["messages"], asked["seed"]) == (MESSAGES, 5)


@pytest.mark.parametrize(("temperature", "stands_in"), [(0.2, False), (1, True)])
async def test_a_model_that_takes_no_temperature_stands_in_only_where_none_is_asked_for(
    person: User,
    two: Two,
    upstream: ScriptedUpstream,
    second: ScriptedUpstream,
    temperature: float,
    stands_in: bool,
) -> None:
    async with running_worker() as worker:
        turn = await send(person, temperature=temperature)
        reply = await worker.finish(turn.reply.pk)
    assert upstream.requests[0].body["temperature"] == temperature
    assert [one.body.get("temperature") for one in second.requests] == [None] * stands_in
    assert reply.error_code == "upstream_rejected"


def offer(model: ChatModel) -> None:
    """Let everybody name a model."""
    made = Assistant.objects.create(name="Spare", is_default=False)
    content = {
        "model": model.pk,
        "system_prompt": "",
        "temperature": None,
        "max_prompt_tokens": 0,
        "max_completion_tokens": 0,
    }
    made.current = compiling.add_version(
        assistant=made, chat_model=model, content=content, created_by=None
    )
    made.save()
    catalogue.forget()


async def send_under_a_key(person: User) -> Turn:
    return await completions.start(
        actor=person,
        model="scripted",
        content=MESSAGES[0]["content"],
        prompt={"messages": MESSAGES, "parameters": {}},
        client_id="a-key-of-mine",
        fingerprint="f",
        allowed_models=("scripted",),
    )


async def test_what_a_stand_in_could_not_answer_either_is_asked_again_of_the_model_that_was_named(
    person: User, two: Two
) -> None:
    await sync_to_async(offer)(two.spare)
    async with running_worker() as worker:
        failed = await worker.finish((await send_under_a_key(person)).reply.pk)
        assert (failed.state, failed.chat_model_id) == ("failed", two.spare.pk)
        again = await worker.finish((await send_under_a_key(person)).reply.pk)
        assert (again.pk > failed.pk, again.chat_model_id) == (True, two.spare.pk)
    turn = await retries.retry_reply(
        actor=person, message_id=again.pk, allowed_models=("scripted",)
    )
    asked = await Reply.objects.aget(pk=turn.reply.pk)
    assert (asked.chat_model_id, asked.named_model_id) == (two.main.pk, two.main.pk)


async def test_a_model_that_was_named_and_is_offered_no_more_has_no_other_asked_in_its_place(
    person: User, two: Two
) -> None:
    await sync_to_async(offer)(two.spare)
    async with running_worker() as worker:
        turn = await completions.start(
            actor=person,
            model="spare",
            content=MESSAGES[0]["content"],
            prompt={"messages": MESSAGES, "parameters": {}},
            client_id=None,
        )
        await worker.finish(turn.reply.pk)
    await Assistant.objects.filter(is_default=False).aupdate(is_enabled=False)
    await sync_to_async(catalogue.forget)()
    with pytest.raises(ModelNotFoundError):
        await retries.retry_reply(actor=person, message_id=turn.reply.pk)
