"""Whoever makes something can edit it under `If-Match` without reading it first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from apps.users.models import User
from tests.api.conftest import Program
from tests.api.test_lost_updates import WEBHOOK, tag_of
from tests.moderation.factories import make_policy, make_staff
from tests.moderation.test_policies_api import VERSION
from tests.moderation.test_rules_api import DRAFT

PERSON = {"email": "new@example.com", "name": "New", "password": "Correct-horse-1"}
MADE: dict[str, tuple[dict[str, Any], str, str, dict[str, Any] | None]] = {
    "conversations/": ({"title": "Mine"}, "PATCH", "", {"title": "Other"}),
    "users/": (PERSON, "PATCH", "", {"name": "Other"}),
    "auth/tokens": ({"name": "One", "scopes": ["chat"]}, "PATCH", "", {"name": "Two"}),
    "service-accounts": ({"name": "Bot"}, "PATCH", "", {"name": "Two"}),
    "webhooks": (WEBHOOK, "PATCH", "", {"description": "Two"}),
    "moderation/policies": ({**VERSION, "code": "spam"}, "POST", "/versions", VERSION),
    "moderation/rules": (DRAFT, "POST", "/mode", {"mode": "off"}),
}


@sync_to_async
def who_makes(path: str) -> Program:
    if not path.startswith("moderation/"):
        return Program(make_staff(role="admin"))
    make_policy()
    return Program(make_staff("lead", "rule_author"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", MADE)
async def test_what_is_made_bears_the_tag_that_reading_it_would(path: str) -> None:
    program = await who_makes(path)
    body, method, below, change = MADE[path]
    made = await program.post(path, body, Idempotency_Key="once")
    assert made.status_code == 201
    place = f"{path.rstrip('/')}/{made.json()['data']['id']}"
    tag = made.headers["ETag"]
    again = await program.post(path, body, Idempotency_Key="once")
    assert (again.headers["Idempotency-Replayed"], again.headers["ETag"]) == ("true", tag)
    assert tag == await tag_of(program, place)
    done = await program.call(method, f"{place}{below}", change, If_Match=tag)
    assert done.status_code < 300
    refused = await program.call(method, f"{place}{below}", change, If_Match=tag)
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")


@pytest.mark.django_db
async def test_a_conversation_without_a_title_keeps_its_tag_when_a_model_finds_one(
    program: Program, author: User
) -> None:
    made = await program.post("conversations/", {}, Idempotency_Key="once")
    again = await program.post("conversations/", {}, Idempotency_Key="once")
    assert again.headers["ETag"] == made.headers["ETag"]
    (conversation,) = [one async for one in author.conversations.all()]
    conversation.title, conversation.title_source = "By the model", "generated"
    await conversation.asave()
    path = f"conversations/{conversation.pk}"
    edited = await program.call("PATCH", path, {"title": "Mine"}, If_Match=made.headers["ETag"])
    assert edited.status_code == 200


def test_every_post_that_makes_what_if_match_guards_names_its_tag() -> None:
    document = orjson.loads(Path(settings.BASE_DIR, "snapshots/openapi.json").read_bytes())
    paths: dict[str, Any] = document["paths"]
    guarded = {
        path.rpartition("/{")[0]
        for path, item in paths.items()
        for operation in item.values()
        if path.endswith("}") and "If-Match" in str(operation.get("parameters"))
    }
    makers = {
        path: item["post"]["responses"]["201"]
        for path, item in paths.items()
        if path.rstrip("/") in guarded and "201" in item.get("post", {}).get("responses", {})
    }
    assert {path for path, made in makers.items() if "ETag" not in made["headers"]} == set()
    assert len(makers) == len(MADE) - 2
