"""A request that comes again tells its answer only to who may have it today."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase

from apps.moderation.models import Case
from apps.users.models import ApiToken, User
from apps.users.services import roles, service_accounts, token_ends
from apps.webhooks.models import WebhookEndpoint
from tests.api.conftest import Program
from tests.factories import UserFactory
from tests.moderation.factories import make_case

KEY = {"Idempotency_Key": "my-key-1"}
CHILD = {"name": "child", "scopes": ["chat"]}


def said(answered: HttpResponseBase) -> tuple[int, Any]:
    """Return status and code, or the data where it went well."""
    body = answered.json()
    return answered.status_code, body["data"] if body["success"] else body["code"]


async def test_who_is_no_moderator_any_more_is_told_nothing_again(admin: User) -> None:
    case: Case = await sync_to_async(make_case)()
    moderator: User = await sync_to_async(UserFactory)(moderator=True)
    program = await sync_to_async(Program)(moderator)
    asked = ("moderation/cases/next", f"moderation/cases/{case.pk}/claim")
    first = [said(await program.post(path, **KEY)) for path in asked]
    assert [(status, data["id"]) for status, data in first] == [(200, case.pk)] * 2
    assert [said(await program.post(path, **KEY)) for path in asked] == first
    await sync_to_async(roles.change_role)(actor=admin, user_id=moderator.pk, role="user")
    for path in asked:
        assert said(await program.post(path, **KEY)) == (409, "idempotency_conflict")
        assert said(await program.post(path, Idempotency_Key="another")) == (403, "forbidden")


async def test_the_secret_of_a_new_token_is_told_again_to_the_token_that_made_it(
    admin: User,
) -> None:
    account = await sync_to_async(service_accounts.create_service_account)(actor=admin, name="Bot")
    path = f"service-accounts/{account.pk}/tokens"
    strong, weak = [
        await sync_to_async(Program)(admin, scopes=["staff", "chat"], **limits)
        for limits in ({}, {"allowed_models": ["small-*"]})
    ]
    made = said(await strong.post(path, CHILD, **KEY))
    assert made[0] == 201
    assert said(await weak.post(path, CHILD, **KEY)) == (409, "idempotency_conflict")
    assert said(await weak.post(path, CHILD)) == (403, "missing_scope")
    assert said(await strong.post(path, CHILD, **KEY)) == made
    assert await ApiToken.objects.filter(user=account).acount() == 1
    maker = ApiToken.objects.filter(user=admin, allowed_models=[])
    await maker.aupdate(allowed_models=["small-*"])
    assert said(await strong.post(path, CHILD, **KEY)) == (409, "idempotency_conflict")


async def test_a_revoked_token_is_not_told_what_it_made(program: Program, author: User) -> None:
    made = said(await program.post("auth/tokens", CHILD, **KEY))
    assert made[0] == 201
    assert said(await program.post("auth/tokens", CHILD, **KEY)) == made
    parent = await ApiToken.objects.aget(user=author, name="a program")
    await sync_to_async(token_ends.revoke_token)(actor=author, token_id=parent.pk)
    assert said(await program.post("auth/tokens", CHILD, **KEY)) == (401, "invalid_token")


@pytest.mark.parametrize("path", ["webhooks", "webhooks/{}/secret"])
async def test_the_secret_of_a_webhook_is_told_again_to_the_token_that_asked_for_it(
    admin: User, path: str
) -> None:
    endpoint = await WebhookEndpoint.objects.acreate(
        url="https://93.184.216.34/hook", event_types=["case.opened"], sealed_secret="x"
    )
    path = path.format(endpoint.pk)
    body = {} if "secret" in path else {"url": endpoint.url, "event_types": ["case.opened"]}
    first, second = [await sync_to_async(Program)(admin) for _ in range(2)]
    made = said(await first.post(path, body, **KEY))
    assert made[1]["secret"].startswith("whsec_")
    assert said(await first.post(path, body, **KEY)) == made
    assert said(await second.post(path, body, **KEY)) == (409, "idempotency_conflict")
