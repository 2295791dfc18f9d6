"""Pytest plugin that starts the suite's real servers before Django's settings are read.

Where the suite is spread over several processes (`-n 2`), each of them has servers of its own, and
the one that only hands out tests has none.
"""

import atexit
import inspect
import os
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from apps.core.development.errors import DevelopmentError
from tests.support.services import DATABASE_VARIABLE, REDIS_VARIABLE, Services

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
UNCONNECTED = ("postgresql:///unused", "redis://127.0.0.1/0")
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
    if options.numprocesses and "PYTEST_XDIST_WORKER" not in os.environ:
        _refuse_to_share_servers()
        _set_environment(*UNCONNECTED)
        return
    services = Services()
    try:
        services.start()
    except DevelopmentError as error:
        raise pytest.UsageError(str(error)) from error
    early_config.stash[SERVICES] = services
    atexit.register(services.stop)
    _set_environment(services.database_url, services.redis_url)


def _refuse_to_share_servers() -> None:
    named = [name for name in (DATABASE_VARIABLE, REDIS_VARIABLE) if name in os.environ]
    if named:
        raise pytest.UsageError(
            f"{named[0]} names one server for all, so the tests must run in one process: "
            "make test PARALLEL="
        )


def _set_environment(database_url: str, redis_url: str) -> None:
    """Give Django the suite's own settings; what the shell has set for `make run` stays outside."""
    for name in SETTING.findall(DOCUMENTED.read_text(encoding="utf-8")):
        if not name.startswith("PARLEY_"):
            os.environ.pop(name, None)
    os.environ.update(ENVIRONMENT)
    os.environ["DATABASE_URL"] = database_url
    os.environ["REDIS_URL"] = redis_url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Throw the servers away."""
    services = config.stash.get(SERVICES, None)
    if services is not None:
        services.stop()
        atexit.unregister(services.stop)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on a loop of its own or the browser's, in the test's transaction."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}
    if "chromium" in pyfuncitem.funcargs:
        pyfuncitem.funcargs["chromium"].run(pyfuncitem.obj(**arguments))
    else:
        async_to_sync(pyfuncitem.obj)(**arguments)
    return True
