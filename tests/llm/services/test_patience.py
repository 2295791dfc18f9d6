"""The first text of an answer has one deadline, however many models are asked for it."""

from __future__ import annotations

import asyncio
import math

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from apps.llm import errors
from apps.llm.gateway.contract import Waiting
from apps.llm.models import ChatModel, ModelFallback, Provider
from apps.llm.services import catalogue
from apps.llm.services.patience import Patience
from tests.llm.conftest import make_request, until
from tests.llm.services.conftest import Clock, Two, open_desk
from tests.llm.services.test_desk import ask
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import Script

SILENT = Script("hang")


@sync_to_async
def add_spares(two: Two, count: int) -> None:
    for number in range(count):
        spare = ChatModel.objects.create(
            provider=two.spare.provider, code=f"s{number}", name=f"s{number}", label=f"S{number}"
        )
        ModelFallback.objects.create(model=two.main, fallback=spare, position=number + 1)
    catalogue.forget()


def test_no_time_runs_while_the_first_model_has_a_queue(clock: Clock) -> None:
    patience = Patience(60, clock=clock)
    first = patience.turn(is_last=False)
    clock.now += 50
    assert (first.left, patience.is_over) == (math.inf, False)
    assert first.begin() == clock.now + 30


def test_a_model_with_a_stand_in_gets_half_of_what_is_left_and_the_last_one_all(
    clock: Clock,
) -> None:
    patience = Patience(60, clock=clock)
    ends_at = clock.now + 60
    assert patience.turn(is_last=False).begin() == ends_at - 30
    clock.now += 30
    second = patience.turn(is_last=False)
    clock.now += 10
    assert (second.left, second.begin()) == (5, ends_at - 15)
    clock.now += 5
    assert patience.turn(is_last=True).begin() == ends_at
    assert not patience.is_over
    clock.now += 15
    assert patience.is_over


def test_a_model_that_got_next_to_no_time_is_not_blamed_for_its_silence(clock: Clock) -> None:
    patience = Patience(60, clock=clock)
    chosen = patience.turn(is_last=False)
    chosen.begin()
    clock.now += 50
    last = patience.turn(is_last=True)
    last.begin()
    assert (chosen.is_hurried, last.is_hurried) == (False, True)


def test_the_time_runs_from_a_model_that_could_not_be_called(clock: Clock) -> None:
    patience = Patience(60, clock=clock)
    patience.turn(is_last=False)
    patience.begin()
    clock.now += 20
    assert patience.turn(is_last=True).left == 40


@pytest.mark.django_db
async def test_a_model_that_says_nothing_leaves_its_stand_in_the_time_to_answer(
    two: Two,
    first: ScriptedUpstream,
    second: ScriptedUpstream,
    clock: Clock,
    settings: Settings,
) -> None:
    settings.LLM_FIRST_TOKEN_TIMEOUT_SECONDS = 3.0
    first.queue(SILENT)
    async with open_desk(clock) as desk:
        heard = await ask(desk)
    assert (heard.text, heard.error) == (answer_text(3), None)


@pytest.mark.django_db
async def test_six_models_that_say_nothing_take_no_longer_than_one(
    two: Two,
    first: ScriptedUpstream,
    second: ScriptedUpstream,
    clock: Clock,
    settings: Settings,
) -> None:
    settings.LLM_FIRST_TOKEN_TIMEOUT_SECONDS = 0.5
    await add_spares(two, 4)
    first.book.default = second.book.default = SILENT
    loop = asyncio.get_running_loop()
    async with open_desk(clock) as desk:
        began = loop.time()
        heard = await ask(desk, make_request("Hello"))
        took = loop.time() - began
    assert type(heard.error) is errors.UpstreamTimeoutError
    assert 0.5 <= took < 2.5


@pytest.mark.django_db
async def test_nobody_queues_for_a_stand_in_longer_than_the_first_text_may_take(
    two: Two,
    first: ScriptedUpstream,
    second: ScriptedUpstream,
    clock: Clock,
    settings: Settings,
) -> None:
    settings.LLM_FIRST_TOKEN_TIMEOUT_SECONDS = 0.3
    await sync_to_async(Provider.objects.filter(pk=two.spare.provider_id).update)(max_concurrency=1)
    await sync_to_async(catalogue.forget)()
    first.book.default = Script("status", status=500)
    second.queue(Script("stall", after=1))
    async with open_desk(clock) as desk:
        ahead = asyncio.create_task(ask(desk, make_request(user_id=1)))
        await until(second, lambda book: len(book.requests) == 1)
        behind = await ask(desk, make_request(user_id=2))
        ahead.cancel()
    assert Waiting(0) in behind.events
    assert type(behind.error) is errors.UpstreamError
    assert len(second.requests) == 1
