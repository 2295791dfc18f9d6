"""Schemathesis walks the whole document as each role, along its links too, and finds nothing.

`make fuzz` gives it time; with PARLEY_FUZZ_SECONDS=0 it is short, and the same each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.constants import UNDECLARED_ERROR
from apps.core.development.state import CHECKOUT
from tests.journey.person import Person, give_role, sign_up
from tests.support.processes import Site

SECONDS = int(os.environ.get("PARLEY_FUZZ_SECONDS", "0"))
IS_LEFT_OUT = "PARLEY_FUZZ_SECONDS" not in os.environ
SHORT = {
    "anonymous": ["--phases=examples,fuzzing", "--mode=positive", "--max-examples=2"],
    "user": ["--phases=examples,coverage,stateful", "--max-examples=3"],
    "moderator": ["--phases=examples,fuzzing,stateful", "--max-examples=3"],
    "admin": ["--phases=examples,fuzzing,stateful", "--max-examples=3"],
}
SAME_EACH_TIME = ["--generation-deterministic", "--no-shrink"]


def schemathesis(site: Site, caller: Person | None, options: list[str]) -> str:
    """Run it against the site and return what it says; it has failed where it found something."""
    command = [
        str(Path(sys.executable).with_name("st")),
        "--no-color",
        "run",
        f"{site.web.url}/api/v1/openapi.json",
        "--workers=2",
        "--request-timeout=30",
        *options,
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.support.fuzz_hooks",
        "PYTHONPATH": str(CHECKOUT),
        "PARLEY_FUZZ_KEPT": "",
        "NO_PROXY": "localhost",
    }
    if caller is not None:
        command.append(f"--header=Authorization:{caller.headers['Authorization']}")
        environment["PARLEY_FUZZ_KEPT"] = f"user_id={caller.user_id} token_id={caller.token_id}"
    done = subprocess.run(
        command,
        env=environment,
        cwd=site.folder,
        capture_output=True,
        text=True,
        timeout=SECONDS + 300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    return done.stdout


@pytest.mark.skipif(IS_LEFT_OUT, reason="make fuzz runs it; PARLEY_FUZZ_SECONDS=0 a short one")
@pytest.mark.parametrize("role", SHORT)
def test_nothing_is_found(site: Site, role: str) -> None:
    caller = None
    if role != "anonymous":
        caller = sign_up(site, scopes=["chat", "account", "staff"])
        give_role(caller, role)
    options = [f"--max-time={SECONDS}"] if SECONDS else [*SHORT[role], *SAME_EACH_TIME]
    schemathesis(site, caller, options)
    for process in (site.web, site.worker):
        for event in (UNDECLARED_ERROR, '"status_code":500', "Traceback"):
            assert event not in process.new_log, event
    if caller is not None:
        caller.read_self()
