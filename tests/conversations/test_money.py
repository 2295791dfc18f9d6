"""What an answer costs, what it reserves, and that every end settles it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from apps.conversations import guardrails
from apps.conversations.constants import CUT_BY_QUOTA_NOTICE
from apps.conversations.errors import ReplyOutOfQuotaError
from apps.conversations.events import ReplyFinished
from apps.conversations.models import Message, Reply
from apps.conversations.services import (
    asking,
    completions,
    following,
    leases,
    lost,
    presenting,
    settling,
    stopping,
    titles,
    turns,
)
from apps.conversations.services.title_requests import MAX_TITLE_TOKENS
from apps.llm.constants import (
    FRAME_TOKENS,
    NANO,
    RESERVED_ANSWER_TOKENS,
    Period,
    QuotaKind,
    QuotaUnit,
)
from apps.llm.errors import ModelsPausedError, ModelUnpricedError
from apps.llm.gateway.contract import Completion, Usage
from apps.llm.models import Provider, QuotaCounter, Reservation, UsageDay, UsageRecord
from apps.llm.services import catalogue, pauses, prices, quota_setting, quotas
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.llm.services.quotas import Spender
from apps.users.models import User
from project.worker import upkeep
from tests.conversations.conftest import read_reply, running_worker
from tests.factories import ApiTokenFactory, UserFactory
from tests.llm.conftest import until
from tests.llm.services.conftest import let_others_run
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = "[[stream tokens=4000 rate=100]]"
TOKYO = "\u6771\u4eac" * 200
End = Callable[["Scene"], Awaitable[int]]
"""Brings an answer to an end, and tells which."""


@pytest.fixture(autouse=True)
def _has_a_price(transactional_db: None) -> None:
    wanted = PriceRequest(model_name="script*", input_nano=NANO, output_nano=2 * NANO)
    prices.add_price(actor=None, wanted=wanted)


@pytest.fixture
def quota(_has_a_price: None) -> int:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=100_000)
    return set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted).pk


@pytest.fixture
def policy(settings: Settings) -> None:
    settings.GUARDRAILS = ["tests.conversations.test_guardrails.WordGuardrail"]


async def send(person: User, content: str, *, token_id: int | None = None) -> turns.Turn:
    request = turns.TurnRequest(conversation_id=None, content=content, api_token_id=token_id)
    return await turns.start_turn(actor=person, request=request)


@sync_to_async
def counted() -> tuple[int, int]:
    counter = QuotaCounter.objects.get()
    return counter.used, counter.reserved


@sync_to_async
def line_of(reply: Reply) -> UsageRecord:
    return UsageRecord.objects.get(reference_id=reply.pk, purpose="reply")


async def assert_settled(reply: Reply) -> None:
    """The counter holds what the ledger's line says, and nothing is reserved any more."""
    line = await line_of(reply)
    assert await counted() == (line.prompt_tokens + line.completion_tokens, 0)
    assert await Reservation.objects.acount() == 0
    assert reply.cost_nano == line.cost_nano
    assert line.cost_nano == line.prompt_tokens * 1_000 + line.completion_tokens * 2_000
    day = await UsageDay.objects.aget()
    assert (day.calls, day.cost_nano) == (1, line.cost_nano)


async def test_a_whole_answer_costs_what_the_provider_counted(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=30]]")
        assert (await counted())[1] > 1_000
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.usage_source) == ("complete", "reported")
    await assert_settled(reply)
    assert (await line_of(reply)).cost_source == "exact"
    events = [event async for event in following.follow(viewer=person, reply_id=reply.pk)]
    finished = events[-1]
    assert isinstance(finished, ReplyFinished)
    assert finished.cost == f"{(reply.cost_nano or 0) / NANO:.9f}".rstrip("0")


async def test_a_price_that_changes_while_an_answer_is_written_is_not_its_price(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=300 rate=100]]")
        task = worker.begin(turn.reply.pk)
        await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        dearer = PriceRequest(model_name="scripted", input_nano=9 * NANO, output_nano=9 * NANO)
        await sync_to_async(prices.add_price)(actor=None, wanted=dearer)
        await task
    await assert_settled(await read_reply(turn.reply.pk))


