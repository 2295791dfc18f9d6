"""What policy or staff keep from view stays there: in tabs, for programs, in titles, beside it."""

import asyncio
from contextlib import aclosing

import pytest
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from apps.conversations.constants import TitleSource
from apps.conversations.errors import MessageWithheldError
from apps.conversations.events import ReplyDelta, ReplySnapshot
from apps.conversations.models import Conversation, DroppedTitle, Message, Reply
from apps.conversations.schemas import MessageOut
from apps.conversations.services import completions, rewriting, showing, titles, turns, visibility
from apps.core import db
from apps.core.realtime import groups
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.conversations.money import first_text
from tests.factories import MessageFactory, ReplyFactory
from tests.support.upstream import ScriptedUpstream

TITLED = ("title", "title_source", "titled_from")
PLACEHOLDER = "This message was removed by moderation. Reason: Not this word, please."


@pytest.fixture
def policy(settings: Settings) -> None:
    """Ask the guardrail that knows forbidden words."""
    settings.GUARDRAILS = ["tests.conversations.test_guardrails.WordGuardrail"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What was announced to the person's pages."""
    events: list[dict[str, object]] = []
    monkeypatch.setattr(groups, "announce", lambda _, event: events.append(event))
    return events


async def send(person: User, content: str, **more: object) -> turns.Turn:
    sent = {"conversation_id": None, **more}
    return await turns.start_turn(
        actor=person,
        request=turns.TurnRequest(content=content, **sent),  # type: ignore[arg-type]
    )


def title_jobs(turn: turns.Turn) -> QuerySet[ProcrastinateJob]:
    return ProcrastinateJob.objects.filter(
        task_name=titles.TITLE_TASK, args__conversation_id=turn.conversation.pk
    )


@pytest.mark.usefixtures("policy")
async def test_a_blocked_message_is_the_same_placeholder_in_open_tabs_in_the_api_and_after_a_reload(
    person: User, told: list[dict[str, object]]
) -> None:
    with pytest.raises(MessageWithheldError):
        await send(person, "a forbidden thing", client_id="mine", metadata={"note": "forbidden"})
    message = await Message.objects.select_related("conversation").aget(role="user")
    live = next(event for event in told if event["type"] == "message.accepted")
    [shown] = await db.call(showing.show_messages, [message])
    listed = MessageOut.of(message)
    assert live["message"] == {
        "id": message.pk,
        "content": "",
        "hidden": True,
        "notice": PLACEHOLDER,
    }
    assert (shown.text, shown.is_hidden, shown.notice) == ("", True, PLACEHOLDER)
    assert (listed.content, listed.notice, listed.metadata) == ("", PLACEHOLDER, None)
    assert "forbidden" not in str(told)


async def test_metadata_goes_and_comes_back_with_the_message(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "hello", metadata={"note": 1})
    await db.call(visibility.hide_message, actor=None, message_id=turn.message.pk, reason="So.")
    assert MessageOut.of(await Message.objects.aget(pk=turn.message.pk)).metadata is None
    await db.call(visibility.restore_message, actor=None, message_id=turn.message.pk, reason="No.")
    assert MessageOut.of(await Message.objects.aget(pk=turn.message.pk)).metadata == {"note": 1}


async def test_a_program_gets_no_word_after_a_retraction_and_the_end_says_why(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=2000 rate=100]]")
        worker.begin(turn.reply.pk)
        async with aclosing(completions.pieces(actor=person, turn=turn)) as items:
            assert (await first_text(items)).startswith("word0")
            await db.call(
                visibility.hide_message, actor=None, message_id=turn.reply.pk, reason="So."
            )
            rest = [item async for item in items]
    *late, ended = rest
    assert isinstance(ended, completions.Ended)
    assert ended.finish_reason == "content_filter"
    assert "word0 " not in "".join(str(item) for item in late)


@pytest.mark.parametrize(("key", "stop_state"), [(None, "stopped"), ("mine-0001", "")])
async def test_an_answer_that_a_program_leaves_goes_on_where_it_can_be_fetched_again(
    person: User, upstream: ScriptedUpstream, key: str | None, stop_state: str
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=2000 rate=100]]", client_id=key)
        worker.begin(turn.reply.pk)
        async with aclosing(completions.pieces(actor=person, turn=turn)) as items:
            await anext(items)
        await asyncio.gather(*completions._abandoned)
        assert (await Reply.objects.aget(pk=turn.reply.pk)).stop_state == stop_state


