"""What a program sends to be answered goes to models as it is, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.conversations.services import completions
from apps.conversations.services.turns import Turn
from apps.llm.models import ChatModel
from apps.llm.services import catalogue
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
