"""Search, export, links and the lists of the API: one's own alone."""

import json

import pytest

from apps.conversations import constants
from apps.conversations.services import indexing
from apps.core import db
from apps.users.models import User
from tests.api.conftest import Program
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory


def tides(author: User) -> int:
    conversation = ConversationFactory(owner=author, title="Tides & moons")
    question = MessageFactory(conversation=conversation, content="Why are there tides?")
    for text, is_current in (("An older answer.", False), ("The **moon** pulls.", True)):
        ReplyFactory(
            message__conversation=conversation,
            message__parent=question,
            message__content=text,
            message__is_current=is_current,
        )
    MessageFactory(conversation=conversation, content="Hidden words.", hidden=True)
    return int(conversation.pk)


async def body(answered: object) -> str:
    return b"".join([piece async for piece in answered.streaming_content]).decode()  # type: ignore[attr-defined]


async def test_a_search_answers_titles_and_messages_in_pages(
    program: Program, author: User
) -> None:
    number = await db.call(tides, author)
    await db.call(indexing.index_some)
    first = (await program.get("search?q=tide&limit=1")).json()["data"]
    assert [(hit["kind"], hit["conversation_id"]) for hit in first["items"]] == [("title", number)]
    assert first["items"][0]["title"] == [
        {"text": "Tides", "is_hit": True},
        {"text": " & moons", "is_hit": False},
    ]
    cursor = first["next_cursor"]
    second = (await program.get(f"search?q=tide&limit=1&cursor={cursor}")).json()["data"]
    assert [hit["kind"] for hit in second["items"]] == ["message"]


@pytest.mark.parametrize("query", ["", "q=", "q=a", "q=tide&cursor=made-up"])
async def test_a_search_that_cannot_be_made_is_refused(program: Program, query: str) -> None:
    answered = await program.get(f"search?{query}")
    assert answered.status_code == 400


async def test_an_export_holds_what_its_owner_sees_and_nothing_hidden(
    program: Program, author: User
) -> None:
    number = await db.call(tides, author)
    answered = await program.get(f"conversations/{number}/export?format=markdown")
    assert answered.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answered.headers["Content-Disposition"] == 'attachment; filename="tides-moons.md"'
    text = await body(answered)
    assert text.startswith("# Tides & moons\n")
    assert "Why are there tides?" in text
    assert "The **moon** pulls." in text
    assert "An older answer." not in text
    assert "Hidden words." not in text
    assert f"*{constants.HIDDEN_PLACEHOLDER}*" in text


async def test_an_export_as_json_holds_every_branch(program: Program, author: User) -> None:
    number = await db.call(tides, author)
    whole = json.loads(await body(await program.get(f"conversations/{number}/export")))
    assert [(one["content"], one["is_shown"]) for one in whole["messages"]] == [
        ("Why are there tides?", True),
        ("An older answer.", False),
        ("The **moon** pulls.", True),
        ("", True),
    ]
    assert whole["messages"][2]["parent_id"] == whole["messages"][0]["id"]


async def test_nobody_exports_or_shares_what_is_not_theirs(program: Program) -> None:
    number = (await db.call(ConversationFactory)).pk
    assert (await program.get(f"conversations/{number}/export")).status_code == 404
    shared = await program.post(f"conversations/{number}/shares", {})
    assert (shared.status_code, shared.json()["code"]) == (404, "conversation_not_found")


async def test_a_link_is_made_listed_and_revoked(program: Program, author: User) -> None:
    number = await db.call(tides, author)
    made = await program.post(f"conversations/{number}/shares", {"expires_in_days": None})
    assert made.status_code == 201
    link = made.json()["data"]
    assert "/s/" in link["url"]
    assert (link["expires_at"], link["view_count"]) == (None, 0)
    listed = (await program.get("shares")).json()["data"]["items"]
    assert [one["id"] for one in listed] == [link["id"]]
    assert "url" not in listed[0]
    assert (await program.call("DELETE", f"shares/{link['id']}")).status_code == 200
    listed = (await program.get("shares")).json()["data"]["items"]
    assert listed[0]["revoked_at"] is not None


async def test_a_conversation_is_archived_deleted_and_restored(
    program: Program, author: User
) -> None:
    number = await db.call(tides, author)

    async def listed(state: str) -> list[int]:
        answered = await program.get(f"conversations/?state={state}")
        return [one["id"] for one in answered.json()["data"]["items"]]

    await program.call("PATCH", f"conversations/{number}", {"is_archived": True})
    assert (await listed("open"), await listed("archived")) == ([], [number])
    await program.call("DELETE", f"conversations/{number}")
    assert (await listed("archived"), await listed("deleted")) == ([], [number])
    restored = await program.post(f"conversations/{number}/restore", {})
    assert restored.status_code == 200
    assert (await listed("archived"), await listed("deleted")) == ([number], [])
