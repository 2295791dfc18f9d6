"""Baseline 2: an afternoon's work with FastAPI, LangChain and PostgreSQL."""

import os
import subprocess

import psycopg

from bench.formats import read_plain
from bench.model import Model, end, free_port
from bench.targets.base import PEOPLE, Target
from bench.targets.database import Services
from bench.targets.server import OUT, serve
from bench.viewers import MESSAGE, Door

EXTRAS = OUT / "site"
FILL = """
INSERT INTO person (token) SELECT 'token-' || n FROM generate_series(1, %(people)s) AS n
ON CONFLICT DO NOTHING;
"""
OPEN = (
    "INSERT INTO conversation (person_id) SELECT id FROM person ORDER BY id LIMIT %s RETURNING id"
)
EARLIER = """
INSERT INTO message (conversation_id, role, content)
SELECT id, role, 'An earlier message.'
FROM unnest(%s::int[]) AS id, unnest(ARRAY['user', 'assistant']) AS role
"""


class Afternoon(Target):
    """FastAPI + LangChain + PostgreSQL."""

    name = "afternoon"
    title = "FastAPI + LangChain + PostgreSQL (an afternoon's work)"
    keeps = True

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._services = Services(with_redis=False)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def start(self) -> None:
        """Start PostgreSQL and the application; make the people."""
        self._services.start()
        self._port = free_port()
        url = self._services.postgres.url
        path = os.pathsep.join([str(EXTRAS), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
        self._process = serve(
            "bench.baselines.afternoon_app:app",
            port=self._port,
            environment={
                "OPENAI_BASE_URL": self.model.base_url,
                "DATABASE_URL": url,
                "PYTHONPATH": path,
            },
        )
        with psycopg.connect(url) as connection:
            connection.execute(FILL % {"people": PEOPLE})

    def stop(self) -> None:
        """Stop both."""
        end(self._process)
        self._services.stop()

    def roots(self) -> dict[str, int]:
        """Return both."""
        assert self._process is not None
        return {"web": self._process.pid, **self._services.roots()}

    def doors(self, count: int) -> list[Door]:
        """Return a new conversation with one earlier exchange for each person."""
        with psycopg.connect(self._services.postgres.url) as connection:
            rows = connection.execute(OPEN, [count]).fetchall()
            connection.execute(EARLIER, [[row[0] for row in rows]])
        return [
            Door(
                port=self._port,
                path="/chat",
                headers={"Authorization": f"Bearer token-{number}"},
                body={"conversation_id": row[0], "message": MESSAGE},
                read=read_plain,
            )
            for number, row in enumerate(rows, start=1)
        ]

    def throw_away(self) -> None:
        """Remove the database."""
        self._services.throw_away()
