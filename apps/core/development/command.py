"""Runs one command with the parts it needs."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from apps.core.development.console import Console
from apps.core.development.environment import child_environment, wanted_parts, web_port
from apps.core.development.parts import Parts
from apps.core.development.state import CHECKOUT, StateFolder


def run_beside(state: StateFolder, console: Console, command: Sequence[str]) -> int:
    """Run a command on the database of `make run`, started for it when it is not running.

    Returns:
        The command's exit code.
    """
    if state.is_locked() and state.environment_file.exists():
        environment = json.loads(state.environment_file.read_text(encoding="utf-8"))
        return _run(command, environment)
    with state.locked():
        state.end_leftovers()
        return _run_with_parts(state, console, command, is_throwaway=False)


def run_throwaway(console: Console, command: Sequence[str]) -> int:
    """Run a command on an empty PostgreSQL and Redis-protocol server that are thrown away.

    Returns:
        The command's exit code.
    """
    with _throwaway_folder() as state:
        return _run_with_parts(state, console, command, is_throwaway=True)


def _run_with_parts(
    state: StateFolder, console: Console, command: Sequence[str], *, is_throwaway: bool
) -> int:
    wanted = replace(wanted_parts(), model=False)
    if is_throwaway:
        wanted = replace(wanted, postgres=True, redis=True)
    parts = Parts(wanted, state=state, console=console, is_throwaway=is_throwaway)
    try:
        parts.start()
        environment = child_environment(state, port=web_port(), addresses=parts.addresses)
        return _run(command, environment)
    finally:
        parts.stop()
        if is_throwaway and parts.postgres is not None:
            parts.postgres.placement.remove(state.path)


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Leave Ctrl-C to the command, which may have its own use for it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            command,
            env={**environment, "TERM": os.environ.get("TERM", "dumb")},
            cwd=CHECKOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _throwaway_folder() -> Iterator[StateFolder]:
    folder = Path(tempfile.mkdtemp(prefix="parley-"))
    folder.chmod(0o711)
    try:
        state = StateFolder(folder)
        state.make()
        yield state
    finally:
        shutil.rmtree(folder, ignore_errors=True)
