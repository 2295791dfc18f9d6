"""Policy is asked before, during and after an answer; what it blocks reaches nobody."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from apps.conversations import guardrails
from apps.conversations.errors import MessageWithheldError
from apps.conversations.events import ReplyDelta, ReplyFinished, ReplySnapshot
from apps.conversations.guardrails import ALLOW, Draft, Judged, Released, Verdict
from apps.conversations.models import Message, Reply
from apps.conversations.services import deleting, following, reaping, turns
from apps.core import db
from apps.core.realtime import bells
from apps.core.realtime.publisher import TextPublisher
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.factories import MessageFactory, ReplyFactory
from tests.support.upstream import ScriptedUpstream

BLOCK = Verdict(outcome="block", code="forbidden_word", reason_for_user="Not this word, please.")


class WordStream:
    """Ends the answer at `word7`."""

    findings: Sequence[object] = ()

    def __init__(self) -> None:
        self._seen = ""

    def watch(self, on_block: Callable[[Verdict], None]) -> None:
        return

    async def aclose(self) -> None:
        return

    async def feed(self, text: str, *, shown_chars: int) -> Released:
        self._seen += text
        return Released("", BLOCK) if "word7" in self._seen else Released(text)

    async def finish(self, *, shown_chars: int) -> Released:
        return Released("")


class WordGuardrail:
    """Blocks `forbidden` in messages, `word7` in streams and `word3` in whole answers."""

    async def check_input(self, draft: Draft) -> Verdict:
        return BLOCK if "forbidden" in draft.text else ALLOW

    async def open_stream(self, draft: Draft) -> WordStream | None:
        return WordStream() if "guarded" in draft.text else None

    async def check_output(self, draft: Draft, answer: str) -> Verdict:
        return BLOCK if "judged" in draft.text and "word3" in answer else ALLOW

    def withholds_answers(self) -> bool:
        return True

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        return


class BrokenGuardrail(WordGuardrail):
    """Fails at every question."""

    async def check_input(self, draft: Draft) -> Verdict:
        raise RuntimeError("the policy's own secret")


class TailStream(WordStream):
    """Holds everything back until the end."""

    async def feed(self, text: str, *, shown_chars: int) -> Released:
        self._seen += text
        return Released("")

    async def finish(self, *, shown_chars: int) -> Released:
        return Released(self._seen)


class TailGuardrail(WordGuardrail):
    async def open_stream(self, draft: Draft) -> WordStream | None:
        return TailStream()


@pytest.fixture
def policy(settings: Settings) -> None:
    """Ask the guardrail that knows forbidden words."""
    settings.GUARDRAILS = [f"{__name__}.WordGuardrail"]


def request(content: str) -> turns.TurnRequest:
    return turns.TurnRequest(conversation_id=None, content=content)


@pytest.mark.usefixtures("policy")
async def test_a_blocked_message_is_stored_hidden_and_never_sent(
    person: User, upstream: ScriptedUpstream
) -> None:
    with pytest.raises(MessageWithheldError) as refused:
        await turns.start_turn(actor=person, request=request("a forbidden thing"))
    assert refused.value.message == "Not this word, please."
    message = await Message.objects.aget(role="user")
    assert message.content == "a forbidden thing"
    assert message.hidden_at is not None
    assert message.hidden_reason == "Not this word, please."
    reply = await Reply.objects.aget()
    assert (reply.state, reply.is_live) == ("withheld", False)
    assert upstream.requests == []


@pytest.mark.usefixtures("policy")
async def test_an_answer_that_is_stopped_by_policy_is_taken_back_everywhere(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=request("guarded [[stream tokens=4000 rate=100]]")
        )
        worker.begin(turn.reply.pk)
        shown = ""
        async for event in following.follow(viewer=person, reply_id=turn.reply.pk):
            if isinstance(event, ReplySnapshot):
                shown = event.text
            elif isinstance(event, ReplyFinished):
                assert event.state == "withheld"
                assert event.notice == "Not this word, please."
            else:
                shown += getattr(event, "text", "")
    assert shown == ""
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.message.content, reply.message.html) == ("withheld", "", "")
    assert reply.error_code == "forbidden_word"
    assert upstream.wait_until(lambda book: book.open_connections == 0, seconds=1.0)


@pytest.mark.usefixtures("policy")
async def test_a_blocked_message_that_is_sent_again_is_refused_again(person: User) -> None:
    again = turns.TurnRequest(conversation_id=None, content="forbidden", client_id="client-1")
    refusals = []
    for _ in range(2):
        with pytest.raises(MessageWithheldError) as refused:
            await turns.start_turn(actor=person, request=again)
        refusals.append(refused.value.message)
    assert refusals == [BLOCK.reason_for_user] * 2
    assert await Message.objects.acount() == 2


@pytest.mark.usefixtures("policy")
async def test_the_finished_exchange_is_judged_too(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request("judged [[stream tokens=5]]"))
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.message.content) == ("withheld", "")


async def test_a_guardrail_that_fails_blocks_and_tells_nothing_of_its_own(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.GUARDRAILS = [f"{__name__}.BrokenGuardrail"]
    with pytest.raises(MessageWithheldError) as refused:
        await turns.start_turn(actor=person, request=request("hello"))
    assert refused.value.message == guardrails.BLOCK_ON_FAILURE.reason_for_user
    assert upstream.requests == []


async def test_text_that_a_guard_holds_back_is_shown_at_the_end(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.GUARDRAILS = [f"{__name__}.TailGuardrail"]
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request("[[stream tokens=5]]"))
        reply = await worker.finish(turn.reply.pk)
    assert reply.state == "complete"
    assert reply.message.content.startswith("word0 word1")


async def test_without_quota_the_message_is_kept_and_the_reply_says_so(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 10
    async with running_worker() as worker:
        first = await turns.start_turn(actor=person, request=request("[[stream tokens=30]]"))
        await worker.finish(first.reply.pk)
    second = await turns.start_turn(actor=person, request=request("and now?"))
    assert second.message.content == "and now?"
    assert (second.reply.state, second.reply.is_live) == ("out_of_quota", False)
    events = [event async for event in following.follow(viewer=person, reply_id=second.reply.pk)]
    assert len(events) == 1
    assert isinstance(events[0], ReplyFinished)
    assert "You have used up the allowance of 10 tokens for this day" in events[0].notice
    assert events[0].notice.endswith(" at 00:00 UTC; try again then.")


async def test_answers_that_run_already_count_against_the_quota(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 50
    first = await turns.start_turn(actor=person, request=request("one"))
    second = await turns.start_turn(actor=person, request=request("two"))
    assert (first.reply.state, second.reply.state) == ("queued", "out_of_quota")


@pytest.mark.usefixtures("policy")
async def test_a_blocked_message_gives_the_conversation_no_title(person: User) -> None:
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(actor=person, request=request("a forbidden thing"))
    assert (await read_reply((await Reply.objects.aget()).pk)).conversation.title == ""


@pytest.mark.parametrize("change", [{"is_active": False}, {"standing": "suspended"}])
async def test_the_answer_of_somebody_who_is_closed_out_is_halted_within_two_seconds(
    person: User, upstream: ScriptedUpstream, change: dict[str, object]
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=request("[[stream tokens=4000 rate=100]]")
        )
        task = worker.begin(turn.reply.pk)
        assert await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        await User.objects.filter(pk=person.pk).aupdate(**change)
        async with asyncio.timeout(2):
            await task
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, "word3999" in reply.message.content) == ("halted", False)
    assert upstream.wait_until(lambda book: book.open_connections == 0, seconds=1.0)


async def test_deleting_a_conversation_ends_its_stream_in_order(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=request("[[stream tokens=4000 rate=100]]")
        )
        worker.begin(turn.reply.pk)
        events = []
        async for event in following.follow(viewer=person, reply_id=turn.reply.pk):
            if isinstance(event, ReplyDelta) and not any(
                isinstance(known, ReplyDelta) for known in events
            ):
                await db.call(
                    deleting.delete_conversation,
                    actor=person,
                    conversation_id=turn.conversation.pk,
                )
            events.append(event)
    assert isinstance(events[-1], ReplyFinished)
    assert events[-1].state == "stopped"


class RecordingGuardrail(WordGuardrail):
    """Writes down what it is asked to record, and whether a transaction was open."""

    recorded: ClassVar[list[tuple[Judged, tuple[object, ...], bool]]] = []

    async def check_input(self, draft: Draft) -> Verdict:
        verdict = await super().check_input(draft)
        return replace(verdict, findings=("found in the message",))

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        self.recorded.append((judged, tuple(findings), connection.in_atomic_block))


@pytest.fixture
def recorded(settings: Settings) -> list[tuple[Judged, tuple[object, ...], bool]]:
    """What the guardrail was asked to record, so far."""
    settings.GUARDRAILS = [f"{__name__}.RecordingGuardrail"]
    RecordingGuardrail.recorded.clear()
    return RecordingGuardrail.recorded


async def test_findings_are_recorded_in_the_transaction_of_the_message_and_of_the_end(
    person: User,
    upstream: ScriptedUpstream,
    recorded: list[tuple[Judged, tuple[object, ...], bool]],
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request("hi [[stream tokens=3]]"))
        reply = await worker.finish(turn.reply.pk)
    (message, found, was_atomic), (answer, nothing, was_atomic_too) = recorded
    assert (message.message_id, message.is_answer, found) == (
        turn.message.pk,
        False,
        ("found in the message",),
    )
    assert (answer.message_id, answer.text, nothing) == (reply.pk, reply.message.content, ())
    assert (was_atomic, was_atomic_too) == (True, True)
    assert answer.is_checked


async def test_a_withheld_answer_is_recorded_whole_with_how_much_was_seen(
    person: User,
    upstream: ScriptedUpstream,
    recorded: list[tuple[Judged, tuple[object, ...], bool]],
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=request("guarded [[stream tokens=40 rate=20]]")
        )
        reply = await worker.finish(turn.reply.pk)
    judged = recorded[-1][0]
    assert (reply.state, reply.message.content) == ("withheld", "")
    assert "word7" in judged.text
    assert judged.is_withheld
    assert 0 < judged.shown_chars <= judged.text.index("word7")


async def test_a_failure_to_record_takes_the_message_back_too(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.GUARDRAILS = [f"{__name__}.ForgetfulGuardrail"]
    with pytest.raises(RuntimeError):
        await turns.start_turn(actor=person, request=request("hello"))
    assert await Message.objects.acount() == 0


class ForgetfulGuardrail(WordGuardrail):
    """Cannot record anything."""

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        raise RuntimeError("no room")


class ForgetfulAtTheEnd(WordGuardrail):
    """Cannot record anything about answers."""

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        if judged.is_answer:
            raise RuntimeError("no room")


@pytest.mark.parametrize(
    ("content", "state", "code"),
    [
        ("[[stream tokens=3]]", "failed", "internal_error"),
        ("judged [[stream tokens=5]]", "withheld", "forbidden_word"),
    ],
)
async def test_an_answer_whose_findings_cannot_be_recorded_ends_without_its_text(
    person: User,
    upstream: ScriptedUpstream,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    content: str,
    state: str,
    code: str,
) -> None:
    settings.GUARDRAILS = [f"{__name__}.ForgetfulAtTheEnd"]
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request(content))
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.error_code, reply.message.content) == (state, code, "")
    assert "FINISH_BROKEN" in caplog.text


class AwayAtTheEnd(WordGuardrail):
    """Has no database for the end of an answer, once, and sees then what Redis says of it."""

    seen: ClassVar[list[frozenset[int]]] = []

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        if judged.is_answer:
            self.seen.append(bells.read_live_texts([judged.message_id]).withheld)
            if len(self.seen) == 1:
                raise OperationalError("away")


async def test_that_an_answer_is_withheld_is_known_before_its_end_can_be_stored(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.GUARDRAILS = [f"{__name__}.AwayAtTheEnd"]
    AwayAtTheEnd.seen.clear()
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request("judged [[stream tokens=5]]"))
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.message.content) == ("withheld", "")
    assert AwayAtTheEnd.seen[-1] == {reply.pk}


async def test_the_reaper_shows_nothing_of_an_answer_that_its_lost_worker_withheld(
    person: User, recorded: list[tuple[Judged, tuple[object, ...], bool]]
) -> None:
    lost = await sync_to_async(ReplyFactory)(
        running=True, message__content="what was shown", lease_expires_at=timezone.now()
    )
    publisher = TextPublisher()
    publisher.start()
    publisher.begin(lost.pk, "a-model")
    publisher.append(lost.pk, "what was shown, and more")
    publisher.withhold(lost.pk)
    publisher.end(lost.pk, is_stored=False)
    await publisher.aclose()
    reaper = reaping.Reaper()
    assert await db.call(reaper.look) == []
    assert await db.call(reaper.look) == [lost.pk]
    reply = await read_reply(lost.pk)
    assert (reply.state, reply.message.content, reply.message.html) == ("withheld", "", "")
    judged = recorded[-1][0]
    assert (judged.message_id, judged.text, judged.is_withheld) == (lost.pk, "what was shown", True)


@pytest.mark.usefixtures("policy")
async def test_a_blocked_edit_is_kept_as_a_version_and_what_was_read_stays_shown(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request("[[stream tokens=3]]"))
        await worker.finish(turn.reply.pk)
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(
            actor=person,
            request=turns.TurnRequest(
                conversation_id=turn.conversation.pk,
                content="forbidden",
                edits_message_id=turn.message.pk,
            ),
        )
    shown = [row.pk async for row in Message.objects.on_path().order_by("id")]
    assert shown == [turn.message.pk, turn.reply.pk]
    kept = await Message.objects.aget(content="forbidden")
    assert (kept.is_current, kept.is_hidden, kept.parent_id) == (False, True, None)


@pytest.mark.usefixtures("policy")
async def test_a_blocked_edit_leaves_the_version_shown_that_was_read_and_not_the_newest(
    person: User,
) -> None:
    first = await sync_to_async(MessageFactory)(conversation__owner=person, content="one")
    place = {"conversation": first.conversation, "parent": first}
    read = await sync_to_async(MessageFactory)(**place, content="two")
    await sync_to_async(MessageFactory)(**place, content="two, newer", is_current=False)
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(
            actor=person,
            request=turns.TurnRequest(
                conversation_id=first.conversation_id,
                content="forbidden",
                edits_message_id=first.pk,
            ),
        )
    shown = [row.pk async for row in Message.objects.on_path().order_by("id")]
    assert shown == [first.pk, read.pk]
