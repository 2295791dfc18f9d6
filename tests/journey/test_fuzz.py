"""Schemathesis walks the whole document as each role, along its links too, and finds nothing.

In the suite it is short and the same each time; `make fuzz` gives it PARLEY_FUZZ_SECONDS a role.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.constants import UNDECLARED_ERROR
from apps.core.development.state import CHECKOUT
from apps.core.management.commands.export_openapi import SNAPSHOTS
from tests.journey.person import Person, give_duty, give_role, run_in_shell, sign_up
from tests.support.processes import Site

SECONDS = int(os.environ.get("PARLEY_FUZZ_SECONDS", "0"))
EXAMPLES = ["--max-examples=1", "--phases=examples,fuzzing"]
ALONG_LINKS = ["--max-examples=1", "--phases=examples,fuzzing,stateful"]
USER = "user"
"""Whoever signs up is one."""
SHORT = {
    "anonymous": [*EXAMPLES, "--mode=positive"],
    USER: ALONG_LINKS,
    "moderator": ALONG_LINKS,
    "admin": ALONG_LINKS,
}
DUTIES = ("lead", "auditor")
"""Fuzzed only at length: over a queue of made-up cases, which the suite has no time to make."""
SAME_EACH_TIME = ["--generation-deterministic", "--no-shrink"]


def whole_document(folder: Path) -> Path:
    """Write both APIs' documents as one; their operations and schemas have no name in common."""
    documents = [json.loads((CHECKOUT / path).read_bytes()) for path in SNAPSHOTS.values()]
    whole = {**documents[0], "paths": {}, "components": {}}
    for document in documents:
        assert whole["paths"].keys().isdisjoint(document["paths"])
        whole["paths"] |= document["paths"]
        for kind, named in document["components"].items():
            whole["components"][kind] = named | whole["components"].get(kind, {})
    target = folder / "document.json"
    target.write_text(json.dumps(whole))
    return target


def schemathesis(site: Site, caller: Person | None, options: list[str]) -> str:
    """Run it against the site and return what it says; it has failed where it found something."""
    command = [
        str(Path(sys.executable).with_name("st")),
        "--no-color",
        "run",
        str(whole_document(site.folder)),
        f"--url={site.web.url}",
        "--workers=2",
        "--request-timeout=30",
        *options,
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.support.fuzz_hooks",
        "PYTHONPATH": str(CHECKOUT),
        "PARLEY_FUZZ_KEPT": "",
        "PARLEY_FUZZ_MODEL": "scripted",
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


def fill_queue(site: Site) -> None:
    """Make cases, decisions and policies for whoever may read and act; once."""
    run_in_shell(
        site,
        "from apps.moderation.services import starter_set, seeding; "
        "from apps.moderation.models import Case; "
        "Case.objects.exists() or (starter_set.install(), "
        "list(seeding.seed(messages=2000, cases=200)))",
    )


@pytest.mark.parametrize("role", [*SHORT, *(DUTIES if SECONDS else ())])
def test_nothing_is_found(site: Site, role: str) -> None:
    caller = None
    if role != "anonymous":
        caller = sign_up(site, scopes=["chat", "account", "staff"])
        if role in DUTIES:
            fill_queue(site)
            give_duty(caller, role)
        elif role != USER:
            give_role(caller, role)
    options = [f"--max-time={SECONDS}"] if SECONDS else [*SHORT[role], *SAME_EACH_TIME]
    schemathesis(site, caller, options)
    for process in (site.web, site.worker):
        for event in (UNDECLARED_ERROR, '"status_code":500', "Traceback"):
            assert event not in process.new_log, event
    if caller is not None:
        caller.read_self()
