"""Parley as it is served: web, worker, PostgreSQL and the Redis-protocol server."""

import os
import subprocess
import sys
from abc import abstractmethod
from dataclasses import dataclass

import orjson

from bench.formats import read_openai
from bench.model import CHECKOUT, Model, end, free_port, wait_for_line
from bench.targets.base import PEOPLE, Target
from bench.targets.database import Services
from bench.targets.server import OUT, serve, spawn
from bench.viewers import MESSAGE, MESSAGE_ID, Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an open page, a token and a conversation."""

    session_key: str
    token: str
    conversation_id: int


class Stack:
    """The processes of one Parley.

    Attributes:
        port: of the web process.
    """

    def __init__(self, model: Model) -> None:
        self.port = 0
        self._model = model
        self._services = Services(with_redis=True)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._is_migrated = False

    def start(self) -> None:
        """Start everything; migrates at the first start."""
        self._services.start()
        self.port = self.port or free_port()
        if not self._is_migrated:
            self._manage("migrate", "--verbosity", "0")
            self._is_migrated = True
        environment = self.environment()
        log = OUT / "project.worker.log"
        log.unlink(missing_ok=True)
        self._processes["worker"] = spawn(
            [sys.executable, "-m", "project.worker"], environment, name="project.worker"
        )
        self._processes["web"] = serve(
            "project.asgi:application", port=self.port, environment=environment
        )
        wait_for_line(log, b"WORKER_READY", self._processes["worker"])

    def stop(self) -> None:
        """Stop everything; the database stays."""
        for process in self._processes.values():
            end(process)
        self._processes.clear()
        self._services.stop()

    def roots(self) -> dict[str, int]:
        """Return web, worker, PostgreSQL and Redis."""
        own = {name: process.pid for name, process in sorted(self._processes.items())}
        return {**own, **self._services.roots()}

    def people(self, count: int) -> list["Person"]:
        """Return people, each with a conversation of this call with one earlier exchange."""
        command = [sys.executable, "-m", "bench.people", str(count), str(PEOPLE)]
        made = subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**os.environ, **self.environment()},
            check=True,
            capture_output=True,
        )
        return [Person(**row) for row in orjson.loads(made.stdout)]

    def throw_away(self) -> None:
        """Remove the database."""
        self._services.throw_away()

    def environment(self) -> dict[str, str]:
        """Return the settings: limits that nobody meets, everything else as it comes."""
        assert self._services.redis is not None
        public = f"http://127.0.0.1:{self.port}"
        return {
            "ENVIRONMENT": "development",
            "DEBUG": "false",
            "DATABASE_URL": self._services.postgres.url,
            "REDIS_URL": self._services.redis.url,
            "PUBLIC_URL": public,
            "ALLOWED_ORIGINS": public,
            "OPENAI_BASE_URL": self._model.base_url,
            "OPENAI_API_KEY": "unused",
            "OPENAI_MODEL": "scripted",
            "RATE_LIMIT_API": "1000000/minute",
            "RATE_LIMIT_CHAT": "1000000/minute",
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        environment = {**os.environ, **self.environment()}
        subprocess.run(command, cwd=CHECKOUT, env=environment, check=True)


class Parley(Target):
    """What its doors have in common."""

    keeps = True

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._stack = Stack(model)

    def start(self) -> None:
        """Start all processes."""
        self._stack.start()

    def stop(self) -> None:
        """Stop all processes."""
        self._stack.stop()

    def roots(self) -> dict[str, int]:
        """Return all processes."""
        return self._stack.roots()

    def throw_away(self) -> None:
        """Remove the database."""
        self._stack.throw_away()

    def doors(self, count: int) -> list[Door]:
        """Return a door for each of so many people."""
        return [self.door(person) for person in self._stack.people(count)]

    @abstractmethod
    def door(self, person: Person) -> Door:
        """Return one person's door."""


class ParleySocket(Parley):
    """The page's way: a WebSocket that stands before the message is sent."""

    name = "parley-websocket"
    title = "Parley, WebSocket"

    def door(self, person: Person) -> Door:
        """Return an open page."""
        return Door(
            port=self._stack.port,
            path="/ws/chat/",
            is_socket=True,
            headers={
                "Cookie": f"sessionid={person.session_key}",
                "Origin": f"http://127.0.0.1:{self._stack.port}",
            },
            body={
                "type": "message.send",
                "client_id": MESSAGE_ID,
                "content": MESSAGE,
                "conversation_id": person.conversation_id,
            },
        )


class ParleyStream(Parley):
    """A program's way: the message is posted and its answer comes as server-sent events."""

    name = "parley-sse"
    title = "Parley, server-sent events"

    def door(self, person: Person) -> Door:
        """Return a request with a token."""
        return Door(
            port=self._stack.port,
            path=f"/api/v1/conversations/{person.conversation_id}/messages",
            headers={"Authorization": f"Bearer {person.token}"},
            body={"content": MESSAGE},
        )


class ParleyOpenAI(Parley):
    """The way of OpenAI's clients: a completion that streams, in their form."""

    name = "parley-openai"
    title = "Parley, OpenAI-compatible"

    def door(self, person: Person) -> Door:
        """Return a request with a token."""
        return Door(
            port=self._stack.port,
            path="/openai/v1/chat/completions",
            headers={"Authorization": f"Bearer {person.token}"},
            body={
                "model": "scripted",
                "stream": True,
                "messages": [{"role": "user", "content": MESSAGE}],
            },
            read=read_openai,
        )
