"""Two providers: who is asked, who stands in, and when nobody does."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from apps.llm import errors
from apps.llm.gateway.breaker import FAILURES_TO_OPEN, OPEN_SECONDS
from apps.llm.gateway.contract import (
    Answering,
    ChatGateway,
    Finished,
    GatewayEvent,
    GenerationRequest,
    Reserved,
    TextBatch,
    Unanswered,
    Waiting,
)
from apps.llm.models import ChatModel, Provider
from apps.llm.services import catalogue, health, pauses
from tests.llm.conftest import make_request, until
from tests.llm.services.conftest import SECRET, Clock, Two, let_others_run, open_desk
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.django_db
BROKEN = Script("status", status=500)


class Heard:
    """What came out of one call."""

    def __init__(self) -> None:
        self.events: list[GatewayEvent] = []
        self.error: errors.UpstreamError | None = None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextBatch))

    @property
    def asked(self) -> list[str]:
        return [event.model for event in self.events if isinstance(event, Answering)]


async def ask(desk: ChatGateway, request: GenerationRequest | None = None) -> Heard:
    heard = Heard()
    try:
        async with aclosing(desk.stream(request or make_request("[[stream tokens=3]]"))) as events:
            async for event in events:
                heard.events.append(event)
    except errors.UpstreamError as error:
        heard.error = error
    return heard


@sync_to_async
def change(model: type[Provider] | type[ChatModel], pk: int, **values: object) -> None:
    model._default_manager.filter(pk=pk).update(**values)
    catalogue.forget()


async def test_the_model_itself_answers_while_it_can(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    async with open_desk(clock) as desk:
        heard = await ask(desk)
    assert heard.text == answer_text(3)
    assert heard.events[0] == Answering(two.main.pk, "scripted")
    assert isinstance(heard.events[-1], Finished)
    assert (len(first.requests), len(second.requests)) == (1, 0)


async def test_the_next_model_answers_where_the_first_fails_before_any_text(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    first.queue(BROKEN)
    async with open_desk(clock) as desk:
        heard = await ask(desk)
    assert heard.text == answer_text(3)
    assert heard.asked == ["scripted", "spare-at-the-provider"]
    assert second.requests[0].body["model"] == "spare-at-the-provider"
    assert second.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(first.requests[0].headers)


@pytest.mark.parametrize("fault", ["cut", "error_event", "truncate", "bad_json"])
async def test_nobody_stands_in_once_text_has_come(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, fault: str
) -> None:
    first.queue(Script(fault, after=2))
    async with open_desk(clock) as desk:
        heard = await ask(desk)
    assert heard.text == answer_text(2)
    assert heard.error is not None
    assert second.requests == []


@pytest.mark.parametrize(
    ("scripts", "is_unspent"),
    [
        ((Script("status", status=401), BROKEN), True),
        ((Script("status", status=401), Script("error_event", after=0)), False),
        ((Script("error_event", after=0), BROKEN), False),
    ],
)
async def test_a_failure_is_told_as_free_only_where_every_model_refused_before_it_answered(
    two: Two,
    first: ScriptedUpstream,
    second: ScriptedUpstream,
    clock: Clock,
    scripts: tuple[Script, Script],
    is_unspent: bool,
) -> None:
    first.queue(scripts[0])
    second.queue(scripts[1])
    async with open_desk(clock) as desk:
        heard = await ask(desk)
    assert heard.error is not None
    assert heard.error.is_unspent == is_unspent


@pytest.mark.parametrize("purpose", ["reply", "title", "judge"])
async def test_a_paused_model_stands_in_for_nobody(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, purpose: str
) -> None:
    first.queue(Script("status", status=401))
    await sync_to_async(pauses.pause)(actor=None, chat_model_id=two.spare.pk, reason="Too dear.")
    async with open_desk(clock) as desk:
        heard = await ask(desk, make_request("[[stream tokens=3]]", purpose=purpose, model=""))
    assert type(heard.error) is errors.UpstreamUnauthorizedError
    assert second.requests == []


async def test_where_nobody_can_answer_the_first_ones_error_is_told(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    first.queue(Script("status", status=401))
    second.queue(BROKEN)
    async with open_desk(clock) as desk:
        heard = await ask(desk)
    assert type(heard.error) is errors.UpstreamUnauthorizedError
    assert heard.text == ""


async def test_a_broken_provider_is_left_alone_and_tried_again_by_one_call(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    first.queue(*[BROKEN] * FAILURES_TO_OPEN)
    async with open_desk(clock) as desk:
        for _ in range(FAILURES_TO_OPEN + 3):
            assert (await ask(desk)).text == answer_text(3)
        assert len(first.requests) == FAILURES_TO_OPEN
        clock.now += OPEN_SECONDS
        heard = await ask(desk)
        assert heard.asked == ["scripted"]
        assert (await ask(desk)).asked == ["scripted"]
    assert len(first.requests) == FAILURES_TO_OPEN + 2


async def test_a_person_is_told_when_a_provider_without_a_stand_in_is_left_alone(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    second.queue(*[BROKEN] * FAILURES_TO_OPEN)
    async with open_desk(clock) as desk:
        for _ in range(FAILURES_TO_OPEN):
            assert type((await ask(desk, alone)).error) is errors.UpstreamError
        clock.now += 2.5
        refused = (await ask(desk, alone)).error
    assert type(refused) is errors.UpstreamPausedError
    assert refused.retry_after_seconds == 8
    assert len(second.requests) == FAILURES_TO_OPEN


async def test_a_trial_that_is_stopped_before_it_is_sent_lets_the_next_call_try(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    second.queue(*[BROKEN] * FAILURES_TO_OPEN)
    async with open_desk(clock) as desk:
        for _ in range(FAILURES_TO_OPEN):
            await ask(desk, alone)
        clock.now += OPEN_SECONDS
        async with aclosing(desk.stream(alone)) as events:
            assert isinstance(await anext(events), Answering)
        assert len(second.requests) == FAILURES_TO_OPEN
        assert (await ask(desk, alone)).text == answer_text(3)


async def test_an_admin_closes_the_breaker_everywhere_through_the_catalogue(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    second.queue(*[BROKEN] * FAILURES_TO_OPEN)
    async with open_desk(clock) as desk:
        for _ in range(FAILURES_TO_OPEN):
            await ask(desk, alone)
        assert (await ask(desk, alone)).error is not None
        await change(Provider, two.spare.provider_id, breaker_closed_at="2026-11-28T12:00:00Z")
        assert (await ask(desk, alone)).text == answer_text(3)


async def test_a_request_that_the_model_refuses_breaks_nothing(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    second.queue(*[Script("status", status=400)] * FAILURES_TO_OPEN)
    async with open_desk(clock) as desk:
        for _ in range(FAILURES_TO_OPEN):
            assert type((await ask(desk, alone)).error) is errors.UpstreamRejectedError
        assert (await ask(desk, alone)).text == answer_text(3)


async def test_a_provider_that_asks_to_wait_is_not_asked_meanwhile(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    second.queue(Script("status", status=429, retry_after="40"))
    async with open_desk(clock) as desk:
        assert type((await ask(desk, alone)).error) is errors.UpstreamRateLimitedError
        clock.now += 10
        refused = (await ask(desk, alone)).error
        assert type(refused) is errors.UpstreamRateLimitedError
        assert refused.retry_after_seconds == 30
        assert len(second.requests) == 1
        clock.now += 30
        assert (await ask(desk, alone)).text == answer_text(3)


async def test_a_stand_in_answers_while_a_provider_asks_to_wait(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    first.queue(Script("status", status=429, retry_after="3600"))
    async with open_desk(clock) as desk:
        assert (await ask(desk)).asked == ["scripted", "spare-at-the-provider"]
        assert (await ask(desk)).asked == ["spare-at-the-provider"]
    assert len(first.requests) == 1


async def test_a_crowd_of_one_person_does_not_keep_another_from_the_model(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(Provider, two.spare.provider_id, max_concurrency=1, max_waiting=100)
    second.queue(Script("hang"))
    spare = two.spare.pk

    def request(user_id: int) -> GenerationRequest:
        return make_request(f"[[stream tokens=1]] {user_id}", chat_model_id=spare, user_id=user_id)

    async with open_desk(clock) as desk:
        hanging = asyncio.create_task(ask(desk, request(1)))
        assert await until(second, lambda book: book.running == 1)
        crowd = [asyncio.create_task(ask(desk, request(1))) for _ in range(10)]
        await let_others_run()
        other = asyncio.create_task(ask(desk, request(2)))
        await let_others_run()
        hanging.cancel()
        heard = await asyncio.gather(other, *crowd)
    assert heard[0].events[0] == Waiting(1)
    assert heard[10].events[0] == Waiting(9)
    asked = [seen.body["messages"][-1]["content"][-1] for seen in second.requests[1:]]
    assert asked == ["1", "2", *["1"] * 9]


async def until_done(tasks: list[asyncio.Task[Heard]], number: int) -> None:
    """Wait until so many calls were answered."""
    async with asyncio.timeout(10):
        while sum(task.done() for task in tasks) < number:
            await let_others_run()


async def test_a_person_who_fills_the_queue_keeps_nobody_out_of_it(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(Provider, two.spare.provider_id, max_concurrency=1, max_waiting=4)
    second.queue(Script("hang"))
    spare = two.spare.pk

    def request(user_id: int) -> GenerationRequest:
        return make_request(f"[[stream tokens=1]] {user_id}", chat_model_id=spare, user_id=user_id)

    async with open_desk(clock) as desk:
        hanging = asyncio.create_task(ask(desk, request(1)))
        assert await until(second, lambda book: book.running == 1)
        crowd = [asyncio.create_task(ask(desk, request(1))) for _ in range(50)]
        await until_done(crowd, 46)
        other = asyncio.create_task(ask(desk, request(2)))
        await until_done(crowd, 47)
        hanging.cancel()
        heard = await asyncio.gather(other, *crowd)
    assert heard[0].text == answer_text(1)
    turned_away = [one for one in heard[1:] if one.error is not None]
    assert len(turned_away) == 47
    assert {type(one.error) for one in turned_away} == {errors.UpstreamBusyError}
    assert [one.text for one in heard[1:4]] == [answer_text(1)] * 3


async def test_all_calls_know_at_once_that_a_provider_asked_one_of_them_to_wait(
    two: Two, second: ScriptedUpstream, clock: Clock, settings: Settings
) -> None:
    settings.LLM_MAX_RETRIES = 1
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    second.queue(Script("status", status=429, retry_after="4"))
    async with open_desk(clock) as desk:
        waiting = asyncio.create_task(ask(desk, alone))
        assert await until(second, lambda book: len(book.requests) == 1)
        line = await desk.line((await catalogue.current()).providers[two.spare.provider_id])
        async with asyncio.timeout(5):
            while not line.breaker.pause_left(clock()):
                await let_others_run()
        another = asyncio.create_task(ask(desk, alone))
        await let_others_run()
        assert line.breaker.pause_left(clock()) == 4.0
        waiting.cancel()
        another.cancel()
        await asyncio.gather(waiting, another, return_exceptions=True)
    assert len(second.requests) == 1
    assert line.reporter.health.open_until > 0


@pytest.mark.parametrize("is_asked_twice", [False, True])
async def test_a_call_that_stood_in_the_queue_goes_to_a_stand_in_where_the_pause_is_long(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, is_asked_twice: bool
) -> None:
    await change(Provider, two.main.provider_id, max_concurrency=1)
    async with open_desk(clock) as desk:
        line = await desk.line((await catalogue.current()).providers[two.main.provider_id])
        place = line._lane.enter(7)
        waiting = asyncio.create_task(ask(desk))
        async with asyncio.timeout(5):
            while not line._lane.waiting:
                await let_others_run()
            line.breaker.pause(clock(), 0.05 if is_asked_twice else 30.0)
            place.leave()
            await let_others_run()
            clock.now += 0.05
            line.breaker.pause(clock(), 30.0)
            heard = await waiting
    assert heard.text == answer_text(3)
    assert heard.asked == ["spare-at-the-provider"]
    assert first.requests == []


async def test_who_waits_too_long_is_told_so(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(
        Provider, two.spare.provider_id, max_concurrency=1, max_waiting=5, max_wait_seconds=0
    )
    spare = make_request("[[hang]]", chat_model_id=two.spare.pk)
    async with open_desk(clock) as desk:
        desk_line = await desk.line((await catalogue.current()).providers[two.spare.provider_id])
        place = desk_line._lane.enter(7)
        waiting = asyncio.create_task(ask(desk, spare))
        heard = await waiting
        place.leave()
    assert type(heard.error) is errors.UpstreamBusyError
    assert heard.events == [Waiting(0), Unanswered(is_unspent=True)]
    assert second.requests == []


async def test_a_new_key_is_used_by_the_next_call(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    async with open_desk(clock) as desk:
        await ask(desk, alone)
        await change(Provider, two.spare.provider_id, key_source="none", sealed_key="")
        await ask(desk, alone)
    assert second.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in second.requests[1].headers


async def test_a_key_for_another_address_is_never_sent(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(Provider, two.spare.provider_id, base_url=first.base_url)
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    async with open_desk(clock) as desk:
        heard = await ask(desk, alone)
    assert type(heard.error) is errors.AssistantUnavailableError
    assert first.requests == second.requests == []


async def test_a_model_gets_what_it_takes_and_no_more(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(ChatModel, two.spare.pk, capabilities=[], max_completion_tokens=50)
    request = make_request(
        "[[stream tokens=3]]", chat_model_id=two.spare.pk, max_completion_tokens=80
    )
    async with open_desk(clock) as desk:
        await ask(desk, request)
    body = second.requests[0].body
    assert "temperature" not in body
    assert body["max_tokens"] == 50


async def test_a_program_gets_no_longer_answer_than_the_model_may_give(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    await change(ChatModel, two.spare.pk, max_completion_tokens=50)
    said = [{"role": "user", "content": "[[stream tokens=3]]"}]
    asked = [
        make_request("x", chat_model_id=two.spare.pk, prompt={"messages": said, "parameters": own})
        for own in ({"max_tokens": 1_000_000}, {"max_tokens": 7}, {})
    ]
    async with open_desk(clock) as desk:
        for request in asked:
            await ask(desk, request)
    assert [one.body["max_tokens"] for one in second.requests] == [50, 7, 50]


async def test_a_title_is_asked_for_once_for_each_person(
    two: Two, first: ScriptedUpstream, clock: Clock
) -> None:
    async with open_desk(clock) as desk:
        titles = [
            await desk.complete(make_request("Hello", purpose="title", user_id=user_id))
            for user_id in (1, 1, 2)
        ]
        answers = [await desk.complete(make_request("Hello")) for _ in range(2)]
    assert [title.is_repeated for title in titles] == [False, True, False]
    assert [title.text for title in titles] == [titles[0].text] * 3
    assert titles[1].usage.completion_tokens == 0
    assert not any(answer.is_repeated for answer in answers)
    assert len(first.requests) == 4


@pytest.mark.parametrize(
    ("changed", "values"),
    [
        (ChatModel, {"name": "renamed-at-the-provider"}),
        (ChatModel, {"max_completion_tokens": 9}),
        (ChatModel, {"capabilities": []}),
        (Provider, {"base_url": "http://localhost:{port}/v1"}),
    ],
)
async def test_a_title_is_asked_for_again_once_what_answers_it_has_changed(
    two: Two,
    second: ScriptedUpstream,
    clock: Clock,
    changed: type[Provider] | type[ChatModel],
    values: dict[str, object],
) -> None:
    provider = two.spare.provider_id
    await change(Provider, provider, key_source="none", sealed_key="")
    request = make_request("Hello [[stream tokens=3]]", purpose="title", chat_model_id=two.spare.pk)
    fresh = {
        name: value.format(port=second.port) if isinstance(value, str) else value
        for name, value in values.items()
    }
    async with open_desk(clock) as desk:
        kept = [(await desk.complete(request)).is_repeated for _ in range(2)]
        await change(changed, two.spare.pk if changed is ChatModel else provider, **fresh)
        kept += [(await desk.complete(request)).is_repeated for _ in range(2)]
    assert kept == [False, True, False, True]
    assert len(second.requests) == 2


async def test_a_title_is_asked_for_again_once_who_would_stand_in_has_changed(
    two: Two, first: ScriptedUpstream, clock: Clock
) -> None:
    request = make_request("Hello", purpose="title", reserved=Reserved(1))
    async with open_desk(clock) as desk:
        kept = [(await desk.complete(request)).is_repeated]
        other_conversation = replace(request, reserved=Reserved(2, None, 24))
        kept += [(await desk.complete(other_conversation)).is_repeated]
        await change(ChatModel, two.spare.pk, name="another")
        kept += [(await desk.complete(request)).is_repeated]
    assert kept == [False, True, False]


async def test_staff_see_how_a_provider_fares_in_each_process(
    two: Two, second: ScriptedUpstream, clock: Clock
) -> None:
    alone = make_request("[[stream tokens=3]]", chat_model_id=two.spare.pk)
    async with open_desk(clock) as desk:
        await ask(desk, alone)
        second.queue(*[BROKEN] * FAILURES_TO_OPEN)
        for _ in range(FAILURES_TO_OPEN):
            await ask(desk, alone)
        line = await desk.line((await catalogue.current()).providers[two.spare.provider_id])
        await line.reporter.aclose()
    (told,) = health.read_health([two.spare.provider_id])[two.spare.provider_id]
    assert (told.state, told.last_error_code) == ("open", "upstream_error")
    assert told.last_success
    assert told.open_until > told.last_error
