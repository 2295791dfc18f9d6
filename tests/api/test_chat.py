from typing import Any

import pytest

from apps.audit.models import AuditEvent
from apps.conversations.models import Conversation, Message
from apps.users.models import User
from tests.api.conftest import Program
from tests.api.test_messages import answering, make
from tests.factories import ConversationFactory
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.usefixtures("transactional_db")


async def ask(
    program: Program, user: User, message: str = "[[stream tokens=3]]", **more: Any
) -> Any:
    return await program.post(f"users/{user.pk}/chat", {"message": message, **more})


async def test_an_answer_comes_in_the_flat_form(
    program: Program, author: User, upstream: ScriptedUpstream
) -> None:
    async with answering():
        answered = await ask(program, author, metadata={"a": 1})
    assert answered.status_code == 200
    data = answered.json()["data"]
    conversation = await Conversation.objects.aget()
    reply = await Message.objects.aget(role="assistant")
    assert data.pop("created_at")
    assert data == {
        "id": reply.pk,
        "user_id": author.pk,
        "message": "[[stream tokens=3]]",
        "response": answer_text(3),
        "conversation_id": conversation.pk,
        "metadata": {"a": 1},
    }


async def test_a_conversation_goes_on(
    program: Program, author: User, upstream: ScriptedUpstream
) -> None:
    async with answering():
        first = (await ask(program, author)).json()["data"]
        second = await ask(program, author, conversation_id=first["conversation_id"])
    assert second.json()["data"]["conversation_id"] == first["conversation_id"]
    assert await Conversation.objects.acount() == 1


async def test_the_same_key_is_answered_again_and_not_asked_again(
    program: Program, author: User, upstream: ScriptedUpstream
) -> None:
    program.headers["Idempotency-Key"] = "key-1"
    async with answering():
        first = await ask(program, author)
        again = await ask(program, author)
    assert again.json()["data"] == first.json()["data"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await Message.objects.acount() == 2


@pytest.mark.parametrize("message", ["", "x" * 4001, None])
async def test_a_message_that_does_not_fit_is_refused(
    program: Program, author: User, message: Any
) -> None:
    assert (await ask(program, author, message)).status_code == 400
    assert await Message.objects.acount() == 0


async def test_nobody_speaks_in_another_persons_name(program: Program, stranger: User) -> None:
    answered = await ask(program, stranger)
    assert (answered.status_code, answered.json()["code"]) == (403, "forbidden")
    unknown = await program.post("users/999999/chat", {"message": "Hello"})
    assert (unknown.status_code, unknown.json()["code"]) == (403, "forbidden")
    assert await Message.objects.acount() == 0


async def test_an_admin_may_and_it_is_written_down(
    admin: User, author: User, upstream: ScriptedUpstream
) -> None:
    program = await make(Program, user=admin)
    async with answering():
        answered = await ask(program, author)
    assert answered.json()["data"]["user_id"] == author.pk
    assert (await Conversation.objects.aget()).owner_id == author.pk
    event = await AuditEvent.objects.aget(action="message.sent_for_user")
    assert (event.actor_id, event.target_id) == (admin.pk, author.pk)
    nobody = await program.post("users/999999/chat", {"message": "Hello"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "user_not_found")


async def test_an_admins_token_for_chat_alone_speaks_in_its_owners_name_only(
    admin: User, author: User
) -> None:
    program = await make(Program, user=admin, scopes=["chat"])
    answered = await ask(program, author)
    assert (answered.status_code, answered.json()["code"]) == (403, "missing_scope")
    assert await Message.objects.acount() == 0


@pytest.mark.parametrize("field", ["context", "metadata"])
async def test_data_that_is_nested_too_deeply_is_refused(
    program: Program, author: User, field: str
) -> None:
    deep: Any = {}
    for _ in range(60):
        deep = {"a": [deep]}
    answered = await ask(program, author, **{field: deep})
    assert (answered.status_code, answered.json()["code"]) == (400, "invalid_message")
    assert [problem["field"] for problem in answered.json()["error"]] == [field]
    assert await Message.objects.acount() == 0


async def test_an_unknown_conversation_and_anothers_are_the_same(
    program: Program, author: User, stranger: User
) -> None:
    others = await make(ConversationFactory, owner=stranger)
    for number in (others.pk, 999_999):
        answered = await ask(program, author, conversation_id=number)
        assert (answered.status_code, answered.json()["code"]) == (404, "conversation_not_found")


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ("[[status status=500]]", 502, "upstream_error"),
        ("[[cut after=5]]", 502, "upstream_cut"),
    ],
)
async def test_an_answer_that_ended_badly_is_an_error_with_its_code(
    program: Program, author: User, upstream: ScriptedUpstream, message: str, status: int, code: str
) -> None:
    async with answering():
        answered = await ask(program, author, message)
    assert (answered.status_code, answered.json()["code"]) == (status, code)
    assert answered.json()["data"] is None


async def test_an_answer_that_takes_too_long_goes_on_without_the_caller(
    program: Program, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.conversations.constants.CHAT_WAIT_SECONDS", 0.05)
    answered = await ask(program, author, "Hello")
    assert (answered.status_code, answered.json()["code"]) == (504, "reply_not_ready")
    assert await Message.objects.acount() == 2
