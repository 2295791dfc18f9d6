"""Children end with the one who started them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.core.development.processes import Launch, PidFile, end, program_name, spawn, start_mark

PATIENCE_SECONDS = 5
STARTER = """
import os, sys
from apps.core.development.processes import Launch, spawn
child = spawn(Launch(["sleep", "60"], dict(os.environ)), output=1)
print(child.pid, flush=True)
child.wait()
"""


def becomes_true(check: Callable[[], bool]) -> bool:
    """Wait for something for a bounded time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.01)
    return check()


@pytest.fixture
def sleeper() -> "subprocess.Popen[bytes]":
    return spawn(Launch(["sleep", "60"], dict(os.environ)), output=subprocess.DEVNULL)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux offers this")
def test_a_child_ends_when_its_starter_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    with starter.stdout as output:
        child = int(output.readline())
        assert start_mark(child) is not None
        starter.kill()
        starter.wait()
    assert becomes_true(lambda: start_mark(child) is None)


def test_ending_a_child_ends_what_it_started() -> None:
    process = spawn(
        Launch(["sh", "-c", "sleep 60 & echo $!; wait"], dict(os.environ)),
        output=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as output:
        grandchild = int(output.readline())
        end(process, (signal.SIGTERM, 1))
    assert becomes_true(lambda: start_mark(grandchild) is None)


def test_a_child_that_ignores_the_first_signal_is_killed() -> None:
    process = spawn(
        Launch(["sh", "-c", "trap '' TERM; echo on; while :; do sleep 1; done"], dict(os.environ)),
        output=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == b"on\n"
        end(process, (signal.SIGTERM, 0.1))
    assert process.returncode == -signal.SIGKILL


def test_a_leftover_is_found_and_ended(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    PidFile(tmp_path / "part.pid").write(sleeper.pid)
    assert PidFile(tmp_path / "part.pid").end_leftover(seconds=1) is True
    assert sleeper.wait(PATIENCE_SECONDS) == -signal.SIGTERM
    assert not (tmp_path / "part.pid").exists()


def test_another_process_with_the_same_id_is_left_alone(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
) -> None:
    (tmp_path / "part.pid").write_text(json.dumps({"pid": sleeper.pid, "mark": "1"}))
    assert PidFile(tmp_path / "part.pid").end_leftover(seconds=1) is False
    assert sleeper.poll() is None
    assert program_name(sleeper.pid) == "sleep"
    end(sleeper)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": "x", "mark": "1"}'])
def test_a_broken_pid_file_names_nobody(tmp_path: Path, content: str) -> None:
    path = tmp_path / "part.pid"
    path.write_text(content)
    assert PidFile(path).living_pid() is None
