"""Both sockets hold their door alike: whoever may not stay is turned out, also after an outage."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import OperationalError

from apps.users.models import ApiToken
from apps.users.services import principals
from apps.users.services.principals import Principal
from project.asgi import application
from tests.factories import ApiTokenFactory
from tests.moderation.factories import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


def after_an_outage(done: list[str]) -> Callable[[Principal], Principal]:
    """Return a look that PostgreSQL does not answer once; the token is gone afterwards."""
    look = principals.recheck

    def recheck(principal: Principal) -> Principal:
        done.append("look")
        if len(done) == 1:
            ApiToken.objects.all().delete()
            raise OperationalError("away")
        return look(principal)

    return recheck


@pytest.mark.parametrize("path", ["/ws/chat/", "/ws/desk/"])
async def test_a_socket_looks_again_after_a_moment_without_postgresql(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    monkeypatch.setattr("apps.users.consumers.RECHECK_SECONDS", 0.02)
    monkeypatch.setattr(principals, "recheck", after_an_outage(looks))
    token = await sync_to_async(lambda: ApiTokenFactory(user=make_staff()))()
    headers = [(b"authorization", f"Bearer {token.secret}".encode())]
    socket = WebsocketCommunicator(application, path, headers=headers)
    assert (await socket.connect())[0]
    assert await socket.receive_output(timeout=20) == {"type": "websocket.close", "code": 4401}
    assert looks == ["look", "look"]
    await socket.disconnect()
