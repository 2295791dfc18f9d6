"""A second viewer learns at once that a case was taken or decided; nobody else learns anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.utils import timezone

from apps.moderation.models import Case
from apps.moderation.services.cases import cases, reassigning
from apps.users.models import User
from project.asgi import application
from tests.factories import ApiTokenFactory, UserFactory
from tests.moderation.factories import make_case, make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def desk_of(person: User, **token: object) -> AsyncIterator[WebsocketCommunicator]:
    made = await sync_to_async(ApiTokenFactory)(user=person, **token)
    headers = [(b"authorization", f"Bearer {made.secret}".encode())]
    socket = WebsocketCommunicator(application, "/ws/desk/", headers=headers)
    assert (await socket.connect())[0]
    try:
        yield socket
    finally:
        await socket.disconnect()


async def heard(socket: WebsocketCommunicator) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(await socket.receive_from(timeout=20))
    return event


@sync_to_async
def opened() -> Case:
    return make_case()


async def test_a_claim_and_its_end_are_told_at_once_without_a_word_of_the_text() -> None:
    watching, working = await sync_to_async(make_staff)(), await sync_to_async(make_staff)()
    case = await opened()
    async with desk_of(watching) as socket:
        await socket.send_to(text_data="{}")
        assert await heard(socket) == {"type": "pong"}
        held = await sync_to_async(cases.claim)(actor=working, case_id=case.pk)
        event = {"type": "case.changed", "case_id": case.pk, "state": "claimed"}
        taken = {**event, "version": held.version, "is_given_back": False}
        assert await heard(socket) == taken
        back = await sync_to_async(cases.release)(actor=working, case_id=case.pk)
        given_back = {"state": "open", "version": back.version, "is_given_back": True}
        assert await heard(socket) == {**event, **given_back}


async def test_who_is_given_a_case_hears_from_whom_and_nobody_else_does() -> None:
    lead, noor = await sync_to_async(make_staff)("lead"), await sync_to_async(make_staff)()
    case = await opened()
    async with desk_of(noor) as hers, desk_of(lead) as others:
        for socket in (hers, others):
            await socket.send_to(text_data="{}")
            assert await heard(socket) == {"type": "pong"}
        await sync_to_async(reassigning.reassign)(
            actor=lead, case_id=case.pk, user_id=noor.pk, reason="She speaks Dutch."
        )
        assert (await heard(hers))["state"] == (await heard(others))["state"] == "claimed"
        assert await heard(hers) == {"type": "case.given", "case_id": case.pk, "by": lead.name}
        await others.send_to(text_data="{}")
        assert await heard(others) == {"type": "pong"}


async def test_a_claim_that_the_clock_has_ended_is_told_when_the_case_goes_back() -> None:
    watching, working = await sync_to_async(make_staff)(), await sync_to_async(make_staff)()
    case = await opened()
    await sync_to_async(cases.claim)(actor=working, case_id=case.pk)
    late = timezone.now() - timedelta(seconds=1)
    await sync_to_async(Case.objects.update)(claim_expires_at=late)
    async with desk_of(watching) as socket:
        await socket.send_to(text_data="{}")
        assert await heard(socket) == {"type": "pong"}
        await sync_to_async(cases.take_next)(actor=watching)
        back, taken = await heard(socket), await heard(socket)
        assert (back["case_id"], back["state"], back["is_given_back"]) == (case.pk, "open", True)
        assert (taken["case_id"], taken["state"]) == (case.pk, "claimed")


async def test_a_new_flag_is_told_too() -> None:
    async with desk_of(await sync_to_async(make_staff)()) as socket:
        await socket.send_to(text_data="{}")
        assert (await heard(socket))["type"] == "pong"
        case = await opened()
        assert (await heard(socket))["case_id"] == case.pk


@pytest.mark.parametrize(
    ("is_staff", "token"),
    [(False, {}), (True, {"scopes": ["chat"]})],
    ids=["no right", "no scope"],
)
async def test_nobody_else_may_listen(is_staff: bool, token: dict[str, object]) -> None:
    person = await sync_to_async(make_staff if is_staff else UserFactory)()
    async with desk_of(person, **token) as socket:
        assert (await socket.receive_output(timeout=5))["code"] == 4403
