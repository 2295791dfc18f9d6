import pytest

from apps.conversations.models import Conversation, Message
from apps.conversations.services import retries, turns
from apps.conversations.services.turns import TurnRequest
from apps.core.errors import AppError
from apps.users.models import User
from tests.factories import ReplyFactory, UserFactory

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
