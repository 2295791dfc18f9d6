"""The tables as migrations make them: made by one process of a run, and copied by all others."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from apps.core.development.postgres import PostgresServer

LIMIT_SECONDS = 120


class Tables:
    """What the first process of a run has migrated, written down for whoever comes after it.

    Migrating takes many times as long as reading what came of it. Whoever comes while the first
    one still migrates waits for it.
    """

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._file = folder / "migrated.sql"
        self._lock_file = folder / "migrated.lock"
        self._lock: IO[str] | None = None
        self._server = server

    @property
    def are_known(self) -> bool:
        """Whether they can be copied."""
        return self._file.exists()

    def copy_or_claim(self, database: str) -> None:
        """Make a database with the tables, or be the one who migrates and calls `keep` or `leave`.

        Args:
            database: its name; it is not there yet.
        """
        self._lock = self._lock_file.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if self.are_known:
            self.leave()
            with psycopg.connect(self._server.url, autocommit=True) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
            self.copy_to(self._server.database_url(database))

    def keep(self, database: str) -> None:
        """Write down what was migrated, unless it is there already, and let the others go on."""
        if self._lock is None:
            return
        fresh = self._file.with_suffix(".new")
        url = self._server.database_url(database)
        self._run("pg_dump", "--no-owner", f"--file={fresh}", f"--dbname={url}")
        fresh.replace(self._file)
        self.leave()

    def leave(self) -> None:
        """Let somebody else migrate."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def copy_to(self, url: str) -> None:
        """Fill an empty database of this PostgreSQL's version."""
        quiet = ["--quiet", "--no-psqlrc", "--output", os.devnull, "--set=ON_ERROR_STOP=1"]
        self._run("psql", *quiet, "--single-transaction", f"--file={self._file}", f"--dbname={url}")

    def _run(self, program: str, *arguments: str) -> None:
        path = self._server.placement.programs / program
        subprocess.run([str(path), *arguments], check=True, timeout=LIMIT_SECONDS)
