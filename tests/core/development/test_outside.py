"""`make run` says at once which of a person's own servers does not answer, and what to do."""

import pytest

from apps.core.development.console import Console
from apps.core.development.environment import Wanted, wanted_parts
from apps.core.development.errors import DevelopmentError
from apps.core.development.outside import check_outside_parts

NOBODY = "127.0.0.1:1"
REPLACEABLE = ("DATABASE_URL", "REDIS_URL", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")


def wanted_with(monkeypatch: pytest.MonkeyPatch, **values: str) -> Wanted:
    for name in REPLACEABLE:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return wanted_parts()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", f"postgresql://parley:quiet-secret@{NOBODY}/parley"),
        ("REDIS_URL", f"redis://:quiet-secret@{NOBODY}/0"),
    ],
)
def test_a_server_that_does_not_answer_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    wanted = wanted_with(monkeypatch, **{name: address})
    with pytest.raises(DevelopmentError) as refused:
        check_outside_parts(wanted, Console())
    said = str(refused.value)
    assert NOBODY in said
    assert f"Check {name}, or leave it out" in said
    assert "quiet-secret" not in said


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OPENAI_BASE_URL", f"http://{NOBODY}/v1", "Nothing answers at http://127.0.0.1:1/v1 yet."),
        ("OPENAI_MODEL", "gpt-5", "OPENAI_MODEL is not used"),
    ],
)
def test_a_model_that_cannot_answer_is_only_said(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    sentence: str,
) -> None:
    check_outside_parts(wanted_with(monkeypatch, **{name: value}), Console())
    assert sentence in capsys.readouterr().out
