"""Starts an ASGI application as the product is served."""

import os
import subprocess
import sys
from pathlib import Path

from bench.model import CHECKOUT, wait_for_port

OUT = CHECKOUT / "bench" / "out"
UVICORN = (
    *("--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false"),
    *("--no-access-log", "--log-level", "warning"),
)


def serve(application: str, *, port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start uvicorn and return when it listens.

    Args:
        application: module and name.
        port: on this machine.
        environment: added to ours.
    """
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), *UVICORN]
    process = spawn(command, environment, name=application.partition(":")[0])
    wait_for_port(port, process)
    return process


def spawn(command: list[str], environment: dict[str, str], *, name: str) -> subprocess.Popen[bytes]:
    """Start a process that logs to bench/out."""
    OUT.mkdir(parents=True, exist_ok=True)
    log = Path(OUT / f"{name}.log")
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
