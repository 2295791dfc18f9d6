"""House rules that no tool checks; each names its offenders."""

import ast
from pathlib import Path

from apps.core.constants import APP_VERSION
from tests.guards.sources import attributes, named, python_files, read, relative

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
DOORS = ("routers", "consumers", "views", "templatetags")
BRIDGES = {
    "apps/core/db.py": "the one bridge",
    "apps/core/middleware/pages.py": "a changed session or note is written by Django's own code",
    "apps/core/realtime/": "groups are told from synchronous services",
}
COMMANDS = "management"


def test_routers_sockets_and_pages_reach_rows_through_services() -> None:
    offenders = [
        f"{relative(path)}:{line}"
        for path in named(*DOORS)
        for line, name in attributes(path)
        if name == "objects"
    ]
    assert offenders == []


def test_only_the_bridge_crosses_between_threads_and_the_loop() -> None:
    offenders = [
        relative(path)
        for path in python_files()
        if not relative(path).startswith(tuple(BRIDGES))
        and COMMANDS not in path.parts
        and names(path) & {"sync_to_async", "async_to_sync"}
    ]
    assert offenders == []


def names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_files_stay_short() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in python_files()}
    offenders = {path for path, lines in lengths.items() if lines > MAX_FILE_LINES}
    assert offenders == set()


def test_functions_stay_short() -> None:
    offenders = [
        f"{relative(path)} {node.name}"
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert offenders == []


def test_nothing_listens_to_signals() -> None:
    offenders = [
        relative(path)
        for path in python_files()
        if "django.dispatch" in path.read_text() or "db.models.signals" in path.read_text()
    ]
    assert offenders == []


def test_the_version_is_the_packages() -> None:
    assert f'version = "{APP_VERSION}"' in read("pyproject.toml")


def test_tables_leave_as_csv_one_way() -> None:
    offenders = [relative(path) for path in python_files() if "import csv" in path.read_text()]
    assert offenders == ["apps/core/spreadsheets.py"]


def test_jobs_are_queued_with_what_caused_them() -> None:
    calls = ("configure_task", "defer_async", "batch_defer")
    offenders = [
        f"{relative(path)}:{line}"
        for path in python_files()
        for line, name in attributes(path)
        if name in calls and relative(path) != "apps/core/jobs.py"
    ]
    assert offenders == []