@dataclass(frozen=True)
class Scene:
    """Somebody whose answer is about to end, and the model server that writes it."""

    person: User
    upstream: ScriptedUpstream


def answered(content: str) -> End:
    async def end(scene: Scene) -> int:
        async with running_worker() as worker:
            turn = await send(scene.person, content)
            await worker.finish(turn.reply.pk)
        return turn.reply.pk

    return end


async def stopped(scene: Scene) -> int:
    async with running_worker() as worker:
        reply_id = (await send(scene.person, SLOW)).reply.pk
        task = worker.begin(reply_id)
        assert await until(scene.upstream, lambda book: book.open_connections == 1)
        await sync_to_async(stopping.stop_reply)(actor=scene.person, reply_id=reply_id)
        async with asyncio.timeout(5):
            await task
    return reply_id


async def hung_up(scene: Scene) -> int:
    async with running_worker() as worker:
        turn = await send(scene.person, "[[stall text=One]]")
        task = worker.begin(turn.reply.pk)
        async with aclosing(completions.pieces(actor=scene.person, turn=turn)) as items:
            assert await anext(items) == "One"
        async with asyncio.timeout(5):
            await task
    return turn.reply.pk


async def stopped_in_the_queue(scene: Scene) -> int:
    reply_id = (await send(scene.person, "hello")).reply.pk
    await sync_to_async(stopping.stop_reply)(actor=scene.person, reply_id=reply_id)
    return reply_id


async def never_taken(scene: Scene) -> int:
    reply_id = (await send(scene.person, "hello")).reply.pk
    long_ago = timezone.now() - timedelta(minutes=5)
    await Reply.objects.filter(pk=reply_id).aupdate(queued_at=long_ago)
    assert await sync_to_async(lost.expire_queue)() == [reply_id]
    return reply_id


async def kept_waiting(scene: Scene) -> int:
    reply_id = (await send(scene.person, "hello")).reply.pk
    await sync_to_async(pauses.pause)(actor=None, reason="It writes nonsense.")
    long_ago = timezone.now() - timedelta(minutes=5)
    await Reply.objects.filter(pk=reply_id).aupdate(queued_at=long_ago)
    assert await sync_to_async(lost.expire_queue)() == [reply_id]
    return reply_id


def with_a_lost_worker(*, is_asked: bool) -> End:
    async def end(scene: Scene) -> int:
        reply_id = (await send(scene.person, "hello")).reply.pk
        assert await sync_to_async(leases.claim)(reply_id=reply_id, owner="lost") is not None
        passed = timezone.now() - timedelta(seconds=1)
        taken = Reply.objects.filter(pk=reply_id)
        await taken.aupdate(lease_expires_at=passed, is_asked=is_asked)
        assert await sync_to_async(lost.reap)(reply_ids=[reply_id], live_texts={}) == [reply_id]
        return reply_id

    return end


