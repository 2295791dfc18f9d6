"""A program that calls the API with a token."""

from typing import Any

import orjson
import pytest
from django.http.response import HttpResponseBase
from django.test import AsyncClient

from apps.users.models import User
from tests.conversations.conftest import upstream  # noqa: F401  a fixture
from tests.factories import ApiTokenFactory, UserFactory


class Program:
    """A caller of the API; without a user it sends no token."""

    def __init__(self, user: User | None = None, **token: Any) -> None:
        self.client = AsyncClient(raise_request_exception=False)
        self.user = user
        self.headers: dict[str, str] = {}
        if user is not None:
            secret = ApiTokenFactory(user=user, **token).secret
            self.headers["Authorization"] = f"Bearer {secret}"

    async def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> HttpResponseBase:
        """Send a request and return the answer; a path is one of `/api/v1/` unless it is whole."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else orjson.dumps(body)
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return await self.client.generic(
            method, address, content, content_type="application/json", headers=sent
        )

    async def get(self, path: str, **headers: str) -> HttpResponseBase:
        """Read."""
        return await self.call("GET", path, **headers)

    async def post(self, path: str, body: object = None, **headers: str) -> HttpResponseBase:
        """Create."""
        return await self.call("POST", path, body, **headers)


@pytest.fixture
def author(db: None) -> User:
    """Who owns the conversation."""
    return UserFactory()


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody else."""
    return UserFactory()


@pytest.fixture
def admin(db: None) -> User:
    """An admin."""
    return UserFactory(admin=True)


@pytest.fixture
def program(author: User) -> Program:
    """The author's program."""
    return Program(author)


@pytest.fixture
def nobody(db: None) -> Program:
    """A program without a token."""
    return Program()
