"""The folder that holds a checkout's state."""

import os
import stat
import sys
from pathlib import Path

import pytest

from apps.core.development import environment
from apps.core.development.command import run_throwaway
from apps.core.development.console import Console
from apps.core.development.errors import DevelopmentError
from apps.core.development.state import CHECKOUT, StateFolder, find_state_folder


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.make()
    return folder


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")
    for name in ("DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "PUBLIC_URL", *model):
        monkeypatch.delenv(name, raising=False)


def test_a_second_start_on_the_folder_is_refused_and_told_what_to_do(state: StateFolder) -> None:
    with state.locked():
        state.describe_holder("process 7, http://localhost:8000/")
        with (
            pytest.raises(DevelopmentError, match=r"process 7, .*\n.*set PARLEY_DATA_DIR and PORT"),
            StateFolder(state.path).locked(),
        ):
            pytest.fail("two starts held the folder")
        assert state.is_locked() is True
    assert state.is_locked() is False


def test_secrets_are_made_once_and_only_their_owner_may_read_them(state: StateFolder) -> None:
    first = state.remembered()
    state.remember(first)
    assert state.remembered() == first
    assert len(first["secret_key"]) >= 50
    assert stat.S_IMODE((state.path / "state.json").stat().st_mode) == 0o600


def test_the_folder_is_in_the_checkout_unless_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PARLEY_DATA_DIR", raising=False)
    assert find_state_folder().path == CHECKOUT / ".parley"
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path))
    assert find_state_folder().path == tmp_path


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DevelopmentError, match="Set PARLEY_DATA_DIR to a folder you may write to"):
        StateFolder(tmp_path / "file" / "state").make()


@pytest.mark.parametrize(
    ("variable", "part"),
    [
        ("DATABASE_URL", "postgres"),
        ("REDIS_URL", "redis"),
        ("OPENAI_BASE_URL", "model"),
        ("OPENAI_API_KEY", "model"),
    ],
)
def test_each_variable_replaces_its_part(
    monkeypatch: pytest.MonkeyPatch, variable: str, part: str
) -> None:
    assert getattr(environment.wanted_parts(), part) is True
    monkeypatch.setenv(variable, "given")
    assert getattr(environment.wanted_parts(), part) is False


def test_what_a_person_set_wins_over_our_defaults(
    monkeypatch: pytest.MonkeyPatch, state: StateFolder
) -> None:
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("SECRET_KEY", "")
    state.remember(state.remembered())
    variables = environment.child_environment(state, port=8123, addresses={"REDIS_URL": "ours"})
    assert variables["DEBUG"] == "true"
    assert variables["SECRET_KEY"] == state.remembered()["secret_key"]
    assert variables["PUBLIC_URL"] == "http://localhost:8123"
    assert variables["ENVIRONMENT"] == "development"
    assert variables["REDIS_URL"] == "ours"


def test_the_local_model_comes_with_its_name_and_no_real_key(state: StateFolder) -> None:
    addresses = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    variables = environment.child_environment(state, port=8000, addresses=addresses)
    assert variables["OPENAI_MODEL"] == "smollm2-135m-instruct"
    assert variables["OPENAI_API_KEY"] == "local"


@pytest.mark.parametrize("text", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(DevelopmentError, match="Set it to a number from 1 to 65535"):
        environment.web_port()


def test_a_command_runs_on_throwaway_servers_and_its_code_comes_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = (
        "import os, psycopg, redis\n"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1').fetchone())\n"
        "print(redis.Redis.from_url(os.environ['REDIS_URL']).ping())\n"
        "raise SystemExit(3)"
    )
    assert run_throwaway(Console(), [sys.executable, "-c", code]) == 3
    assert "(1,)\nTrue\n" in capfd.readouterr().out
    assert os.environ.get("DATABASE_URL") is None