def lost_in_thought(*, thoughts: int, tokens: int) -> End:
    """Lose the worker of a model that showed its thinking, and 400 bytes since the checkpoint."""
    shown = sum(len(f"hm{index} ") for index in range(thoughts))

    async def end(scene: Scene) -> int:
        async with running_worker() as worker:
            reply_id = (await send(scene.person, f"[[ponder after={thoughts}]]")).reply.pk
            worker.begin(reply_id)
            async with asyncio.timeout(5):
                while not (running := worker.runtime.running.get(reply_id)):
                    await let_others_run()
                while running.progress.thought_bytes < shown:
                    await let_others_run()
            await worker.runtime._checkpoint()
            passed = timezone.now() - timedelta(seconds=1)
            await Reply.objects.filter(pk=reply_id).aupdate(lease_expires_at=passed)
            seen = {reply_id: "x" * 400}
            assert await sync_to_async(lost.reap)(reply_ids=[reply_id], live_texts=seen)
        assert (await read_reply(reply_id)).completion_tokens == tokens
        return reply_id

    return end


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("end", "state", "code", "source"),
    [
        (answered("[[stream tokens=3]]"), "complete", "", "reported"),
        (answered("guarded [[stream tokens=40]]"), "withheld", "forbidden_word", "estimated"),
        (answered("[[cut after=5]]"), "failed", "upstream_cut", "estimated"),
        (answered("[[error_event after=0]]"), "failed", "upstream_error", "estimated"),
        (answered("[[status status=401]]"), "failed", "upstream_unauthorized", ""),
        (answered("[[status status=404]]"), "failed", "upstream_rejected", ""),
        (answered("[[status status=429]]"), "failed", "upstream_rate_limited", ""),
        (answered("[[status status=500]]"), "failed", "upstream_error", ""),
        (stopped, "stopped", "", "estimated"),
        (hung_up, "stopped", "", "estimated"),
        (stopped_in_the_queue, "stopped", "", ""),
        (never_taken, "failed", "no_worker", ""),
        (kept_waiting, "halted", "models_paused", ""),
        (with_a_lost_worker(is_asked=True), "interrupted", "worker_lost", "estimated"),
        (with_a_lost_worker(is_asked=False), "interrupted", "worker_lost", ""),
        (lost_in_thought(thoughts=400, tokens=673), "interrupted", "worker_lost", "estimated"),
        (
            lost_in_thought(thoughts=2_000, tokens=RESERVED_ANSWER_TOKENS),
            "interrupted",
            "worker_lost",
            "estimated",
        ),
    ],
    ids=[
        "complete",
        "withheld",
        "cut",
        "failed",
        "unauthorized",
        "rejected",
        "asked to wait",
        "broken",
        "stopped",
        "hung up",
        "stopped in the queue",
        "never taken",
        "kept waiting",
        "lost",
        "lost before it was asked for",
        "lost in thought",
        "lost in more thought than was reserved",
    ],
)
async def test_every_end_of_an_answer_settles_what_it_reserved(
    person: User,
    upstream: ScriptedUpstream,
    quota: int,
    end: End,
    state: str,
    code: str,
    source: str,
) -> None:
    """As the table of docs/models.md says: by a line of the ledger, or by giving all of it back."""
    reply = await read_reply(await end(Scene(person, upstream)))
    assert (reply.state, reply.error_code, reply.usage_source) == (state, code, source)
    if source:
        await assert_settled(reply)
        line = await line_of(reply)
        assert (line.outcome, line.source) == (code or state, source)
        assert line.prompt_tokens > 0
        return
    assert await counted() == (0, 0)
    assert not await Reservation.objects.aexists()
    assert not await UsageRecord.objects.aexists()
    assert (reply.prompt_tokens, reply.cost_nano) == (None, None)


async def test_what_was_thought_and_every_byte_of_what_was_said_is_paid_for_without_a_report(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        cut = await worker.finish((await send(person, "[[think after=9]]")).reply.pk)
        assert (cut.error_code, cut.completion_tokens) == ("upstream_cut", 9)
        turn = await send(person, f"[[stall text={TOKYO}]]")
        task = worker.begin(turn.reply.pk)
        async with aclosing(completions.pieces(actor=person, turn=turn)) as items:
            assert await anext(items) == TOKYO, "who leaves now stops it"
        await task
    stopped = await read_reply(turn.reply.pk)
    assert (stopped.state, stopped.message.content) == ("stopped", TOKYO)
    assert stopped.completion_tokens == 300
    used = [one.prompt_tokens + one.completion_tokens for one in (cut, stopped)]
    assert await counted() == (sum(used), 0)


async def test_a_refusal_is_told_as_text_and_as_filtered(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[refuse]]")
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.finish_reason) == ("complete", "content_filter")
    text, ended = await completions.whole(actor=person, turn=turn)
    assert (text, ended.finish_reason) == ("I cannot help with that.", "content_filter")