def test_a_snapshot_that_goes_on_is_no_retraction_and_one_that_does_not_ends_all() -> None:
    sent = completions._Sent()
    assert sent.rest_of(ReplyDelta(1, "one ", 4)) == "one "
    assert sent.rest_of(ReplySnapshot(1, "one two", 7)) == "two"
    assert sent.rest_of(ReplySnapshot(1, "", 0)) == ""
    assert sent.rest_of(ReplyDelta(1, "one two", 7)) == ""
    assert sent.is_retracted


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("words", ["judged", "guarded"])
async def test_a_title_that_policy_would_keep_back_in_an_answer_is_not_stored(
    person: User, upstream: ScriptedUpstream, words: str
) -> None:
    offered = "word3" if words == "judged" else "word7"
    async with running_worker() as worker:
        turn = await send(person, f"{words} [[stream text={offered}]]")
        await titles.generate_title(
            conversation_id=turn.conversation.pk, gateway=worker.runtime.gateway
        )
    assert (await Conversation.objects.aget()).title_source == TitleSource.NONE


async def test_hiding_an_answer_leaves_the_title_that_was_made_of_the_question(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "Where is the key?")
    await db.call(visibility.hide_message, actor=None, message_id=turn.reply.pk, reason="So.")
    assert (await Conversation.objects.aget()).title == "Where is the key?"
    assert not await title_jobs(turn).aexists()


async def test_hiding_a_question_drops_the_title_and_has_one_made_of_what_can_still_be_seen(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "Where is the key?")
    await db.call(visibility.hide_message, actor=None, message_id=turn.message.pk, reason="So.")
    assert (await Conversation.objects.aget()).title == ""
    assert await title_jobs(turn).acount() == 1


async def test_a_title_goes_with_the_question_it_was_made_of_and_comes_back_byte_for_byte(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        first = await send(person, "Where is  the key? \u202e [[stream text=Kéys]]")
        await worker.finish(first.reply.pk)
        number = first.conversation.pk
        second = await send(person, "And the door? [[stream text=Doors]]", conversation_id=number)
        await worker.finish(second.reply.pk)
        gateway = worker.runtime.gateway
        await titles.generate_title(conversation_id=number, gateway=gateway)
        before = await Conversation.objects.filter(pk=number).values(*TITLED).aget()
        assert before == {
            "title": "Kéys",
            "title_source": "generated",
            "titled_from": first.message.pk,
        }
        await hide(second)
        assert await Conversation.objects.filter(pk=number).values(*TITLED).aget() == before
        await hide(first)
        assert (await Conversation.objects.aget(pk=number)).title == ""
        await restore(second)
        await titles.generate_title(conversation_id=number, gateway=gateway)
        meanwhile = await Conversation.objects.aget(pk=number)
        assert (meanwhile.title, meanwhile.titled_from) == ("Doors", second.message.pk)
        await restore(first)
        assert await Conversation.objects.filter(pk=number).values(*TITLED).aget() == before
        assert not await DroppedTitle.objects.aexists()


async def test_a_title_does_not_come_back_over_the_persons_own_nor_beside_redacted_words(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "Where is the key?")
    await hide(turn)
    told = {"actor": None, "message_id": turn.message.pk, "reason": "So."}
    await db.call(rewriting.redact_spans, spans=[(0, 5)], **told)
    await restore(turn)
    assert (await Conversation.objects.aget()).title == ""
    await db.call(rewriting.restore_text, text="Where is the key?", **told)
    assert (await Conversation.objects.aget()).title == "Where is the key?"
    await hide(turn)
    await Conversation.objects.aupdate(title="Mine", title_source="person")
    await restore(turn)
    assert (await Conversation.objects.aget()).title == "Mine"
    assert not await DroppedTitle.objects.aexists()


async def hide(turn: turns.Turn) -> None:
    await db.call(visibility.hide_message, actor=None, message_id=turn.message.pk, reason="So.")


async def restore(turn: turns.Turn) -> None:
    await db.call(visibility.restore_message, actor=None, message_id=turn.message.pk, reason="No.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("taken", "is_stopped"),
    [("first question", True), ("first answer", True), ("withheld", True), ("aside", False)],
)
def test_what_is_written_from_a_text_that_is_taken_from_view_is_stopped(
    taken: str, *, is_stopped: bool
) -> None:
    question = MessageFactory()
    first: Reply = ReplyFactory(
        message__conversation=question.conversation, message__parent=question
    )
    second = MessageFactory(conversation=question.conversation)
    parent = question if taken == "aside" else second
    live: Reply = ReplyFactory(
        running=True, message__conversation=question.conversation, message__parent=parent
    )
    if taken == "withheld":
        rewriting.withhold_answer(actor=None, message_id=first.pk, notice="Gone.", reason="Bad.")
    else:
        number = {"first question": question.pk, "first answer": first.pk, "aside": second.pk}
        visibility.hide_message(actor=None, message_id=number[taken], reason="Bad.")
    live.refresh_from_db()
    assert live.stop_state == ("halted" if is_stopped else "")
