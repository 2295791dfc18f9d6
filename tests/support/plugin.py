"""Pytest plugin that starts the suite's real servers before Django's settings are read."""

import atexit
import inspect
import os
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from apps.core.development.errors import DevelopmentError
from tests.support.services import Services

SERVICES = pytest.StashKey[Services]()
ENVIRONMENT = {
    "ENVIRONMENT": "test",
    "DEBUG": "false",
    "SECRET_KEY": "for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "OPENAI_API_KEY": "for-tests-only",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_MODEL": "scripted",
    "PUBLIC_URL": "http://localhost:8000",
}
DOCUMENTED = Path(__file__).resolve().parents[2] / ".env.example"
SETTING = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Start the servers and name them in the environment, ahead of pytest-django."""
    options = parser.parse_known_args(args)
    if options.help or options.version:
        return
    services = Services()
    try:
        services.start()
    except DevelopmentError as error:
        raise pytest.UsageError(str(error)) from error
    early_config.stash[SERVICES] = services
    atexit.register(services.stop)
    _set_environment(services)


def _set_environment(services: Services) -> None:
    """Give Django the suite's own settings; what the shell has set for `make run` stays outside."""
    for name in SETTING.findall(DOCUMENTED.read_text(encoding="utf-8")):
        if not name.startswith("PARLEY_"):
            os.environ.pop(name, None)
    os.environ.update(ENVIRONMENT)
    os.environ["DATABASE_URL"] = services.database_url
    os.environ["REDIS_URL"] = services.redis_url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Throw the servers away."""
    services = config.stash.get(SERVICES, None)
    if services is not None:
        services.stop()
        atexit.unregister(services.stop)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on an event loop of its own, in the transaction of the test."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}
    async_to_sync(pyfuncitem.obj)(**arguments)
    return True