async def test_what_was_said_before_is_reserved_as_it_is_long_up_to_what_is_sent(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=9]]")
        before = (await counted())[1]
        reply = await worker.finish(turn.reply.pk)
        request = turns.TurnRequest(conversation_id=turn.conversation.pk, content="x" * 19)
        used = (await counted())[0]
        await turns.start_turn(actor=person, request=request)
        said = 19 + len(reply.message.content) + 2 * FRAME_TOKENS
        assert await counted() == (used, before + said)


@sync_to_async
def let_in_one_at_a_time(*, max_waiting: int) -> None:
    catalogue.read()
    rows = Provider.objects.filter(follows_settings=True)
    rows.update(max_concurrency=1, max_waiting=max_waiting)
    catalogue.forget()


async def test_an_answer_for_which_no_model_was_asked_costs_nothing(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    await let_in_one_at_a_time(max_waiting=0)
    other: User = await sync_to_async(UserFactory)()
    async with running_worker() as worker:
        ahead = await send(other, "[[hang]]")
        worker.begin(ahead.reply.pk)
        assert await until(upstream, lambda book: book.running == 1)
        reply = await worker.finish((await send(person, "x" * 4_000)).reply.pk)
        await sync_to_async(stopping.stop_reply)(actor=other, reply_id=ahead.reply.pk)
    assert (reply.state, reply.error_code) == ("failed", "upstream_busy")
    assert (reply.prompt_tokens, reply.usage_source) == (None, "")
    assert not await UsageRecord.objects.filter(user=person).aexists()
    assert not await Reservation.objects.filter(reference_id=reply.pk).aexists()


@pytest.mark.usefixtures("policy")
async def test_an_answer_that_the_last_check_withholds_costs_what_the_model_reported(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "judged [[stream tokens=40]]")).reply.pk)
    assert (reply.state, reply.usage_source) == ("withheld", "reported")
    await assert_settled(reply)


@pytest.mark.parametrize("is_withheld", [False, True])
async def test_an_answer_whose_worker_was_lost_is_settled_by_the_reaper(
    person: User, quota: int, is_withheld: bool
) -> None:
    turn = await send(person, "x" * 400)
    claim = await sync_to_async(leases.claim)(reply_id=turn.reply.pk, owner="lost")
    assert claim is not None
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(
        lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    texts = {turn.reply.pk: "y" * 41}
    withheld = [turn.reply.pk] if is_withheld else []
    reap = sync_to_async(lost.reap)
    ended = await reap(reply_ids=[turn.reply.pk], live_texts=texts, withheld=withheld)
    assert ended == [turn.reply.pk]
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.completion_tokens, reply.usage_source) == (
        "withheld" if is_withheld else "interrupted",
        11,
        "estimated",
    )
    assert 100 <= (reply.prompt_tokens or 0) < 140
    await assert_settled(reply)


async def test_a_lost_answer_costs_something_only_where_a_model_was_asked_for_it(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    """One of two that a worker has in hand is with the model, the other one waits for its turn."""
    await let_in_one_at_a_time(max_waiting=5)
    async with running_worker() as worker:
        asked = (await send(person, "[[hang]]")).reply.pk
        worker.begin(asked)
        assert await until(upstream, lambda book: book.running == 1)
        waiting = (await send(person, "x" * 400)).reply.pk
        worker.begin(waiting)
        async with asyncio.timeout(5):
            while waiting not in worker.runtime.running:
                await let_others_run()
        await worker.runtime._checkpoint()
        stored = Reply.objects.filter(pk__in=[asked, waiting])
        assert await sync_to_async(dict)(stored.values_list("pk", "is_asked")) == {
            asked: True,
            waiting: False,
        }
        await stored.aupdate(lease_expires_at=timezone.now() - timedelta(seconds=1))
        reap = sync_to_async(lost.reap)
        assert len(await reap(reply_ids=[asked, waiting], live_texts={})) == 2
    assert (await read_reply(waiting)).usage_source == ""
    await assert_settled(await read_reply(asked))


async def test_what_a_deleted_account_had_reserved_comes_back(person: User, quota: int) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.HOUR, amount=10_000)
    subject = Subject(QuotaKind.MODEL, model_name=(await send(person, "one")).reply.model)
    shared = await sync_to_async(set_quota)(actor=None, subject=subject, limit=wanted)
    other = await sync_to_async(UserFactory)()
    await send(other, "two")
    await sync_to_async(other.delete)()
    assert await sync_to_async(settling.release_forgotten)() == 0
    long_ago = timezone.now() - timedelta(hours=2)
    await Reservation.objects.aupdate(created_at=long_ago)
    assert await sync_to_async(settling.release_forgotten)() == 1
    counter = await QuotaCounter.objects.aget(quota=shared)
    assert (counter.used, counter.reserved) == (0, 0)


