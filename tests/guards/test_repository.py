"""Which rows are meant is said in querysets and statements, by name, and nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.guards.sources import python_files, relative

ROOMS = ("querysets", "statements", "models")
GENERIC = {
    "apps/core/admin_kit/": "lists of staff narrow any table by what is asked for",
    "apps/core/postgresql/": "expressions that the ORM lacks",
    "apps/core/templatetags/": "filters of templates",
}
KEYS = {"pk", "pk__in"}
CONDITIONS = {"Q", "Exists", "OuterRef", "Subquery"}


def narrowed(path: Path) -> Iterator[str]:
    """Return the lines of a module that say which rows are meant by anything but their numbers."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            keywords = {one.arg for one in node.keywords}
            is_filter = node.func.attr in ("filter", "exclude")
            is_get = node.func.attr in ("get", "aget") and keywords and not node.args
            if (is_filter or is_get) and (node.args or not keywords or keywords - KEYS):
                yield f"{relative(path)}:{node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module == "django.db.models":
            for one in node.names:
                if one.name in CONDITIONS:
                    yield f"{relative(path)}:{node.lineno} {one.name}"


def test_only_querysets_and_statements_say_which_rows_are_meant() -> None:
    offenders = [
        line
        for path in python_files("apps")
        if not any(part.removesuffix(".py") in ROOMS for part in path.parts)
        and not relative(path).startswith(tuple(GENERIC))
        for line in narrowed(path)
    ]
    assert offenders == []
