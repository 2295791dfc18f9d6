"""Versions of messages and feedback, as a program uses them."""

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.models import Conversation, Feedback, Message, Reply
from apps.users.models import User
from tests.api.conftest import Program
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory


@pytest.fixture
def conversation(transactional_db: None, author: User) -> Conversation:
    made: Conversation = ConversationFactory(owner=author)
    return made


@pytest.fixture
def question(conversation: Conversation) -> Message:
    made: Message = MessageFactory(conversation=conversation, content="one")
    return made


@pytest.fixture
def answer(question: Message) -> Message:
    made: Message = MessageFactory(
        assistant=True, conversation=question.conversation, parent=question
    )
    ReplyFactory(message=made)
    return made


async def test_a_question_is_edited_and_both_versions_can_be_found_and_shown(
    program: Program, question: Message, answer: Message
) -> None:
    place = f"conversations/{question.conversation_id}/messages"
    edited = await program.post(place, {"content": "uno", "edits_message_id": question.pk})
    assert edited.status_code == 202
    number = edited.json()["data"]["message"]["id"]
    busy = await program.call("PUT", f"messages/{question.pk}/branch")
    assert (busy.status_code, busy.json()["code"]) == (409, "reply_in_progress")
    await Reply.objects.filter(state="queued").adelete()
    versions = (await program.get(f"messages/{number}/versions")).json()["data"]["items"]
    assert [(one["id"], one["is_shown"]) for one in versions] == [
        (question.pk, False),
        (number, True),
    ]
    back = await program.call("PUT", f"messages/{question.pk}/branch")
    assert (back.status_code, back.json()["data"]["is_shown"]) == (200, True)
    listed = (await program.get(place)).json()["data"]["items"]
    assert [one["id"] for one in listed] == [question.pk, answer.pk]


async def test_what_cannot_be_edited_is_refused_and_nothing_changes(
    program: Program, answer: Message
) -> None:
    place = f"conversations/{answer.conversation_id}/messages"
    refused = await program.post(place, {"content": "x", "edits_message_id": answer.pk})
    assert (refused.status_code, refused.json()["code"]) == (409, "message_not_editable")
    missing = await program.post(place, {"content": "x", "edits_message_id": answer.pk + 99})
    assert (missing.status_code, missing.json()["code"]) == (404, "message_not_found")
    assert await Message.objects.filter(is_current=True).acount() == 2


async def test_feedback_is_kept_changed_read_and_taken_back(
    program: Program, answer: Message
) -> None:
    place = f"messages/{answer.pk}/feedback"
    kept = await program.call("PUT", place, {"rating": "bad", "reason": " Wrong year. "})
    assert (kept.status_code, kept.json()["data"]["reason"]) == (200, "Wrong year.")
    await program.call("PUT", place, {"rating": "good"})
    read = (await program.get(f"messages/{answer.pk}")).json()["data"]["feedback"]
    assert (read["rating"], read["reason"]) == ("good", "")
    gone = await program.call("PUT", place, {"rating": None})
    assert (gone.status_code, gone.json()["data"]) == (200, None)
    assert not await Feedback.objects.aexists()


@pytest.mark.parametrize(
    "body", [{}, {"rating": "fine"}, {"rating": "good", "reason": "x" * 501}, {"rating": True}]
)
async def test_feedback_that_does_not_fit_is_refused(
    program: Program, answer: Message, body: object
) -> None:
    refused = await program.call("PUT", f"messages/{answer.pk}/feedback", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_failed")


async def test_only_an_answer_of_ones_own_is_rated(
    program: Program, question: Message, stranger: User, answer: Message
) -> None:
    mine = await program.call("PUT", f"messages/{question.pk}/feedback", {"rating": "good"})
    assert (mine.status_code, mine.json()["code"]) == (409, "feedback_not_possible")
    other = await sync_to_async(Program)(stranger)
    for path in ("feedback", "branch"):
        refused = await other.call("PUT", f"messages/{answer.pk}/{path}", {"rating": "good"})
        assert (refused.status_code, refused.json()["code"]) == (404, "message_not_found")
    assert not await Feedback.objects.aexists()