def test_upkeep_gives_back_what_is_forgotten_and_removes_counters_of_the_past(
    person: User, quota: int
) -> None:
    now = timezone.now()
    spender = Spender(user_id=person.pk, model="scripted")
    wanted = Usage(10, 10, "estimated")
    for days, reference_id in ((90, 901), (1, 902)):
        moment = now - timedelta(days=days)
        quotas.reserve(
            spender, purpose="reply", reference_id=reference_id, wanted=wanted, now=moment
        )
    kept = QuotaCounter.objects.latest("ends_at")
    assert quotas.remove_old_counters(now=now) == 0
    Reservation.objects.update(created_at=now - timedelta(hours=2))
    async_to_sync(upkeep.settle_quotas)()
    assert Reservation.objects.count() == 0
    assert QuotaCounter.objects.get().pk == kept.pk


def test_what_went_wrong_says_what_was_counted_for_what() -> None:
    lost = Reply(state="failed", prompt_tokens=1_200, completion_tokens=4)
    lost.usage_source, lost.cost_nano = "estimated", NANO // 4
    assert presenting.counted_tokens(lost) == (
        "About 1,204 tokens were counted. 1,200 of them are what was sent to the model, earlier "
        "messages too. They cost about $0.25."
    )


async def test_a_token_without_quota_is_refused_at_once_with_the_time_to_wait(
    person: User,
) -> None:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.HOUR, amount=0)
    subject = Subject(QuotaKind.TOKEN, token.pk)
    await sync_to_async(set_quota)(actor=None, subject=subject, limit=wanted)
    turn = await send(person, "hello", token_id=token.pk)
    assert (turn.reply.state, turn.reply.error_code) == ("out_of_quota",) * 2
    assert (await read_reply(turn.reply.pk)).notice.startswith("This API token has used up")
    with pytest.raises(ReplyOutOfQuotaError) as caught:
        asking.ensure_admitted(turn)
    assert 0 < (caught.value.retry_after_seconds or 0) <= 3_600
    assert (await send(person, "by the page")).reply.state == "queued"


