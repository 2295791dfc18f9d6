"""A program that calls moderation's routes."""

from typing import Any

import orjson
from asgiref.sync import async_to_sync

from apps.users.models import User
from tests.api.conftest import Program


class Caller:
    """A program, called from a test that is not asynchronous."""

    def __init__(self, user: User, **token: object) -> None:
        self.program = Program(user, **token)

    def call(
        self, method: str, path: str, body: object = None, status: int = 200
    ) -> dict[str, Any]:
        answer = async_to_sync(self.program.call)(method, path, body)
        found: dict[str, Any] = orjson.loads(answer.content)
        assert answer.status_code == status, found
        data: dict[str, Any] = found["data"] if found["success"] else found
        return data
