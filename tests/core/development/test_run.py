"""`make run` as a newcomer meets it: real servers, the local model, and parts that die."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from apps.core.development.processes import PidFile
from apps.core.development.state import CHECKOUT
from apps.core.development.supervisor import DEMO_PASSWORD
from apps.core.development.valkey import free_port

pytestmark = pytest.mark.fault
START_SECONDS = 120
AGAIN_SECONDS = 30
COMMAND = [sys.executable, "-m", "apps.core.development"]
PARTS = ("model", "postgres", "redis", "web", "worker")
REPLACED = ("DATABASE_URL", "REDIS_URL", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")


class Running:
    """One started supervisor, with the lines it has printed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            **dict.fromkeys((*REPLACED, "SECRET_KEY", "PUBLIC_URL"), ""),
            "ENVIRONMENT": "development",
            "LLM_MAX_COMPLETION_TOKENS": "24",
            "PARLEY_DATA_DIR": str(folder),
            "PORT": str(port),
        }
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [*COMMAND, "run"],
            cwd=CHECKOUT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, pattern: str, *, count: int = 1, seconds: float = AGAIN_SECONDS) -> None:
        """Return when the output holds a pattern so many times."""
        deadline = time.monotonic() + seconds
        while len(re.findall(pattern, self.text, re.MULTILINE)) < count:
            if time.monotonic() > deadline or self.process.poll() is not None:
                pytest.fail(f"{pattern!r} was not printed:\n{self.text}")
            time.sleep(0.05)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def pid_of(self, part: str) -> int:
        known = json.loads((self.folder / "run" / f"{part}.pid").read_text())
        return int(known["pid"])

    def living(self) -> list[str]:
        paths = (self.folder / "run" / f"{part}.pid" for part in PARTS)
        return [path.stem for path in paths if PidFile(path).living_pid() is not None]

    def ask(self, question: str) -> httpx.Response:
        """Ask through the API as the demo user."""
        login = {"name": "trial", "email": "user@parley.test", "password": DEMO_PASSWORD}
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=60) as client:
            token = client.post("/auth/tokens", json=login).json()["data"]["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            user_id = client.get("/users/me").json()["data"]["id"]
            return client.post(f"/users/{user_id}/chat", json={"message": question})


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="parley-run-"))
    folder.chmod(0o711)
    started = Running(folder, free_port())
    try:
        started.wait_for(r"^Parley is ready", seconds=START_SECONDS)
        yield started
    finally:
        started.process.send_signal(signal.SIGINT)
        try:
            started.process.wait(AGAIN_SECONDS)
        except subprocess.TimeoutExpired:
            started.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def test_it_tells_where_to_go_and_with_which_passwords(running: Running) -> None:
    for role in ("admin", "moderator", "user"):
        assert re.search(rf"Sign in +{role}@parley\.test +{DEMO_PASSWORD}$", running.text, re.M)
    assert httpx.get(f"{running.url}/readyz").json()["status"] == "ok"


def test_the_local_model_answers_a_program(running: Running) -> None:
    answer = running.ask("Say hello in one short sentence.")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["response"].strip()


def test_a_second_start_on_the_same_folder_is_refused(running: Running) -> None:
    done = running.command("run")
    assert done.returncode == 1
    assert "Parley already runs on" in done.stdout
    assert running.living() == list(PARTS)


def test_a_command_finds_the_running_database(running: Running) -> None:
    question = "from django.contrib.auth import get_user_model as m; print(m().objects.count())"
    done = running.command("exec", "--", sys.executable, "manage.py", "shell", "-c", question)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-1]) >= 3


@pytest.mark.parametrize(
    ("part", "title"), [("worker", "Worker"), ("redis", "Redis-protocol server"), ("web", "Web")]
)
def test_a_killed_part_comes_back_and_answers_go_on(
    running: Running, part: str, title: str
) -> None:
    before = running.pid_of(part)
    os.kill(before, signal.SIGKILL)
    running.wait_for(rf"^  ok  {title} .* again$")
    assert running.pid_of(part) != before
    assert running.ask("Say hello.").status_code == 200


def test_a_stopped_part_stays_away_until_it_is_started(running: Running) -> None:
    assert running.command("stop", "redis").returncode == 0
    running.wait_for(r"Redis-protocol server is stopped until you start it again")
    assert "redis" not in running.living()
    assert httpx.get(f"{running.url}/healthz").status_code == 200
    assert running.command("start", "redis").returncode == 0
    running.wait_for(r"^  ok  Redis-protocol server .* again$", count=2)


def test_after_a_kill_of_everything_the_next_start_is_quick_and_complete(running: Running) -> None:
    running.process.kill()
    running.process.wait()
    again = Running(running.folder, int(running.environment["PORT"]))
    try:
        again.wait_for(r"^Parley is ready", seconds=START_SECONDS)
        assert "unchanged" in again.text
        assert again.living() == list(PARTS)
    finally:
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(AGAIN_SECONDS) == 0
    assert again.living() == []
    assert "Everything is stopped" in again.text
