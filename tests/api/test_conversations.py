import pytest
from asgiref.sync import sync_to_async

from apps.conversations.models import Conversation
from apps.users.models import User
from tests.api.conftest import Program
from tests.factories import ConversationFactory, MessageFactory


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


async def test_a_conversation_shows_only_its_documented_fields(program: Program) -> None:
    made = await program.post("conversations/", {})
    assert set(made.json()["data"]) == {
        "id",
        "title",
        "message_count",
        "created_at",
        "updated_at",
        "last_message_at",
        "is_unread",
        "assistant_id",
        "archived_at",
        "locked_at",
    }
    assert made.json()["data"]["title"] == ""


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x" * 121},
        {"title": 5},
        {"title": "a", "owner": 1},
        {"owner_id": 1},
        {"title": "nul \x00"},
        [],
        None,
    ],
)
async def test_what_does_not_fit_makes_nothing(program: Program, body: object) -> None:
    answered = await program.post("conversations/", body)
    assert (answered.status_code, answered.json()["code"]) == (400, "validation_failed")
    assert await Conversation.objects.acount() == 0


@pytest.mark.parametrize("title", ["", "   ", "x" * 121, None])
async def test_a_title_that_does_not_fit_changes_nothing(
    program: Program, author: User, title: object
) -> None:
    conversation = await make(author, title="Before")
    answered = await program.call("PATCH", f"conversations/{conversation.pk}", {"title": title})
    assert (answered.status_code, answered.json()["code"]) == (400, "validation_failed")
    await conversation.arefresh_from_db()
    assert conversation.title == "Before"


async def test_the_list_has_only_ones_own_in_pages(
    program: Program, author: User, stranger: User
) -> None:
    own = [await make(author) for _ in range(3)]
    await make(stranger)
    first = (await program.get("conversations/?limit=2")).json()["data"]
    assert [item["id"] for item in first["items"]] == [own[2].pk, own[1].pk]
    second = await program.get(f"conversations/?limit=2&cursor={first['next_cursor']}")
    assert [item["id"] for item in second.json()["data"]["items"]] == [own[0].pk]
    assert second.json()["data"]["next_cursor"] is None


async def test_the_list_has_twenty_where_nothing_is_asked(program: Program, author: User) -> None:
    for _ in range(21):
        await make(author)
    page = (await program.get("conversations/")).json()["data"]
    assert len(page["items"]) == 20
    assert page["next_cursor"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=1"])
async def test_a_page_that_is_none_is_refused(program: Program, query: str) -> None:
    assert (await program.get(f"conversations/?{query}")).status_code == 400


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "-1", "x", "1.5", "%31"])
async def test_a_number_that_is_nobodys_is_not_found(program: Program, number: str) -> None:
    answered = await program.get(f"conversations/{number}")
    assert answered.status_code == 404
    assert answered.json()["code"] in ("not_found", "conversation_not_found")


async def make(owner: User, **fields: object) -> Conversation:
    """Make a conversation in the test's own thread."""
    made: Conversation = await sync_to_async(ConversationFactory)(owner=owner, **fields)
    return made


async def test_a_cursor_is_good_for_one_list_with_its_filters(
    program: Program, author: User, admin: User
) -> None:
    def scene() -> tuple[int, int]:
        first, second = (ConversationFactory(owner=author) for _ in range(2))
        for _ in range(3):
            MessageFactory(conversation=first)
            MessageFactory(conversation=second)
        return first.pk, second.pk

    first, second = await sync_to_async(scene)()
    staff = await sync_to_async(Program)(admin)
    lists = (
        (program, f"conversations/{first}/messages?limit=1", f"conversations/{second}/messages"),
        (
            program,
            f"conversations/{first}/messages?limit=1",
            f"conversations/{first}/messages?order=newest",
        ),
        (program, "conversations/?limit=1", "conversations/?state=archived"),
        (staff, "users/?limit=1", "users/?role=admin"),
    )
    for caller, path, other in lists:
        cursor = (await caller.get(path)).json()["data"]["next_cursor"]
        assert cursor, path
        assert (await caller.get(f"{path}&cursor={cursor}")).status_code == 200
        refused = await caller.get(f"{other}{'&' if '?' in other else '?'}cursor={cursor}")
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor"), other


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("conversations", "/api/v1/conversations/"), ("models/", "/api/v1/models")],
)
async def test_an_address_that_lacks_its_slash_is_named_as_it_is_written(
    program: Program, typed: str, meant: str
) -> None:
    missed = await program.post(typed, {})
    assert (missed.status_code, missed.json()["code"]) == (404, "not_found")
    assert missed.json()["message"] == f"There is nothing here. Write {meant}."
    nowhere = await program.post("nowhere", {})
    assert nowhere.json()["message"].endswith("Check the address.")
