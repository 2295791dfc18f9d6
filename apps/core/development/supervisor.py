"""Starts everything, keeps it running, and stops everything."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from apps.core.development.console import Console
from apps.core.development.environment import (
    child_environment,
    is_demo,
    model_description,
    wanted_parts,
    web_port,
)
from apps.core.development.errors import DevelopmentError, StopRequestedError
from apps.core.development.keeper import Keeper
from apps.core.development.outside import check_outside_parts
from apps.core.development.parts import Parts
from apps.core.development.preparation import Prepared
from apps.core.development.program import GRACE_SECONDS, Program, ProgramPlan, answers
from apps.core.development.server import Server
from apps.core.development.state import StateFolder, write_private
from apps.core.development.valkey import LOOPBACK

LOOK_SECONDS = 0.2
LARGEST_FRAME_BYTES = 65_536
DEMO_PEOPLE = ("admin@parley.test", "moderator@parley.test", "user@parley.test")
DEMO_PASSWORD = "Parley-demo-1"  # noqa: S105


class Supervisor:
    """One `make run`."""

    def __init__(self, state: StateFolder, console: Console) -> None:
        self.state = state
        self.console = console
        self.port = web_port()
        self.wanted = wanted_parts()
        self.parts = Parts(self.wanted, state=state, console=console)
        self.programs: list[Program] = []
        self._stop = threading.Event()
        self._stop_requests = 0

    def run(self) -> None:
        """Start, keep and stop; returns when a person asked to stop.

        Raises:
            DevelopmentError: Something did not start; everything is stopped again.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._request_stop)
        self._refuse_taken_port()
        check_outside_parts(self.wanted, self.console)
        try:
            self._start()
            self._keep()
        except StopRequestedError:
            self.console.line()
        finally:
            self._end()

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requests += 1
        self._stop.set()

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StopRequestedError

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, self.port))
            except OSError as error:
                raise DevelopmentError(
                    f"Port {self.port} is in use. Set PORT to a free one, for example: "
                    f"PORT={self.port + 1} make run"
                ) from error

    def _start(self) -> None:
        self.parts.start(pause=self._pause)
        environment = child_environment(self.state, port=self.port, addresses=self.parts.addresses)
        write_private(self.state.environment_file, json.dumps(environment))
        self._prepare(environment)
        began = time.monotonic()
        for plan in self._plans():
            program = Program(
                plan, folder=self.state.path, environment=environment, console=self.console
            )
            self.programs.append(program)
            program.launch()
        for program in self.programs:
            program.wait_until_ready(pause=self._pause)
            self.console.done(program.title, time.monotonic() - began)
        if self.parts.model is not None:
            self.parts.model.wait_until_ready(pause=self._pause)
            self.console.done(self.parts.model.title, self.console.seconds)
        self._show_addresses(environment)

    def _prepare(self, environment: dict[str, str]) -> None:
        """Bring the database to the code's state and seed the demo people, where that changed."""
        began = time.monotonic()
        options = ["--seed"] if is_demo() else []
        title = "Migrations and demo people" if options else "Migrations"
        postgres = self.parts.postgres
        prepared = Prepared(postgres.placement.base if postgres else None, has_demo=is_demo())
        note = "unchanged"
        if not prepared.is_current():
            note = ""
            command = [sys.executable, "-m", "apps.core.development.prepare", *options]
            self._run_to_its_end(ProgramPlan("prepare", title, command), environment)
            prepared.remember()
        self.console.done(title, time.monotonic() - began, note)

    def _run_to_its_end(self, plan: ProgramPlan, environment: dict[str, str]) -> None:
        program = Program(
            plan, folder=self.state.path, environment=environment, console=self.console
        )
        try:
            program.launch()
            while program.is_running:
                self._pause(LOOK_SECONDS / 4)
            code = program.process.returncode if program.process else 1
        finally:
            program.stop()
        if code:
            raise DevelopmentError(
                "The database could not be prepared; the lines above say why. "
                f"They are also in {program.log}."
            )

    def _plans(self) -> Sequence[ProgramPlan]:
        server = [sys.executable, "-m", "uvicorn", "project.asgi:application"]
        options = {
            "--host": LOOPBACK,
            "--port": str(self.port),
            "--ws": "websockets-sansio",
            "--ws-per-message-deflate": "false",
            "--timeout-graceful-shutdown": str(GRACE_SECONDS),
            "--ws-max-size": str(LARGEST_FRAME_BYTES),
            "--log-level": "warning",
        }
        flags = ["--no-access-log", "--no-proxy-headers", "--no-server-header"]
        web = [*server, *(part for item in options.items() for part in item), *flags]
        port = self.port
        is_talkative = os.environ.get("LOG_LEVEL", "").upper() in {"", "INFO", "DEBUG"}
        return (
            ProgramPlan("web", "Web", web, lambda: answers(port, "/healthz")),
            ProgramPlan(
                "worker",
                "Worker",
                [sys.executable, "-m", "project.worker"],
                ready_word=b"WORKER_READY" if is_talkative else b"",
            ),
        )

    def _keep(self) -> None:
        servers: list[Server] = [*self.parts.servers, *self.programs]
        keepers = [Keeper(server, state=self.state, console=self.console) for server in servers]
        while True:
            for keeper in keepers:
                keeper.look()
            self._pause(LOOK_SECONDS)

    def _end(self) -> None:
        """Stop the programs together, then the servers; a second Ctrl-C stops the waiting."""
        self.console.line("Stopping ... (Ctrl-C again to stop at once)")
        began = time.monotonic()
        asked = self._stop_requests
        for program in self.programs:
            if program.process is not None and program.is_running:
                program.process.terminate()
        for server in [*reversed(self.programs), *reversed(self.parts.servers)]:
            server.stop(is_hurried=lambda: self._stop_requests > max(asked, 1))
        self.state.environment_file.unlink(missing_ok=True)
        self.console.line(f"Everything is stopped ({time.monotonic() - began:.1f} s).")

    def _show_addresses(self, environment: dict[str, str]) -> None:
        public = environment["PUBLIC_URL"]
        model = model_description(environment, is_local=self.wanted.model)
        lines = [
            "",
            f"Parley is ready ({self.console.seconds:.1f} s).",
            "",
            f"  Chat     {public}/",
            f"  Admin    {public}/admin/",
            f"  API      {public}/api/v1/docs",
            f"  Model    {model}",
            "",
        ]
        if is_demo():
            lines += [f"  Sign in  {person:<24} {DEMO_PASSWORD}" for person in DEMO_PEOPLE]
            lines.append("")
        lines.append(f"  Data and logs are in {self.state.path}; here you see warnings and errors.")
        lines.append("  Ctrl-C stops everything.")
        for line in [*lines, ""]:
            self.console.line(line)
        self.state.describe_holder(f"process {os.getpid()}, {public}/")
