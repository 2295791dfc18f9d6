"""Parts that die are started again."""

import os
import signal
from pathlib import Path

import pytest

from apps.core.development import keeper as keeping
from apps.core.development.console import Console
from apps.core.development.keeper import Keeper
from apps.core.development.processes import Launch, Pause
from apps.core.development.server import Server
from apps.core.development.state import StateFolder
from tests.core.development.test_processes import becomes_true


class Sleeper(Server):
    """A part that does nothing for a long time."""

    title = "Sleeper"
    url = ""

    def prepare(self, pause: Pause) -> Launch:
        return Launch(["sleep", "60"], dict(os.environ))

    def is_ready(self) -> bool:
        return True


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path)
    folder.make()
    return folder


def looked(keeper: Keeper, server: Server, *, is_running: bool) -> bool:
    """Let the keeper look until the part is as expected."""

    def check() -> bool:
        keeper.look()
        return server.is_running is is_running

    return becomes_true(check)


def test_a_killed_part_runs_again_after_a_pause_that_grows(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keeping, "FIRST_DELAY_SECONDS", 0.01)
    server = Sleeper(folder=state.path, name="sleeper")
    keeper = Keeper(server, state=state, console=Console())
    server.start()
    for _ in range(2):
        assert server.process is not None
        killed = server.process
        killed.kill()
        killed.wait()
        assert looked(keeper, server, is_running=True)
        assert server.process is not killed
    assert keeper._delay == 0.04
    server.stop()
    assert f"Sleeper was ended by {signal.SIGKILL.name}" in capsys.readouterr().out


def test_a_held_part_stays_stopped_until_it_is_let_go(state: StateFolder) -> None:
    server = Sleeper(folder=state.path, name="sleeper")
    keeper = Keeper(server, state=state, console=Console())
    server.start()
    state.hold_file("sleeper").touch()
    assert looked(keeper, server, is_running=False)
    keeper.look()
    assert server.is_running is False
    state.hold_file("sleeper").unlink()
    assert looked(keeper, server, is_running=True)
    server.stop()
