"""Who waits before a provider: not the judges of those who are answered, nor behind a switch."""

from __future__ import annotations

import asyncio
import time

import pytest
from asgiref.sync import sync_to_async

from apps.llm import errors
from apps.llm.models import ChatModel, Provider
from apps.llm.services import catalogue
from apps.llm.services.health import GONE_SECONDS, QUIET_SECONDS, read_health
from tests.llm.conftest import make_request, until
from tests.llm.services.conftest import Clock, Two, let_others_run, open_desk
from tests.llm.services.test_desk import ask, change
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.django_db


async def test_a_rule_is_judged_while_answers_fill_its_provider_but_not_beyond_a_bound(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(Provider, two.spare.provider_id, max_concurrency=1, max_waiting=9)
    judge = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk, purpose="judge")
    async with open_desk(clock) as desk:
        line = await desk.line((await catalogue.current()).providers[two.spare.provider_id])
        answers = [line._lane.enter(person) for person in (1, 2, 3)]
        assert (await ask(desk, judge)).text == answer_text(3)
        second.queue(Script("hang"))
        hanging = asyncio.create_task(ask(desk, judge))
        assert await until(second, lambda book: book.running == 1)
        waiting = asyncio.create_task(ask(desk, judge))
        async with asyncio.timeout(5):
            while not line._judges.waiting:
                await let_others_run()
        line._note_load()
        health = line.reporter.health
        assert (health.running, health.waiting) == (2, 3)
        hanging.cancel()
        assert (await waiting).text == answer_text(3)
        for place in answers:
            place.leave()


@pytest.mark.parametrize("has_its_turn", [True, False], ids=["its turn comes", "it waits on"])
@pytest.mark.parametrize("what", [Provider, ChatModel])
async def test_a_call_that_waits_is_not_made_once_its_model_is_switched_off(
    two: Two,
    second: ScriptedUpstream,
    clock: Clock,
    what: type[Provider] | type[ChatModel],
    has_its_turn: bool,
) -> None:
    await change(Provider, two.spare.provider_id, max_concurrency=1, max_waiting=5)
    request = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    async with open_desk(clock) as desk:
        line = await desk.line((await catalogue.current()).providers[two.spare.provider_id])
        place = line._lane.enter(7)
        waiting = asyncio.create_task(ask(desk, request))
        async with asyncio.timeout(5):
            while not line._lane.waiting:
                await let_others_run()
        number = two.spare.provider_id if what is Provider else two.spare.pk
        await change(what, number, is_enabled=False)
        if has_its_turn:
            place.leave()
        async with asyncio.timeout(10):
            heard = await waiting
        place.leave()
    assert type(heard.error) is errors.AssistantUnavailableError
    assert heard.asked == []
    assert second.requests == []


async def test_the_end_of_a_call_is_told_though_it_comes_soon_after_its_beginning(
    two: Two, clock: Clock
) -> None:
    """And a process that has not told for a minute is there no more."""
    number = two.spare.provider_id
    async with open_desk(clock) as desk:
        await ask(desk, make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk))
        reporter = (await desk.line((await catalogue.current()).providers[number])).reporter
        told_at = reporter.health.told
        reporter.health.told = time.time() - QUIET_SECONDS + 0.05
        reporter.tell(is_news=False)
        async with asyncio.timeout(5):
            while reporter.health.told < told_at:
                await let_others_run()
        await reporter.aclose()
        (told,) = (await sync_to_async(read_health)([number]))[number]
        assert (told.running, told.waiting) == (0, 0)
        reporter.health.told = time.time() - GONE_SECONDS
        await reporter._write()
        assert (await sync_to_async(read_health)([number]))[number] == []
