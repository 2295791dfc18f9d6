"""Who may do what with a conversation and its messages; a refusal changes nothing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core import serializers
from django.utils import timezone

from apps.conversations.models import Conversation, Message, Reply
from apps.users.constants import TokenScope
from apps.users.models import ApiToken, User
from apps.users.services import service_accounts
from tests.api.conftest import Program
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory

OPERATIONS = [
    ("GET", "conversations/{conversation}", None),
    ("PATCH", "conversations/{conversation}", {"title": "Changed"}),
    ("DELETE", "conversations/{conversation}", None),
    ("GET", "conversations/{conversation}/messages", None),
    ("POST", "conversations/{conversation}/messages", {"content": "Hello"}),
    ("GET", "messages/{question}", None),
    ("GET", "messages/{answer}", None),
    ("GET", "messages/{answer}/events", None),
    ("POST", "messages/{answer}/stop", None),
    ("POST", "messages/{answer}/regenerate", None),
]
OWN = [
    ("GET", "conversations/", None),
    ("POST", "conversations/", {"title": "Mine"}),
    ("POST", "users/{author}/chat", {"message": "Hello"}),
]
OTHERS = {
    "stranger": {},
    "moderator": {"moderator": True},
    "admin": {"admin": True},
}


@dataclass
class Scene:
    """A conversation of the author with a question and an answer that is still queued."""

    author: User
    numbers: dict[str, int]

    def path(self, template: str) -> str:
        """Fill the numbers into an address."""
        return template.format(**self.numbers)


@pytest.fixture
def scene(author: User) -> Scene:
    conversation = ConversationFactory(owner=author)
    question = MessageFactory(conversation=conversation)
    answer = MessageFactory(conversation=conversation, parent=question, assistant=True)
    ReplyFactory(message=answer, queued=True)
    numbers = {
        "author": author.pk,
        "conversation": conversation.pk,
        "question": question.pk,
        "answer": answer.pk,
    }
    return Scene(author, numbers)


def snapshot() -> str:
    """Return every row that an operation might change."""
    rows: list[Any] = []
    for model in (Conversation, Message, Reply):
        rows.extend(model.objects.order_by("pk"))
    return serializers.serialize("json", rows)


def names(entry: Any) -> str:
    return f"{entry[0]} {entry[1]}" if isinstance(entry, tuple) else str(entry)


@pytest.mark.parametrize("operation", [*OPERATIONS, *OWN], ids=names)
async def test_nobody_without_a_token(scene: Scene, nobody: Program, operation: Any) -> None:
    method, template, body = operation
    before = await sync_to_async(snapshot)()
    answered = await nobody.call(method, scene.path(template), body)
    assert (answered.status_code, answered.json()["code"]) == (401, "unauthorized")
    assert answered.headers["WWW-Authenticate"] == "Bearer"
    assert await sync_to_async(snapshot)() == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=names)
@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_else_whatever_their_role(scene: Scene, role: str, operation: Any) -> None:
    method, template, body = operation
    other = await sync_to_async(UserFactory)(**OTHERS[role])
    program = await sync_to_async(Program)(other)
    before = await sync_to_async(snapshot)()
    answered = await program.call(method, scene.path(template), body)
    unknown = template.replace("{conversation}", "999999")
    unknown = unknown.replace("{question}", "999999").replace("{answer}", "999999")
    missing = await program.call(method, unknown, body)
    assert (answered.status_code, missing.status_code) == (404, 404)
    assert answered.json()["code"] == missing.json()["code"]
    assert answered.json()["message"] == missing.json()["message"]
    assert await sync_to_async(snapshot)() == before


@pytest.mark.parametrize("operation", [*OPERATIONS, *OWN], ids=names)
async def test_no_token_that_was_made_for_something_else(
    scene: Scene, author: User, operation: Any
) -> None:
    method, template, body = operation
    program = await sync_to_async(Program)(author, scopes=[TokenScope.ACCOUNT, TokenScope.STAFF])
    before = await sync_to_async(snapshot)()
    answered = await program.call(method, scene.path(template), body)
    assert (answered.status_code, answered.json()["code"]) == (403, "missing_scope")
    assert await sync_to_async(snapshot)() == before


@pytest.mark.parametrize("trait", ["expired", "revoked"])
async def test_no_token_that_is_over(scene: Scene, author: User, trait: str) -> None:
    program = await sync_to_async(Program)(author, **{trait: True})
    answered = await program.get(scene.path("conversations/{conversation}"))
    assert (answered.status_code, answered.json()["code"]) == (401, "invalid_token")


async def test_nobody_who_is_suspended(scene: Scene) -> None:
    person = await sync_to_async(UserFactory)(suspended=True)
    answered = await (await sync_to_async(Program)(person)).get("conversations/")
    assert (answered.status_code, answered.json()["code"]) == (403, "account_suspended")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic dTpw", "parley_x", "Bearer \u00e9", "Bearer " + "x" * 5000],
)
async def test_a_header_that_is_no_token(nobody: Program, header: str) -> None:
    answered = await nobody.get("conversations/", Authorization=header)
    assert answered.status_code == 401


@pytest.mark.parametrize(
    "operation", [entry for entry in OPERATIONS if entry[0] == "GET" and "events" not in entry[1]]
)
async def test_the_owner_may(scene: Scene, program: Program, operation: Any) -> None:
    assert (await program.get(scene.path(operation[1]))).status_code == 200


async def test_wrong_tokens_are_counted_by_address(nobody: Program, settings: Any) -> None:
    settings.RATE_LIMIT_API = "2/hour"
    nobody.headers["Authorization"] = "Bearer parley_wrong"
    codes = [(await nobody.get("conversations/")).status_code for _ in range(3)]
    assert codes == [401, 401, 429]


async def test_a_token_for_a_service_account_is_limited_as_much_as_the_one_that_makes_it(
    admin: User,
) -> None:
    account = await sync_to_async(service_accounts.create_service_account)(
        actor=admin, name="Nightly report"
    )
    end = timezone.now() + timedelta(days=1)
    limits = {"scopes": ["staff", "chat"], "allowed_models": ["small"], "expires_at": end}
    program = await sync_to_async(Program)(admin, **limits)
    wanted = {"name": "a", "scopes": ["chat"], "expires_in_days": 365}
    said = [
        await program.post(
            f"service-accounts/{account.pk}/tokens", {**wanted, "allowed_models": models}
        )
        for models in ([], ["large"], ["small"])
    ]
    assert [one.status_code for one in said] == [403, 403, 201]
    made = await ApiToken.objects.aget(user=account)
    assert (made.allowed_models, made.expires_at) == (["small"], end)