async def test_waiting_is_not_promised_to_help_where_the_model_has_no_price(
    person: User, settings: Settings
) -> None:
    settings.OPENAI_MODEL = "without-a-price"
    wanted = Limit(unit=QuotaUnit.MONEY, period=Period.HOUR, amount=NANO)
    await sync_to_async(set_quota)(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    turn = await send(person, "hello")
    assert (turn.reply.state, turn.reply.error_code) == ("out_of_quota", "model_unpriced")
    with pytest.raises(ModelUnpricedError) as caught:
        asking.ensure_admitted(turn)
    assert (caught.value.status_code, caught.value.retry_after_seconds) == (403, None)
    finished = [event async for event in following.follow(viewer=person, reply_id=turn.reply.pk)]
    error = asking.error_of_end(finished[-1])  # type: ignore[arg-type]
    assert (error.code, error.message) == ("model_unpriced", turn.reply.notice)


async def test_a_passed_soft_quota_is_said_where_the_answer_ends_well(
    person: User, upstream: ScriptedUpstream
) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=0, is_hard=False)
    await sync_to_async(set_quota)(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    async with running_worker() as worker:
        good = await worker.finish((await send(person, "[[stream tokens=3]]")).reply.pk)
        bad = await worker.finish((await send(person, "[[status status=500]]")).reply.pk)
    assert good.notice.startswith("You have passed the allowance of 0 tokens for this day.")
    assert "passed the allowance" not in bad.notice


async def test_titles_count_for_the_person_and_are_settled_at_once(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    turn = await send(person, "hello")
    reserved = (await counted())[1]
    request = await sync_to_async(titles._begin)(turn.conversation.pk)
    assert request is not None
    assert (await counted())[1] > reserved + MAX_TITLE_TOKENS
    done = Completion("A title", "stop", "scripted", Usage(30, 5, "reported"))
    await sync_to_async(titles._store)(turn.conversation.pk, request, done, "A title", 20)
    assert await counted() == (35, reserved)
    line = await UsageRecord.objects.aget(purpose="title")
    assert line.cost_nano == 30 * 1_000 + 5 * 2_000


@sync_to_async
def title_lines() -> list[tuple[object, ...]]:
    columns = ("api_token_id", "outcome", "source", "completion_tokens")
    return list(UsageRecord.objects.filter(purpose="title").values_list(*columns))


@pytest.mark.parametrize(
    ("script", "outcome", "written"),
    [("error_event after=0", "upstream_error", 0), ("cut after=4", "upstream_cut", 6)],
)
async def test_a_title_counts_for_the_token_of_the_first_answer_and_where_it_breaks_off(
    person: User, upstream: ScriptedUpstream, script: str, outcome: str, written: int
) -> None:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.HOUR, amount=100_000)
    await sync_to_async(set_quota)(
        actor=None, subject=Subject(QuotaKind.TOKEN, token.pk), limit=wanted
    )
    turn = await send(person, f"hello [[{script}]]", token_id=token.pk)
    reserved = (await counted())[1]
    async with running_worker() as worker:
        gateway = worker.runtime.gateway
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
    assert await title_lines() == [(token.pk, outcome, "estimated", written)]
    line = await UsageRecord.objects.aget()
    assert await counted() == (line.prompt_tokens + line.completion_tokens, reserved)


@pytest.mark.parametrize("finds_it", ["another job", "the upkeep"])
async def test_a_title_whose_worker_was_lost_costs_an_estimate_once(
    person: User, upstream: ScriptedUpstream, quota: int, finds_it: str
) -> None:
    turn = await send(person, "hello")
    reserved = (await counted())[1]
    assert await sync_to_async(titles._begin)(turn.conversation.pk) is not None
    if finds_it == "another job":
        assert await sync_to_async(titles._begin)(turn.conversation.pk) is not None
        assert (await counted())[1] > reserved
    await Reservation.objects.aupdate(created_at=timezone.now() - timedelta(hours=2))
    await upkeep.settle_quotas()
    line = (None, "worker_lost", "estimated", 0)
    assert await title_lines() == [line] * (2 if finds_it == "another job" else 1)
    assert (await counted())[1] == reserved


def take_title() -> int | None:
    """Take a job as a worker would; None where none of those that wait may be taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['background'], NULL)")
        number: int | None = cursor.fetchone()[0]
        return number


def remove_jobs(condition: str = "TRUE") -> None:
    """Remove jobs; no test's end does, as Django does not manage their table."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM procrastinate_jobs WHERE {condition}")


def test_one_conversation_is_named_by_one_job_at_a_time() -> None:
    remove_jobs()
    for conversation_id in (5, 5, 6):
        titles.queue_title(conversation_id=conversation_id)
    first, other = take_title(), take_title()
    assert first is not None
    assert (other, take_title()) == (first + 2, None)
    remove_jobs(f"id = {first}")
    assert take_title() == first + 1


async def test_a_title_that_is_refused_or_that_no_quota_has_room_for_costs_nothing(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    turn = await send(person, "hello [[status status=500]]")
    reserved = (await counted())[1]
    async with running_worker() as worker:
        gateway = worker.runtime.gateway
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
        assert await counted() == (0, reserved)
        await QuotaCounter.objects.aupdate(used=100_000)
        asked = len(upstream.requests)
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
    assert await counted() == (100_000, reserved)
    assert len(upstream.requests) == asked


async def test_an_answer_ends_at_what_a_hard_quota_has_reserved_for_it_and_says_so(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "[[stream tokens=90000]]")).reply.pk)
        await assert_settled(reply)
        await sync_to_async(quota_setting.end_quota)(actor=None, quota_id=quota)
        free = await worker.finish((await send(person, "[[stream tokens=2100]]")).reply.pk)
    assert [request.body.get("max_tokens") for request in upstream.requests] == [
        RESERVED_ANSWER_TOKENS,
        None,
    ]
    assert (reply.state, reply.finish_reason) == ("complete", "length")
    assert reply.completion_tokens == RESERVED_ANSWER_TOKENS
    assert presenting.reply_notice(reply) == CUT_BY_QUOTA_NOTICE
    assert (free.completion_tokens, free.notice) == (2_100, "")


