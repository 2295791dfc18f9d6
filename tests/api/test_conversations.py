from apps.conversations.models import Conversation
from apps.users.models import User
from tests.api.conftest import Program
from tests.factories import ConversationFactory


async def test_a_conversation_is_made_read_renamed_and_deleted(program: Program) -> None:
    made = await program.post("conversations/", {"title": "Plans"})
    assert made.status_code == 201
    number = made.json()["data"]["id"]
    read = await program.get(f"conversations/{number}")
    assert read.json()["data"]["title"] == "Plans"
    renamed = await program.call("PATCH", f"conversations/{number}", {"title": " New  plans "})
    assert renamed.json()["data"]["title"] == "New plans"
    deleted = await program.call("DELETE", f"conversations/{number}")
    assert (deleted.status_code, deleted.json()["data"]) == (200, None)
    gone = await program.get(f"conversations/{number}")
    assert (gone.status_code, gone.json()["code"]) == (404, "conversation_not_found")
