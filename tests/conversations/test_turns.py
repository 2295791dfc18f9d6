"""Starting, repeating and retrying a turn; titles; hiding what was said."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from apps.audit.models import AuditEvent
from apps.conversations.errors import (
    ClientIdReusedError,
    ConversationNotFoundError,
    InvalidMessageError,
    MessageAlreadyHiddenError,
    MessageNotFoundError,
    ReplyEndedError,
    ReplyInProgressError,
    ReplyNotRetryableError,
)
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import (
    conversations,
    messages,
    retries,
    showing,
    stopping,
    titles,
    turns,
    visibility,
)
from apps.core import db
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.llm.models import UsageRecord
from apps.users.models import User
from apps.users.services import roles
from tests.conversations.conftest import read_reply, running_worker
from tests.support.upstream import ScriptedUpstream


async def send(
    person: User, content: str, *, to: int | None = None, client_id: str | None = None
) -> turns.Turn:
    return await turns.start_turn(
        actor=person,
        request=turns.TurnRequest(conversation_id=to, content=content, client_id=client_id),
    )


@pytest.mark.parametrize("content", ["", "   \n", "x" * 4001, "a\x00b"])
async def test_a_message_that_does_not_fit_is_refused_and_nothing_is_stored(
    person: User, content: str
) -> None:
    with pytest.raises(InvalidMessageError):
        await send(person, content)
    assert await Message.objects.acount() == 0


@pytest.mark.parametrize("client_id", ["", "a b", "a\x00b", "é", "x" * 65])
async def test_an_id_that_is_no_id_is_refused_and_nothing_is_stored(
    person: User, client_id: str
) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        await send(person, "hello", client_id=client_id)
    assert [problem["field"] for problem in caught.value.details or []] == ["client_id"]
    assert await Message.objects.acount() == 0


async def test_the_same_client_id_is_the_same_turn(person: User) -> None:
    first = await send(person, "hello", client_id="client-1")
    again = await send(person, "hello", client_id="client-1")
    assert (again.created, again.reply.pk) == (False, first.reply.pk)
    assert await Message.objects.acount() == 2


async def test_the_same_client_id_with_other_words_is_a_conflict(person: User) -> None:
    await send(person, "hello", client_id="client-1")
    with pytest.raises(ClientIdReusedError):
        await send(person, "goodbye", client_id="client-1")
    assert await Message.objects.acount() == 2


@pytest.mark.parametrize("field", ["context", "metadata"])
async def test_the_same_client_id_with_other_data_is_a_conflict(person: User, field: str) -> None:
    def wanted(value: int) -> turns.TurnRequest:
        return turns.TurnRequest(
            conversation_id=None, content="hello", client_id="client-1", **{field: {"a": value}}
        )

    first = await turns.start_turn(actor=person, request=wanted(1))
    again = await turns.start_turn(actor=person, request=wanted(1))
    assert (again.created, again.reply.pk) == (False, first.reply.pk)
    with pytest.raises(ClientIdReusedError):
        await turns.start_turn(actor=person, request=wanted(2))


async def test_a_conversation_is_answered_one_message_at_a_time(person: User) -> None:
    turn = await send(person, "one")
    with pytest.raises(ReplyInProgressError):
        await send(person, "two", to=turn.conversation.pk)
    assert await Message.objects.acount() == 2


async def test_another_persons_conversation_looks_like_none(person: User, stranger: User) -> None:
    turn = await send(person, "mine")
    with pytest.raises(ConversationNotFoundError):
        await send(stranger, "yours?", to=turn.conversation.pk)
    with pytest.raises(MessageNotFoundError):
        await retries.retry_reply(actor=stranger, message_id=turn.reply.pk)
    with pytest.raises(ConversationNotFoundError):
        await send(stranger, "nothing?", to=turn.conversation.pk + 1000)
    assert await Message.objects.acount() == 2


async def test_asking_again_keeps_the_first_answer_beside_the_new_one(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        first = await send(person, "[[cut after=3]]")
        assert (await worker.finish(first.reply.pk)).state == "failed"
        second = await retries.retry_reply(actor=person, message_id=first.reply.pk)
        await worker.finish(second.reply.pk)
    siblings = [row async for row in Message.objects.filter(role="assistant").order_by("id")]
    assert [sibling.is_current for sibling in siblings] == [False, True]
    assert {sibling.parent_id for sibling in siblings} == {first.message.pk}
    page = await db.call(
        messages.list_messages, viewer=person, conversation_id=first.conversation.pk
    )
    assert [message.pk for message in page.messages] == [first.message.pk, second.reply.pk]


async def test_an_answer_that_is_being_written_cannot_be_asked_for_again(person: User) -> None:
    turn = await send(person, "hello")
    with pytest.raises(ReplyNotRetryableError):
        await retries.retry_reply(actor=person, message_id=turn.reply.pk)
    with pytest.raises(ReplyNotRetryableError):
        await retries.retry_reply(actor=person, message_id=turn.message.pk)
    assert await Reply.objects.acount() == 1


@pytest.mark.parametrize("title", ["", "  ", "a\x00b", "x" * 121])
async def test_a_title_that_does_not_fit_is_refused(person: User, title: str) -> None:
    turn = await send(person, "hello")
    with pytest.raises(ValidationFailedError):
        await db.call(
            conversations.rename_conversation,
            actor=person,
            conversation_id=turn.conversation.pk,
            title=title,
        )
    assert (await Conversation.objects.aget()).title == "hello"


async def test_a_title_comes_from_the_model_unless_the_person_wrote_one(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "Tell me of tides [[stream text=Tides]]")
        await worker.finish(turn.reply.pk)
        gateway = worker.runtime.gateway
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
        titled = await Conversation.objects.aget()
        await Conversation.objects.aupdate(title="Mine", title_source="person")
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
    assert (titled.title, titled.title_source) == ("Tides", "generated")
    assert (await Conversation.objects.aget()).title == "Mine"


async def test_a_title_for_somebody_who_is_gone_is_dropped_and_its_line_is_nobodys(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "Tell me of tides [[stream tokens=200 rate=100]]")
        await sync_to_async(Reply.objects.all().delete)()
        asked = len(upstream.requests)
        titling = asyncio.create_task(
            titles.generate_title(
                conversation_id=turn.conversation.pk, gateway=worker.runtime.gateway
            )
        )
        assert await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        await sync_to_async(person.delete)()
        await titling
    assert len(upstream.requests) == asked + 1
    line = await UsageRecord.objects.aget()
    assert (line.user_id, line.purpose) == (None, "title")


@pytest.mark.parametrize(
    ("offered", "title"),
    [
        ('"Tides and the moon."\nMore', "Tides and the moon"),
        ("Title: **Tides**", "Tides"),
        ("\n\n", ""),
        ("word " * 40, "word word word word word word word word word word word word"),
    ],
)
def test_a_title_is_one_short_line(offered: str, title: str) -> None:
    assert titles.clean_title(offered) == title


async def test_a_hidden_message_vanishes_from_the_page_and_comes_back_byte_for_byte(
    person: User, stranger: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "Say it [[stream tokens=4]]")
        before = (await worker.finish(turn.reply.pk)).message
    moderator = await moderate(stranger)
    await db.call(
        visibility.hide_message,
        actor=moderator,
        message_id=before.pk,
        reason="against policy 3",
        reason_for_user="It names a person.",
    )
    shown = await shown_message(person, before)
    assert (shown.text, str(shown.html), shown.is_hidden) == ("", "", True)
    assert "It names a person." in shown.notice
    with pytest.raises(MessageAlreadyHiddenError):
        await db.call(
            visibility.hide_message, actor=moderator, message_id=before.pk, reason="twice"
        )
    await db.call(
        visibility.restore_message, actor=moderator, message_id=before.pk, reason="a mistake"
    )
    shown = await shown_message(person, before)
    assert (shown.text, str(shown.html), shown.is_hidden) == (before.content, before.html, False)
    events = [
        (event.action, event.reason, event.actor_id)
        async for event in AuditEvent.objects.filter(target_type="message").order_by("id")
    ]
    assert events == [
        ("message.hidden", "against policy 3", moderator.pk),
        ("message.restored", "a mistake", moderator.pk),
    ]


async def test_only_staff_hide_and_only_with_a_reason(person: User, stranger: User) -> None:
    turn = await send(person, "hello")
    with pytest.raises(ForbiddenError):
        await db.call(
            visibility.hide_message, actor=stranger, message_id=turn.message.pk, reason="no"
        )
    moderator = await moderate(stranger)
    with pytest.raises(ValidationFailedError):
        await db.call(
            visibility.hide_message, actor=moderator, message_id=turn.message.pk, reason="  "
        )
    assert (await Message.objects.aget(pk=turn.message.pk)).hidden_at is None
    assert await AuditEvent.objects.filter(target_type="message").acount() == 0


async def test_hiding_an_answer_while_it_is_written_halts_it(
    person: User, stranger: User, upstream: ScriptedUpstream
) -> None:
    moderator = await moderate(stranger)
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=4000 rate=100]]")
        task = worker.begin(turn.reply.pk)
        assert await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        await db.call(
            visibility.hide_message, actor=moderator, message_id=turn.reply.pk, reason="now"
        )
        await task
    assert (await read_reply(turn.reply.pk)).state == "halted"


@sync_to_async
def moderate(person: User) -> User:
    """Make somebody a moderator and return them with their rights."""
    roles.sync_roles()
    roles.change_role(actor=None, user_id=person.pk, role="moderator", reason="test")
    return User.objects.get(pk=person.pk)


@sync_to_async
def shown_message(person: User, message: Message) -> showing.ShownMessage:
    """Return a message as the page of its owner shows it."""
    return showing.show_messages([messages.access_message(viewer=person, message_id=message.pk)])[0]


async def test_an_answer_that_has_ended_is_not_halted_and_nothing_is_noted(
    person: User, stranger: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=4]]")
        await worker.finish(turn.reply.pk)
    moderator = await moderate(stranger)
    with pytest.raises(ReplyEndedError):
        await db.call(
            stopping.halt_reply, actor=moderator, reply_id=turn.reply.pk, reason="too late"
        )
    assert (await read_reply(turn.reply.pk)).state == "complete"
    assert await AuditEvent.objects.filter(action="reply.halted").acount() == 0