@pytest.mark.parametrize("limit", [40, 5_000])
async def test_a_closer_limit_of_answers_is_what_is_reserved_and_no_quota_is_blamed(
    person: User, upstream: ScriptedUpstream, quota: int, settings: Settings, limit: int
) -> None:
    settings.LLM_MAX_COMPLETION_TOKENS = limit
    catalogue.forget()
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "[[stream tokens=90000]]")).reply.pk)
    assert upstream.requests[0].body["max_tokens"] == limit
    assert (reply.finish_reason, reply.notice) == ("length", "")
    await assert_settled(reply)


async def test_a_soft_quota_ends_no_answer_early(person: User, upstream: ScriptedUpstream) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10**6, is_hard=False)
    await sync_to_async(set_quota)(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "[[stream tokens=2500]]")).reply.pk)
    assert (reply.completion_tokens, reply.finish_reason) == (2_500, "stop")


async def test_a_pause_refuses_new_turns_leaves_queued_ones_and_ends_what_is_written(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, SLOW)
        waiting = await send(person, "hello")
        task = worker.begin(turn.reply.pk)
        await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        made = await sync_to_async(pauses.pause)(actor=None, reason="It writes nonsense.")
        async with asyncio.timeout(5):
            await task
        assert (await read_reply(turn.reply.pk)).state == "halted"
        with pytest.raises(ModelsPausedError):
            await send(person, "and now?")
        assert await Message.objects.filter(content="and now?").acount() == 0
        await worker.begin(waiting.reply.pk)
        assert (await read_reply(waiting.reply.pk)).state == "queued"
        await sync_to_async(pauses.resume)(actor=None, pause_id=made.pk, reason="Mended.")
        assert (await worker.finish(waiting.reply.pk)).state == "complete"


async def test_a_pause_of_one_model_leaves_the_others_alone(person: User) -> None:
    await sync_to_async(pauses.pause)(actor=None, model_name="another", reason="Too dear.")
    assert (await send(person, "hello")).reply.state == "queued"


def statements_of_a_turn(person: User) -> int:
    """Return how many statements store a turn and its end."""
    request = turns.TurnRequest(conversation_id=None, content="hello")
    known = catalogue.read()
    with CaptureQueriesContext(connection) as storing:
        turn = turns._store_turn(person, request, guardrails.NOTHING_FOUND, known)
    claim = leases.claim(reply_id=turn.reply.pk, owner="me")
    assert claim is not None
    usage = Usage(1, 1, "reported")
    ending = leases.Ending(state="complete", text="Hi.", usage=usage)  # type: ignore[arg-type]
    with CaptureQueriesContext(connection) as ending_it:
        assert leases.finish(claim=claim, owner="me", ending=ending)
    return len(storing) + len(ending_it)


def test_a_quota_costs_a_turn_one_statement_and_its_settlement_none(person: User) -> None:
    plain = statements_of_a_turn(person)
    wanted = Limit(unit=QuotaUnit.MONEY, period=Period.MONTH, amount=10**15)
    set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    statements_of_a_turn(person)
    assert statements_of_a_turn(person) == plain + 1
