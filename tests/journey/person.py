"""Somebody who uses Parley from outside: by the API and by the socket, as a program would."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

from apps.core.development.state import CHECKOUT
from tests.support.processes import Site
from tests.support.upstream_connection import SeenRequest

PASSWORD = "Correct-horse-1"
LIVE = ("queued", "running")
_numbers = itertools.count(1)

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was accepted."""

    conversation_id: int
    message_id: int
    reply_id: int


def is_end(event: Event, reply_id: int) -> bool:
    """Tell whether an event is the end of this answer."""
    return bool(event["type"] == "reply.finished" and event["reply_id"] == reply_id)


def questions_in(requests: list[SeenRequest]) -> list[SeenRequest]:
    """Return the requests that ask for an answer, and not for a title."""
    return [
        request
        for request in requests
        if "You name conversations" not in request.body["messages"][0]["content"]
    ]


def sign_up(site: Site, *, scopes: Sequence[str] = ("chat", "account")) -> Person:
    """Make an account and a token, both by the API."""
    email = f"person{next(_numbers)}.{os.urandom(4).hex()}@example.com"
    with httpx.Client(base_url=f"{site.web.url}/api/v1", trust_env=False, timeout=30) as client:
        made = client.post("/users/", json={"email": email, "name": "Uma", "password": PASSWORD})
        assert made.status_code == 201, made.text
        wanted = {
            "email": email,
            "password": PASSWORD,
            "name": "tests",
            "scopes": list(scopes),
            "expires_in_days": 1,
        }
        token = client.post("/auth/tokens", json=wanted)
        assert token.status_code == 201, token.text
    shown = token.json()["data"]
    user_id = made.json()["data"]["id"]
    return Person(site, user_id, shown["token"], token_id=shown["id"], email=email)


def give_role(person: Person, role: str) -> None:
    """Give somebody a role, as whoever runs the site would: by the shell."""
    run_in_shell(
        person.site,
        "from apps.users.services import roles;"
        f"roles.change_role(actor=None, user_id={person.user_id}, role={role!r}, reason='Tests.')",
    )


def give_duty(person: Person, duty: str) -> None:
    """Make somebody a moderator with a duty, as `give_role` does."""
    run_in_shell(
        person.site,
        "from apps.users.services import roles;"
        f"roles.change_role(actor=None, user_id={person.user_id}, role='moderator', "
        "reason='Tests.');"
        f"roles.change_duties(actor=None, user_id={person.user_id}, duties=[{duty!r}], "
        "reason='Tests.')",
    )


def run_in_shell(site: Site, code: str) -> None:
    """Run a line of Python in the deployment's shell."""
    run_command(site, "shell", "--no-imports", "-c", code)


def run_command(site: Site, *arguments: str) -> None:
    """Run a management command of the deployment."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=site.environment,
        cwd=CHECKOUT,
        check=True,
        timeout=120,
    )


class Person:
    """Somebody with a token."""

    def __init__(
        self, site: Site, user_id: int, token: str, *, token_id: int = 0, email: str = ""
    ) -> None:
        self.site = site
        self.user_id = user_id
        self.token_id = token_id
        self.email = email
        self.headers = {"Authorization": f"Bearer {token}"}

    async def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """Make one request of the API."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client() as client:
            return await client.request(method, path, json=body, headers=names)

    def read_self(self) -> dict[str, Any]:
        """Read the own account, which works for as long as the token does."""
        url = f"{self.site.web.url}/api/v1/users/me"
        answer = httpx.get(url, headers=self.headers, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def client(self) -> httpx.AsyncClient:
        """Open a client of the API."""
        return httpx.AsyncClient(
            base_url=f"{self.site.web.url}/api/v1",
            headers=self.headers,
            trust_env=False,
            timeout=httpx.Timeout(30),
        )

    async def ask(self, content: str, *, conversation_id: int | None = None) -> Sent:
        """Send a message, in a new conversation if none is named."""
        if conversation_id is None:
            made = await self.call("POST", "/conversations/", {})
            assert made.status_code == 201, made.text
            conversation_id = made.json()["data"]["id"]
        path = f"/conversations/{conversation_id}/messages"
        answer = await self.call("POST", path, {"content": content})
        assert answer.status_code == 202, answer.text
        turn = answer.json()["data"]
        return Sent(conversation_id, turn["message"]["id"], turn["reply"]["id"])

    async def read(self, reply_id: int) -> dict[str, Any]:
        """Read an answer as it is stored."""
        answer = await self.call("GET", f"/messages/{reply_id}")
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def wait_for_end(self, reply_id: int, *, seconds: float) -> dict[str, Any]:
        """Wait until an answer has ended, and return it."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.read(reply_id)
                if message["reply"]["state"] not in LIVE:
                    return message
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        """Open the chat socket."""
        address = self.site.web.url.replace("http://", "ws://") + "/ws/chat/"
        async with connect(
            address, additional_headers=self.headers, proxy=None, open_timeout=10, close_timeout=1
        ) as connection:
            yield Socket(connection)


class Socket:
    """The chat socket; holds what came in, and the text of each answer put together.

    Attributes:
        events: everything that came, in order.
        texts: the text of each answer by its number; every delta must join.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self.texts: dict[int, str] = {}

    async def send(self, kind: str, **frame: Any) -> None:
        """Send one frame."""
        await self.connection.send(orjson.dumps({"type": kind, **frame}).decode())

    async def say(self, content: str, **frame: Any) -> Sent:
        """Send a message and wait until it was accepted."""
        client_id = frame.pop("client_id", f"client-{os.urandom(8).hex()}")
        await self.send("message.send", content=content, client_id=client_id, **frame)
        event = await self.until(
            lambda event: event["type"] == "error" or event.get("client_id") == client_id
        )
        assert event["type"] == "message.accepted", event
        return Sent(event["conversation_id"], event["message"]["id"], event["reply_id"])

    async def follow(self, reply_id: int, *, text: str = "") -> None:
        """Follow an answer from what is known of it."""
        self.texts[reply_id] = text
        await self.send("reply.follow", reply_id=reply_id, cursor=len(text))

    async def until(self, is_it: Callable[[Event], bool], *, seconds: float = 15) -> Event:
        """Take events until one is what is waited for, and return it."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self.take()
                if is_it(event):
                    return event

    def most(self, reply_id: int) -> int:
        """Return how much text of an answer has ever been there."""
        return max(
            event["cursor"]
            for event in self.events
            if event["type"] == "reply.delta" and event["reply_id"] == reply_id
        )

    async def until_text(self, reply_id: int, length: int, *, seconds: float = 15) -> str:
        """Take events until an answer has so much text, and return what it has."""
        await self.until(lambda _: len(self.texts.get(reply_id, "")) >= length, seconds=seconds)
        return self.texts[reply_id]

    async def until_end(self, reply_id: int, *, seconds: float = 15) -> Event:
        """Return an answer's end, for which more events are taken if it has not come yet."""
        for event in self.events:
            if is_end(event, reply_id):
                return event
        return await self.until(lambda event: is_end(event, reply_id), seconds=seconds)

    async def take(self) -> Event:
        """Take the next event; text must join what is known."""
        event: Event = orjson.loads(await self.connection.recv())
        self.events.append(event)
        reply_id = event.get("reply_id", 0)
        known = self.texts.get(reply_id, "")
        if event["type"] == "reply.delta":
            assert event["cursor"] == len(known) + len(event["text"]), "text must join"
            self.texts[reply_id] = known + event["text"]
        elif event["type"] == "reply.snapshot":
            assert event["cursor"] == len(event["text"])
            self.texts[reply_id] = event["text"]
        return event
