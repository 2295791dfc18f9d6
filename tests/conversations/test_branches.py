"""Editing a question and asking again make branches; nothing is lost, and one branch is shown."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.conversations.errors import (
    ClientIdReusedError,
    FeedbackNotPossibleError,
    MessageNotEditableError,
    MessageNotFoundError,
    ReplyInProgressError,
)
from apps.conversations.models import Conversation, Feedback, Message, Reply
from apps.conversations.services import (
    branches,
    feedback,
    leases,
    messages,
    retries,
    showing,
    turns,
    visibility,
)
from apps.core import db
from apps.core.errors import ValidationFailedError
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)


class Talk:
    """A conversation of two exchanges, all ended."""

    def __init__(self, owner: User) -> None:
        self.conversation = Conversation.objects.create(owner=owner, title="Talk")
        self.first = self.ask("one", None)
        self.second = self.ask("two", self.first[1])

    def ask(self, words: str, after: Message | None) -> tuple[Message, Message]:
        """Add a question with its answer."""
        question = MessageFactory(conversation=self.conversation, content=words, parent=after)
        return question, self.answer(question, f"answer to {words}")

    def answer(self, question: Message, words: str) -> Message:
        """Add an answer."""
        answer: Message = MessageFactory(
            assistant=True, conversation=self.conversation, content=words, parent=question
        )
        ReplyFactory(message=answer)
        return answer


@pytest.fixture
def talk(person: User) -> Talk:
    return Talk(person)


async def edit(person: User, talk: Talk, number: int, words: str, **more: Any) -> turns.Turn:
    return await turns.start_turn(
        actor=person,
        request=turns.TurnRequest(
            conversation_id=talk.conversation.pk, edits_message_id=number, content=words, **more
        ),
    )


def shown(person: User, talk: Talk) -> list[str]:
    page = messages.list_messages(viewer=person, conversation_id=talk.conversation.pk)
    return [message.content for message in page.messages]


def end(turn: turns.Turn) -> None:
    """End a queued answer at once."""
    Reply.objects.filter(pk=turn.reply.pk).delete()
    ReplyFactory(message=Message.objects.get(pk=turn.reply.pk))


async def test_an_edited_question_begins_a_branch_and_nothing_is_lost(
    person: User, talk: Talk
) -> None:
    turn = await edit(person, talk, talk.second[0].pk, "two, in other words")
    assert turn.message.parent_id == talk.first[1].pk
    assert turn.event is not None
    assert turn.event.branching is not None
    branching = turn.event.branching
    assert (branching.after_id, branching.version, branching.previous_id) == (
        talk.first[1].pk,
        2,
        talk.second[0].pk,
    )
    now = await db.call(shown, person, talk)
    assert now == ["one", "answer to one", "two, in other words", ""]
    assert await Message.objects.filter(content="answer to two").acount() == 1


async def test_the_first_question_can_be_edited_too(person: User, talk: Talk) -> None:
    turn = await edit(person, talk, talk.first[0].pk, "uno")
    assert turn.message.parent_id is None
    assert await db.call(shown, person, talk) == ["uno", ""]


async def test_a_switch_shows_the_other_branch_down_to_where_it_was_left(
    person: User, talk: Talk
) -> None:
    turn = await edit(person, talk, talk.first[0].pk, "uno")
    await db.call(end, turn)
    await db.call(branches.show_branch, actor=person, message_id=talk.first[0].pk)
    now = await db.call(shown, person, talk)
    assert now == ["one", "answer to one", "two", "answer to two"]
    await db.call(branches.show_branch, actor=person, message_id=turn.message.pk)
    assert (await db.call(shown, person, talk))[0] == "uno"


async def test_a_switch_goes_to_the_branch_where_the_person_wrote_last(
    person: User, talk: Talk
) -> None:
    other = await db.call(talk.answer, talk.first[0], "another answer to one")
    await db.call(talk.ask, "three", talk.second[1])
    await db.call(branches.show_branch, actor=person, message_id=other.pk)
    assert await db.call(shown, person, talk) == ["one", "another answer to one"]
    await db.call(branches.show_branch, actor=person, message_id=talk.first[0].pk)
    assert (await db.call(shown, person, talk))[-1] == "answer to three"


async def test_the_model_reads_the_branch_that_is_shown(person: User, talk: Talk) -> None:
    turn = await edit(person, talk, talk.second[0].pk, "two, in other words")
    claim = await db.call(leases.claim, reply_id=turn.reply.pk, owner="worker-1")
    assert claim is not None
    assert [one.content for one in claim.request.history] == ["one", "answer to one"]
    assert claim.request.question == "two, in other words"


async def test_asking_again_an_earlier_question_leaves_what_followed_on_its_branch(
    person: User, talk: Talk
) -> None:
    turn = await retries.retry_reply(actor=person, message_id=talk.first[1].pk)
    assert await db.call(shown, person, talk) == ["one", ""]
    await db.call(end, turn)
    await db.call(branches.show_branch, actor=person, message_id=talk.first[1].pk)
    assert (await db.call(shown, person, talk))[-1] == "answer to two"


async def test_an_answer_off_the_shown_branch_is_asked_for_again_on_its_own(
    person: User, talk: Talk
) -> None:
    edited = await edit(person, talk, talk.first[0].pk, "uno")
    await db.call(end, edited)
    again = await retries.retry_reply(actor=person, message_id=talk.second[1].pk)
    now = await db.call(shown, person, talk)
    assert now == ["one", "answer to one", "two", ""]
    assert again.message.pk == talk.second[0].pk


async def test_versions_are_counted_for_questions_and_answers_by_one_query(
    person: User, talk: Talk
) -> None:
    turn = await edit(person, talk, talk.first[0].pk, "uno")
    await db.call(end, turn)

    def places() -> tuple[list[branches.Versions], int]:
        page = messages.list_messages(viewer=person, conversation_id=talk.conversation.pk)
        with CaptureQueriesContext(connection) as queries:
            found = showing.show_messages(page.messages)
        return [one.versions for one in found], len(queries)

    found, queries = await db.call(places)
    assert queries == 1
    assert found == [
        branches.Versions(2, 2, talk.first[0].pk, None),
        branches.Versions(1, 1, None, None),
    ]


async def test_nothing_is_edited_switched_or_asked_again_while_an_answer_is_written(
    person: User, talk: Talk
) -> None:
    await edit(person, talk, talk.second[0].pk, "two, in other words")
    with pytest.raises(ReplyInProgressError):
        await edit(person, talk, talk.first[0].pk, "uno")
    with pytest.raises(ReplyInProgressError):
        await db.call(branches.show_branch, actor=person, message_id=talk.second[0].pk)
    with pytest.raises(ReplyInProgressError):
        await retries.retry_reply(actor=person, message_id=talk.first[1].pk)
    assert (await db.call(shown, person, talk))[2] == "two, in other words"


async def test_answers_and_messages_taken_from_view_are_not_edited(
    person: User, talk: Talk
) -> None:
    moderator = await sync_to_async(UserFactory)(moderator=True)
    await db.call(
        visibility.hide_message, actor=moderator, message_id=talk.second[0].pk, reason="An insult."
    )
    for number in (talk.first[1].pk, talk.second[0].pk):
        with pytest.raises(MessageNotEditableError):
            await edit(person, talk, number, "other words")
    assert (await db.call(shown, person, talk))[0] == "one"


async def test_a_hidden_version_stays_hidden_when_its_branch_is_shown(
    person: User, talk: Talk
) -> None:
    moderator = await sync_to_async(UserFactory)(moderator=True)
    turn = await edit(person, talk, talk.first[0].pk, "uno")
    await db.call(end, turn)
    await db.call(
        visibility.hide_message, actor=moderator, message_id=talk.first[0].pk, reason="An insult."
    )
    await db.call(branches.show_branch, actor=person, message_id=talk.first[0].pk)

    def first() -> showing.ShownMessage:
        page = messages.list_messages(viewer=person, conversation_id=talk.conversation.pk)
        return showing.show_messages(page.messages)[0]

    seen = await db.call(first)
    assert (seen.text, seen.is_hidden, seen.can_edit) == ("", True, False)


async def test_somebody_elses_messages_are_neither_edited_nor_shown(
    person: User, stranger: User, talk: Talk
) -> None:
    with pytest.raises(MessageNotFoundError):
        await db.call(branches.show_branch, actor=stranger, message_id=talk.first[0].pk)
    other = await sync_to_async(Talk)(stranger)
    with pytest.raises(MessageNotFoundError):
        await edit(person, talk, other.first[0].pk, "yours?")
    with pytest.raises(MessageNotFoundError):
        await db.call(branches.list_versions, viewer=stranger, message_id=talk.first[0].pk)


async def test_the_same_edit_sent_twice_is_one_version(person: User, talk: Talk) -> None:
    number = talk.second[0].pk
    first = await edit(person, talk, number, "in other words", client_id="edit-0001")
    again = await edit(person, talk, number, "in other words", client_id="edit-0001")
    assert (again.created, again.message.pk) == (False, first.message.pk)
    with pytest.raises(ClientIdReusedError):
        await edit(person, talk, talk.first[0].pk, "in other words", client_id="edit-0001")


async def test_an_edit_is_answered_like_any_message(
    person: User, talk: Talk, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await edit(person, talk, talk.second[0].pk, "[[stream tokens=3]]")
        assert (await worker.finish(turn.reply.pk)).state == "complete"
    now = await db.call(shown, person, talk)
    assert now == ["one", "answer to one", "[[stream tokens=3]]", "word0 word1 word2 "]


def rate(person: User, message: Message, rating: str | None, reason: str = "") -> Feedback | None:
    return feedback.rate_answer(actor=person, message_id=message.pk, rating=rating, reason=reason)


def test_an_answer_is_rated_changed_and_taken_back(person: User, talk: Talk) -> None:
    answer = talk.second[1]
    rate(person, answer, "bad", "  It is wrong.  ")
    rate(person, answer, "good")
    kept = Feedback.objects.get()
    assert (kept.pk, kept.rating, kept.reason) == (answer.pk, "good", "")
    assert rate(person, answer, None) is None
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    ("rating", "reason"), [("fine", ""), ("", ""), ("good", "x" * 501), ("bad", "a\x00b")]
)
def test_a_rating_that_does_not_fit_changes_nothing(
    person: User, talk: Talk, rating: str, reason: str
) -> None:
    with pytest.raises(ValidationFailedError):
        rate(person, talk.second[1], rating, reason)
    assert not Feedback.objects.exists()


def test_only_an_answer_in_sight_to_its_end_is_rated(
    person: User, stranger: User, talk: Talk
) -> None:
    with pytest.raises(MessageNotFoundError):
        rate(stranger, talk.second[1], "good")
    with pytest.raises(FeedbackNotPossibleError):
        rate(person, talk.second[0], "good")
    Message.objects.filter(pk=talk.second[1].pk).update(content="")
    with pytest.raises(FeedbackNotPossibleError):
        rate(person, talk.second[1], "good")
