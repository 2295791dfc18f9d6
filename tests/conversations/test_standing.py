from collections.abc import Sequence

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django import Settings

from apps.conversations.guardrails import Draft, Judged, Verdict
from apps.conversations.models import Conversation, Message
from apps.conversations.services import retries, shares, turns
from apps.conversations.services.turns import TurnRequest
from apps.core.errors import AppError
from apps.users.models import User
from tests.factories import ConversationFactory, ReplyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def restricted() -> User:
    return UserFactory(restricted=True)


@pytest.fixture
def suspended() -> User:
    return UserFactory(suspended=True)


@pytest.fixture
def stopped_id(restricted: User) -> int:
    return ReplyFactory(state="stopped", message__conversation__owner=restricted).pk


@pytest.mark.parametrize("who", ["restricted", "suspended"])
async def test_whoever_may_not_write_starts_no_turn(
    restricted: User, suspended: User, who: str
) -> None:
    actor = {"restricted": restricted, "suspended": suspended}[who]
    with pytest.raises(AppError) as caught:
        await turns.start_turn(
            actor=actor, request=TurnRequest(conversation_id=None, content="Hello", client_id="c-1")
        )
    assert (caught.value.code, caught.value.status_code) == (f"account_{who}", 403)
    assert (await Message.objects.acount(), await Conversation.objects.acount()) == (0, 0)


async def test_whoever_may_not_write_asks_for_no_answer_again(
    restricted: User, stopped_id: int
) -> None:
    with pytest.raises(AppError) as caught:
        await retries.retry_reply(actor=restricted, message_id=stopped_id)
    assert caught.value.code == "account_restricted"
    assert await Message.objects.acount() == 1


class NeverAsked:
    """A guardrail that must not be asked."""

    async def check_input(self, draft: Draft) -> Verdict:
        raise AssertionError

    async def open_stream(self, draft: Draft) -> None:
        raise AssertionError

    async def check_output(self, draft: Draft, answer: str) -> Verdict:
        raise AssertionError

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        raise AssertionError


async def test_no_rule_looks_at_a_text_of_somebody_who_may_not_write_or_for_a_locked_conversation(
    restricted: User, settings: Settings
) -> None:
    settings.GUARDRAILS = [f"{__name__}.NeverAsked"]
    locked = await sync_to_async(ConversationFactory)(locked_at=timezone.now())
    other = await sync_to_async(ConversationFactory)()
    titled = await sync_to_async(ConversationFactory)(
        owner=restricted, title="Mine", title_source="person"
    )
    for actor, conversation, code in (
        (restricted, None, "account_restricted"),
        (locked.owner, locked, "conversation_locked"),
        (locked.owner, other, "conversation_not_found"),
    ):
        number = conversation.pk if conversation is not None else None
        with pytest.raises(AppError) as caught:
            await turns.start_turn(
                actor=actor, request=TurnRequest(conversation_id=number, content="Hello")
            )
        assert caught.value.code == code
    with pytest.raises(AppError) as caught:
        await shares.publish(actor=restricted, conversation_id=titled.pk, expires_in_days=None)
    assert caught.value.code == "account_restricted"
